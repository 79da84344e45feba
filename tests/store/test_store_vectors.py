from __future__ import annotations

import json
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relintel.errors import StoreError
from relintel.store import FoldedPair
from relintel.store import folder as layout
from relintel.store.vectors import VectorIndex, open_index
from tests.store.store_rows import DIMENSION, arrival, commit, fold, profile, score, vector


def _put(store, *seeds, start=0):
    rows = [
        FoldedPair(f"c{n:03}", "Acme", profile(f"c{n:03}"), None, vector(seed))
        for n, seed in enumerate(seeds, start)
    ]
    return store.commit_profiles(rows)


@pytest.fixture
def filled(store):
    _put(store, *range(30))
    return store


@pytest.fixture
def rebuilds(monkeypatch):
    """Count how often the index is built from the database."""
    built = []
    original = VectorIndex._rebuild

    def counted(self):
        built.append(self)
        original(self)

    monkeypatch.setattr(VectorIndex, "_rebuild", counted)
    return built


def _expected(vectors, query, k, among=None):
    near = {n: float(np.dot(v, query)) for n, v in vectors.items() if among is None or n in among}
    return sorted(near, key=lambda n: (-near[n], n))[:k]


def test_the_nearest_are_found_exactly(filled):
    index = open_index(filled)
    stored = filled.profile_vectors()
    vectors = dict(zip(stored.ids.tolist(), stored.vectors, strict=True))
    for seed in range(100, 110):
        query = vector(seed)
        found = index.search(5 * query, 7)
        assert [number for number, _ in found] == _expected(vectors, query, 7)
        for number, similarity in found:
            assert similarity == pytest.approx(float(vectors[number] @ query), abs=1e-3)
        for among in ([3, 21, 999], range(2, 31, 2)):
            chosen = index.search(query, 4, among)
            assert [number for number, _ in chosen] == _expected(vectors, query, 4, among)


def test_equal_ones_come_by_id_even_where_the_list_is_cut(store):
    _put(store, *([7] * 40), *range(50, 60))
    index = open_index(store)
    # Replaced ones lie last in the index.
    index.update([], [1, 3, 11], np.stack([vector(7)] * 3))
    found = index.search(vector(7), 5)
    assert [number for number, _ in found] == [1, 2, 3, 4, 5]
    assert len({similarity for _, similarity in found}) == 1
    assert found[0][1] == pytest.approx(1, abs=1e-3)
    assert [n for n, _ in index.search(vector(7), 3, among=range(40, 9, -1))] == [10, 11, 12]


@pytest.mark.parametrize(
    ("k", "among", "count"),
    [(0, None, 0), (100, None, 30), (5, [], 0), (5, [99], 0), (5, [2, 2, 99], 1), (1, None, 1)],
)
def test_there_are_never_more_than_there_are(filled, k, among, count):
    assert len(open_index(filled).search(vector(1), k, among)) == count


def test_a_profiles_own_vector_is_at_hand(filled):
    index = open_index(filled)
    np.testing.assert_array_equal(index.vector(4), filled.profile_vectors().vectors[3])
    index.update([4], [], np.empty((0, DIMENSION), dtype=np.float32))
    assert index.vector(4) is None
    assert index.vector(99) is None


def test_an_empty_store_has_an_empty_index(store, rebuilds):
    assert open_index(store).search(vector(1), 3) == []
    index = open_index(store)
    assert len(rebuilds) == 1
    assert not index.follow(_put(store, 1, 2))
    assert len(index) == 2


def test_a_saved_index_is_loaded(filled, rebuilds):
    first = open_index(filled)
    second = open_index(filled)
    assert len(rebuilds) == 1
    assert first.search(vector(3), 9) == second.search(vector(3), 9)


def _flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _edit(**values):
    def edit(path):
        stamp = path.with_name(layout.INDEX_STAMP)
        stamp.write_text(json.dumps({**json.loads(stamp.read_text()), **values}))

    return edit


DAMAGES = {
    "a flipped bit": _flip,
    "a cut file": lambda path: path.write_bytes(path.read_bytes()[:-9]),
    "an empty file": lambda path: path.write_bytes(b""),
    "no file": lambda path: path.unlink(),
    "no stamp": lambda path: path.with_name(layout.INDEX_STAMP).unlink(),
    "half a stamp": lambda path: path.with_name(layout.INDEX_STAMP).write_text('{"enc'),
    "a stamp of bytes": lambda path: path.with_name(layout.INDEX_STAMP).write_bytes(b"\xff\xfe"),
    "a stamp of something else": lambda path: path.with_name(layout.INDEX_STAMP).write_text("[1]"),
    "another encoder": _edit(encoder="other"),
    "another dimension": _edit(dimension=9),
    "another generation": _edit(generation=99),
    "another count": _edit(count=3),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_index_is_rebuilt(filled, rebuilds, damage):
    before = open_index(filled).search(vector(3), 9)
    DAMAGES[damage](filled.folder / layout.INDEX)
    assert open_index(filled).search(vector(3), 9) == before
    assert len(rebuilds) == 2
    assert open_index(filled).search(vector(3), 9) == before
    assert len(rebuilds) == 2


def test_an_index_that_cannot_be_read_is_an_error(filled):
    open_index(filled)
    (filled.folder / layout.INDEX).unlink()
    (filled.folder / layout.INDEX).mkdir()
    with pytest.raises(StoreError, match="cannot be read"):
        open_index(filled)


def test_a_kill_between_index_and_stamp_leaves_a_pair_that_is_rebuilt(
    filled, rebuilds, monkeypatch
):
    index = open_index(filled)
    index.follow(_put(filled, 77, start=5))
    written = []

    def killed(target, write, *, replace):
        if written:
            raise KeyboardInterrupt
        written.append(target.name)
        return layout.publish(target, write, replace=replace)

    with monkeypatch.context() as patch:
        patch.setattr("relintel.store.vectors.publish", killed)
        with pytest.raises(KeyboardInterrupt):
            index.save()
    assert written == [layout.INDEX]
    reopened = open_index(filled)
    assert len(rebuilds) == 2
    assert reopened.search(vector(77), 1)[0][0] == 6


def test_a_file_is_replaced_and_never_written_over(tmp_path):
    target = tmp_path / "file"
    target.write_text("old")
    with target.open() as held:
        assert layout.publish(target, lambda draft: draft.write_text("new"), replace=True)
        assert held.read() == "old"
    assert target.read_text() == "new"
    assert not layout.publish(target, lambda draft: draft.write_text("third"), replace=False)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("file", "new")]


