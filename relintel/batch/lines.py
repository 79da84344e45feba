"""JSON lines in, readings out: the stateless scoring job, line by line and in order."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any, Final

from relintel.errors import InputError
from relintel.nlp.scorer import Scorer, whole

LONGEST_LINE: Final = 16 * 2**20
"""Bytes of a line that are accepted; a longer one gives an error record."""


@dataclass(frozen=True, slots=True)
class LinesReport:
    """What a job did: `lines` = `scored` + `failed`."""

    lines: int
    scored: int
    failed: int


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    record: dict[str, Any] | None
    error: InputError | None = None
    identity: str | int | float | None = None


def score_lines(
    source: IO[bytes],
    write: Callable[[str], object],
    scorer: Scorer,
    *,
    batch_size: int = 64,
    all_brands: bool = False,
    progress: Callable[[int], None] = lambda lines: None,
) -> LinesReport:
    """Score a stream of JSON lines and write one JSON line a reading, in the same order.

    A line that cannot be read gives ``{"id","line","error":{"code","message"}}`` in its place.

    Args:
        source: binary stream; each line an object with ``text`` and optionally ``id``, ``brand``,
            ``lang``.
        write: takes each output line, with its line break.
        scorer: the scorer.
        batch_size: lines scored at a time.
        all_brands: one reading a brand that a line addresses or names.
        progress: called with the number of lines done.
    """
    lines = failed = 0
    for chunk in _chunks(_parsed(source), batch_size):
        good = [line.record for line in chunk if line.record is not None]
        places = [{**record, "id": str(place)} for place, record in enumerate(good)]
        found: dict[int, list[dict[str, Any]]] = {}
        for reading in scorer.score(places, batch_size=batch_size, all_brands=all_brands):
            found.setdefault(int(reading.id), []).append(reading.to_dict())
        place = 0
        for line in chunk:
            if line.record is None:
                write(_dump(_failure(line)))
                failed += 1
                continue
            identity = line.record.get("id")
            for data in found[place]:
                data["id"] = line.number - 1 if identity is None else identity
                write(_dump(data))
            place += 1
        lines += len(chunk)
        progress(lines)
    return LinesReport(lines, lines - failed, failed)


def _parsed(source: IO[bytes]) -> Iterator[_Line]:
    for number, raw in enumerate(_raw_lines(source), 1):
        try:
            yield _Line(number, _record(raw))
        except InputError as error:
            yield _Line(number, None, error, _identity(raw))


def _raw_lines(source: IO[bytes]) -> Iterator[bytes]:
    """Yield lines; of one that is too long only the beginning, so that memory stays bounded."""
    while raw := source.readline(LONGEST_LINE + 1):
        if len(raw) > LONGEST_LINE and not raw.endswith(b"\n"):
            while (rest := source.readline(2**20)) and not rest.endswith(b"\n"):
                pass
        yield raw.rstrip(b"\r\n")


def _record(raw: bytes) -> dict[str, Any]:
    if len(raw) > LONGEST_LINE:
        raise InputError("too_long", f"the line is longer than {LONGEST_LINE} bytes")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("invalid_utf8", f"byte {error.start} of the line is not UTF-8") from None
    if not text.strip():
        raise InputError("empty_line", "the line is empty")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        place = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise InputError("invalid_json", f"the line is not JSON{place}") from None
    if not isinstance(data, dict):
        raise InputError("not_an_object", "the line is JSON but not an object")
    for key, kinds in _TYPES.items():
        if data.get(key) is not None and not isinstance(data[key], kinds):
            raise InputError("wrong_type", f"`{key}` is not a string")
    if not isinstance(data.get("text"), str):
        raise InputError("no_text", "the object has no string `text`")
    if data.get("id") is not None and not _is_id(data["id"]):
        raise InputError("wrong_type", "`id` is neither a string nor a finite number")
    return {key: whole(value) if isinstance(value, str) else value for key, value in data.items()}


_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "text": (str,),
    "brand": (str,),
    "lang": (str,),
}


def _identity(raw: bytes) -> str | int | float | None:
    """Return the id of a line that failed, where it can still be told."""
    try:
        data = json.loads(raw[:LONGEST_LINE].decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    found = data.get("id") if isinstance(data, dict) else None
    return (whole(found) if isinstance(found, str) else found) if _is_id(found) else None


def _is_id(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    return not isinstance(value, float) or math.isfinite(value)


def _failure(line: _Line) -> dict[str, Any]:
    error = line.error
    told = {"code": error.code, "message": error.message} if error else {}
    return {"id": line.identity, "line": line.number, "error": told}


def _dump(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False) + "\n"


def _chunks(lines: Iterable[_Line], size: int) -> Iterator[list[_Line]]:
    chunk: list[_Line] = []
    for line in lines:
        chunk.append(line)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
