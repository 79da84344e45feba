from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relintel.errors import StoreBusy
from relintel.records import ForgetReport, Party
from relintel.store import Arrival, Counts, FoldedPair, KeyRow, Owner, Store
from relintel.store.vectors import open_index
from tests.store.store_rows import (
    arrival,
    commit,
    fold,
    fold_pair,
    forget,
    message,
    owners,
    profile,
    read,
    reading,
    score,
)

MARK = "XyzzyPlugh"


def test_a_merge_gives_everything_to_the_other(store):
    commit(store, arrival("a", "c1", ["k1"]), arrival("b", "c2", ["k2"], hour=1))
    score(store, "Acme")
    fold(store)
    store.merge_customers("c1", "c2")
    assert store.customers_of(["k1", "k2"]) == {"k1": "c2", "k2": "c2"}
    assert [m.message.external_id for m in store.messages_of("c2")] == ["a", "b"]
    assert store.profile_row("c1", "Acme") is None
    assert store.movements(customer="c1") == []
    assert store.pending_pairs(9) == [("c1", "Acme"), ("c2", "Acme")]
    assert store.count_pending("v1") == 0
    fold(store)
    assert store.profile_row("c1", "Acme") is None
    assert store.profile_row("c2", "Acme").profile.messages == 2
    assert not store.has_customer("c1")


def test_what_was_merged_is_unchanged_when_it_comes_again(store):
    full = message("a", rating=3, facts={"n": 1}, recipients=(Party("B"),), body="ü\ud800")
    commit(store, Arrival(full, "c1"))
    store.merge_customers("c1", "c2")
    assert commit(store, Arrival(full, "c2")) == Counts(unchanged=1)


def test_a_merge_with_oneself_changes_nothing(store):
    commit(store, arrival("a", "c1", ["k1"]))
    store.merge_customers("c1", "c1")
    assert store.customers_of(["k1"]) == {"k1": "c1"}
    assert store.pending_pairs(9) == []


def test_a_batch_may_name_customers_it_merges(store):
    commit(store, arrival("a", "c1", ["k1"]))
    batch = [arrival("b", "c2", ["k2"]), arrival("c", "c3", ["k3"]), arrival("a", "c1", ["k1"])]
    counts = commit(store, *batch, merges=[("c1", "c2"), ("c2", "c3")])
    assert counts == Counts(created=2, unchanged=1)
    assert store.customers_of(["k1", "k2", "k3"]) == dict.fromkeys(["k1", "k2", "k3"], "c3")
    assert len(store.messages_of("c3")) == 3


def test_a_fold_from_before_a_merge_is_mended(store):
    commit(store, arrival("a", "c1"))
    score(store, "Acme")
    folded = [fold_pair(store, *pair) for pair in store.pending_pairs(9)]
    store.merge_customers("c1", "c2")
    store.commit_profiles(folded)
    fold(store)
    assert store.profile_row("c1", "Acme") is None
    assert store.profile_row("c2", "Acme") is not None


def _fill(store):
    for person, word in (("c1", MARK), ("c2", "innocent")):
        own = Party(name=f"{word} Smith", address=f"{word}@example.com")
        batch = [
            Arrival(
                message(f"{word}-{i}", f"{word} says " * (i + 1), i, author=own, subject=word),
                person,
                (KeyRow(f"key-{person}-{i % 2}", "address", person),),
            )
            for i in range(40)
        ]
        commit(store, *batch)
    answer = arrival(
        "answer",
        None,
        body=f"Dear {MARK}",
        direction="outbound",
        in_reply_to=f"{MARK}-3",
    )
    commit(store, answer)
    score(store, "Acme", "Best")
    fold(store)


def test_forgetting_counts_what_goes_and_leaves_the_others(store):
    _fill(store)
    others = [row for row in store.export_rows() if row.get("customer") == "c2"]
    report = forget(store, "c1")
    assert report == ForgetReport(
        "c1", messages=41, readings=80, profiles=2, vectors=42, movements=2, tombstones=3
    )
    assert list(store.export_rows()) == others
    assert not store.has_customer("c1")
    assert store.customers_of(["key-c1-0"]) == {}
    assert forget(store, "c1") == ForgetReport("c1", 0, 0, 0, 0, 0, 0)


def test_the_forgotten_do_not_come_back(store):
    _fill(store)
    forget(store, "c1")
    keys = ["key-c1-0", "key-c1-1", "mail/answer", "key-c2-0", f"mail/{MARK}-3"]
    assert store.is_forgotten(keys) == set(keys[:3])
    assert owners(store, *keys) == ({keys[3]: Owner("c2", False)}, set(keys[:3]))
    answer = Arrival(message("answer", direction="outbound"), None, refused_with=(keys[2],))
    again = [arrival("x", "c8", [keys[1]]), arrival("y", "c9", [keys[3]]), answer]
    assert commit(store, *again) == Counts(created=1, forgotten=2)
    assert not store.has_customer("c8")


