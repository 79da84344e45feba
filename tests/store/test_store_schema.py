from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta, timezone

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from relintel.store import dialect, schema
from relintel.store.migrate import MIGRATIONS, known_revisions, upgrade

SECOND_STEP = '''
"""A later step, as one may come."""
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "0002", "0001", None, None


def upgrade():
    op.add_column("meta", sa.Column("note", sa.Text()))


def downgrade():
    op.drop_column("meta", "note")
'''


@pytest.fixture
def engine(tmp_path):
    made = dialect.sqlite_engine(tmp_path / "db.sqlite3", busy_timeout=0)
    yield made
    made.dispose()


def test_the_migrations_build_the_schema(engine, tmp_path):
    with dialect.writing(engine, tmp_path) as connection:
        upgrade(connection)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []


def test_the_comparison_sees_a_difference(engine, tmp_path):
    with dialect.writing(engine, tmp_path) as connection:
        upgrade(connection)
        connection.exec_driver_sql("DROP INDEX ix_messages_customer")
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), schema.metadata)
    assert [step[0] for step in found] == ["add_index"]


def test_the_newest_revision_is_the_schemas():
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [schema.REVISION]
    assert schema.REVISION in known_revisions()


def test_a_step_is_taken_whole_or_not_at_all(engine, tmp_path):
    steps = shutil.copytree(MIGRATIONS, tmp_path / "100% steps")
    (steps / "versions" / "0002_second.py").write_text(SECOND_STEP)
    with dialect.writing(engine, tmp_path) as connection:
        upgrade(connection)

    def fail():
        with dialect.writing(engine, tmp_path) as connection:
            upgrade(connection, steps)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    with engine.connect() as connection:
        assert _columns(connection) == ["name", "value"]
    with dialect.writing(engine, tmp_path) as connection:
        upgrade(connection, steps)
        assert _columns(connection) == ["name", "value", "note"]


def _columns(connection):
    return [row.name for row in connection.exec_driver_sql("PRAGMA table_info(meta)")]


def test_postgresql_takes_every_table_and_index():
    for table in schema.metadata.sorted_tables:
        text = str(CreateTable(table).compile(dialect=postgresql.dialect()))
        assert "AUTOINCREMENT" not in text
        for index in table.indexes:
            assert str(CreateIndex(index).compile(dialect=postgresql.dialect()))
    sent_at = schema.messages.c.sent_at.type.compile(dialect=postgresql.dialect())
    assert sent_at == "TIMESTAMP WITH TIME ZONE"


zones = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
moments = st.datetimes(
    datetime(1, 1, 3), datetime(9999, 12, 28), timezones=st.one_of(st.just(UTC), zones)
)


@given(moments, moments)
def test_text_order_is_time_order(one, other):
    assert (schema.instant(one) < schema.instant(other)) == (one < other)
    assert datetime.fromisoformat(schema.instant(one)) == one


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="without a zone"):
        schema.instant(datetime(2026, 1, 1))
