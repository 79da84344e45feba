"""The index of profile vectors: exact, filtered, and never trusted without its stamp.

The database holds the vectors; the index file only saves the time to load them. It is used when
its stamp fits the database and its checksum holds, and rebuilt otherwise, because FAISS itself
loads a file with flipped bits without a word.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import wraps
from pathlib import Path
from threading import RLock
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

import faiss
import numpy as np
from numpy.typing import NDArray

from relintel.errors import StoreError
from relintel.store.database import Store
from relintel.store.encoding import unit
from relintel.store.folder import INDEX, INDEX_STAMP, publish
from relintel.store.rows import Vector, VectorChange

_ROUNDING: Final = 1e-5
"""How far two sums of the same float32 products may differ, with room to spare."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What an index file was made from; `sha256` is the file's."""

    encoder: str
    dimension: int
    generation: int
    count: int
    sha256: str


_P = ParamSpec("_P")
_T = TypeVar("_T")


def _alone(
    method: Callable[Concatenate[VectorIndex, _P], _T],
) -> Callable[Concatenate[VectorIndex, _P], _T]:
    """Let one thread at a time in: FAISS takes no change while it searches."""

    @wraps(method)
    def locked(index: VectorIndex, /, *args: _P.args, **options: _P.kwargs) -> _T:
        with index._lock:
            return method(index, *args, **options)

    return locked


