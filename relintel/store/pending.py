"""The queue of customer×brand pairs whose profile is older than their readings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from sqlalchemy import Connection, bindparam, delete, select

from relintel.store import meta
from relintel.store.dialect import slices, upsert
from relintel.store.schema import pending_folds

Pair: TypeAlias = tuple[str, str]
"""Customer and brand; the brand is empty for readings without one."""


def queue(connection: Connection, pairs: Iterable[tuple[str | None, str]]) -> None:
    """Queue pairs under a new ticket; readings of nobody's messages have no pair."""
    known = sorted({(customer, brand) for customer, brand in pairs if customer is not None})
    if not known:
        return
    ticket = meta.count_up(connection, meta.TICKET)
    rows = [{"customer": c, "brand": b, "ticket": ticket} for c, b in known]
    upsert(connection, pending_folds, rows, ["customer", "brand"])


def first(connection: Connection, limit: int) -> dict[Pair, int]:
    """Return up to `limit` queued pairs with their tickets, by customer, then brand."""
    columns = pending_folds.c
    query = select(columns.customer, columns.brand, columns.ticket)
    rows = connection.execute(query.order_by(columns.customer, columns.brand).limit(limit))
    return {(customer, brand): ticket for customer, brand, ticket in rows}


def tickets(connection: Connection, pairs: Sequence[Pair]) -> dict[Pair, int]:
    """Return the tickets of those pairs that are queued."""
    found: dict[Pair, int] = {}
    columns = pending_folds.c
    wanted = set(pairs)
    for part in slices(sorted({customer for customer, _ in pairs})):
        query = select(columns.customer, columns.brand, columns.ticket)
        rows = connection.execute(query.where(columns.customer.in_(part)))
        found |= {(c, b): ticket for c, b, ticket in rows if (c, b) in wanted}
    return found


def finish(connection: Connection, done: Mapping[Pair, int]) -> None:
    """Take pairs off the queue, unless they were queued again under a later ticket."""
    if not done:
        return
    columns = pending_folds.c
    statement = delete(pending_folds).where(
        columns.customer == bindparam("c"),
        columns.brand == bindparam("b"),
        columns.ticket == bindparam("t"),
    )
    connection.execute(statement, [{"c": c, "b": b, "t": t} for (c, b), t in done.items()])
