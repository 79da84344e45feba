"""Values of data frames and records as Python's own."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from numbers import Real
from typing import Any, Final
from uuid import UUID

_LARGEST: Final = 10**100
"""Numbers from here on are junk, and from some thousand digits on Python refuses to write them."""


def plain(value: Any) -> Any:  # noqa: ANN401 - any cell
    """Return a text, bytes, boolean, number, date or UUID; scalars of numpy become Python's.

    Returns:
        ``None`` for every way to say nothing (NaN, NaT, pandas' NA: whatever does not equal
        itself), for numbers that are not finite or absurdly large, and for anything else.
    """
    if value is None or isinstance(value, str):
        return value
    try:
        if value != value:
            return None
        if getattr(value, "shape", None) == () and hasattr(value, "dtype"):
            value = (value.astype("datetime64[us]") if value.dtype.kind == "M" else value).item()
        if isinstance(value, Real | Decimal):
            number: Any = value
            return value if -_LARGEST < number < _LARGEST else None
    except Exception:  # arrays cannot be compared so, and types of others may raise anything
        return None
    return value if isinstance(value, str | bytes | date | UUID) else None


def is_number(value: object) -> bool:
    """Say whether what `plain` returned is a number; a boolean is none."""
    return isinstance(value, Real | Decimal) and not isinstance(value, bool)
