"""Named values of the store itself: its key's check, its encoder, its counters."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, select

from relintel.store.dialect import upsert
from relintel.store.schema import meta

KEY_CHECK: Final = "key_check"
ENCODER: Final = "encoder"
DIMENSION: Final = "dimension"
PROFILE_DIMENSION: Final = "profile_dimension"
GENERATION: Final = "generation"
TICKET: Final = "ticket"


def get(connection: Connection, name: str) -> str | None:
    """Return a value, or ``None`` when it was never set."""
    return connection.scalar(select(meta.c.value).where(meta.c.name == name))


def put(connection: Connection, name: str, value: str) -> None:
    """Set a value."""
    upsert(connection, meta, [{"name": name, "value": value}], ["name"])


def number(connection: Connection, name: str) -> int:
    """Return a counter or size; 0 when it was never set."""
    return int(get(connection, name) or 0)


def count_up(connection: Connection, name: str) -> int:
    """Raise a counter by one and return it."""
    value = number(connection, name) + 1
    put(connection, name, str(value))
    return value
