from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relintel.records import Party
from relintel.store import Arrival, Counts, KeyRow, Owner
from tests.store.store_rows import START, arrival, commit, message, owners, read, reading, score

FULL = message(
    "full",
    body="Zwei Wörter \U0001f600\nund\x00mehr",
    sent_at=START.astimezone(timezone(timedelta(hours=5, minutes=30))),
    author=Party("Ann", "ann@example.com", "@ann", "0042"),
    direction="outbound",
    brand="Acme",
    thread="t1",
    in_reply_to="m0",
    recipients=(Party(address="bob@example.com"), Party(handle="@cy")),
    subject="Re: hello",
    rating=4,
    product="Kettle",
    order_id="007",
    facts={"vip": True, "orders": 3, "spent": 1.5, "tier": "gold"},
)


def test_a_message_comes_back_as_it_went_in(store):
    commit(store, Arrival(FULL, "c1"))
    stored = store.message(1)
    assert stored.message == FULL
    assert stored.message.sent_at.utcoffset() == timedelta(0)
    assert stored.customer == "c1"
    assert store.message(2) is None


CHANGES = {
    "sent_at": START + timedelta(microseconds=1),
    "author": Party("Ann", "ann@example.org"),
    "channel": "chat",
    "body": "Zwei Worte",
    "direction": "inbound",
    "brand": None,
    "thread": None,
    "in_reply_to": None,
    "recipients": (),
    "subject": "hello",
    "rating": 4.5,
    "product": None,
    "order_id": "7",
    "facts": {"vip": False},
}


@pytest.mark.parametrize("field", CHANGES)
def test_a_change_of_any_field_is_an_update(store, field):
    commit(store, Arrival(FULL, "c1"))
    assert commit(store, Arrival(FULL, "c1")) == Counts(unchanged=1)
    changed = replace(FULL, **{field: CHANGES[field]})
    assert commit(store, Arrival(changed, "c1")) == Counts(updated=1)
    assert store.message(1).message == changed


def test_another_customer_is_an_update(store):
    commit(store, Arrival(FULL, None))
    assert commit(store, Arrival(FULL, "c2")) == Counts(updated=1)
    assert [m.id for m in store.messages_of("c2")] == [1]


def test_the_natural_key_is_source_and_id(store):
    assert commit(store, arrival("a"), arrival("a", source="chat")) == Counts(created=2)


@pytest.mark.parametrize(
    ("bodies", "counts"),
    [
        (["x", "x"], Counts(created=1, unchanged=1)),
        (["x", "y"], Counts(created=1, updated=1)),
        (["x", "y", "x"], Counts(created=1, updated=2)),
    ],
)
def test_a_message_twice_in_a_batch_is_as_in_two_batches(store, bodies, counts):
    assert commit(store, *(arrival("a", body=body) for body in bodies)) == counts
    assert store.message(1).message.body == bodies[-1]
    for body in bodies:
        commit(store, arrival("b", body=body))
    assert store.counts()["messages"] == 2


def test_a_batch_larger_than_a_statement_allows(store):
    many = [arrival(f"m{i}", keys=[f"k{i}"]) for i in range(1200)]
    assert commit(store, *many) == Counts(created=1200)
    assert commit(store, *many) == Counts(unchanged=1200)
    assert len(store.customers_of([f"k{i}" for i in range(1300)])) == 1200


def test_half_a_surrogate_pair_does_not_end_the_batch(store):
    broken = arrival("a", body="ab\ud83dcd", facts={"x": "\ude00"})
    commit(store, broken, arrival("b"))
    assert store.message(1).message.body == "ab\ufffdcd"
    assert commit(store, broken) == Counts(unchanged=1)


def test_a_cursor_counts_under_its_settings_only(store):
    assert store.cursor("mail", "s") is None
    commit(store, cursor={"offset": 3, "seen": ["a"]})
    assert store.cursor("mail", "s") == {"offset": 3, "seen": ["a"]}
    assert store.cursor("mail", "other") is None
    assert store.cursor("chat", "s") is None
    commit(store, arrival())
    assert store.cursor("mail", "s") == {"offset": 3, "seen": ["a"]}
    commit(store, cursor={"offset": 9}, settings="other")
    assert store.cursor("mail", "s") is None


def test_the_first_binding_of_a_key_stays(store):
    commit(store, arrival("a", "c1", ["k1"]), arrival("b", "c2", ["k1", "k2"]))
    commit(store, arrival("c", "c3", ["k1"]))
    assert store.customers_of(["k1", "k2", "k3"]) == {"k1": "c1", "k2": "c2"}


def test_owners_tell_whether_any_key_is_a_number(store):
    numbered = Arrival(message("n"), "c1", (KeyRow("k2", "customer", "c1"),))
    commit(store, arrival("a", "c1", ["k1"]), numbered, arrival("b", "c2", ["k3"]))
    known, buried = owners(store, "k1", "k3", "k9")
    assert known == {"k1": Owner("c1", True), "k3": Owner("c2", False)}
    assert buried == set()
    assert store.has_customer("c1")
    assert not store.has_customer("c9")


