"""Records for the store's tests, built from a few words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from relintel.records import (
    Evidence,
    Judgement,
    Message,
    Movement,
    Party,
    Profile,
    Quote,
    Reading,
)
from relintel.store import Arrival, FoldedPair, KeyRow, MessageReadings, Store, StoredMessage

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
DIMENSION = 8


def message(name="m1", body="The parcel is late.", hour=0, **fields):
    defaults = {
        "source": "mail",
        "external_id": name,
        "sent_at": START + timedelta(hours=hour),
        "author": Party(name="Ann", address="ann@example.com"),
        "channel": "email",
        "body": body,
    }
    return Message(**{**defaults, **fields})


def arrival(name="m1", customer="c1", keys=(), **fields):
    bound = tuple(KeyRow(key, "address", customer) for key in keys)
    return Arrival(message(name, **fields), customer, bound)


def commit(store, *arrivals, cursor=None, settings="s", merges=()):
    return store.commit_batch("mail", [], lambda *_: (arrivals, merges), cursor, settings)


def owners(store, *keys):
    """Return what a batch is told of keys: owners, and which have a tombstone."""
    told = []

    def arrange(*known):
        told.extend(known)
        return [], []

    store.commit_batch("mail", keys, arrange, None, "s")
    return tuple(told)


def buried_as(source, external_id):
    return f"{source}/{external_id}"


def forget(store, customer, **options):
    return store.forget(customer, buried_as, **options)


def judged(label, *others):
    rest = 0.3 / max(len(others), 1)
    return Judgement(label, {label: 0.7, **dict.fromkeys(others, rest)})


def reading(brand="Acme", relationship="enemy", quote="late", number=1):
    return Reading(
        id=str(number),
        brand=brand,
        language="en",
        sentiment=judged("negative", "neutral"),
        valence=-1.5,
        ambivalence=0.1,
        closeness=1.25,
        flags=("hostile_act",),
        complaint=judged("delivery", "none"),
        relationship=judged(relationship, "friend"),
        confidence=0.7,
        abstained=False,
        evidence=(Evidence(0, len(quote), quote, "complaint"),),
        model="tiny 1",
        valence_probabilities=(0.6, 0.4, 0.0, 0.0, 0.0),
        closeness_probabilities=(0.25, 0.25, 0.5, 0.0),
    )


def vector(seed, dimension=DIMENSION):
    drawn = np.random.default_rng(seed).normal(size=dimension).astype(np.float32)
    return drawn / np.linalg.norm(drawn)


def read(stored: StoredMessage, *readings: Reading, seed=None):
    found = None if seed is None else vector(seed)
    return MessageReadings(stored.id, readings, found, stored.content_hash)


def score(store: Store, *brands: str, stamp="v1", encoder="tiny"):
    """Read all that is pending, once for each brand."""
    while waiting := store.pending_messages(stamp, 100):
        results = [
            read(m, *(reading(b, quote=m.message.body[:40]) for b in brands), seed=m.id)
            for m in waiting
        ]
        store.commit_readings(stamp, encoder, results)


def profile(customer="c1", brand="Acme", relationship="enemy", quotes=(), messages=1):
    return Profile(
        customer=customer,
        brand=brand,
        as_of=START,
        relationship=judged(relationship, "friend"),
        confidence=0.7,
        abstained=False,
        provisional=True,
        valence=-0.75,
        closeness=1.5,
        ambivalence=0.25,
        messages=messages,
        episodes=1,
        first_at=START,
        last_at=START + timedelta(microseconds=1),
        complaints={"delivery": 1},
        flags=("locked_in",),
        channels={"email": messages},
        evidence=tuple(Quote(m, at, "email", quote, "complaint") for m, at, quote in quotes),
    )


def fold(store: Store):
    """Fold all pending pairs in a way that depends on nothing but their observations."""
    changes = []
    while pairs := store.pending_pairs(100):
        changes.append(store.commit_profiles([fold_pair(store, *pair) for pair in pairs]))
    return changes


def fold_pair(store: Store, customer, brand):
    seen = store.observations(customer, brand)
    if not seen:
        return FoldedPair(customer, brand, None)
    last = seen[-1]
    quote = last.reading.evidence[0].quote
    made = profile(customer, brand, quotes=[(last.key, last.sent_at, quote)], messages=len(seen))
    moved = Movement(
        customer, brand, last.sent_at, "distant", "enemy", last.key, confidence=0.5, quote=quote
    )
    topic = store.message_vectors(customer, brand)
    mean = None if len(topic) == 0 else topic.mean(axis=0) / np.linalg.norm(topic.mean(axis=0))
    belief = np.full((3, 4, 2), 1 / 24)
    return FoldedPair(customer, brand, made, belief, mean, (moved,))
