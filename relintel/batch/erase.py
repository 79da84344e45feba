"""Forgetting a customer: rows, vectors, answers written to them, and a tombstone."""

from __future__ import annotations

from relintel.customers.keys import asked_keys, key_hash
from relintel.records import ForgetReport
from relintel.store import Store, VectorIndex


def forget_customer(store: Store, index: VectorIndex, customer: str, asked: str) -> ForgetReport:
    """Erase a customer from the store and its vector index.

    The company's answers in conversations that held nobody else's messages go too: they quote
    and address the customer.

    Args:
        store: where.
        index: of the store's profile vectors; closed to the customer at once and saved.
        customer: id.
        asked: as which the customer was named; buried with the keys the store knows.
    """
    keys = [key_hash(store.key, key) for key in asked_keys(asked, store.message_sources())]
    report = store.forget(customer, keys, store.answers_to(customer))
    index.refresh()
    index.save()
    return report
