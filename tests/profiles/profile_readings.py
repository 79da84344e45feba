"""Readings as a reader of middling quality would give them, built from labels."""

from datetime import UTC, datetime, timedelta
from itertools import product

import numpy as np

from relintel.records import Evidence, Judgement, Observation, Reading
from relintel.taxonomy import COMPLAINTS, RELATIONSHIPS, SENTIMENTS, relationship_of_message

START = datetime(2024, 1, 1, 9, tzinfo=UTC)
_VALENCES = (-2, -1, 0, 1, 2)


def spread(classes, truth, sure, generator=None):
    """Probability `sure` on the truth, more of the rest on neighbours, some noise if asked."""
    classes = list(classes)
    odds = np.array([0.35 ** abs(i - classes.index(truth)) for i in range(len(classes))])
    odds[classes.index(truth)] = 0
    odds *= (1 - sure) / odds.sum()
    odds[classes.index(truth)] = sure
    if generator is not None:
        odds = odds * generator.uniform(0.5, 1.5, len(odds))
    return odds / odds.sum()


def flat(classes, truth, sure):
    rest = (1 - sure) / (len(classes) - 1)
    return {c: sure if c == truth else rest for c in classes}


def reading(
    v=0,
    c=0,
    a=0,
    complaint="none",
    flags=(),
    sentiment=None,
    abstained=False,
    quote="",
    sure=0.85,
    generator=None,
    identity="m",
):
    valence = spread(_VALENCES, v, sure, generator)
    closeness = spread((0, 1, 2, 3), c, sure, generator)
    ambivalence = 0.75 if a else 0.03
    odds = dict.fromkeys(RELATIONSHIPS, 0.0)
    for (i, value), (level, p), torn in product(enumerate(_VALENCES), enumerate(closeness), (0, 1)):
        label = relationship_of_message(value, torn, level, flags)
        odds[label] += valence[i] * p * (ambivalence if torn else 1 - ambivalence)
    label = max(odds, key=odds.get)
    sentiment = sentiment or SENTIMENTS[int(np.sign(v)) + 1]
    evidence = (Evidence(0, len(quote), quote, "relationship"),) if quote else ()
    return Reading(
        id=identity,
        brand="Brand",
        language="en",
        sentiment=Judgement(sentiment, flat(SENTIMENTS, sentiment, 0.8)),
        valence=float(valence @ np.array(_VALENCES)),
        ambivalence=ambivalence,
        closeness=float(closeness @ np.arange(4)),
        flags=tuple(flags),
        complaint=Judgement(complaint, flat(COMPLAINTS, complaint, 0.76)),
        relationship=Judgement(label, odds),
        confidence=odds[label],
        abstained=abstained,
        evidence=evidence,
        model="stand-in",
        valence_probabilities=tuple(valence.tolist()),
        closeness_probabilities=tuple(closeness.tolist()),
    )


def seen(key, day, channel="email", thread=None, **labels):
    """One observation `day` days after the start."""
    labels.setdefault("quote", f"words of {key}")
    return Observation(
        key, START + timedelta(days=day), channel, thread, reading(identity=str(key), **labels)
    )


def history(*messages):
    """Observations from (day, labels) pairs, with keys 1, 2, 3, …"""
    return [seen(key, day, **labels) for key, (day, labels) in enumerate(messages, 1)]


FRIEND = {"v": 2, "c": 1}
INTIMATE = {"v": 2, "c": 3}
PLAIN = {"v": 0}
THANKS = {"v": 1}
TORN = {"v": 0, "c": 2, "a": 1}


def grievance(complaint="delivery", **more):
    return {"v": -1, "complaint": complaint, **more}


def hostile(complaint="redress", **more):
    return {"v": -2, "complaint": complaint, "flags": ("hostile_act",), **more}


def loyal_grievance(complaint="delivery"):
    return {"v": 1, "c": 1, "complaint": complaint, "sentiment": "negative"}
