"""Checks messages that somebody else built before they go on to the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

from relintel.collectors.dates import parse_date
from relintel.collectors.values import is_number, plain
from relintel.records import Message, Party, Skipped
from relintel.taxonomy import CHANNELS

_OPTIONAL: Final = ("brand", "thread", "in_reply_to", "subject", "product", "order_id")
_DIRECTIONS: Final = ("inbound", "outbound")


def checked(message: Message, place: str) -> Message | Skipped:
    """Return a message that can be stored and exported, or why this one cannot.

    A time without a zone is UTC; numbers of numpy and the like become Python's own; facts that are
    ``None`` are left out. Nothing else is mended.

    Args:
        message: of any content: a dataclass does not hold its fields to their types.
        place: for the `Skipped`, whose reason is ``bad_message`` (an id, a party, the body or
            another text is of the wrong type), ``empty_body``, ``no_date``, ``bad_channel``,
            ``bad_direction``, ``bad_rating`` or ``bad_facts``.
    """
    fault = next((reason for reason, holds in _RULES if not holds(message)), None)
    when = _time(message)
    if fault is not None or when is None:
        return Skipped(place, fault or "no_date")
    return replace(
        message,
        sent_at=when,
        rating=None if message.rating is None else float(plain(message.rating)),
        facts={name: plain(v) for name, v in message.facts.items() if v is not None},
        recipients=tuple(message.recipients),
    )


def _has_ids(message: Message) -> bool:
    ids: tuple[Any, ...] = (message.source, message.external_id)
    return all(isinstance(value, str) and value for value in ids)


def _has_body(message: Message) -> bool:
    body: Any = message.body
    return body is not None and (not isinstance(body, str) or bool(body.strip()))


def _has_texts(message: Message) -> bool:
    return isinstance(message.body, str) and _are_texts(message, _OPTIONAL)


def _has_parties(message: Message) -> bool:
    recipients: Any = message.recipients
    return isinstance(recipients, tuple | list) and all(
        isinstance(party, Party) and _are_texts(party, ("name", "address", "handle", "customer"))
        for party in (message.author, *recipients)
    )


def _are_texts(record: Message | Party, names: tuple[str, ...]) -> bool:
    values = (getattr(record, name) for name in names)
    return all(value is None or isinstance(value, str) for value in values)


def _time(message: Message) -> datetime | None:
    sent_at: Any = message.sent_at
    return parse_date(sent_at) if isinstance(sent_at, date) else None


def _is_one_of(value: object, words: tuple[str, ...]) -> bool:
    return isinstance(value, str) and value in words


def _has_rating(message: Message) -> bool:
    return message.rating is None or is_number(plain(message.rating))


def _has_facts(message: Message) -> bool:
    facts: Any = message.facts
    return isinstance(facts, Mapping) and all(
        isinstance(name, str) and (value is None or _is_fact(plain(value)))
        for name, value in facts.items()
    )


def _is_fact(value: object) -> bool:
    return isinstance(value, str | bool) or (isinstance(value, int | float) and is_number(value))


_RULES: Final[tuple[tuple[str, Callable[[Message], bool]], ...]] = (
    ("bad_message", _has_ids),
    ("empty_body", _has_body),
    ("bad_message", _has_texts),
    ("bad_message", _has_parties),
    ("bad_channel", lambda message: _is_one_of(message.channel, CHANNELS)),
    ("bad_direction", lambda message: _is_one_of(message.direction, _DIRECTIONS)),
    ("bad_rating", _has_rating),
    ("bad_facts", _has_facts),
)
