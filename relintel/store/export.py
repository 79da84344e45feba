"""Everything observable of a store as plain data, told by natural keys.

Two stores of one key that took in the same messages in the same order export the same: ids that
only one store knows are replaced by what they stand for. Customers keep their ids, which follow the
key and the name each was met by first; another order of arrival may name or join people otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, RowMapping, Select, select

from relintel.store.dialect import slices
from relintel.store.encoding import message_export, movement_of
from relintel.store.schema import messages, movements, profiles, readings

Exported: TypeAlias = dict[str, Any]

_STREAMED: Final = {"yield_per": 500}


def export(connection: Connection) -> Iterator[Exported]:
    """Yield messages, readings, profiles and movements, each told by ``kind``, in fixed order."""
    yield from _messages(connection)
    yield from _readings(connection)
    yield from _profiles(connection)
    yield from _movements(connection)


def _stream(connection: Connection, query: Select[Any]) -> Iterator[RowMapping]:
    return iter(connection.execute(query, execution_options=_STREAMED).mappings())


def _messages(connection: Connection) -> Iterator[Exported]:
    query = select(messages).order_by(messages.c.source, messages.c.external_id)
    for row in _stream(connection, query):
        yield {"kind": "message", **message_export(row)}


def _readings(connection: Connection) -> Iterator[Exported]:
    query = (
        select(messages.c.source, messages.c.external_id, readings.c.customer, readings.c.payload)
        .join(messages, messages.c.id == readings.c.message)
        .order_by(messages.c.source, messages.c.external_id, readings.c.brand)
    )
    for row in _stream(connection, query):
        # A reading's own id may be the store's id of its message.
        payload = {name: value for name, value in row["payload"].items() if name != "id"}
        yield {
            "kind": "reading",
            "message": [row["source"], row["external_id"]],
            "customer": row["customer"],
            **payload,
        }


def _profiles(connection: Connection) -> Iterator[Exported]:
    query = select(profiles.c.payload).order_by(profiles.c.customer, profiles.c.brand)
    result = connection.execute(query, execution_options=_STREAMED)
    for part in result.scalars().partitions():
        names = _natural_keys(connection, [q["message"] for p in part for q in p["evidence"]])
        for payload in part:
            evidence = [{**q, "message": names.get(q["message"])} for q in payload["evidence"]]
            yield {"kind": "profile", **payload, "evidence": evidence}


def _movements(connection: Connection) -> Iterator[Exported]:
    columns = movements.c
    query = (
        select(movements, messages.c.source.label("origin"), messages.c.external_id)
        .outerjoin(messages, messages.c.id == columns.message)
        .order_by(
            columns.customer,
            columns.brand,
            columns.at,
            messages.c.source,
            messages.c.external_id,
            columns.source,
            columns.target,
        )
    )
    for row in _stream(connection, query):
        name = None if row["origin"] is None else [row["origin"], row["external_id"]]
        yield {"kind": "movement", **movement_of(row).to_dict(), "message": name}


def _natural_keys(connection: Connection, ids: Sequence[int]) -> Mapping[int, list[str]]:
    found: dict[int, list[str]] = {}
    columns = messages.c
    for part in slices(sorted(set(ids))):
        query = select(columns.id, columns.source, columns.external_id)
        for number, source, external_id in connection.execute(query.where(columns.id.in_(part))):
            found[number] = [source, external_id]
    return found
