"""Tables in any of their formats as a stream of rows."""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO

from relintel.collectors.decoding import clean
from relintel.errors import MissingExtra, SourceError

MAX_LINE_BYTES: Final = 16 * 2**20
MAX_JSON_BYTES: Final = 512 * 2**20
"""A JSON list has to be held whole; above this it is refused with advice to use lines."""
_BATCH: Final = 1024
_DELIMITERS: Final = ",;\t|"
_SAMPLE: Final = 65_536
_DEEPEST: Final = 4


@dataclass(frozen=True, slots=True)
class Row:
    """One row, or why there is none.

    Attributes:
        place: ``line 17`` or ``row 17``.
        values: column → value; text from CSV, JSON values otherwise; nested objects are flattened
            to ``author.email``.
        fault: reason code when the row cannot be read; `values` is empty then.
    """

    place: str
    values: Mapping[str, Any]
    fault: str | None = None


def rows_of(path: Path) -> Iterator[Row]:
    """Yield a table's rows; the format follows from suffix and first bytes.

    Raises:
        SourceError: the file cannot be read as a table at all.
        MissingExtra: Parquet without pyarrow.
        OSError: the file cannot be read.
    """
    suffix = path.suffix.casefold()
    with path.open("rb") as file:
        head = file.read(_SAMPLE)
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    if suffix == ".parquet" or head.startswith(b"PAR1"):
        return _parquet(path)
    if suffix in {".jsonl", ".ndjson"} or (suffix == ".json" and start != b"["):
        return _json_lines(path)
    if suffix == ".json":
        return _json_list(path)
    return _csv(path, "\t" if suffix == ".tsv" else None)


def is_sparse(path: Path) -> bool:
    """Say whether rows of this file may lack columns (JSON), so that none is bound to be there."""
    return path.suffix.casefold() in {".jsonl", ".ndjson", ".json"}


def _csv(path: Path, delimiter: str | None) -> Iterator[Row]:
    # Python's limit of 128 KiB a field is below a long mail; the setting is the process's.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE_BYTES))
    with path.open(encoding=_encoding(path), errors="replace", newline="") as file:
        delimiter = delimiter or _delimiter(file)
        reader = csv.reader(file, delimiter=delimiter)
        header: list[str] | None = None
        while True:
            place = f"line {reader.line_num + 1}"
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield Row(place, {}, "bad_row")
                continue
            if not cells:
                continue
            if header is None:
                header = _distinct([clean(cell).strip() for cell in cells])
            elif len(cells) != len(header):
                yield Row(place, {}, "bad_row")
            else:
                yield Row(place, dict(zip(header, cells, strict=True)))


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(4)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while chunk := file.read(_SAMPLE):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "windows-1252"
    return "utf-8-sig"


def _delimiter(file: TextIO) -> str:
    """Choose the character that cuts the most lines into as many cells as the header has."""
    lines = file.read(_SAMPLE).splitlines(keepends=True)[:50]
    file.seek(0)

    def fitness(delimiter: str) -> tuple[int, int]:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:
            return (0, 0)
        width = widths[0] if widths else 0
        return (sum(w == width for w in widths) if width > 1 else 0, width)

    return max(_DELIMITERS, key=fitness)


def _distinct(header: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    names = []
    for number, name in enumerate(header, 1):
        name = name or f"column_{number}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return names


def _json_lines(path: Path) -> Iterator[Row]:
    with path.open("rb") as file:
        number, pending = 0, file.readline(MAX_LINE_BYTES)
        while pending:
            number += 1
            line, long = pending, False
            while not line.endswith(b"\n") and (more := file.readline(MAX_LINE_BYTES)):
                line, long = more, True
            row = _json_row(pending, f"line {number}")
            if long:
                row = Row(f"line {number}", {}, "too_large")
            pending = file.readline(MAX_LINE_BYTES)
            if row is not None:
                yield row


def _json_row(line: bytes, place: str) -> Row | None:
    try:
        text = line.decode("utf-8-sig").strip()
        if not text:
            return None
        value = json.loads(text)
    except UnicodeDecodeError:
        return Row(place, {}, "invalid_utf8")
    except (ValueError, RecursionError):
        return Row(place, {}, "bad_json")
    return object_row(value, place)


def object_row(value: object, place: str) -> Row:
    """Make a row of a mapping, nested ones flattened; anything else is a ``bad_row``."""
    if not isinstance(value, Mapping) or not value:
        return Row(place, {}, "bad_row")
    return Row(place, dict(_flat(value, "", 0)))


def _flat(value: Mapping[str, Any], prefix: str, depth: int) -> Iterator[tuple[str, Any]]:
    for key, item in value.items():
        if isinstance(item, Mapping) and depth < _DEEPEST:
            yield from _flat(item, f"{prefix}{clean(str(key))}.", depth + 1)
        elif not isinstance(item, list | tuple | Mapping):
            yield prefix + clean(str(key)), item


def _json_list(path: Path) -> Iterator[Row]:
    if path.stat().st_size > MAX_JSON_BYTES:
        raise SourceError(str(path), "is too large for one JSON list", "Write one object a line")
    try:
        values = json.loads(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise SourceError(str(path), "is not UTF-8") from None
    except (ValueError, RecursionError):
        raise SourceError(str(path), "is not JSON") from None
    if not isinstance(values, list):
        raise SourceError(str(path), "is not a list of objects")
    for number, value in enumerate(values, 1):
        yield object_row(value, f"row {number}")


def _parquet(path: Path) -> Iterator[Row]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingExtra("tables", "pyarrow", "reading Parquet") from None
    try:
        table = pyarrow.parquet.ParquetFile(path)
    except (pyarrow.ArrowException, OSError, ValueError):
        raise SourceError(str(path), "is not a readable Parquet file") from None
    number = 0
    with table:
        try:
            for batch in table.iter_batches(batch_size=_BATCH):
                for value in batch.to_pylist():
                    number += 1
                    yield object_row(value, f"row {number}")
        except (pyarrow.ArrowException, OSError, ValueError):
            yield Row(f"row {number + 1}", {}, "damaged_file")