def test_only_inbound_messages_wait_to_be_read_by_id(store):
    commit(store, arrival("b", hour=2), arrival("out", direction="outbound"), arrival("a"))
    assert [m.message.external_id for m in store.pending_messages("v1", 9)] == ["b", "a"]
    assert store.count_pending("v1") == 2
    assert len(store.pending_messages("v1", 1)) == 1


def test_what_waits_under_several_stamps_comes_by_id(store):
    commit(store, *(arrival(f"m{i}") for i in range(1, 7)))
    for number, stamp in [(2, "v1"), (4, "v2"), (5, "v1"), (6, "v3")]:
        store.commit_readings(stamp, "tiny", [read(store.message(number))])
    assert [m.id for m in store.pending_messages("v2", 9)] == [1, 2, 3, 5, 6]
    assert [m.id for m in store.pending_messages("v2", 2)] == [1, 2]
    assert store.count_pending("v2") == 5


def test_an_update_takes_readings_back_and_queues_their_pairs(store):
    commit(store, arrival("a"), arrival("b", "c2"))
    score(store, "Acme", "Best")
    store.commit_profiles([])
    _clear_queue(store)
    commit(store, arrival("a", body="new"))
    assert store.pending_pairs(9) == [("c1", "Acme"), ("c1", "Best")]
    assert [m.id for m in store.pending_messages("v1", 9)] == [1]
    assert store.observations("c1", "Acme") == []
    assert len(store.message_vectors("c1", "Acme")) == 0
    assert len(store.observations("c2", "Acme")) == 1


def test_a_message_that_moves_queues_the_customer_it_leaves(store):
    commit(store, arrival("a", "c1"))
    score(store, "Acme")
    _clear_queue(store)
    commit(store, arrival("a", "c2"))
    assert store.pending_pairs(9) == [("c1", "Acme")]
    score(store, "Acme")
    assert store.pending_pairs(9) == [("c1", "Acme"), ("c2", "Acme")]


def _clear_queue(store):
    from tests.store.store_rows import fold

    fold(store)
    assert store.pending_pairs(9) == []


def test_overview(store):
    assert store.newest_message_at() is None
    commit(
        store,
        arrival("a", hour=5, brand="Zed"),
        arrival("b", "c2", hour=9, brand="Acme", source="chat"),
        arrival("c", None, direction="outbound"),
    )
    assert store.newest_message_at() == START + timedelta(hours=9)
    assert store.newest_message_at(START + timedelta(hours=9)) == START + timedelta(hours=9)
    assert store.newest_message_at(until=START + timedelta(hours=8)) == START + timedelta(hours=5)
    assert store.newest_message_at(until=START - timedelta(hours=1)) is None
    assert store.message_brands() == ["Acme", "Zed"]
    assert store.message_sources() == ["chat", "mail"]
    counted = {"messages": 3, "inbound": 2, "customers": 2}
    assert store.counts() == {**counted, "readings": 0, "profiles": 0, "movements": 0}


def test_a_customers_messages_come_by_time(store):
    commit(store, arrival("late", hour=3), arrival("early"), arrival("other", "c2"))
    assert [m.message.external_id for m in store.messages_of("c1")] == ["early", "late"]


texts = st.text(max_size=20)
arrivals = st.builds(
    lambda name, body, customer, rating, facts: arrival(
        name, customer, body=body, rating=rating, facts=facts
    ),
    st.sampled_from("abcd"),
    st.one_of(texts, st.text(st.characters(), max_size=5)),
    st.sampled_from(["c1", "c2", None]),
    st.one_of(st.none(), st.integers(0, 5), st.floats(allow_nan=False)),
    st.dictionaries(texts, st.one_of(texts, st.booleans(), st.integers(), st.floats(0, 1))),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(arrivals, max_size=6))
def test_what_is_stored_is_what_came_last_and_committing_again_changes_nothing(fresh, batch):
    with fresh() as store:
        first = commit(store, *batch)
        last = {each.message.external_id: each for each in batch}
        assert first.created == len(last)
        assert commit(store, *last.values()) == Counts(unchanged=len(last))
        kept = {m.message.external_id: m for m in store.pending_messages("v", 99)}
        assert kept.keys() == last.keys()
        assert all(kept[name].message == each.message for name, each in last.items())
        assert all(kept[name].customer == each.customer for name, each in last.items())


def test_a_reading_of_an_older_text_is_passed_over(store):
    commit(store, arrival("a"), arrival("b"))
    old, other = store.pending_messages("v1", 9)
    commit(store, arrival("a", body="edited"))
    done = store.commit_readings("v1", "tiny", [read(old, reading()), read(other, reading())])
    assert done == 1
    assert [m.message.body for m in store.pending_messages("v1", 9)] == ["edited"]
    assert [seen.key for seen in store.observations("c1", "Acme")] == [other.id]
