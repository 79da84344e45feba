"""The first tables.

A migration is history: it spells its types out instead of importing them from the schema, which
will change.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_MOMENT = sa.String(27).with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Build every table."""
    _messages()
    _identity()
    _readings()
    _profiles()
    _state()


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("customer", sa.Text()),
        sa.Column("sent_at", _MOMENT, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text()),
        sa.Column("thread", sa.Text()),
        sa.Column("in_reply_to", sa.Text()),
        sa.Column("subject", sa.Text()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("rating", sa.Float()),
        sa.Column("product", sa.Text()),
        sa.Column("order_id", sa.Text()),
        sa.Column("author", sa.JSON(), nullable=False),
        sa.Column("recipients", sa.JSON(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("reading_stamp", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.UniqueConstraint("source", "external_id", name="uq_messages_source_external_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_messages_pending", "messages", ["direction", "reading_stamp", "id"])
    op.create_index("ix_messages_customer", "messages", ["customer", "sent_at"])
    op.create_index("ix_messages_sent_at", "messages", ["sent_at"])
    op.create_index("ix_messages_brand", "messages", ["brand"])
    op.create_index("ix_messages_thread", "messages", ["source", "thread"])
    op.create_index("ix_messages_reply", "messages", ["source", "in_reply_to"])


def _identity() -> None:
    op.create_table(
        "identity_keys",
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name="pk_identity_keys"),
    )
    op.create_index("ix_identity_keys_customer", "identity_keys", ["customer"])
    op.create_table(
        "tombstones",
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name="pk_tombstones"),
    )


def _readings() -> None:
    op.create_table(
        "readings",
        sa.Column("message", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("customer", sa.Text()),
        sa.Column("sent_at", _MOMENT, nullable=False),
        sa.Column("relationship", sa.Text(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("message", "brand", name="pk_readings"),
    )
    op.create_index("ix_readings_pair", "readings", ["customer", "brand", "sent_at"])
    op.create_table(
        "vectors",
        sa.Column("message", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("encoder", sa.Text(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("message", name="pk_vectors"),
    )


def _profiles() -> None:
    op.create_table(
        "profiles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("relationship", sa.Text(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("belief", sa.LargeBinary()),
        sa.Column("vector", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_profiles"),
        sa.UniqueConstraint("customer", "brand", name="uq_profiles_customer_brand"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_profiles_brand", "profiles", ["brand", "relationship"])
    op.create_table(
        "movements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("message", sa.Integer(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("quote", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_movements"),
    )
    op.create_index("ix_movements_at", "movements", ["at"])
    op.create_index("ix_movements_pair", "movements", ["customer", "brand"])


def _state() -> None:
    op.create_table(
        "pending_folds",
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("ticket", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("customer", "brand", name="pk_pending_folds"),
    )
    op.create_table(
        "cursors",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("cursor", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_cursors"),
    )
    op.create_table(
        "meta",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_meta"),
    )


def downgrade() -> None:
    """Drop every table."""
    for table in (
        "meta",
        "cursors",
        "pending_folds",
        "movements",
        "profiles",
        "vectors",
        "readings",
        "tombstones",
        "identity_keys",
        "messages",
    ):
        op.drop_table(table)
