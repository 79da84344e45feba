from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relintel.records import Judgement, Movement, Profile, Quote
from relintel.store import FoldedPair, Store, profile_from_dict
from tests.store.store_rows import (
    START,
    arrival,
    commit,
    fold,
    fold_pair,
    forget,
    profile,
    read,
    reading,
    score,
    vector,
)


def moved(message=1, hour=0, source="friend", target="enemy", customer="c1", brand="Acme"):
    at = START + timedelta(hours=hour)
    return Movement(customer, brand, at, source, target, message, confidence=0.625, quote="late")


def test_observations_come_by_time_then_id_with_all_the_filter_needs(store):
    commit(
        store,
        arrival("late", hour=2, thread="t"),
        arrival("tie 1", channel="chat"),
        arrival("tie 2"),
        arrival("other", "c2"),
    )
    score(store, "Acme", "Best", None)
    seen = store.observations("c1", "Acme")
    assert [each.key for each in seen] == [2, 3, 1]
    assert [each.channel for each in seen] == ["chat", "email", "email"]
    assert [each.thread for each in seen] == [None, None, "mail/t"]
    assert seen[2].sent_at == START + timedelta(hours=2)
    assert seen[0].reading == reading("Acme", quote="The parcel is late.")
    assert [each.reading.brand for each in store.observations("c1", "")] == [None] * 3


def test_messages_of_one_moment_come_by_id_whatever_was_read_first(store):
    commit(store, arrival("a"), arrival("b"), arrival("c"))
    for number in (3, 1, 2):
        store.commit_readings("v1", "tiny", [read(store.message(number), reading(), seed=number)])
    assert [each.key for each in store.observations("c1", "Acme")] == [1, 2, 3]
    expected = [vector(1), vector(2), vector(3)]
    np.testing.assert_allclose(store.message_vectors("c1", "Acme"), expected, atol=1e-3)


def test_threads_of_two_sources_never_meet(store):
    commit(store, arrival("1", source="a", thread="b/c"), arrival("2", source="a/b", thread="c"))
    score(store, "Acme")
    threads = [each.thread for each in store.observations("c1", "Acme")]
    assert len(set(threads)) == 2


def test_reading_again_replaces_readings_and_queues_what_was_and_what_is(store):
    commit(store, arrival())
    score(store, "Acme", "Best")
    fold(store)
    stored = store.message(1)
    store.commit_readings("v2", "tiny", [read(stored, reading("Best"), reading("Cool"))])
    assert store.pending_pairs(9) == [("c1", "Acme"), ("c1", "Best"), ("c1", "Cool")]
    assert store.observations("c1", "Acme") == []
    assert len(store.observations("c1", "Best")) == 1
    assert store.message_vectors("c1", "Best").shape == (0, 8)


def test_readings_of_nobody_are_kept_but_queue_nothing(store):
    commit(store, arrival(customer=None))
    score(store, "Acme")
    assert store.counts()["readings"] == 1
    assert store.pending_pairs(9) == []


def test_message_vectors_come_by_time_and_at_unit_length(store):
    commit(store, arrival("b", hour=1), arrival("a"), arrival("blank", hour=2))
    b, a, blank = store.pending_messages("v1", 9)
    results = [read(b, reading(), seed=1), read(a, reading(), seed=2), read(blank, reading())]
    store.commit_readings("v1", "tiny", results)
    found = store.message_vectors("c1", "Acme")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [vector(2), vector(1)], atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    assert store.message_vectors("c9", "Acme").shape == (0, 8)


def test_vectors_of_two_encoders_never_meet(store):
    commit(store, arrival("a"), arrival("b"))
    score(store, "Acme")
    fold(store)
    generation = store.vector_state()[2]
    first = store.pending_messages("v2", 1)[0]
    wide = replace(read(first, reading()), vector=vector(5, dimension=4))
    store.commit_readings("v2", "wider", [wide])
    assert store.vector_state() == ("wider", 0, generation + 1)
    assert store.message_vectors("c1", "Acme").shape == (1, 4)
    assert len(store.profile_vectors().ids) == 0
    # A profile's vector holds more than its messages' do, so the first one tells the length.
    store.commit_profiles([FoldedPair("c1", "Acme", profile(), None, vector(1, 6))])
    assert store.vector_state() == ("wider", 6, generation + 2)
    with pytest.raises(ValueError, match="8 numbers"):
        store.commit_profiles([FoldedPair("c1", "Acme", profile(), None, vector(1))])


