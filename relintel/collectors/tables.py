"""Tables (CSV, TSV, JSON lines, JSON list, Parquet): one row, one message."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, Final

from relintel.collectors.base import Item, is_own, source_path
from relintel.collectors.cells import (
    as_channel,
    as_direction,
    as_fact,
    as_number,
    as_text,
    number_columns,
)
from relintel.collectors.columns import FIELDS, STRONG_IDS, map_columns, snake
from relintel.collectors.dates import AmbiguousDate, day_comes_first, parse_date
from relintel.collectors.rows import Row, is_sparse, rows_of
from relintel.collectors.values import plain
from relintel.config import SourceConfig
from relintel.errors import ConfigError, Problem, SourceError
from relintel.records import Checkpoint, Direction, Message, Party, Skipped

SAMPLE: Final = 1000
"""Rows read ahead, from which columns, their types and the order of day and month are told."""
CHECKPOINT_EVERY: Final = 500
_AUTHOR: Final = ("name", "address", "handle", "customer")


class TableCollector:
    """Reads a table; the cursor is the file's digest and the number of rows done.

    Columns are those of `SourceConfig.columns`, the rest guessed by `columns.SYNONYMS`; what feeds
    no field becomes a fact.

    Raises:
        ConfigError: ``columns`` names fields that messages do not have.
    """

    def __init__(self, config: SourceConfig) -> None:
        check_columns(config)
        self.config = config

    @property
    def source(self) -> str:
        """Name in natural keys: ``table:`` and the file's name without suffix."""
        return self.config.name or f"table:{source_path(self.config).stem}"

    def collect(self, cursor: Mapping[str, Any] | None) -> Iterator[Item]:
        """Yield messages in row order with a checkpoint every 500 rows; see `Collector.collect`.

        Raises:
            SourceError: the file is absent or no table, or its columns cannot be told.
            MissingExtra: Parquet without pyarrow.
        """
        path = source_path(self.config)
        try:
            mark = self._mark()
            done = _rows_done(cursor, mark)
            if done is None:
                yield Checkpoint(dict(cursor or {}))
                return
            number = 0
            for number, item in enumerate(self._items(), 1):
                if number > done:
                    yield item
                    if number % CHECKPOINT_EVERY == 0:
                        yield Checkpoint({"mark": mark, "rows": number, "complete": False})
            yield Checkpoint({"mark": mark, "rows": number, "complete": True})
        except OSError as error:
            raise SourceError(str(path), error.strerror or "cannot be read") from None

    def _items(self) -> Iterator[Message | Skipped]:
        path = source_path(self.config)
        rows = rows_of(path)
        reader: RowReader | None = None
        while reader is None:
            sample = list(islice(rows, SAMPLE))
            if not sample:
                return
            good = [row.values for row in sample if row.fault is None]
            if good:
                reader = RowReader(self.config, self.source, good, sparse=is_sparse(path))
                rows = chain(sample, rows)
            else:
                yield from (Skipped(f"{path.name}: {r.place}", str(r.fault)) for r in sample)
        for row in rows:
            yield reader.read(row, f"{path.name}: {row.place}")

    def _mark(self) -> str:
        """Digest of the file and of the options that decide what its rows mean."""
        with source_path(self.config).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
        options = [dict(self.config.columns), dict(self.config.rows), self.config.channel]
        digest.update(json.dumps(options, sort_keys=True).encode())
        return digest.hexdigest()


def check_columns(config: SourceConfig) -> None:
    """Check which fields a source maps columns to.

    Raises:
        ConfigError: messages have no such fields; all are listed.
    """
    unknown = [field for field in config.columns if field not in FIELDS]
    if unknown:
        message = f"is not a field; fields are {', '.join(FIELDS)}"
        raise ConfigError([Problem(f"columns.{field}", message) for field in unknown])


def _rows_done(cursor: Mapping[str, Any] | None, mark: str) -> int | None:
    """Return how many rows an earlier run has covered; ``None`` when all of them."""
    if not cursor or cursor.get("mark") != mark:
        return 0
    rows = cursor.get("rows")
    return None if cursor.get("complete") is True else rows if isinstance(rows, int) else 0