def test_forgetting_leaves_the_keys_of_others_alone(store):
    """An answer's own key may be bound to a customer as whom it was read before."""
    commit(store, arrival("a", "c1", ["k1"]), arrival("b", "c2", ["k2", "mail/answer"]))
    commit(store, _own("answer", in_reply_to="a"))
    forget(store, "c1")
    assert store.customers_of(["k1", "k2", "mail/answer"]) == {"k2": "c2", "mail/answer": "c2"}
    assert store.is_forgotten(["k1", "k2", "mail/answer"]) == {"k1", "mail/answer"}


def test_nothing_in_flight_brings_the_forgotten_back(store):
    commit(store, arrival("a", "c1"))
    (waiting,) = store.pending_messages("v1", 9)
    score(store, "Acme")
    folded = [fold_pair(store, *pair) for pair in store.pending_pairs(9)]
    forget(store, "c1")
    assert store.commit_readings("v1", "tiny", [read(waiting, reading())]) == 0
    store.commit_profiles(folded)
    assert list(store.export_rows()) == []
    assert store.pending_pairs(9) == []


def _traces(folder):
    marks = [MARK.encode(form) for form in ("utf-8", "utf-16-le")]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if any(mark in path.read_bytes() for mark in marks)]


@pytest.mark.parametrize("index_open", [False, True])
def test_no_file_holds_a_trace_of_the_forgotten(folder, index_open):
    with Store.open(folder) as store:
        _fill(store)
        index = open_index(store)
        (folder / ".draft-killed").write_bytes(b"half an index of " + MARK.encode())
        assert "store.sqlite3" in "".join(_traces(folder))
        forget(store, "c1")
        if index_open:
            index.refresh()
            assert len(index) == 2
        else:
            assert not index.save()
            assert not (folder / "vectors.faiss").exists()
        assert _traces(folder) == []
    assert _traces(folder) == []


@settings(max_examples=8)
@given(
    st.lists(st.integers(1, 9000), min_size=5, max_size=120),
    st.lists(st.tuples(st.integers(0, 119), st.integers(1, 9000)), max_size=60),
    st.randoms(use_true_random=False),
)
def test_no_history_of_edits_leaves_a_trace(fresh, sizes, edits, random):
    with fresh() as store:

        def letter(number, size):
            word, person = (MARK, "c1") if number % 3 == 0 else ("innocent", "c2")
            name = f"{random.random()} {number}" if size % 2 else f"{word} {number}"
            return arrival(name, person, [f"{person} {number}"], body=(word * size)[:size])

        letters = [letter(number, size) for number, size in enumerate(sizes)]
        for start in range(0, len(letters), 20):
            commit(store, *letters[start : start + 20])
        score(store, "Acme")
        commit(store, *(letter(n % len(sizes), size) for n, size in edits))
        score(store, "Acme", "Best")
        fold(store)
        kept = [f"c2 {n}" for n in range(len(sizes)) if n % 3]
        forget(store, "c1")
        assert _traces(store.folder) == []
        assert store.customers_of(kept) == dict.fromkeys(kept, "c2")


def test_a_reader_that_keeps_old_pages_is_reported(folder):
    with Store.open(folder, busy_timeout=0.05) as store:
        _fill(store)
        listing = store.export_rows()
        next(listing)
        with pytest.raises(StoreBusy, match="keeps their old pages"):
            forget(store, "c1")
        assert not store.has_customer("c1")
        assert _traces(folder) != []
        listing.close()
        store.scrub()
        assert _traces(folder) == []


def test_a_profile_without_messages_goes_too(store):
    store.commit_profiles([FoldedPair("c1", "Acme", profile())])
    assert forget(store, "c1").profiles == 1


def _own(name, **fields):
    return arrival(name, None, direction="outbound", **fields)


def test_answers_are_replies_and_what_stands_in_private_threads(store):
    commit(
        store,
        arrival("ask", "c1", thread="private"),
        arrival("too", "c1", thread="shared"),
        arrival("me too", "c2", thread="shared"),
        _own("1 in private thread", thread="private"),
        _own("in shared thread", thread="shared"),
        _own("2 reply in shared thread", thread="shared", in_reply_to="too"),
        _own("3 reply without thread", in_reply_to="ask"),
        _own("other thread", thread="other"),
        _own("other source", source="chat", thread="private", in_reply_to="ask"),
        arrival("customer's reply", "c2", in_reply_to="ask"),
    )
    assert forget(store, "c9").messages == 0
    before = {row["external_id"] for row in store.export_rows()}
    assert forget(store, "c1").messages == 5
    gone = before - {row["external_id"] for row in store.export_rows()}
    assert sorted(gone) == [
        "1 in private thread",
        "2 reply in shared thread",
        "3 reply without thread",
        "ask",
        "too",
    ]
