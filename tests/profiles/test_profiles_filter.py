"""What must hold of the filter over time for any history."""

from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profile_readings import FRIEND, PLAIN, grievance, history, hostile, seen

from relintel.profiles import advance, default_parameters, faded, fold, states
from relintel.profiles import filter as filtering
from relintel.profiles.states import start

messages = st.builds(
    lambda v, c, a, complaint, flags, abstained: {
        "v": v,
        "c": c,
        "a": a,
        "complaint": complaint,
        "flags": flags,
        "abstained": abstained,
    },
    st.sampled_from((-2, -1, 0, 1, 2)),
    st.integers(0, 3),
    st.integers(0, 1),
    st.sampled_from(("none", "delivery", "quality", "price")),
    st.sampled_from(((), (), ("ex",), ("hostile_act",), ("third_party",), ("locked_in",))),
    st.sampled_from((False, False, False, True)),
)
gaps = st.sampled_from((0.0, 0.0, 0.01, 0.5, 3.0, 20.0, 70.0, 900.0))
threads = st.sampled_from((None, None, "t1", "t2"))
courses = st.lists(st.tuples(gaps, threads, messages), min_size=1, max_size=14)


def observed(drawn):
    day, made = 0.0, []
    for key, (gap, thread, labels) in enumerate(drawn, 1):
        day += gap
        made.append(seen(key, day, thread=thread, **labels))
    return made


def same(one, other):
    assert one.timeline == other.timeline
    assert one.movements == other.movements
    assert one.facts == other.facts
    assert one.episodes == other.episodes
    assert one.state.held == other.state.held
    assert one.state.last == other.state.last
    np.testing.assert_array_equal(one.belief, other.belief)


@settings(max_examples=60, deadline=None)
@given(courses)
def test_replaying_equals_folding_one_by_one(drawn):
    observations = observed(drawn)
    course = fold(observations[:1])
    for observation in observations[1:]:
        course = advance(course, observation)
    same(course, fold(observations))


@settings(max_examples=40, deadline=None)
@given(courses, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(drawn, random):
    observations = observed(drawn)
    shuffled = observations.copy()
    random.shuffle(shuffled)
    same(fold(shuffled), fold(observations))


@settings(max_examples=60, deadline=None)
@given(courses, st.floats(0, 5000))
def test_probabilities_stay_probabilities(drawn, days):
    course = fold(observed(drawn))
    belief = faded(course.belief, days, course.parameters)
    assert (belief >= 0).all()
    assert belief.sum() == pytest.approx(1)
    for point in course.timeline:
        odds = point.relationship.probabilities
        assert sum(odds.values()) == pytest.approx(1)
        assert min(odds.values()) >= 0
        assert point.relationship.label == max(odds, key=odds.get)
    for count in (course.facts.informative, course.facts.close, course.facts.warm):
        assert sum(count) == pytest.approx(1)
        assert min(count) >= 0


@settings(max_examples=30, deadline=None)
@given(courses)
def test_work_per_message_is_bounded_by_the_open_episodes(drawn):
    observations = observed(drawn)
    course = fold(observations[:1])
    for observation in observations[1:]:
        before = len(course.state.open)
        with patch.object(states, "likelihood", wraps=states.likelihood) as emission:
            course = advance(course, observation)
        assert emission.call_count <= before + 1
        assert len(course.state.open) <= course.parameters.open_episodes


def test_a_long_episode_costs_one_emission_a_message():
    course = fold([seen(0, 0, thread="t", **grievance())])
    for key in range(1, 40):
        with patch.object(states, "likelihood", wraps=states.likelihood) as emission:
            course = advance(course, seen(key, key * 0.1, thread="t", **grievance()))
        assert emission.call_count == 1
    assert course.episodes == 1


def test_a_message_in_an_older_thread_keeps_what_came_between():
    between = [seen(2, 1, thread="b", **FRIEND), seen(3, 40, thread="c", **FRIEND)]
    first, last = seen(1, 0, thread="a", **PLAIN), seen(4, 50, thread="a", **PLAIN)
    course = fold([first, *between, last])
    assert course.episodes == 3
    np.testing.assert_allclose(course.belief, fold([first, *between]).belief, atol=1e-9)


@pytest.mark.parametrize(("day", "key"), [(5, 9), (10, 1), (10, 2)])
def test_a_message_that_is_not_later_is_refused(day, key):
    course = fold([seen(1, 0, **PLAIN), seen(2, 10, **PLAIN)])
    with pytest.raises(ValueError, match="not later"):
        advance(course, seen(key, day, **PLAIN))


def test_abstained_and_undetermined_readings_leave_the_belief_flat():
    nothing = [
        seen(1, 0, v=-2, abstained=True),
        seen(2, 1, v=2, c=3, flags=("no_relation",)),
    ]
    course = fold(nothing)
    initial = start(default_parameters())
    np.testing.assert_allclose(course.belief[:, :, :].sum(axis=(1, 2)), initial.sum(axis=(1, 2)))
    assert course.timeline[-1].relationship.label == "undetermined"
    assert course.state.held is None


def test_no_messages_give_an_empty_course():
    course = fold([])
    assert course.timeline == ()
    assert course.episodes == 0
    assert course.belief.sum() == pytest.approx(1)


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 2000), st.floats(0, 2000))
def test_two_silences_equal_one_of_their_sum(first, second):
    p = default_parameters()
    belief = fold(history((0, FRIEND), (20, {"v": 2, "c": 3}))).belief
    np.testing.assert_allclose(
        faded(faded(belief, first, p), second, p), faded(belief, first + second, p), atol=1e-12
    )


def test_silence_moves_closeness_alone_and_only_down():
    p = default_parameters()
    belief = fold(history((0, {"v": 2, "c": 3}), (20, hostile()))).belief
    later = faded(belief, 400, p)
    np.testing.assert_allclose(later.sum(axis=1), belief.sum(axis=1))
    below = np.cumsum(belief.sum(axis=(0, 2)))
    assert (np.cumsum(later.sum(axis=(0, 2))) >= below - 1e-12).all()
    assert faded(belief, -1, p) is belief


def test_half_of_closeness_is_left_after_the_half_life():
    p = default_parameters()
    belief = np.zeros((3, 4, 2))
    belief[2, 3, 0] = 1
    later = faded(belief, p.half_life_days, p).sum(axis=(0, 2))
    np.testing.assert_allclose(later, [1 / 8, 3 / 8, 3 / 8, 1 / 8])


def test_a_hostile_act_weighs_much_more_than_a_complaint():
    p = default_parameters()

    def odds(labels):
        pool = filtering.begun(seen(1, 0, **labels)).pool
        explained = states.likelihood(pool, p).sum(axis=(1, 2))
        return explained / explained.sum()

    complaint, act = odds(grievance()), odds(hostile())
    assert complaint[0] / complaint[1] < 1.5
    assert complaint[1] / complaint[2] < 3
    assert act[0] / act[1] > 4


def test_other_parameters_are_used():
    observations = history((0, FRIEND), (900, PLAIN))
    p = default_parameters()
    quick = fold(observations, replace(p, half_life_days=30.0))
    assert quick.belief[:, 0].sum() > fold(observations).belief[:, 0].sum()
