"""Which messages make one episode, and what they show together."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profile_readings import FRIEND, PLAIN, THANKS, grievance, hostile, reading, seen

from relintel.profiles import fold
from relintel.profiles.episodes import pooled, read

CASES = {
    "the same complaint within two weeks": ([(0, None, "delivery"), (13, None, "delivery")], 1),
    "the same complaint a month later": ([(0, None, "delivery"), (30, None, "delivery")], 2),
    "another complaint": ([(0, None, "delivery"), (1, None, "price")], 2),
    "a thread, whatever its complaint": ([(0, "t", "delivery"), (20, "t", "price")], 1),
    "two threads of one complaint": ([(0, "t", "delivery"), (1, "u", "delivery")], 2),
    "a thread revived after months": ([(0, "t", "none"), (200, "t", "none")], 2),
    "two plain messages on one day": ([(0, None, "none"), (0.3, None, "none")], 1),
    "two plain messages on two days": ([(0, None, "none"), (2, None, "none")], 2),
    "thanks on the day of the complaint": ([(0, None, "price"), (0.1, None, "none")], 1),
    "a question between two words of a complaint": (
        [(0, None, "price"), (3, None, "none"), (5, None, "price")],
        2,
    ),
    "a complaint that never ends": ([(i * 10, None, "price") for i in range(10)], 2),
    "no thread never joins a thread": ([(0, "t", "price"), (1, None, "price")], 2),
}


@pytest.mark.parametrize("name", CASES)
def test_episodes_are_counted(name):
    messages, expected = CASES[name]
    made = [
        seen(key, day, thread=thread, v=-1 if code != "none" else 0, complaint=code)
        for key, (day, thread, code) in enumerate(messages)
    ]
    assert fold(made).episodes == expected


@settings(max_examples=40, deadline=None)
@given(
    st.integers(-2, 2), st.integers(0, 3), st.integers(0, 1), st.integers(-2, 2), st.integers(0, 3)
)
def test_saying_it_again_changes_nothing(v, c, a, other_v, other_c):
    one = pooled(read(reading(v=v, c=c, a=a)), read(reading(v=other_v, c=other_c)))
    again = pooled(one, read(reading(v=other_v, c=other_c)))
    np.testing.assert_allclose(again.valence, one.valence, atol=0.12)
    np.testing.assert_allclose(again.closeness, one.closeness)
    twice = pooled(again, read(reading(v=other_v, c=other_c)))
    assert twice.ambivalence == one.ambivalence
    assert twice.valence.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([grievance(), hostile()], -2),
        ([hostile(), grievance()], -2),
        ([hostile(), PLAIN], -2),
        ([hostile(), THANKS], 1),
        ([THANKS, hostile()], -2),
        ([FRIEND, PLAIN], 2),
        ([FRIEND, THANKS], 2),
        ([grievance(), PLAIN], -1),
        ([PLAIN, PLAIN], 0),
    ],
)
def test_the_strongest_word_holds_until_the_contrary_is_said(words, expected):
    pool = None
    for labels in words:
        pool = pooled(pool, read(reading(**labels)))
    assert (-2, -1, 0, 1, 2)[int(pool.valence.argmax())] == expected


def test_the_message_rule_of_one_message_is_its_own():
    made = reading(**FRIEND)
    odds = fold([seen(1, 0, **FRIEND)]).timeline[0].relationship.probabilities
    for label, p in made.relationship.probabilities.items():
        assert odds[label] == pytest.approx(p, abs=1e-9)


def test_a_reading_in_its_public_form_is_enough():
    from dataclasses import replace

    made = replace(reading(v=-1), valence_probabilities=(), closeness_probabilities=())
    pool = read(replace(made, valence=-1.25, closeness=0.5))
    assert pool.valence[1:3] == pytest.approx([pool.valence[1], 0])
    assert pool.closeness == pytest.approx([0.5, 0.5, 0, 0])
    assert read(replace(made, abstained=True)) is None
