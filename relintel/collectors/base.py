"""What a collector is: a stream of messages, skipped items and checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from relintel.config import SourceConfig
from relintel.errors import SourceError
from relintel.records import Checkpoint, Message, Party, Skipped

Item: TypeAlias = Message | Skipped | Checkpoint


class Collector(Protocol):
    """Reads one source.

    A collector is built from a `SourceConfig`, opens nothing until `collect` is iterated, and
    never holds more than one item (plus what its format forces) in memory. A bad item becomes a
    `Skipped`; only a source that cannot be read at all raises `SourceError`.
    """

    def __init__(self, config: SourceConfig) -> None: ...

    @property
    def source(self) -> str:
        """Name under which cursor and natural keys are kept."""
        ...

    def collect(self, cursor: Mapping[str, Any] | None) -> Iterator[Item]:
        """Yield items from where `cursor` (an earlier checkpoint's, JSON-ready) left off.

        ``None`` reads everything. A checkpoint follows at the end, and every few hundred items
        where the format allows resuming in the middle.
        """
        ...


def is_own(party: Party, own: tuple[str, ...]) -> bool:
    """Say whether a party belongs to the company: by address, ``@domain`` or handle, any case."""
    wanted = {entry.casefold() for entry in own}
    address = (party.address or "").casefold()
    domain = "@" + address.rpartition("@")[2] if "@" in address else ""
    return bool(wanted & {address, domain, (party.handle or "").casefold()} - {""})


def source_path(config: SourceConfig) -> Path:
    """Return the path a collector of files needs.

    Raises:
        SourceError: the source has none.
    """
    if config.path is None:
        name = config.name or config.kind or "source"
        raise SourceError(name, "has no `path`", "Give the file or folder to read")
    return config.path
