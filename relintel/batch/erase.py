"""Forgetting a customer: rows, vectors, answers written to them, and a tombstone."""

from __future__ import annotations

from relintel.customers.keys import key_hash, natural_key
from relintel.records import ForgetReport
from relintel.store import Store, VectorIndex


def forget_customer(store: Store, index: VectorIndex, customer: str) -> ForgetReport:
    """Erase a customer from the store and its vector index.

    The company's answers in conversations that held nobody else's messages go too: they quote
    and address the customer.

    Args:
        store: where.
        index: of the store's profile vectors; closed to the customer at once and saved.
        customer: id.

    Raises:
        StoreBusy: the customer is gone from the rows and the index, but another reader keeps old
            pages of the database alive; scrub the store later.
    """

    def buried_as(source: str, external_id: str) -> str:
        return key_hash(store.key, natural_key(source, external_id))

    report = store.forget(customer, buried_as, scrub=False)
    index.refresh()
    index.save()
    store.scrub()
    # Scrubbing leaves no saved index, since it cannot know whether one is of the present state.
    index.save()
    return report
