"""Profiles and movements: what the readings fold into."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Table,
    bindparam,
    delete,
    func,
    insert,
    select,
)

from relintel.records import Movement
from relintel.store import meta, pending
from relintel.store.dialect import slices, upsert
from relintel.store.encoding import (
    movement_of,
    movement_values,
    pack_belief,
    pack_vector,
    unpack_belief,
    unpack_vectors,
)
from relintel.store.messages import distinct
from relintel.store.pending import Pair
from relintel.store.rows import (
    FoldedPair,
    ProfileRow,
    ProfileVectors,
    VectorChange,
    profile_from_dict,
)
from relintel.store.schema import messages, movements, profiles, readings


def commit(
    connection: Connection, rows: Sequence[FoldedPair], handed: Mapping[Pair, int]
) -> VectorChange:
    """Replace the profiles and movements of pairs and take them off the queue.

    Args:
        connection: in a writing transaction.
        rows: one per pair; the last one counts.
        handed: the ticket under which a pair was handed out for folding.
    """
    queued = pending.tickets(connection, [(row.customer, row.brand) for row in rows])
    folded = {
        pair: row
        for row in rows
        # Handed out but not queued any more: forgotten or folded by someone else meanwhile.
        if (pair := (row.customer, row.brand)) in queued or pair not in handed
    }
    before = _ids(connection, list(folded))
    gone = [pair for pair, row in folded.items() if row.profile is None]
    _delete_pairs(connection, profiles, gone)
    upsert(connection, profiles, list(_values(connection, folded)), ["customer", "brand"])
    _delete_pairs(connection, movements, list(folded))
    moved = [movement_values(movement) for row in folded.values() for movement in row.movements]
    if moved:
        connection.execute(insert(movements), moved)
    pending.finish(connection, {p: handed.get(p, queued[p]) for p in folded if p in queued})
    return _change(connection, folded, before)


def _values(connection: Connection, folded: Mapping[Pair, FoldedPair]) -> Iterator[dict[str, Any]]:
    for (customer, brand), row in folded.items():
        if row.profile is None:
            continue
        if row.vector is not None:
            _check_dimension(connection, np.size(row.vector))
        yield {
            "customer": customer,
            "brand": brand,
            "relationship": row.profile.relationship.label,
            "payload": row.profile.to_dict(),
            "belief": pack_belief(row.belief),
            "vector": pack_vector(row.vector),
        }


def _check_dimension(connection: Connection, size: int) -> None:
    dimension = meta.number(connection, meta.PROFILE_DIMENSION)
    if dimension == 0:
        meta.put(connection, meta.PROFILE_DIMENSION, str(size))
    elif dimension != size:
        raise ValueError(f"a profile vector has {size} numbers, those before it {dimension}")


def _delete_pairs(connection: Connection, table: Table, pairs: Sequence[Pair]) -> None:
    if pairs:
        mine = (table.c.customer == bindparam("c"), table.c.brand == bindparam("b"))
        connection.execute(delete(table).where(*mine), [{"c": c, "b": b} for c, b in pairs])


def _ids(connection: Connection, pairs: Sequence[Pair]) -> dict[Pair, int]:
    wanted = set(pairs)
    found: dict[Pair, int] = {}
    for part in slices(sorted({customer for customer, _ in pairs})):
        query = select(profiles.c.customer, profiles.c.brand, profiles.c.id)
        rows = connection.execute(query.where(profiles.c.customer.in_(part)))
        found |= {(c, b): number for c, b, number in rows if (c, b) in wanted}
    return found


def _change(
    connection: Connection, folded: Mapping[Pair, FoldedPair], before: Mapping[Pair, int]
) -> VectorChange:
    ids = _ids(connection, list(folded))
    given = {
        ids[pair]: packed
        for pair, row in folded.items()
        if row.profile is not None and (packed := pack_vector(row.vector)) is not None
    }
    # As they will be read back, so that an index which follows equals one that is rebuilt.
    stacked = unpack_vectors(list(given.values()), meta.number(connection, meta.PROFILE_DIMENSION))
    return VectorChange(
        generation=meta.count_up(connection, meta.GENERATION),
        removed=tuple(sorted(set(before.values()) - given.keys())),
        ids=tuple(given),
        vectors=stacked,
    )


def one(connection: Connection, customer: str, brand: str) -> ProfileRow | None:
    """Return a pair's profile."""
    query = select(profiles).where(profiles.c.customer == customer, profiles.c.brand == brand)
    row = connection.execute(query).mappings().first()
    return None if row is None else _profile_row(row)


