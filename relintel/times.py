"""Times as people write them in options: ISO 8601, and ages such as ``30d``."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from relintel.errors import ConfigError, Problem

_AGE: Final = re.compile(r"(\d+)\s*([hdwmy])", re.IGNORECASE)
_UNIT: Final = {
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "m": timedelta(days=30),
    "y": timedelta(days=365),
}


def parse_instant(text: str | datetime) -> datetime:
    """Read an ISO 8601 date or time, or take a datetime; without a zone it is UTC.

    Raises:
        ConfigError: it is neither.
    """
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else text
    except ValueError:
        problem = Problem("time", "is not ISO 8601, such as 2025-05-31 or 2025-05-31T12:00:00Z")
        raise ConfigError([problem]) from None
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ConfigError([Problem("time", "is beyond the calendar")]) from None


def parse_since(since: str | datetime, until: datetime) -> datetime:
    """Return the beginning of a span that ends at `until`.

    Args:
        since: a time, or an age: a number with ``h``, ``d``, ``w``, ``m`` (30 days) or ``y``.
        until: aware time from which an age counts back.

    Raises:
        ConfigError: it is neither.
    """
    if isinstance(since, str) and (match := _AGE.fullmatch(since.strip())):
        try:
            return until - int(match[1]) * _UNIT[match[2].lower()]
        except OverflowError:
            return datetime.min.replace(tzinfo=UTC)
    return parse_instant(since)
