"""Times as senders write them, to aware UTC datetimes. Nothing here reads the clock."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from email.utils import parsedate_tz
from typing import Any, Final

from relintel.collectors.values import is_number, plain

_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2200, 1, 1, tzinfo=UTC)
_LONGEST: Final = 128
"""Characters above which nothing is a date; keeps patterns from long work on junk."""
_WIDEST_ZONE: Final = 14 * 3600
"""Seconds; the widest real zone is UTC+14, a wider one is a broken header and is ignored."""
_MONTH: Final = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_MONTH_FIRST: Final = re.compile(rf"\b{_MONTH}\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})\b", re.I)
_DAY_FIRST: Final = re.compile(
    rf"\b(\d{{1,2}})(?:st|nd|rd|th)?[\s.-]+{_MONTH}[\s,.-]+(\d{{2,4}})\b", re.I
)
_COMMENT: Final = re.compile(r"\([^()]*\)")
_COLON: Final = re.compile(r"(?<=\d)\s*:\s*(?=\d)")
_YEAR_LAST: Final = re.compile(r"(\d{1,2}:\d{2}(?::\d{2})?)\s+([+-]\d{4}|[A-Z]{1,5})\s+(\d{4})$")
_NOON: Final = re.compile(r"\b(\d{1,2}):(\d{2})(:\d{2})?\s*([ap])\.?m\b\.?", re.I)
_ISO_TAIL: Final = re.compile(r"\s*(?:\b(?:UTC|GMT)|(?<=\d)Z)$", re.I)
_ISO_ZONE: Final = re.compile(r"\s+(?=[+-]\d{2}:?\d{2}$)")
_YEAR_FIRST: Final = re.compile(r"^(\d{4})[/.](\d{1,2})[/.](\d{1,2})(?=\D|$)")
_NUMERIC: Final = re.compile(r"^(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?=\D|$),?\s*(.*)$")
_DIGITS: Final = re.compile(r"^\d{8,19}(?:\.\d+)?$")
_PER_SECOND: Final = {9: 1, 10: 1, 12: 10**3, 13: 10**3, 15: 10**6, 16: 10**6, 18: 10**9, 19: 10**9}


class AmbiguousDate(ValueError):
    """The day and the month cannot be told apart (``03/04/2025``)."""


def parse_date(value: object, *, day_first: bool | None = None) -> datetime | None:
    """Read one time; without a zone it is UTC.

    Understood: ISO 8601 of any precision, Unix time in s, ms, µs or ns (told by the number of
    digits), RFC 2822 and its many broken forms, English month names, and numeric dates.

    Args:
        value: text, number, date (its midnight) or datetime, also numpy's and pandas'.
        day_first: order of ``03/04/2025``; ``None`` when unknown. Dots always mean day first, and
            a number above 12 decides for itself.

    Returns:
        ``None`` when there is no readable time between 1970 and 2200.

    Raises:
        AmbiguousDate: only the order of day and month is missing.
    """
    value = plain(value)
    if isinstance(value, date):
        return _in_range(value if isinstance(value, datetime) else datetime.combine(value, time()))
    text = _written(value)
    if not text or len(text) > _LONGEST or "\0" in text:
        return None
    if _DIGITS.match(text):
        return _from_digits(text)
    try:
        return _from_iso(text) or _from_numeric(text, day_first) or _from_english(text)
    except AmbiguousDate:
        raise
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def day_comes_first(values: Iterable[object]) -> bool | None:
    """Decide from a whole column how it orders day and month; ``None`` when it does not tell."""
    first = second = False
    for value in values:
        found = _NUMERIC.match(value.strip()[:_LONGEST]) if isinstance(value, str) else None
        if found and found[2] != ".":
            first = first or int(found[1]) > 12
            second = second or int(found[3]) > 12
    return None if first == second else first


def _written(value: Any) -> str:  # noqa: ANN401 - any cell
    if isinstance(value, str):
        return " ".join(value.split())
    if not is_number(value) or not 0 <= value < 10**20:
        return ""
    return str(int(value)) if value == int(value) else f"{float(value):.6f}"


def _in_range(when: datetime) -> datetime | None:
    try:
        when = when.replace(tzinfo=UTC) if when.utcoffset() is None else when.astimezone(UTC)
    except (OverflowError, ValueError, TypeError, NotImplementedError):  # zones of others
        return None
    if type(when) is not datetime:  # pandas' own, with nanoseconds
        when = datetime.combine(when.date(), when.time(), UTC)
    return when if _FIRST <= when <= _LAST else None


def _from_digits(text: str) -> datetime | None:
    whole = text.partition(".")[0]
    try:
        if len(whole) == 8:
            return _in_range(datetime.strptime(whole, "%Y%m%d"))
        if len(whole) == 14:
            return _in_range(datetime.strptime(whole, "%Y%m%d%H%M%S"))
    except ValueError:
        return None
    per_second = _PER_SECOND.get(len(whole))
    if per_second is None:
        return None
    fraction = float("0" + text[len(whole) :]) if per_second == 1 and "." in text else 0.0
    seconds, rest = divmod(int(whole), per_second)
    micros = rest * 10**6 // per_second + round(fraction * 10**6)
    return _in_range(_FIRST + timedelta(seconds=seconds, microseconds=micros))


def _from_iso(text: str) -> datetime | None:
    if not text[:4].isdigit():
        return None
    text = _ISO_ZONE.sub("", _ISO_TAIL.sub("+00:00", text))
    text = _YEAR_FIRST.sub(lambda m: f"{m[1]}-{int(m[2]):02d}-{int(m[3]):02d}", text)
    if len(text) == 7:  # a month alone
        text += "-01"
    try:
        return _in_range(datetime.fromisoformat(text))
    except ValueError:
        return None


def _from_numeric(text: str, day_first: bool | None) -> datetime | None:
    found = _NUMERIC.match(text)
    if not found:
        return None
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    if found[2] == "." or first > 12 or first == second:
        day, month = first, second
    elif second > 12 or day_first is False:
        day, month = second, first
    elif day_first:
        day, month = first, second
    else:
        raise AmbiguousDate("day and month cannot be told apart")
    year += 0 if year > 99 else 2000 if year < 70 else 1900
    clock = _to_24_hours(found[5]) or "00:00"
    clock = "0" + clock if clock[1:2] == ":" else clock
    return _from_iso(f"{year:04d}-{month:02d}-{day:02d} {clock}")


def _from_english(text: str) -> datetime | None:
    text = _to_24_hours(_COLON.sub(":", _COMMENT.sub(" ", text)).strip())
    text = _YEAR_LAST.sub(r"\3 \1 \2", text)
    text = _MONTH_FIRST.sub(r"\2 \1 \3", text)
    text = _DAY_FIRST.sub(r"\1 \2 \3", text)
    text = text.replace("GMT+", "+").replace("GMT-", "-").replace(" at ", " ")
    if ":" not in text and not re.search(r"\d\.\d\d\.\d\d", text):
        text += " 00:00:00"
    parts = parsedate_tz(text)
    if parts is None:
        return None
    offset = parts[9] or 0
    if abs(offset) > _WIDEST_ZONE:
        offset = 0
    moment = datetime(*parts[:5], min(parts[5], 59), tzinfo=UTC)
    return _in_range(moment - timedelta(seconds=offset))


def _to_24_hours(text: str) -> str:
    def clock(found: re.Match[str]) -> str:
        hour = int(found[1]) % 12 + (12 if found[4] in "pP" else 0)
        return f"{hour:02d}:{found[2]}{found[3] or ''}"

    return _NOON.sub(clock, text)