def test_a_profile_comes_back_whole_and_keeps_its_id(store):
    quoted = profile(quotes=[(3, START, "late \U0001f600")])
    belief = np.random.default_rng(1).random((3, 4, 2))
    change = store.commit_profiles([FoldedPair("c1", "Acme", quoted, belief, vector(1))])
    row = store.profile_row("c1", "Acme")
    assert row.profile == quoted
    np.testing.assert_array_equal(row.belief, belief.ravel())
    assert (change.ids, change.removed) == ((row.id,), ())
    np.testing.assert_allclose(change.vectors, [vector(1)], atol=1e-3)
    np.testing.assert_array_equal(change.vectors, store.profile_vectors().vectors)
    store.commit_profiles([FoldedPair("c2", "Acme", profile("c2"))])
    change = store.commit_profiles([FoldedPair("c1", "Acme", profile(relationship="friend"))])
    again = store.profile_row("c1", "Acme")
    assert again.id == row.id
    assert again.profile.relationship.label == "friend"
    assert again.belief is None
    assert (change.ids, change.removed) == ((), (row.id,))
    assert store.profile_row("c1", "Best") is None


def test_every_commit_of_profiles_raises_the_generation(store):
    before = store.vector_state()[2]
    changes = [store.commit_profiles([FoldedPair("c1", "A", profile())]) for _ in range(3)]
    assert [change.generation for change in changes] == [before + 1, before + 2, before + 3]


def test_a_profile_of_nothing_is_deleted_with_its_movements(store):
    store.commit_profiles([FoldedPair("c1", "Acme", profile(), None, vector(1), (moved(),))])
    number = store.profile_row("c1", "Acme").id
    change = store.commit_profiles([FoldedPair("c1", "Acme", None)])
    assert change.removed == (number,)
    assert store.profile_row("c1", "Acme") is None
    assert store.movements() == []


def test_an_id_is_never_given_out_twice(store):
    store.commit_profiles([FoldedPair("c1", "Acme", profile())])
    number = store.profile_row("c1", "Acme").id
    commit(store, arrival("a"))
    store.commit_profiles([FoldedPair("c1", "Acme", None)])
    forget(store, "c1", scrub=False)
    store.commit_profiles([FoldedPair("c2", "Acme", profile("c2"))])
    commit(store, arrival("b", "c2"))
    assert store.profile_row("c2", "Acme").id > number
    assert store.message(1) is None
    assert store.messages_of("c2")[0].id == 2


def test_profiles_are_listed_by_customer_then_brand(store):
    rows = [("c2", "Acme", "friend"), ("c1", "Best", "enemy"), ("c1", "Acme", "enemy")]
    store.commit_profiles([FoldedPair(c, b, profile(c, b, r)) for c, b, r in rows])

    def pairs(**asked):
        found = (row.profile for row in store.iter_profiles(**asked))
        return [(each.customer, each.brand) for each in found]

    assert pairs() == [("c1", "Acme"), ("c1", "Best"), ("c2", "Acme")]
    assert pairs(brand="Acme") == [("c1", "Acme"), ("c2", "Acme")]
    assert pairs(relationship="enemy") == [("c1", "Acme"), ("c1", "Best")]
    assert pairs(brand="Acme", relationship="enemy") == [("c1", "Acme")]
    assert store.brands() == ["Acme", "Best"]
    assert store.brands_of("c1") == ["Acme", "Best"]
    assert store.brands_of("c2") == ["Acme"]


def test_profiles_are_found_by_id(store):
    rows = [FoldedPair(f"c{i:04}", "Acme", profile(f"c{i:04}")) for i in range(1200)]
    store.commit_profiles([*rows, FoldedPair("c0000", "Best", profile(brand="Best"))])
    ids = store.profile_ids("Acme")
    assert len(ids) == 1200
    assert ids == sorted(ids)
    assert store.profile_ids("Best") == [store.profile_row("c0000", "Best").id]
    assert store.profile_ids("Cool") == []
    found = store.profiles_by_id([*ids, ids[0], 99999])
    assert {n: row.profile for n, row in found.items()} == {
        row.id: row.profile for row in store.iter_profiles(brand="Acme")
    }
    assert all(number == row.id for number, row in found.items())
    assert store.profiles_by_id([]) == {}


