from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from relintel.records import Movement
from relintel.store import FoldedPair
from tests.store.store_rows import START, arrival, commit, fold, profile, score

MESSAGES = [
    arrival(
        f"m{number}",
        f"c{number % 3}",
        [f"k{number}"],
        hour=number,
        body=f"text {number}",
        source="mail" if number % 2 else "chat",
        brand="Acme" if number % 4 else None,
    )
    for number in range(9)
]


def _export(store):
    return list(store.export_rows())


def test_rows_come_by_kind_and_natural_key_and_are_json(store):
    commit(store, *MESSAGES)
    score(store, "Best", "Acme")
    fold(store)
    rows = _export(store)
    assert json.loads(json.dumps(rows)) == rows
    kinds = [row["kind"] for row in rows]
    expected = {"message": 9, "reading": 18, "profile": 6, "movement": 6}
    assert kinds == [kind for kind, count in expected.items() for _ in range(count)]
    names = [(row["source"], row["external_id"]) for row in rows[:9]]
    assert names == sorted(names)
    read = [(*row["message"], row["brand"]) for row in rows[9:27]]
    assert read == sorted(read)
    pairs = [(row["customer"], row["brand"]) for row in rows[27:33]]
    assert pairs == sorted(pairs)
    assert rows[27]["evidence"][0]["message"] == ["chat", "m6"]
    assert rows[33]["message"] == ["chat", "m6"]
    assert rows[33]["from"], rows[33]["to"] == ("distant", "enemy")
    assert rows[0]["sent_at"] == "2026-03-01T12:00:00.000000Z"
    assert not {"id", "content_hash", "reading_stamp"} & set().union(*rows)


def test_a_cause_that_is_gone_is_null(store):
    made = profile(quotes=[(99, START, "late")])
    moved = Movement("c1", "Acme", START, "friend", "enemy", 99, 0.5)
    store.commit_profiles([FoldedPair("c1", "Acme", made, movements=(moved,))])
    one, other = _export(store)
    assert one["evidence"][0]["message"] is None
    assert other["message"] is None


@settings(max_examples=12)
@given(
    st.permutations(MESSAGES),
    st.lists(st.integers(0, 9), max_size=3).map(sorted),
    st.lists(st.sampled_from(MESSAGES), max_size=4),
    st.booleans(),
)
def test_the_same_content_exports_the_same_however_it_came(fresh, order, cuts, again, eager):
    with fresh() as one, fresh() as other:
        commit(one, *MESSAGES)
        score(one, "Acme", "Best")
        fold(one)
        for start, end in zip([0, *cuts], [*cuts, 9], strict=True):
            commit(other, *order[start:end])
            if eager:
                score(other, "Acme", "Best")
                fold(other)
        commit(other, *again)
        score(other, "Acme", "Best")
        fold(other)
        assert _export(one) == _export(other)
        commit(other, arrival("one more"))
        assert _export(one) != _export(other)