def every(
    connection: Connection, brand: str | None, relationship: str | None
) -> Iterator[ProfileRow]:
    """Yield profiles by customer, then brand."""
    query = select(profiles).order_by(profiles.c.customer, profiles.c.brand)
    if brand is not None:
        query = query.where(profiles.c.brand == brand)
    if relationship is not None:
        query = query.where(profiles.c.relationship == relationship)
    rows = connection.execute(query, execution_options={"yield_per": 500}).mappings()
    return map(_profile_row, rows)


def _profile_row(row: RowMapping) -> ProfileRow:
    return ProfileRow(row["id"], profile_from_dict(row["payload"]), unpack_belief(row["belief"]))


def ids_of(connection: Connection, brand: str) -> list[int]:
    """Return the ids of a brand's profiles, ascending."""
    return sorted(connection.scalars(select(profiles.c.id).where(profiles.c.brand == brand)))


def by_id(connection: Connection, ids: Sequence[int]) -> dict[int, ProfileRow]:
    """Return profiles by their ids; unknown ones are left out."""
    found: dict[int, ProfileRow] = {}
    for part in slices(sorted(set(ids))):
        rows = connection.execute(select(profiles).where(profiles.c.id.in_(part))).mappings()
        found |= {row["id"]: _profile_row(row) for row in rows}
    return found


def brands(connection: Connection) -> list[str]:
    """Return the brands that have profiles, in order."""
    return list(distinct(connection, profiles.c.brand))


def brands_of(connection: Connection, customer: str) -> list[str]:
    """Return the brands a customer has profiles with, in order."""
    query = select(profiles.c.brand).where(profiles.c.customer == customer)
    return list(connection.scalars(query.order_by(profiles.c.brand)))


def find_movements(
    connection: Connection,
    since: datetime | None,
    until: datetime | None,
    **equal: str | None,
) -> list[Movement]:
    """Return movements by time; `since` and `until` are included, ``None`` asks for any."""
    columns = movements.c
    where: list[ColumnElement[bool]] = [
        columns[name] == value for name, value in equal.items() if value is not None
    ]
    if since is not None:
        where.append(columns.at >= since)
    if until is not None:
        where.append(columns.at <= until)
    query = select(movements).where(*where)
    order = (columns.at, columns.customer, columns.brand, columns.id)
    return [movement_of(row) for row in connection.execute(query.order_by(*order)).mappings()]


def counts(connection: Connection) -> dict[str, int]:
    """Count what the store holds."""
    inbound = select(func.count()).where(messages.c.direction == "inbound")
    customers = select(func.count(messages.c.customer.distinct()))
    tables = {"readings": readings, "profiles": profiles, "movements": movements}
    queries = {
        "messages": select(func.count()).select_from(messages),
        "inbound": inbound,
        "customers": customers,
        **{name: select(func.count()).select_from(table) for name, table in tables.items()},
    }
    return {name: connection.scalar(query) or 0 for name, query in queries.items()}


def vectors(connection: Connection) -> ProfileVectors:
    """Return every profile vector with what an index must know about them."""
    dimension = meta.number(connection, meta.PROFILE_DIMENSION)
    query = select(profiles.c.id, profiles.c.vector).where(profiles.c.vector.is_not(None))
    rows = connection.execute(query.order_by(profiles.c.id)).all()
    return ProfileVectors(
        encoder=meta.get(connection, meta.ENCODER) or "",
        dimension=dimension,
        generation=meta.number(connection, meta.GENERATION),
        ids=np.array([row.id for row in rows], dtype=np.int64),
        vectors=unpack_vectors([row.vector for row in rows], dimension),
    )
