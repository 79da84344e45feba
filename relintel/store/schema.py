"""The tables, written once for SQLite and PostgreSQL alike.

The migrations build the same tables step by step; a test compares the two. Text that came from
outside is never part of a constraint's name, and no column needs a dialect of its own.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

REVISION: Final = "0001"
"""The newest migration; what `metadata` describes."""


def instant(moment: datetime) -> str:
    """Write a time as UTC text of fixed width, so that text order is time order.

    Raises:
        ValueError: the time has no zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored; give it one, UTC if unsure")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


class Moment(TypeDecorator[datetime]):
    """An aware UTC time: fixed-width text in SQLite, ``timestamptz`` in PostgreSQL."""

    impl = String(27)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column type of a dialect."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(String(27))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ANN401
        """Turn an aware time into what the dialect stores."""
        if value is None:
            return None
        text = instant(value)
        return datetime.fromisoformat(text) if dialect.name == "postgresql" else text

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401
        """Turn what the dialect stored into an aware UTC time."""
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        return None if value is None else value.astimezone(UTC)


metadata: Final = MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s"}
)

# Ids are never given out twice, in SQLite by AUTOINCREMENT: an id that was exported or linked to
# before an erasure must not lead to another person's message afterwards.
messages: Final = Table(
    "messages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("customer", Text),
    Column("sent_at", Moment, nullable=False),
    Column("channel", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("brand", Text),
    Column("thread", Text),
    Column("in_reply_to", Text),
    Column("subject", Text),
    Column("body", Text, nullable=False),
    Column("rating", Float),
    Column("product", Text),
    Column("order_id", Text),
    Column("author", JSON, nullable=False),
    Column("recipients", JSON, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("reading_stamp", Text),
    UniqueConstraint("source", "external_id"),
    Index("ix_messages_pending", "direction", "reading_stamp", "id"),
    Index("ix_messages_customer", "customer", "sent_at"),
    Index("ix_messages_sent_at", "sent_at"),
    Index("ix_messages_brand", "brand"),
    Index("ix_messages_thread", "source", "thread"),
    Index("ix_messages_reply", "source", "in_reply_to"),
    sqlite_autoincrement=True,
)

identity_keys: Final = Table(
    "identity_keys",
    metadata,
    Column("key_hash", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("customer", Text, nullable=False),
    Index("ix_identity_keys_customer", "customer"),
)

tombstones: Final = Table("tombstones", metadata, Column("key_hash", Text, primary_key=True))

readings: Final = Table(
    "readings",
    metadata,
    Column("message", Integer, primary_key=True, autoincrement=False),
    Column("brand", Text, primary_key=True),
    Column("customer", Text),
    Column("sent_at", Moment, nullable=False),
    Column("relationship", Text, nullable=False),
    Column("payload", JSON, nullable=False),
    Index("ix_readings_pair", "customer", "brand", "sent_at"),
)

vectors: Final = Table(
    "vectors",
    metadata,
    Column("message", Integer, primary_key=True, autoincrement=False),
    Column("encoder", Text, nullable=False),
    Column("vector", LargeBinary, nullable=False),
)

profiles: Final = Table(
    "profiles",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("customer", Text, nullable=False),
    Column("brand", Text, nullable=False),
    Column("relationship", Text, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("belief", LargeBinary),
    Column("vector", LargeBinary),
    UniqueConstraint("customer", "brand"),
    Index("ix_profiles_brand", "brand", "relationship"),
    sqlite_autoincrement=True,
)

movements: Final = Table(
    "movements",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("customer", Text, nullable=False),
    Column("brand", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("source", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("message", Integer, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("quote", Text),
    Index("ix_movements_at", "at"),
    Index("ix_movements_pair", "customer", "brand"),
)

# The ticket changes whenever a pair is queued again, so that a fold of what was there before
# cannot take the pair off the queue.
pending_folds: Final = Table(
    "pending_folds",
    metadata,
    Column("customer", Text, primary_key=True),
    Column("brand", Text, primary_key=True),
    Column("ticket", Integer, nullable=False),
)

cursors: Final = Table(
    "cursors",
    metadata,
    Column("source", Text, primary_key=True),
    Column("settings", Text, nullable=False),
    Column("cursor", JSON, nullable=False),
)

meta: Final = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