class RowReader:
    """Turns rows into messages by what a sample of them shows.

    Args:
        config: mapping, choice of rows, brand, channel and the company's own addresses.
        source: name in natural keys, also named in errors.
        sample: rows from which columns, their types and the order of day and month are told.
        sparse: true when absent columns are normal.

    Raises:
        SourceError: the columns cannot be told; see `map_columns`.
    """

    def __init__(
        self,
        config: SourceConfig,
        source: str,
        sample: Sequence[Mapping[str, Any]],
        *,
        sparse: bool,
    ) -> None:
        names = list(dict.fromkeys(column for row in sample for column in row))
        absent = [column for column in config.rows if column not in names]
        if absent and not sparse:
            raise SourceError(source, f"has no column {', '.join(absent)} to choose rows by")
        self.config, self.source = config, source
        self.columns = map_columns(names, config.columns, source=source, sparse=sparse)
        if "id" not in config.columns and _repeats(sample, self.columns):
            del self.columns["id"]
        when = self.columns["sent_at"]
        self.day_first = day_comes_first(row[when] for row in sample if row.get(when) is not None)
        self.used = frozenset(self.columns.values())
        self.numeric = number_columns(sample, self.used)

    def read(self, row: Row, place: str) -> Message | Skipped:
        """Return the row's message, or why it is none; `place` is for the latter."""
        if row.fault is not None:
            return Skipped(place, row.fault)
        values = row.values
        if any(as_text(values.get(c)) != wanted for c, wanted in self.config.rows.items()):
            return Skipped(place, "filtered")
        body = self._text(values, "text", strip=False)
        if not body or not body.strip():
            return Skipped(place, "empty_body")
        try:
            when = parse_date(self._cell(values, "sent_at"), day_first=self.day_first)
        except AmbiguousDate:
            return Skipped(place, "ambiguous_date")
        if when is None:
            return Skipped(place, "no_date")
        author = self._author(values)
        return Message(
            source=self.source,
            external_id=self._text(values, "id") or _hash(values),
            sent_at=when,
            author=author,
            channel=self._channel(values),
            body=body,
            direction=self._direction(values, author),
            brand=self._text(values, "brand") or self.config.brand,
            rating=as_number(self._cell(values, "rating")),
            thread=self._text(values, "thread"),
            in_reply_to=self._text(values, "in_reply_to"),
            subject=self._text(values, "subject"),
            product=self._text(values, "product"),
            order_id=self._text(values, "order_id"),
            facts=self._facts(values),
        )

    def _cell(self, values: Mapping[str, Any], field: str) -> Any:  # noqa: ANN401 - any JSON value
        return values.get(self.columns.get(field, ""))

    def _text(self, values: Mapping[str, Any], field: str, *, strip: bool = True) -> str | None:
        cell = plain(self._cell(values, field))
        return None if isinstance(cell, bool) else as_text(cell, strip=strip)

    def _author(self, values: Mapping[str, Any]) -> Party:
        return Party(**{field: self._text(values, field) for field in _AUTHOR})

    def _channel(self, values: Mapping[str, Any]) -> str:
        usual = "email" if "subject" in self.columns else "survey"
        usual = "review" if "rating" in self.columns else usual
        return self.config.channel or as_channel(self._cell(values, "channel")) or usual

    def _direction(self, values: Mapping[str, Any], author: Party) -> Direction:
        if is_own(author, self.config.own):
            return "outbound"
        return as_direction(self.columns.get("direction", ""), self._cell(values, "direction"))

    def _facts(self, values: Mapping[str, Any]) -> dict[str, str | float | int | bool]:
        facts = {}
        for column, value in values.items():
            spoken = column == self.columns.get("channel") and not as_channel(value)
            if column not in self.used or spoken:
                fact = as_fact(column, value, numeric=column in self.numeric)
                if fact is not None:
                    facts[column] = fact
        return facts


def _repeats(sample: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> bool:
    """Say whether the guessed id names no row.

    A ticket's or a person's id may stand in several rows. A column called ``id`` may do so only
    where the row was edited, so by the same author; else two people's words would be one message.
    """
    column = columns.get("id")
    if column is None:
        return False
    rows = [(cell, row) for row in sample if (cell := as_text(row.get(column))) is not None]
    if snake(column) not in STRONG_IDS:
        return len({cell for cell, _ in rows}) < len(rows)
    authors = [columns[field] for field in _AUTHOR if field in columns]
    told = {(cell, *(as_text(row.get(author)) for author in authors)) for cell, row in rows}
    return len({cell for cell, _ in rows}) < len(told)


def _hash(values: Mapping[str, Any]) -> str:
    content = json.dumps(values, sort_keys=True, default=str, ensure_ascii=True)
    return "row:" + hashlib.sha256(content.encode()).hexdigest()
