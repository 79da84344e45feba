"""What goes into the store and comes out of it, besides the nouns of `relintel.records`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from relintel.records import Judgement, Message, Movement, Profile, Quote, Reading

Vector: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A keyed hash of an address, handle or number, and whose it is."""

    key_hash: str
    kind: str
    customer: str


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom a key is bound to; `numbered` when any key of theirs is a customer number."""

    customer: str
    numbered: bool


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message with the customer it was found to belong to.

    Attributes:
        customer: ``None`` for the company's own words and for authors nobody can tell.
        keys: the author's keys. The first binding of a key stays; only a merge moves it.
        refused_with: hashes of further keys, bound to nobody, of which none may have a tombstone
            either: the message's own, and those of whom the company wrote to.
    """

    message: Message
    customer: str | None
    keys: tuple[KeyRow, ...] = ()
    refused_with: tuple[str, ...] = ()


Arrangement: TypeAlias = tuple[Sequence[Arrival], Sequence[tuple[str, str]]]
"""Arrivals in the order read, and merges ``(old, new)`` in the order found."""

Arrange: TypeAlias = Callable[[Mapping[str, Owner], Set[str]], Arrangement]
"""Decides whose messages are, told who owns which key and which keys have a tombstone."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What a batch did to the store; the four add up to its arrivals.

    Attributes:
        forgotten: arrivals dropped because one of their keys has a tombstone.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    forgotten: int = 0


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message in the store.

    Attributes:
        id: store-wide, never given out twice.
        content_hash: of all fields and the customer; a changed message has another.
    """

    id: int
    customer: str | None
    message: Message
    content_hash: str


@dataclass(frozen=True, slots=True)
class MessageReadings:
    """What scoring found in one stored message.

    Attributes:
        id: of the `StoredMessage` that was read.
        readings: one per target brand.
        vector: shape (d,), unit length; ``None`` when the message has no text.
        content_hash: of the `StoredMessage` that was read; readings of an older text are dropped.
    """

    id: int
    readings: tuple[Reading, ...]
    vector: Vector | None
    content_hash: str


@dataclass(frozen=True, slots=True)
class FoldedPair:
    """The state of one customer×brand after folding.

    Attributes:
        profile: ``None`` when nothing is left of the pair.
        belief: the filter's posterior, any shape; it comes back flat.
        vector: shape (d,), unit length; ``None`` when no message has one.
        movements: all of the pair's movements; those stored before are replaced.
    """

    customer: str
    brand: str
    profile: Profile | None
    belief: NDArray[np.float64] | None = None
    vector: Vector | None = None
    movements: tuple[Movement, ...] = ()


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """A stored profile; `id` is also its id in the vector index.

    Attributes:
        belief: shape (n,), float64.
    """

    id: int
    profile: Profile
    belief: NDArray[np.float64] | None


@dataclass(frozen=True, slots=True)
class VectorChange:
    """What a commit changed about profile vectors, for `VectorIndex.follow`.

    Attributes:
        generation: the store's, after the commit.
        removed: ids of profiles that have no vector any more.
        ids: ids of profiles with a new vector.
        vectors: shape (len(ids), d), as `ProfileVectors` would give them.
    """

    generation: int
    removed: tuple[int, ...]
    ids: tuple[int, ...]
    vectors: Vector


@dataclass(frozen=True, slots=True)
class ProfileVectors:
    """All profile vectors of one moment, by id ascending.

    Attributes:
        encoder: name or hash of the encoder they come from, as given to `commit_readings`.
        dimension: length of a vector; 0 when the store has none yet.
        generation: the store's, at that moment.
        ids: shape (n,), int64.
        vectors: shape (n, dimension), as stored: half floats, so unit length to about 0.001.
    """

    encoder: str
    dimension: int
    generation: int
    ids: NDArray[np.int64]
    vectors: Vector


def profile_from_dict(data: Mapping[str, Any]) -> Profile:
    """Rebuild a profile from `Profile.to_dict`'s data (after a trip through JSON too)."""
    times = {name: datetime.fromisoformat(data[name]) for name in ("as_of", "first_at", "last_at")}
    return Profile(
        **{
            **data,
            **times,
            "relationship": Judgement(**data["relationship"]),
            "flags": tuple(data["flags"]),
            "evidence": tuple(
                Quote(**{**quote, "sent_at": datetime.fromisoformat(quote["sent_at"])})
                for quote in data["evidence"]
            ),
        }
    )
