"""Forgetting a customer: which rows go, and which keys are buried."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Column, Connection, delete, func, select

from relintel.records import ForgetReport
from relintel.store import meta, readings
from relintel.store.conversations import answers_to
from relintel.store.dialect import insert_new, slices
from relintel.store.schema import (
    identity_keys,
    messages,
    movements,
    pending_folds,
    profiles,
    tombstones,
    vectors,
)
from relintel.store.schema import readings as readings_table


def forget(
    connection: Connection, customer: str, natural_key: Callable[[str, str], str]
) -> ForgetReport:
    """Delete everything of a customer, and leave a tombstone for each of their keys.

    Args:
        connection: in a writing transaction, so that no answer slips in between.
        customer: whose rows go, with the company's answers to nobody else.
        natural_key: gives the hash under which to bury an answer's source and external id.
    """
    ids = _doomed(connection, customer)
    owned = identity_keys.c.customer == customer
    keys = set(connection.scalars(select(identity_keys.c.key_hash).where(owned)))
    keys.update(natural_key(*name) for name in _written_by_the_company(connection, ids))
    read = _count(connection, readings_table.c.message, ids)
    encoded = _count(connection, vectors.c.message, ids)
    encoded += _count_profile_vectors(connection, customer)
    readings.drop(connection, ids)
    for part in slices(ids):
        connection.execute(delete(messages).where(messages.c.id.in_(part)))
    insert_new(connection, tombstones, [{"key_hash": key} for key in sorted(keys)])
    gone = {
        table.name: connection.execute(delete(table).where(table.c.customer == customer)).rowcount
        for table in (identity_keys, profiles, movements, pending_folds)
    }
    if gone["profiles"]:
        meta.count_up(connection, meta.GENERATION)
    return ForgetReport(
        customer=customer,
        messages=len(ids),
        readings=read,
        profiles=gone["profiles"],
        vectors=encoded,
        movements=gone["movements"],
        tombstones=len(keys),
    )


def _doomed(connection: Connection, customer: str) -> list[int]:
    own = connection.scalars(select(messages.c.id).where(messages.c.customer == customer))
    return sorted({*own, *answers_to(connection, customer)})


def _written_by_the_company(
    connection: Connection, ids: Sequence[int]
) -> Iterator[tuple[str, str]]:
    """Yield source and external id of the outbound ones among messages."""
    columns = messages.c
    for part in slices(ids):
        query = select(columns.source, columns.external_id).where(
            columns.id.in_(part), columns.direction == "outbound"
        )
        yield from ((source, name) for source, name in connection.execute(query))


def _count(connection: Connection, column: Column[Any], ids: Sequence[int]) -> int:
    total = 0
    for part in slices(ids):
        total += connection.scalar(select(func.count()).where(column.in_(part))) or 0
    return total


def _count_profile_vectors(connection: Connection, customer: str) -> int:
    query = select(func.count(profiles.c.vector)).where(profiles.c.customer == customer)
    return connection.scalar(query) or 0
