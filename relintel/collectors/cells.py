"""Cells of tables to text, numbers, channels, directions and facts."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from relintel.collectors.columns import snake
from relintel.collectors.decoding import clean
from relintel.collectors.values import is_number, plain
from relintel.records import Direction
from relintel.taxonomy import CHANNELS

_CHANNEL_WORDS: Final[Mapping[str, str]] = {
    "mail": "email", "e_mail": "email", "web": "email", "web_form": "email", "form": "email",
    "contact_form": "email", "portal": "email", "ticket": "email",
    "live_chat": "chat", "livechat": "chat", "messaging": "chat", "native_messaging": "chat",
    "sms": "chat", "whatsapp": "chat", "telegram": "chat", "messenger": "chat", "slack": "chat",
    "voice": "call", "phone": "call", "telephone": "call", "phone_call": "call", "talk": "call",
    "nps": "survey", "csat": "survey", "questionnaire": "survey", "feedback": "survey",
    "twitter": "social", "tweet": "social", "x": "social", "facebook": "social",
    "instagram": "social", "reddit": "social", "mastodon": "social", "linkedin": "social",
    "social_media": "social",
    "reviews": "review", "trustpilot": "review", "app_store": "review", "google_play": "review",
    "amazon": "review", "yelp": "review",
    "community": "forum", "board": "forum", "post": "letter", "paper": "letter", "fax": "letter",
}  # fmt: skip
_OUTBOUND_WORDS: Final = frozenset(
    "outbound outgoing out agent agent_reply admin staff company employee operator support bot "
    "assistant public_reply private_note note sent teammate".split()
)
_INBOUND_FLAGS: Final = frozenset("inbound incoming from_customer is_customer".split())
_EXACT: Final = 2**53
"""Whole numbers below it survive as floats."""
_LARGEST_RATING: Final = 10**9
_TRUE: Final = frozenset({"true", "1", "yes", "y", "t"})
_FALSE: Final = frozenset({"false", "0", "no", "n", "f"})
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d{0,7})(?:\.\d{1,9})?")
"""Without leading zeros, and short enough not to be an account, a phone number or a time."""
_NAMES_ID: Final = re.compile(
    r"(?:^|_)(id|ids|no|nr|number|num|code|key|phone|mobile|tel|fax|zip|zipcode|postcode|postal|plz|"
    r"sku|ean|asin|iban|account|order|invoice|ticket|case|ref|reference|serial|version|year)(?:_|$)"
)


def as_text(value: object, *, strip: bool = True) -> str | None:
    """Return a cell as text, whole floats without their ``.0`` (ids that passed through pandas).

    Returns:
        ``None`` for empty cells, NaN and the like, and for what is no text, number, boolean, date
        or UUID.
    """
    value = plain(value)
    if isinstance(value, bytes):
        value = value.decode("utf-8", errors="replace")
    if isinstance(value, str):
        text = clean(value)
        return (text.strip() if strip else text) or None
    if isinstance(value, bool):
        return str(value).casefold()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    return _digits(value) if is_number(value) else None


def _digits(value: Any) -> str:  # noqa: ANN401 - any number
    exact = not isinstance(value, float) or abs(value) < _EXACT
    return str(int(value)) if exact and value == int(value) else str(value)


def as_number(value: object) -> float | None:
    """Return a rating as a number; the first number of a text like ``4 stars`` or ``4,5/5``."""
    cell = plain(value)
    if is_number(cell):
        return float(cell) if abs(cell) < _LARGEST_RATING else None
    if not isinstance(cell, str):
        return None
    found = re.match(r"\s*(-?\d{1,9}(?:[.,]\d{1,9})?)(?![\d.,])", cell[:64])
    return float(found[1].replace(",", ".")) if found else None


def as_channel(value: object) -> str | None:
    """Return the channel a cell names, or ``None`` when it names none that is known."""
    word = snake(as_text(value) or "")
    return word if word in CHANNELS else _CHANNEL_WORDS.get(word)


def as_direction(column: str, value: object) -> Direction:
    """Return who speaks: by a word (``agent``), or by a yes or no under a telling header."""
    word = snake(as_text(value) or "")
    if word in _TRUE or word in _FALSE:
        from_customer = snake(column) in _INBOUND_FLAGS or snake(column) == "direction"
        return "inbound" if (word in _TRUE) == from_customer else "outbound"
    return "outbound" if word in _OUTBOUND_WORDS else "inbound"


def number_columns(rows: Sequence[Mapping[str, Any]], used: Collection[str]) -> frozenset[str]:
    """Return the text columns whose every cell is a short plain number and that name no id."""
    texts: dict[str, bool] = {}
    for row in rows:
        for column, value in row.items():
            if column in used or not isinstance(value, str) or not value.strip():
                continue
            good = bool(_NUMBER.fullmatch(value.strip()))
            texts[column] = texts.get(column, not _NAMES_ID.search(snake(column))) and good
    return frozenset(column for column, numeric in texts.items() if numeric)


def as_fact(column: str, value: object, *, numeric: bool) -> str | float | int | bool | None:
    """Return a cell as a fact; a number only where the column is one and the cell agrees."""
    value = plain(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float) and not _NAMES_ID.search(snake(column)):
        return value if abs(value) < _EXACT else as_text(value)
    text = as_text(value)
    if text is None or not isinstance(value, str):
        return text
    if text.casefold() in {"true", "false"}:
        return text.casefold() == "true"
    if numeric and _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text
