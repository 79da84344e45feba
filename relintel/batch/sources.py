"""Collecting a configured source or a path: every file found, each with its own cursor."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

from relintel.batch.ingest import Ingest, Origin
from relintel.collectors.base import Item
from relintel.collectors.registry import collect_found, open_collector, sources_in
from relintel.config import SourceConfig
from relintel.errors import SourceError
from relintel.records import CollectReport, Skipped
from relintel.store import Store


def collect(
    config: SourceConfig,
    base: Path,
    store: Store,
    ingest: Callable[[Origin], Ingest],
) -> CollectReport:
    """Collect a source: an address, a file, or every file of a folder.

    Args:
        config: the source; a relative path counts from `base`.
        base: folder of the configuration.
        store: for the cursors.
        ingest: makes the ingest of a stream.

    Raises:
        SourceError: the source as a whole cannot be read.
    """
    if config.path is None:
        # Addresses may hold tokens; only a digest of them is kept.
        place = hashlib.sha256((config.url or "").encode()).hexdigest()[:16]
        return _one(config, open_collector(config).collect, place, store, ingest)
    root = base / config.path
    total = CollectReport()
    for found in sources_in(root, replace(config, path=root)):
        if isinstance(found, Skipped):
            total = total + CollectReport(
                skipped=1, reasons={found.reason: 1}, places={found.reason: (found.place,)}
            )
            continue
        place = _place(found, root)
        # A lone file that cannot be read is an error; one among many is a skipped item.
        alone = found.path == root
        read = open_collector(found).collect if alone else _lenient(found)
        total = total + _one(found, read, place, store, ingest)
    return total


def check(config: SourceConfig, base: Path) -> None:
    """Check that a source's options hold and that its file or folder is there; nothing is read.

    Raises:
        ConfigError: an option is wrong.
        SourceError: its path does not exist.
    """
    path = None if config.path is None else base / config.path
    if path is not None and not path.exists():
        raise SourceError(str(config.path), "does not exist")
    if config.kind or config.url:
        open_collector(replace(config, path=path))


def _one(
    config: SourceConfig,
    read: Callable[..., Iterator[Item]],
    place: str,
    store: Store,
    ingest: Callable[[Origin], Ingest],
) -> CollectReport:
    name = f"{open_collector(config).source}|{place}"
    origin = Origin(name, _settings(config), config.join_identities)
    return ingest(origin).run(read(store.cursor(origin.name, origin.settings)))


def _lenient(config: SourceConfig) -> Callable[..., Iterator[Item]]:
    return lambda cursor: collect_found(config, cursor)


def _place(config: SourceConfig, root: Path) -> str:
    """Name a file without the machine's folders, so that a store can be moved with its sources."""
    path = config.path or root
    return path.name if path == root else f"{root.name}/{path.relative_to(root).as_posix()}"


def _settings(config: SourceConfig) -> str:
    told = json.dumps({**asdict(config), "path": None}, sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()[:16]
