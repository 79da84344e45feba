"""Whose is it: keys and merges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select, update

from relintel.store import meta, pending
from relintel.store.dialect import slices
from relintel.store.encoding import content_hash
from relintel.store.rows import Arrival, Owner
from relintel.store.schema import identity_keys, messages, movements, pending_folds, profiles
from relintel.store.schema import readings as readings_table

NUMBER_KIND: Final = "customer"
"""The kind of a key that is the company's own number of a customer."""


def customers_of(connection: Connection, key_hashes: Iterable[str]) -> dict[str, str]:
    """Return the customers that keys are bound to; unknown keys are left out."""
    found: dict[str, str] = {}
    columns = identity_keys.c
    for part in slices(sorted(set(key_hashes))):
        query = select(columns.key_hash, columns.customer).where(columns.key_hash.in_(part))
        found |= {key_hash: customer for key_hash, customer in connection.execute(query)}
    return found


def owners(connection: Connection, key_hashes: Iterable[str]) -> dict[str, Owner]:
    """Return the customers that keys are bound to, and whether those have a number."""
    found = customers_of(connection, key_hashes)
    numbered: set[str] = set()
    columns = identity_keys.c
    for part in slices(sorted(set(found.values()))):
        query = select(columns.customer).where(
            columns.customer.in_(part), columns.kind == NUMBER_KIND
        )
        numbered.update(connection.scalars(query))
    return {key: Owner(customer, customer in numbered) for key, customer in found.items()}


def has_customer(connection: Connection, customer: str) -> bool:
    """Say whether any key, message or profile is that customer's."""
    return any(
        connection.scalar(select(table.c.customer).where(table.c.customer == customer).limit(1))
        for table in (identity_keys, messages, profiles)
    )


def renamed(arrivals: Sequence[Arrival], merges: Sequence[tuple[str, str]]) -> Sequence[Arrival]:
    """Give arrivals, and the keys with them, the customers that merges left."""
    names: dict[str, str] = {}
    for old, new in merges:
        if old != new:
            names = {name: new if now == old else now for name, now in names.items()} | {old: new}
            # A customer merged into is one again, whatever became of the name before.
            names.pop(new, None)
    if not names:
        return arrivals
    return [
        replace(
            arrival,
            customer=names.get(arrival.customer or "", arrival.customer),
            keys=tuple(
                replace(k, customer=names.get(k.customer, k.customer)) for k in arrival.keys
            ),
        )
        for arrival in arrivals
    ]


def merge(connection: Connection, old: str, new: str) -> None:
    """Give everything of one customer to another; both are folded anew."""
    if old == new:
        return
    brands: set[str] = set()
    for table in (readings_table, profiles, pending_folds):
        query = select(table.c.brand).where(table.c.customer == old).distinct()
        brands.update(connection.scalars(query))
    for table in (identity_keys, readings_table):
        connection.execute(update(table).where(table.c.customer == old).values(customer=new))
    _give_messages(connection, old, new)
    connection.execute(delete(movements).where(movements.c.customer == old))
    if connection.execute(delete(profiles).where(profiles.c.customer == old)).rowcount:
        meta.count_up(connection, meta.GENERATION)
    pending.queue(connection, {(customer, brand) for customer in (old, new) for brand in brands})


def _give_messages(connection: Connection, old: str, new: str) -> None:
    """Rewrite the customer, and with it the hash, or the next collection would see an update."""
    query = select(messages).where(messages.c.customer == old)
    rows = [
        {"row_id": row["id"], "content_hash": content_hash({**row, "customer": new})}
        for row in connection.execute(query).mappings()
    ]
    if rows:
        statement = update(messages).where(messages.c.id == bindparam("row_id"))
        connection.execute(statement.values(customer=new), rows)