def test_a_failed_write_leaves_the_old_file_and_no_draft(tmp_path):
    target = tmp_path / "file"
    target.write_text("old")

    def fail(draft):
        draft.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(StoreError, match="No space left"):
        layout.publish(target, fail, replace=True)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("file", "old")]


def test_following_equals_rebuilding(filled):
    index = open_index(filled)
    assert index.follow(_put(filled, 101, 102, start=4))
    gone = [FoldedPair("c007", "Acme", None), FoldedPair("c008", "Acme", profile("c008"))]
    assert index.follow(filled.commit_profiles(gone))
    assert index.follow(_put(filled, 103, start=60))
    assert len(index) == 29
    again = VectorIndex(filled)
    for seed in (4, 7, 8, 101, 102, 103):
        assert index.search(vector(seed), 5) == again.search(vector(seed), 5)
    assert index.save()
    assert not index.refresh()


def test_a_change_out_of_turn_brings_all(filled):
    index = open_index(filled)
    _put(filled, 201, start=70)
    assert not index.follow(_put(filled, 202, start=71))
    assert {n for n, _ in index.search(vector(201), 1) + index.search(vector(202), 1)} == {31, 32}


def test_a_stale_index_is_not_saved(filled):
    index = open_index(filled)
    _put(filled, 201, start=70)
    index.update([1], [], np.empty((0, DIMENSION), dtype=np.float32))
    assert not index.save()
    assert index.refresh()
    assert index.save()
    assert len(index) == 31


def test_what_scrubbing_removes_is_saved_again(filled):
    index = open_index(filled)
    assert index.save()
    filled.scrub()
    assert not (filled.folder / layout.INDEX).exists()
    assert index.save()
    saved = (filled.folder / layout.INDEX).stat().st_mtime_ns
    assert index.save()
    assert (filled.folder / layout.INDEX).stat().st_mtime_ns == saved


def test_threads_may_search_while_others_change(filled, monkeypatch):
    """Half of a search is done when another thread takes away what it found."""
    index = open_index(filled)
    near, begun, failures = VectorIndex._near, threading.Event(), []

    def slow(self, *asked):
        found = near(self, *asked)
        begun.set()
        time.sleep(0.05)
        return found

    def change():
        begun.wait(5)
        index.update(range(1, 31), [], np.empty((0, DIMENSION), dtype=np.float32))

    def search():
        try:
            failures.append(len(index.search(vector(3), 30)))
        except RuntimeError as error:
            failures.append(error)

    monkeypatch.setattr(VectorIndex, "_near", slow)
    threads = [threading.Thread(target=work) for work in (search, change)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == [30]
    assert index.search(vector(3), 30) == []


def test_threads_that_follow_save_and_search_see_whole_states(filled):
    index, stop, failures = open_index(filled), threading.Event(), []

    def ask():
        try:
            while not stop.is_set():
                assert len(index.search(vector(3), 9)) == 9
                index.vector(7)
                index.refresh()
                index.save()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for seed in range(40):
        index.follow(_put(filled, *range(seed, seed + 20), start=seed % 10))
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    index.refresh()
    fresh = VectorIndex(filled)
    assert index.search(vector(3), 30) == fresh.search(vector(3), 30)


def test_another_encoder_empties_the_index(store):
    commit(store, arrival("a", "c1"))
    score(store, "Acme")
    fold(store)
    index = open_index(store)
    assert len(index) == 1
    score(store, "Acme", stamp="v2", encoder="other")
    assert index.refresh()
    assert len(index) == 0
    fold(store)
    index.refresh()
    assert len(index) == 1


def test_an_id_given_twice_is_refused(filled):
    with pytest.raises(ValueError, match="twice"):
        open_index(filled).update([], [3, 3], np.stack([vector(1), vector(2)]))


steps = st.lists(
    st.tuples(
        st.lists(st.integers(1, 9), max_size=3),
        st.dictionaries(st.integers(1, 9), st.integers(0, 4), max_size=4),
    ),
    max_size=6,
)


@settings(max_examples=20)
@given(steps, st.integers(0, 4), st.integers(1, 12), st.none() | st.lists(st.integers(1, 10)))
def test_updates_keep_one_vector_an_id(fresh, changes, asked, k, among):
    with fresh() as store:
        # The first profile's vector gives the index its dimension.
        gone = [FoldedPair("c0", "Acme", profile("c0"), None, vector(1))]
        store.commit_profiles(gone)
        store.commit_profiles([FoldedPair("c0", "Acme", None)])
        index = open_index(store)
        model = {}
        for removed, added in changes:
            rows = np.array([vector(s) for s in added.values()], dtype=np.float32)
            index.update(removed, list(added), rows.reshape(-1, DIMENSION))
            for number in removed:
                model.pop(number, None)
            model |= {number: vector(seed) for number, seed in added.items()}
        assert len(index) == len(model)
        found = index.search(vector(asked), k, among)
        assert [number for number, _ in found] == _expected(model, vector(asked), k, among)
