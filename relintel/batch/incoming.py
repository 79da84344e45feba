"""Messages handed over in memory: records, dicts, data frames."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any, Final, Protocol, TypeAlias

from relintel.collectors.base import Item
from relintel.collectors.checks import checked
from relintel.collectors.registry import check_channel
from relintel.collectors.rows import Row, object_row
from relintel.collectors.tables import RowReader, check_columns
from relintel.collectors.values import plain
from relintel.config import SourceConfig
from relintel.errors import ConfigError, Problem
from relintel.records import Message, Skipped

_SAMPLE: Final = 1000
API_SOURCE: Final = "api"
"""Source of messages that are handed over without naming one."""


class DataFrame(Protocol):
    """What is asked of a data frame: pandas and Polars both have it."""

    @property
    def columns(self) -> Any: ...  # noqa: ANN401, D102 - the libraries' own types


Incoming: TypeAlias = str | os.PathLike[str] | DataFrame | Iterable[Message | Mapping[str, Any]]


def messages_of(data: Incoming, config: SourceConfig) -> Iterator[Item]:
    """Turn data in memory into messages; an item that cannot be one becomes a `Skipped`.

    Columns are mapped as for table files; see `SourceConfig.columns`. What is neither a `Message`
    nor a mapping with something in it is a ``bad_item``; for records see `checked`.

    Raises:
        ConfigError: the data are of no known kind, or an option is wrong.
        SourceError: the columns cannot be told; raised when the first item is asked for.
    """
    check_channel(config)
    check_columns(config)
    return _read(iter(_records(data)), config)


def _read(items: Iterator[object], config: SourceConfig) -> Iterator[Item]:
    sample = list(islice(items, _SAMPLE))
    reader: RowReader | None = None
    for number, item in enumerate(chain(sample, items), 1):
        place = f"item {number}"
        row = _row(item, place)
        if isinstance(item, Message):
            yield checked(item, place)
        elif row.fault is not None:
            yield Skipped(place, row.fault)
        else:
            reader = reader or _reader(config, sample if number <= len(sample) else [item])
            yield reader.read(row, place)


def _reader(config: SourceConfig, sample: Iterable[object]) -> RowReader:
    rows = [row.values for item in sample if (row := _row(item, "")).fault is None]
    return RowReader(config, config.name or API_SOURCE, rows, sparse=True)


def _row(item: object, place: str) -> Row:
    try:
        row = object_row(item, place)
    except Exception:  # mappings of others, and their keys, may raise anything
        row = Row(place, {}, "bad_item")
    if row.fault is not None:
        return Row(place, {}, "bad_item")
    return Row(place, {column: plain(value) for column, value in row.values.items()})


def _records(data: Any) -> Iterable[object]:  # noqa: ANN401 - told apart here
    if hasattr(data, "columns") and hasattr(data, "to_dict"):
        records: Iterable[Mapping[str, Any]] = (
            data.to_dicts() if hasattr(data, "to_dicts") else data.to_dict("records")
        )
        return records
    if isinstance(data, Iterable) and not isinstance(data, str | bytes | Mapping):
        return data
    kind = type(data).__name__
    raise ConfigError([Problem("data", f"cannot be read: {kind} is no path, table or iterable")])
