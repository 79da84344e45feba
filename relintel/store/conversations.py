"""Which of the company's own messages answer a customer, and so quote and address them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Connection, select

from relintel.store.dialect import slices
from relintel.store.schema import messages


def answers_to(connection: Connection, customer: str) -> list[int]:
    """Return the ids of outbound messages to a customer, ascending.

    An answer is a reply to one of the customer's messages, or stands in a thread where nobody
    else wrote to the company.
    """
    columns = messages.c
    replies = {
        row.id
        for row in _related(connection, customer, columns.external_id, columns.in_reply_to)
        if row.direction == "outbound"
    }
    threads: dict[tuple[str, str], set[int]] = {}
    shared: set[tuple[str, str]] = set()
    for row in _related(connection, customer, columns.thread, columns.thread):
        conversation = (row.source, row.thread)
        if row.direction == "outbound":
            threads.setdefault(conversation, set()).add(row.id)
        elif row.customer != customer:
            shared.add(conversation)
    private = (ids for conversation, ids in threads.items() if conversation not in shared)
    return sorted(replies.union(*private))


def _related(
    connection: Connection, customer: str, mine: Column[Any], theirs: Column[Any]
) -> Iterator[Any]:
    """Yield messages of the same source whose `theirs` is a customer's `mine`."""
    columns = messages.c
    by_source: dict[str, set[str]] = {}
    own = select(columns.source, mine).where(columns.customer == customer, mine.is_not(None))
    for source, value in connection.execute(own):
        by_source.setdefault(source, set()).add(value)
    query = select(columns.id, columns.source, columns.thread, columns.direction, columns.customer)
    for source, values in by_source.items():
        for part in slices(sorted(values)):
            yield from connection.execute(query.where(columns.source == source, theirs.in_(part)))
