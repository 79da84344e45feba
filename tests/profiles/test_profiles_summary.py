"""Profiles and movements as they leave the room."""

from dataclasses import replace
from datetime import timedelta

import pytest
from profile_readings import (
    FRIEND,
    PLAIN,
    START,
    THANKS,
    grievance,
    history,
    hostile,
    seen,
)

from relintel.profiles import fold, movements_of, profile
from relintel.records import Evidence
from relintel.taxonomy import RELATIONSHIPS


def made(observations, day=None):
    at = observations[-1].sent_at if day is None else START + timedelta(days=day)
    return profile("c-1", "Brand", fold(observations), observations, at)


def test_a_profile_says_what_is_known():
    observations = [
        seen(1, 0, channel="email", **FRIEND),
        seen(2, 50, channel="chat", **grievance("price")),
        seen(3, 51, channel="chat", **grievance("price")),
        seen(4, 100, channel="chat", **FRIEND),
    ]
    p = made(observations)
    assert (p.customer, p.brand, p.messages, p.episodes) == ("c-1", "Brand", 4, 3)
    assert p.relationship.label == "friend"
    assert p.confidence == p.relationship.probabilities["friend"]
    assert set(p.relationship.probabilities) == set(RELATIONSHIPS)
    assert p.complaints == {"price": 2}
    assert list(p.channels.items()) == [("chat", 3), ("email", 1)]
    assert (p.first_at, p.last_at) == (START, START + timedelta(days=100))
    assert not p.provisional
    assert not p.abstained
    assert 0 < p.valence <= 1
    assert 0 < p.closeness <= 3


def test_as_of_looks_back_and_forward():
    observations = history((0, FRIEND), (50, FRIEND), (100, hostile()))
    then = made(observations, 60)
    assert then.relationship.label == "friend"
    assert then.messages == 2
    assert then.last_at == START + timedelta(days=50)
    assert made(observations).relationship.label == "enemy"
    assert made(observations[:2], 5000).closeness < made(observations[:2]).closeness
    with pytest.raises(ValueError, match="no message"):
        made(observations, -1)


def test_a_course_of_other_messages_is_not_used():
    early, whole = history((0, FRIEND)), history((0, FRIEND), (50, FRIEND))
    late = profile("c-1", "Brand", fold(early), whole, whole[-1].sent_at)
    assert late == made(whole)


def test_one_message_is_provisional_and_nothing_readable_abstains():
    assert made(history((0, FRIEND))).provisional
    assert made(history((0, {"abstained": True}), (9, {"flags": ("no_relation",)}))).abstained


def test_telling_quotes_come_first_then_newer_ones():
    observations = [
        seen(1, 0, quote="first love", **FRIEND),
        seen(2, 40, quote="plain", **PLAIN),
        seen(3, 80, quote="second love", **FRIEND),
    ]
    assert [q.quote for q in made(observations).evidence] == ["second love", "first love", "plain"]


def test_quotes_are_few_and_not_repeated():
    spans = tuple(
        Evidence(i, i + 1, quote, supports)
        for i, (quote, supports) in enumerate(
            [("a", "relationship"), ("a", "sentiment"), ("b", "complaint"), ("c", "sentiment")]
        )
    )

    def evidence(messages):
        observations = history(*((i * 30, FRIEND) for i in range(messages)))
        return made(
            [replace(o, reading=replace(o.reading, evidence=spans)) for o in observations]
        ).evidence

    assert [(q.message, q.quote) for q in evidence(2)] == [(2, "a"), (1, "a"), (2, "c"), (1, "c")]
    assert [q.message for q in evidence(14)] == [*range(14, 4, -1)]


LEFT = {"v": -1, "flags": ("ex",)}
HELD = {"v": -1, "flags": ("locked_in",)}
FLAGS = {
    "who left has left": ([LEFT, PLAIN], ("ex",)),
    "thanks do not bring back": ([LEFT, THANKS], ("ex",)),
    "goodwill brings back": ([LEFT, FRIEND], ()),
    "goodwill before leaving does not": ([FRIEND, LEFT], ("ex",)),
    "who is held is held": ([HELD, FRIEND], ("locked_in",)),
    "who leaves is held no more": ([HELD, LEFT], ("ex",)),
    "other flags do not last": ([{"flags": ("question", "sarcasm")}], ()),
    "an abstained reading sets none": ([{**LEFT, "abstained": True}, PLAIN], ()),
}


@pytest.mark.parametrize("name", FLAGS)
def test_flags_that_last(name):
    messages, expected = FLAGS[name]
    observations = history(*((i * 40, labels) for i, labels in enumerate(messages)))
    assert made(observations).flags == expected


def test_a_movement_names_the_message_that_caused_it():
    observations = history((0, FRIEND), (50, FRIEND), (100, hostile()), (200, PLAIN))
    (movement,) = movements_of("c-1", "Brand", fold(observations), observations)
    assert movement.to_dict() | {"confidence": None} == {
        "customer": "c-1",
        "brand": "Brand",
        "at": "2024-04-10T09:00:00Z",
        "from": "friend",
        "to": "enemy",
        "message": 3,
        "confidence": None,
        "quote": "words of 3",
    }
    assert movement.confidence >= 0.55


def test_a_movement_without_evidence_has_no_quote():
    observations = history((0, FRIEND), (50, FRIEND), (100, hostile(quote="")))
    assert movements_of("c", "B", fold(observations), observations)[0].quote is None


def test_the_first_type_is_no_movement():
    assert not fold(history((0, hostile()))).movements
    undetermined = {"flags": ("unclear",)}
    assert not fold(history((0, undetermined), (40, FRIEND), (80, FRIEND))).movements