def test_a_listing_left_half_way_hinders_nobody(folder):
    with Store.open(folder) as store:
        rows = [FoldedPair(f"c{i:04}", "A", profile(f"c{i:04}")) for i in range(1100)]
        store.commit_profiles(rows)
        listing = store.iter_profiles()
        assert next(listing).profile.customer == "c0000"
        store.commit_profiles([FoldedPair("c0001", "A", None)])
        assert next(listing).profile.customer == "c0001"
        listing.close()
        assert store.counts()["profiles"] == 1099


@pytest.mark.parametrize(
    ("asked", "hours"),
    [
        ({}, [0, 1, 2, 3]),
        ({"brand": "Best"}, [3]),
        ({"source": "friend"}, [0, 2, 3]),
        ({"target": "friend"}, [1]),
        ({"customer": "c2"}, [2]),
        ({"since": START + timedelta(hours=1)}, [1, 2, 3]),
        ({"until": START + timedelta(hours=1)}, [0, 1]),
        ({"since": START + timedelta(hours=1, microseconds=1), "target": "enemy"}, [2, 3]),
    ],
)
def test_movements_are_found_by_all_they_have(store, asked, hours):
    all_moves = [
        FoldedPair("c1", "Best", profile("c1", "Best"), movements=(moved(4, 3, brand="Best"),)),
        FoldedPair("c2", "Acme", profile("c2"), movements=(moved(3, 2, customer="c2"),)),
        FoldedPair(
            "c1", "Acme", profile(), movements=(moved(2, 1, "enemy", "friend"), moved(1, 0))
        ),
    ]
    store.commit_profiles(all_moves)
    found = store.movements(**asked)
    assert [each.at for each in found] == [START + timedelta(hours=h) for h in hours]
    known = {each for row in all_moves for each in row.movements}
    assert set(found) <= known


def test_a_pair_queued_again_while_it_is_folded_stays_queued(store):
    commit(store, arrival("a"))
    score(store, "Acme")
    pairs = store.pending_pairs(9)
    folded = [fold_pair(store, *pair) for pair in pairs]
    commit(store, arrival("b", hour=1))
    score(store, "Acme")
    store.commit_profiles(folded)
    assert store.pending_pairs(9) == pairs
    fold(store)
    assert store.pending_pairs(9) == []
    assert store.profile_row("c1", "Acme").profile.messages == 2


def test_a_pair_folded_unasked_is_off_the_queue(store):
    commit(store, arrival("a"))
    score(store, "Acme")
    store.commit_profiles([fold_pair(store, "c1", "Acme")])
    assert store.pending_pairs(9) == []


def test_pairs_are_handed_out_in_order_and_up_to_the_limit(store):
    commit(store, arrival("a", "c2"), arrival("b", "c1"), arrival("c", "c3"))
    score(store, "Acme", None)
    assert store.pending_pairs(3) == [("c1", ""), ("c1", "Acme"), ("c2", "")]


shares = st.floats(0, 1)
words = st.text(max_size=8)
instants = st.integers(0, 10**15).map(lambda us: START + timedelta(microseconds=us))
quotes = st.builds(
    Quote, st.integers(1, 2**40), instants, words, words, st.sampled_from(["complaint"])
)


@given(
    st.builds(
        Profile,
        words,
        words,
        instants,
        st.builds(Judgement, words, st.dictionaries(words, shares)),
        shares,
        st.booleans(),
        st.booleans(),
        shares,
        shares,
        shares,
        st.integers(),
        st.integers(),
        instants,
        instants,
        st.dictionaries(words, st.integers()),
        st.lists(words).map(tuple),
        st.dictionaries(words, st.integers()),
        st.lists(quotes, max_size=3).map(tuple),
    )
)
def test_a_profile_survives_json(made):
    assert profile_from_dict(json.loads(json.dumps(made.to_dict()))) == made
