"""Similar customers: the vector and the words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from profile_readings import FRIEND, INTIMATE, PLAIN, grievance, hostile, seen

from relintel.profiles import EXTRA_DIMENSIONS, fold, profile, profile_vector, reasons

TOPIC = np.array([0.6, 0.8, 0.0, 0.0], np.float32)


def made(*messages, channel="email"):
    observations = [
        seen(key, 60.0 * key, channel=channel, **labels) for key, labels in enumerate(messages)
    ]
    return profile("c", "Brand", fold(observations), observations, observations[-1].sent_at)


FRIENDLY = made(FRIEND, FRIEND, PLAIN)
DELIVERY_FOE = made(hostile("delivery"), hostile("delivery"), channel="chat")
OTHER_FOE = made(grievance("delivery"), hostile("delivery"), hostile("delivery"), channel="forum")
PRICE_FOE = made(hostile("price"), hostile("price"), channel="email")
CLOSE = made(INTIMATE, INTIMATE, INTIMATE)


def test_a_vector_has_length_one_and_the_stated_size():
    vector = profile_vector(FRIENDLY, TOPIC)
    assert vector.dtype == np.float32
    assert vector.shape == (4 + EXTRA_DIMENSIONS,)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


@given(st.floats(0.001, 1000))
def test_the_length_of_the_topic_does_not_matter(scale):
    one, other = profile_vector(FRIENDLY, TOPIC), profile_vector(FRIENDLY, TOPIC * scale)
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_the_blocks_weigh_as_documented():
    aside = np.array([0.0, 0.0, 1.0, 0.0])
    other_topic = profile_vector(FRIENDLY, TOPIC) @ profile_vector(FRIENDLY, aside)
    assert other_topic == pytest.approx(0.6, abs=1e-6)
    no_topic = profile_vector(FRIENDLY, np.zeros(4))
    assert np.linalg.norm(no_topic) == pytest.approx(1, abs=1e-6)
    price, delivery = profile_vector(PRICE_FOE, TOPIC), profile_vector(DELIVERY_FOE, TOPIC)
    assert price @ delivery == pytest.approx(0.8, abs=0.01)


def test_those_who_stand_alike_are_nearer():
    vectors = {
        name: profile_vector(p, TOPIC)
        for name, p in {"foe": DELIVERY_FOE, "other": OTHER_FOE, "friend": FRIENDLY}.items()
    }
    assert vectors["foe"] @ vectors["other"] > vectors["foe"] @ vectors["friend"] + 0.2


@pytest.mark.parametrize(
    ("one", "other", "first"),
    [
        (DELIVERY_FOE, OTHER_FOE, "both enemies over delivery"),
        (DELIVERY_FOE, PRICE_FOE, "both enemies"),
        (FRIENDLY, made(FRIEND, FRIEND), "both friends"),
        (FRIENDLY, DELIVERY_FOE, "both write about much the same"),
        (FRIENDLY, PRICE_FOE, "both write by e-mail"),
    ],
)
def test_the_strongest_reason_comes_first(one, other, first):
    assert reasons(one, other)[0] == first
    assert reasons(other, one)[0] == first


def test_reasons_give_figures_and_shared_habits():
    given_reasons = reasons(CLOSE, made(INTIMATE, INTIMATE, FRIEND))
    assert given_reasons[0] == "both intimate"
    closeness = [words for words in given_reasons if words.startswith("both close")]
    assert closeness == [
        f"both close ({CLOSE.closeness:.1f} and "
        f"{made(INTIMATE, INTIMATE, FRIEND).closeness:.1f} of 3)"
    ]
    assert "both write by e-mail" in given_reasons


def test_a_complaint_shared_across_types_is_a_reason():
    assert "both complain of price" in reasons(made(FRIEND, FRIEND, grievance("price")), PRICE_FOE)


def test_lasting_flags_are_a_reason():
    held = made(grievance("price", flags=("locked_in",)), PLAIN)
    assert "both locked in" in reasons(held, held)
