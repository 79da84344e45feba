"""Messages handed over in memory: records, dicts, data frames."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any, Final, Protocol, TypeAlias

from relintel.collectors.base import Item
from relintel.collectors.rows import object_row
from relintel.collectors.tables import RowReader
from relintel.config import SourceConfig
from relintel.errors import ConfigError, Problem
from relintel.records import Message

_SAMPLE: Final = 1000
API_SOURCE: Final = "api"
"""Source of messages that are handed over without naming one."""


class DataFrame(Protocol):
    """What is asked of a data frame: pandas and Polars both have it."""

    @property
    def columns(self) -> Any: ...  # noqa: ANN401, D102 - the libraries' own types


Incoming: TypeAlias = str | os.PathLike[str] | DataFrame | Iterable[Message | Mapping[str, Any]]


def messages_of(data: Incoming, config: SourceConfig) -> Iterator[Item]:
    """Turn data in memory into messages; a dict that cannot be one becomes a `Skipped`.

    Columns are mapped as for table files; see `SourceConfig.columns`.

    Raises:
        ConfigError: the data are of no known kind.
        SourceError: the columns cannot be told.
    """
    items = iter(_records(data))
    sample = list(islice(items, _SAMPLE))
    named = config.name or API_SOURCE
    rows = [object_row(item, "").values for item in sample if not isinstance(item, Message)]
    reader = RowReader(config, named, rows, sparse=True) if rows else None
    for number, item in enumerate(chain(sample, items), 1):
        if isinstance(item, Message):
            yield item
            continue
        place = f"item {number}"
        reader = reader or RowReader(config, named, [object_row(item, place).values], sparse=True)
        yield reader.read(object_row(item, place), place)


def _records(data: Any) -> Iterable[Message | Mapping[str, Any]]:  # noqa: ANN401 - told apart here
    if hasattr(data, "columns") and hasattr(data, "to_dict"):
        records: Iterable[Mapping[str, Any]] = (
            data.to_dicts() if hasattr(data, "to_dicts") else data.to_dict("records")
        )
        return records
    if isinstance(data, Iterable) and not isinstance(data, str | bytes | Mapping):
        return data
    kind = type(data).__name__
    raise ConfigError([Problem("data", f"cannot be read: {kind} is no path, table or iterable")])
