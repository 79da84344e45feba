"""Forgetting one customer: in rows, index and files, and nobody else."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from relintel.batch.erase import forget_customer
from relintel.errors import StoreBusy
from relintel.records import Party
from relintel.store import Arrival, Store, open_index
from relintel.store.folder import INDEX, INDEX_STAMP
from tests.store.store_rows import arrival, commit, fold, message, score


@pytest.fixture
def store(tmp_path: Path):
    with Store.open(tmp_path / "shop.relintel", busy_timeout=0.1) as opened:
        forum, slack = Party(handle="ann"), Party(handle="ann")
        commit(
            opened,
            arrival("f", "c-forum", ["forum ann"], source="forum", author=forum, thread="t"),
            arrival("s", "c-slack", ["slack ann"], source="slack", author=slack),
            Arrival(message("a", source="forum", direction="outbound", thread="t"), None),
        )
        score(opened, "Acme")
        fold(opened)
        yield opened


def saved_state(store: Store) -> tuple[str, int, int]:
    stamp = json.loads((store.folder / INDEX_STAMP).read_text())
    return stamp["encoder"], stamp["dimension"], stamp["generation"]


def test_only_the_customers_own_keys_are_buried(store: Store) -> None:
    report = forget_customer(store, open_index(store), "c-forum")
    # Their handle, and the answer's own key.
    assert (report.messages, report.profiles, report.tombstones) == (2, 1, 2)
    assert store.customers_of(["forum ann", "slack ann"]) == {"slack ann": "c-slack"}
    assert store.is_forgotten(["forum ann", "slack ann"]) == {"forum ann"}
    assert store.profile_row("c-slack", "Acme") is not None
    assert commit(store, arrival("n", "c-slack", ["slack ann"], source="slack")).created == 1


def test_the_index_is_left_without_them_and_saved(store: Store) -> None:
    index = open_index(store)
    gone = store.profile_row("c-forum", "Acme")
    vector = index.vector(gone.id)
    forget_customer(store, index, "c-forum")
    assert [number for number, _ in index.search(vector, 9)] == store.profile_ids("Acme")
    assert saved_state(store) == store.vector_state()
    assert (store.folder / INDEX).exists()


def test_a_customer_without_profiles_leaves_a_saved_index_too(store: Store) -> None:
    index = open_index(store)
    commit(store, arrival("late", "c-late", ["late"]))
    forget_customer(store, index, "c-late")
    assert saved_state(store) == store.vector_state()
    assert len(index) == 2


def test_a_store_in_use_leaves_the_index_without_them_and_saved(store: Store) -> None:
    index = open_index(store)
    gone = store.profile_row("c-forum", "Acme")
    mark = np.asarray(index.vector(gone.id), dtype="<f2").tobytes()
    assert mark in (store.folder / INDEX).read_bytes()
    listing = store.export_rows()
    next(listing)
    with pytest.raises(StoreBusy, match="keeps their old pages"):
        forget_customer(store, index, "c-forum")
    assert index.vector(gone.id) is None
    assert saved_state(store) == store.vector_state()
    assert mark not in (store.folder / INDEX).read_bytes()
    assert not store.has_customer("c-forum")
    listing.close()
    store.scrub()
    assert len(open_index(store)) == 1
