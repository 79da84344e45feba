"""Messages: arriving, waiting to be read, looked up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Column, ColumnElement, Connection, bindparam, func, insert, select, update

from relintel.store import pending, readings
from relintel.store.dialect import insert_new, slices, upsert
from relintel.store.encoding import message_values, stored_message
from relintel.store.rows import Arrival, Counts, StoredMessage
from relintel.store.schema import cursors, identity_keys, messages, tombstones

NaturalKey: TypeAlias = tuple[str, str]
Values: TypeAlias = dict[str, Any]


def commit_batch(connection: Connection, arrivals: Sequence[Arrival]) -> Counts:
    """Insert new messages, update changed ones and take their readings back; bind new keys."""
    welcome = _without_forgotten(connection, arrivals)
    rows = [message_values(arrival.message, arrival.customer) for arrival in welcome]
    stored = _stored(connection, rows)
    final, counts = _compare(rows, {key: content for key, (_, content) in stored.items()})
    new = [row for key, row in final.items() if key not in stored]
    if new:
        connection.execute(insert(messages), new)
    _update(connection, [{**row, "id": stored[k][0]} for k, row in final.items() if k in stored])
    keys = {key.key_hash: key for arrival in reversed(welcome) for key in reversed(arrival.keys)}
    insert_new(
        connection,
        identity_keys,
        [{"key_hash": k.key_hash, "kind": k.kind, "customer": k.customer} for k in keys.values()],
    )
    created, updated, unchanged = counts
    return Counts(created, updated, unchanged, forgotten=len(arrivals) - len(welcome))


def forgotten_keys(connection: Connection, key_hashes: Iterable[str]) -> set[str]:
    """Return those of the keys that have a tombstone."""
    found: set[str] = set()
    for part in slices(sorted(set(key_hashes))):
        query = select(tombstones.c.key_hash).where(tombstones.c.key_hash.in_(part))
        found.update(connection.scalars(query))
    return found


def _without_forgotten(connection: Connection, arrivals: Sequence[Arrival]) -> Sequence[Arrival]:
    hashes = {key for arrival in arrivals for key in _barring(arrival)}
    gone = forgotten_keys(connection, hashes)
    if not gone:
        return arrivals
    return [arrival for arrival in arrivals if gone.isdisjoint(_barring(arrival))]


def _barring(arrival: Arrival) -> Iterator[str]:
    yield from (key.key_hash for key in arrival.keys)
    yield from arrival.refused_with


def _stored(connection: Connection, rows: Sequence[Values]) -> dict[NaturalKey, tuple[int, str]]:
    """Return id and content hash of those rows' messages that the store has."""
    wanted: dict[str, set[str]] = {}
    for row in rows:
        wanted.setdefault(row["source"], set()).add(row["external_id"])
    found: dict[NaturalKey, tuple[int, str]] = {}
    columns = messages.c
    for source, external_ids in wanted.items():
        for part in slices(sorted(external_ids)):
            query = select(columns.external_id, columns.id, columns.content_hash).where(
                columns.source == source, columns.external_id.in_(part)
            )
            for external_id, number, content in connection.execute(query):
                found[source, external_id] = (number, content)
    return found


def _compare(
    rows: Sequence[Values], contents: dict[NaturalKey, str]
) -> tuple[dict[NaturalKey, Values], tuple[int, int, int]]:
    """Go through a batch as if each row were committed by itself.

    Returns:
        The rows to write, by natural key; and how many were created, updated and unchanged.
    """
    final: dict[NaturalKey, Values] = {}
    created = updated = unchanged = 0
    for row in rows:
        key = row["source"], row["external_id"]
        before = contents.get(key)
        if before == row["content_hash"]:
            unchanged += 1
            continue
        created += before is None
        updated += before is not None
        contents[key] = row["content_hash"]
        final[key] = row
    return final, (created, updated, unchanged)


def _update(connection: Connection, rows: Sequence[Values]) -> None:
    if not rows:
        return
    pending.queue(connection, readings.drop(connection, [row["id"] for row in rows]))
    statement = update(messages).where(messages.c.id == bindparam("row_id"))
    values = [{**row, "row_id": row["id"], "reading_stamp": None} for row in rows]
    for row in values:
        del row["id"]
    connection.execute(statement, values)


def put_cursor(
    connection: Connection, source: str, settings: str, cursor: Mapping[str, Any]
) -> None:
    """Remember how far a source was read."""
    row = {"source": source, "settings": settings, "cursor": dict(cursor)}
    upsert(connection, cursors, [row], ["source"])


def get_cursor(connection: Connection, source: str, settings: str) -> Mapping[str, Any] | None:
    """Return how far a source was read under the same settings."""
    columns = cursors.c
    query = select(columns.cursor).where(columns.source == source, columns.settings == settings)
    cursor: Mapping[str, Any] | None = connection.scalar(query)
    return cursor


def waiting(connection: Connection, stamp: str, limit: int) -> list[StoredMessage]:
    """Return the first messages that were not read, or read under another stamp."""
    stamps: list[str | None] = [None]
    inbound = messages.c.direction == "inbound"
    stamps += [s for s in distinct(connection, messages.c.reading_stamp, inbound) if s != stamp]
    ids: list[int] = []
    # One walk along the index per stamp: a single query with OR would sort all that waits, for
    # every batch again.
    for other in stamps:
        query = select(messages.c.id).where(inbound, messages.c.reading_stamp == other)
        ids += connection.scalars(query.order_by(messages.c.id).limit(limit))
    first = sorted(ids)[:limit]
    return [message for part in slices(first) for message in _by_id(connection, part)]


def _by_id(connection: Connection, ids: Sequence[int]) -> Iterator[StoredMessage]:
    query = select(messages).where(messages.c.id.in_(ids)).order_by(messages.c.id)
    return map(stored_message, connection.execute(query).mappings())


def count_waiting(connection: Connection, stamp: str) -> int:
    """Count the messages that `waiting` would return without a limit."""
    query = select(func.count()).where(
        messages.c.direction == "inbound", messages.c.reading_stamp.is_distinct_from(stamp)
    )
    return connection.scalar(query) or 0


def distinct(
    connection: Connection, column: Column[Any], *where: ColumnElement[bool]
) -> Iterator[str]:
    """Yield a column's few different values in order, hopping along an index, not scanning it."""
    value = connection.scalar(select(func.min(column)).where(*where))
    while value is not None:
        yield value
        value = connection.scalar(select(func.min(column)).where(*where, column > value))


def brands(connection: Connection) -> list[str]:
    """Return the brands that sources say messages are about, in order."""
    return list(distinct(connection, messages.c.brand))


def sources(connection: Connection) -> list[str]:
    """Return the sources that messages came from, in order."""
    return list(distinct(connection, messages.c.source))


def one(connection: Connection, number: int) -> StoredMessage | None:
    """Return a message by its id."""
    return next(_by_id(connection, [number]), None)


def of_customer(connection: Connection, customer: str) -> list[StoredMessage]:
    """Return a customer's messages in the order of time."""
    query = select(messages).where(messages.c.customer == customer)
    rows = connection.execute(query.order_by(messages.c.sent_at, messages.c.id)).mappings()
    return [stored_message(row) for row in rows]


def newest_at(connection: Connection, until: datetime | None) -> datetime | None:
    """Return the time of the newest message, of those not later than `until` if given."""
    query = select(func.max(messages.c.sent_at))
    if until is not None:
        query = query.where(messages.c.sent_at <= until)
    newest: datetime | None = connection.scalar(query)
    return newest