class VectorIndex:
    """Profile vectors in memory, by profile id. Threads may share it; one at a time is served.

    Attributes:
        generation: the store's, whose vectors these are.
    """

    generation: int
    _known: frozenset[int]

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = RLock()
        self._load(*store.vector_state())

    @_alone
    def __len__(self) -> int:
        return int(self._index.ntotal)

    @_alone
    def refresh(self) -> bool:
        """Bring the index to the store's present state; return whether it was behind."""
        state = self._store.vector_state()
        if state == (self._encoder, self._dimension, self.generation):
            return False
        self._load(*state)
        return True

    @_alone
    def follow(self, change: VectorChange) -> bool:
        """Apply a commit's change.

        Returns:
            False when the commit was not the next after this index's generation, so that other
            changes lie between; the index is then brought to the store's present state.
        """
        fits = not change.ids or change.vectors.shape[1] == self._dimension
        if change.generation != self.generation + 1 or not fits:
            self.refresh()
            return False
        self.update(change.removed, change.ids, change.vectors)
        self.generation = change.generation
        self._changed = True
        return True

    @_alone
    def update(self, removed: Sequence[int], ids: Sequence[int], vectors: Vector) -> None:
        """Remove profiles, then add or replace others.

        Args:
            removed: ids; unknown ones are fine.
            ids: of the vectors; each once.
            vectors: shape (len(ids), d), unit length; held as half floats, like the store's.
        """
        fresh = _ids(ids)
        if len(np.unique(fresh)) != len(fresh):
            raise ValueError("an id is given twice")
        self._changed = True
        # FAISS would keep two vectors under a known id.
        self._index.remove_ids(np.concatenate([_ids(removed), fresh]))
        if len(fresh):
            self._index.add_with_ids(np.asarray(vectors, dtype=np.float32), fresh)
        self._known = self._known.difference(removed).union(fresh.tolist())

    @_alone
    def vector(self, number: int) -> Vector | None:
        """Return a profile's vector, shape (d,), or ``None`` when it has none."""
        if number not in self._known:
            return None
        found: Vector = self._index.reconstruct(number)
        return found

    @_alone
    def search(
        self, vector: Vector, k: int, among: Sequence[int] | None = None
    ) -> list[tuple[int, float]]:
        """Find the nearest profiles.

        Args:
            vector: shape (d,), any length but zero.
            k: how many at most.
            among: ids to choose from; ``None`` for all, unknown ones are fine.

        Returns:
            Id and cosine similarity (-1 to 1), the nearest first, equal ones by id; exact over
            the half floats that the store keeps, which are within 0.001 of what was committed.
        """
        chosen = None if among is None else self._known.intersection(among)
        if k <= 0 or not (self._known if chosen is None else chosen):
            return []
        query = unit(np.asarray(vector, dtype=np.float32).reshape(1, -1))
        with _one_thread():
            ids = self._near(query, k, chosen)
            found = self._index.reconstruct_batch(ids)
        # Summed anew in the same way for each, so that equal vectors get equal similarities.
        similarities = (found.astype(np.float64) * query.astype(np.float64)).sum(axis=1)
        pairs = zip(ids.tolist(), np.clip(similarities, -1, 1).tolist(), strict=True)
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[:k]

    def _near(self, query: Vector, k: int, chosen: Set[int] | None) -> NDArray[np.int64]:
        """Return the ids of the k nearest and of all that may equal the last of them."""
        parameters, limit = None, len(self)
        if chosen is not None:
            limit = len(chosen)
            selector = faiss.IDSelectorBatch(_ids(sorted(chosen)))
            parameters = faiss.SearchParameters()
            parameters.sel = selector
        fetch = min(k + 1, limit)
        while True:
            similarities, ids = self._index.search(query, fetch, params=parameters)
            last = similarities[0][min(k, limit) - 1]
            if fetch == limit or similarities[0][-1] < last - _ROUNDING:
                found: NDArray[np.int64] = ids[0]
                return found
            fetch = min(4 * fetch, limit)

    @_alone
    def save(self) -> bool:
        """Write the index and then its stamp, each whole or not at all.

        Nothing is written when nothing changed since it was loaded or saved, and no scrubbing
        removed it.

        Returns:
            False when the store has moved on: a stale index may hold forgotten people's vectors
            and is not written.

        Raises:
            StoreError: the disk refuses.
        """
        if self._store.vector_state() != (self._encoder, self._dimension, self.generation):
            return False
        if not self._changed and (self._store.folder / INDEX_STAMP).exists():
            return True
        data = faiss.serialize_index(self._index).tobytes()
        stamp = Stamp(
            encoder=self._encoder,
            dimension=self._dimension,
            generation=self.generation,
            count=len(self),
            sha256=hashlib.sha256(data).hexdigest(),
        )
        text = json.dumps(asdict(stamp), indent=2).encode() + b"\n"
        # A kill between the two leaves a pair that does not fit, which is rebuilt.
        publish(self._store.folder / INDEX, lambda draft: _write(draft, data), replace=True)
        publish(self._store.folder / INDEX_STAMP, lambda draft: _write(draft, text), replace=True)
        self._changed = False
        return True

    @_alone
    def _load(self, encoder: str, dimension: int, generation: int) -> None:
        self._encoder, self._dimension, self.generation = encoder, dimension, generation
        saved = _read(self._store.folder, encoder, dimension, generation)
        if saved is None:
            self._rebuild()
        else:
            self._index = saved
            self._known = frozenset(faiss.vector_to_array(saved.id_map).tolist())
            self._changed = False

    def _rebuild(self) -> None:
        rows = self._store.profile_vectors()
        self._encoder, self._dimension = rows.encoder, rows.dimension
        self.generation = rows.generation
        self._index = faiss.IndexIDMap2(
            faiss.IndexScalarQuantizer(
                rows.dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
            )
        )
        if len(rows.ids):
            self._index.add_with_ids(rows.vectors, rows.ids)
        self._known = frozenset(rows.ids.tolist())
        self._changed = True
        self.save()


def open_index(store: Store) -> VectorIndex:
    """Load the index of a store's profile vectors, or rebuild and save it when it does not fit."""
    return VectorIndex(store)


def _read(folder: Path, encoder: str, dimension: int, generation: int) -> Any:  # noqa: ANN401
    """Return the saved index if it is whole and of this state of the store."""
    try:
        stamp = Stamp(**json.loads((folder / INDEX_STAMP).read_bytes()))
        if (stamp.encoder, stamp.dimension, stamp.generation) != (encoder, dimension, generation):
            return None
        data = (folder / INDEX).read_bytes()
    except (FileNotFoundError, ValueError, TypeError):
        return None
    except OSError as error:
        raise StoreError(folder, f"the index cannot be read ({error.strerror})") from None
    if hashlib.sha256(data).hexdigest() != stamp.sha256:
        return None
    index = faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8))
    return index if (index.d, index.ntotal) == (dimension, stamp.count) else None


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let this thread search alone: on a busy machine OpenMP's threads wait for each other.

    Measured with 100,000 × 384 on two busy cores: 7 ms alone, 50 ms with both.
    """
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _ids(numbers: Sequence[int]) -> NDArray[np.int64]:
    return np.asarray(numbers, dtype=np.int64).reshape(-1)
