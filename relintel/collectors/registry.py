"""Which collector reads what: by name, by entry point, and by looking at files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final

from relintel.collectors.base import Collector, Item
from relintel.collectors.sniffing import FOLDER_KINDS, kind_of_file, kind_of_folder
from relintel.config import SourceConfig
from relintel.errors import ConfigError, Problem, SourceError
from relintel.records import Skipped
from relintel.taxonomy import CHANNELS

GROUP: Final = "relintel.collectors"
BUILT_IN: Final = {
    "mbox": "relintel.collectors.mbox:MboxCollector",
    "eml": "relintel.collectors.eml:EmlCollector",
    "slack": "relintel.collectors.slack:SlackExportCollector",
    "table": "relintel.collectors.tables:TableCollector",
    "feed": "relintel.collectors.feeds:FeedCollector",
}
"""Named here too, so that a checkout without installed metadata works."""


def known_kinds() -> tuple[str, ...]:
    """Return the kinds that `open_collector` knows, sorted."""
    return tuple(sorted({*BUILT_IN, *(point.name for point in entry_points(group=GROUP))}))


def open_collector(config: SourceConfig) -> Collector:
    """Build the collector of a source; nothing is opened yet.

    Other packages add kinds through the entry-point group ``relintel.collectors``; a built-in kind
    cannot be replaced.

    Raises:
        ConfigError: the kind is unknown or missing, or an option is wrong.
    """
    check_channel(config)
    kind = config.kind or ("feed" if config.url else None)
    collector: Collector = _class_of(kind)(config)
    return collector


def check_channel(config: SourceConfig) -> None:
    """Check the channel of a source.

    Raises:
        ConfigError: there is no such channel.
    """
    if config.channel is not None and config.channel not in CHANNELS:
        problem = Problem("channel", f"is not a channel; channels are {', '.join(CHANNELS)}")
        raise ConfigError([problem])


def collect_found(config: SourceConfig, cursor: Any = None) -> Iterator[Item]:  # noqa: ANN401
    """Read one of the files found in a folder; one that cannot be read at all is skipped.

    The reason is then ``unreadable_source``, and no checkpoint follows, so that it is tried again.

    Args:
        config: as `sources_in` gave it.
        cursor: of an earlier checkpoint of the same file.

    Raises:
        MissingExtra: a package is needed to read it.
    """
    try:
        yield from open_collector(config).collect(cursor)
    except SourceError:
        yield Skipped(config.path.name if config.path else "source", "unreadable_source")


def sources_in(path: Path, config: SourceConfig) -> Iterator[SourceConfig | Skipped]:
    """Find the sources at a path: a file, a chat export, or every file below a folder, sorted.

    Every file is either a source or a `Skipped` with the reason ``unsupported_format``,
    ``empty_file``, ``not_a_file``, ``unreadable`` or ``other_kind`` (when `config` asks for one
    kind). Hidden files and folders are passed over.

    Args:
        path: file or folder.
        config: options that all sources share; its ``kind``, where given, is believed for a file.

    Raises:
        SourceError: there is nothing at `path`.
    """
    if not path.exists():
        raise SourceError(str(path), "does not exist")
    if config.kind is not None and (not path.is_dir() or config.kind in FOLDER_KINDS):
        yield replace(config, path=path)
    elif path.is_dir():
        yield from _below(path, path, config)
    else:
        yield _source(path, path.name, config)


def _below(folder: Path, root: Path, config: SourceConfig) -> Iterator[SourceConfig | Skipped]:
    kind = kind_of_folder(folder)
    if kind is not None and config.kind in (None, kind):
        yield replace(config, kind=kind, path=folder)
        return
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        yield Skipped(folder.relative_to(root).as_posix(), "unreadable")
        return
    for entry in entries:
        if entry.name.startswith((".", "__MACOSX")):
            continue
        place = entry.relative_to(root).as_posix()
        if entry.is_dir() and entry.is_symlink():
            yield Skipped(place, "not_a_file")  # could lead back here
        elif entry.is_dir():
            yield from _below(entry, root, config)
        else:
            yield _source(entry, place, config)


def _source(path: Path, place: str, config: SourceConfig) -> SourceConfig | Skipped:
    if not path.is_file():
        return Skipped(place, "not_a_file")
    try:
        if path.stat().st_size == 0:
            return Skipped(place, "empty_file")
        kind = kind_of_file(path)
    except OSError:
        return Skipped(place, "unreadable")
    if kind is None:
        return Skipped(place, "unsupported_format")
    if config.kind not in (None, kind):
        return Skipped(place, "other_kind")
    if kind == "table" and place != path.name:
        # Ids of two tables say nothing about each other, and many number their rows from one.
        stem = place.removesuffix(path.suffix)
        name = f"{config.name}/{stem}" if config.name else f"table:{stem}"
        return replace(config, kind=kind, path=path, name=name)
    return replace(config, kind=kind, path=path)


def _class_of(kind: str | None) -> Any:  # noqa: ANN401 - classes of other packages
    if kind in BUILT_IN:
        module, _, name = BUILT_IN[str(kind)].partition(":")
        return getattr(import_module(module), name)
    for point in entry_points(group=GROUP):
        if point.name == kind:
            try:
                return point.load()
            except Exception as error:
                told = f"{kind} cannot be loaded from {point.value}: {type(error).__name__}"
                raise ConfigError([Problem("kind", told)]) from error
    raise ConfigError([Problem("kind", f"is not known; kinds are {', '.join(known_kinds())}")])
