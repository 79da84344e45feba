"""The traps that histories set, read by a stand-in of middling quality."""

import numpy as np
import pytest
from profile_readings import (
    FRIEND,
    INTIMATE,
    PLAIN,
    THANKS,
    TORN,
    grievance,
    history,
    hostile,
    loyal_grievance,
)

from relintel.profiles import fold


def labels(course):
    return [point.relationship.label for point in course.timeline]


def turns(course):
    return [(turn.source, turn.target, turn.key) for turn in course.movements]


def test_a_furious_loyal_customer_stays_a_friend():
    course = fold(
        history(
            (0, FRIEND),
            (170, FRIEND),
            (430, grievance("delivery", sentiment="negative")),
            (430.1, grievance("delivery", sentiment="negative")),
            (445, loyal_grievance()),
            (640, FRIEND),
            (700, PLAIN),
        )
    )
    assert set(labels(course)) == {"friend"}
    assert not course.movements


@pytest.mark.parametrize("code", ["quality", "delivery", "staff"])
def test_one_ordinary_complaint_never_moves_a_friend(code):
    course = fold(history((0, FRIEND), (100, FRIEND), (200, grievance(code))))
    assert course.timeline[-1].relationship.label == "friend"
    assert not course.movements


def test_a_steady_fall_ends_distant_and_is_not_love_hate():
    fall = [(200 + 100 * i, grievance(code)) for i, code in enumerate(("quality", "price") * 2)]
    course = fold(history((0, FRIEND), (100, FRIEND), *fall))
    assert labels(course)[-1] == "distant"
    assert turns(course)[0][:2] == ("friend", "distant")
    assert "love_hate" not in labels(course)


@pytest.mark.parametrize("before", [(), ((-300, FRIEND), (-100, FRIEND))])
def test_eight_messages_about_one_failure_count_once(before):
    once = fold(history(*before, (0, grievance())))
    often = fold(history(*before, *((i, grievance()) for i in range(8))))
    assert often.episodes == once.episodes
    assert often.timeline[-1].relationship.label == once.timeline[-1].relationship.label
    np.testing.assert_allclose(often.belief, once.belief, atol=1e-9)


def test_eight_failures_count_more_than_one():
    separate = fold(history((-300, FRIEND), *((i * 60, grievance()) for i in range(8))))
    assert separate.episodes == 9
    assert separate.timeline[-1].relationship.label == "distant"


def test_after_a_long_silence_a_friend_is_distant():
    course = fold(history((0, FRIEND), (100, FRIEND), (200, FRIEND), (1500, PLAIN)))
    assert labels(course) == ["friend"] * 3 + ["distant"]
    soon = fold(history((0, FRIEND), (100, FRIEND), (200, FRIEND), (240, PLAIN)))
    assert labels(soon)[-1] == "friend"


def test_silence_alone_never_makes_an_enemy_of_a_friend():
    course = fold(history((0, FRIEND), (100, FRIEND), (6000, PLAIN)))
    assert course.timeline[-1].relationship.probabilities["enemy"] < 0.05


def test_who_is_locked_in_stays_distant():
    held = {"flags": ("locked_in",)}
    course = fold(
        history(
            (0, grievance("price", **held)),
            (90, grievance("access", **held)),
            (200, PLAIN),
            (320, grievance("price", **held)),
        )
    )
    assert set(labels(course)) == {"distant"}
    assert not course.movements


def test_a_repair_that_works_takes_the_enemy_back():
    course = fold(
        history(
            (0, hostile()),
            (10, hostile()),
            (40, THANKS),
            (300, PLAIN),
            (420, FRIEND),
            (520, FRIEND),
        )
    )
    assert labels(course)[1] == "enemy"
    assert labels(course)[2] == "distant"
    assert labels(course)[-1] == "friend"
    assert [pair[:2] for pair in turns(course)] == [("enemy", "distant"), ("distant", "friend")]


def test_a_repair_that_does_not_work_leaves_the_enemy():
    course = fold(
        history((0, THANKS), (60, hostile()), (70, grievance("redress")), (90, PLAIN), (300, PLAIN))
    )
    assert labels(course)[1:] == ["enemy"] * 4
    assert turns(course) == [("distant", "enemy", 2)]


def test_a_repair_within_the_episode_undoes_it():
    course = fold(
        history((0, PLAIN), (40, grievance("billing")), (44, hostile("billing")), (46, THANKS))
    )
    repaired = fold(
        history(
            (0, PLAIN),
            (40, grievance("billing")),
            (44, hostile("billing")),
            (46, {"v": 1, "complaint": "billing"}),
        )
    )
    assert labels(repaired)[2:] == ["enemy", "distant"]
    assert labels(course)[-1] == "distant"


def test_a_silent_enemy_stays_an_enemy():
    course = fold(history((0, FRIEND), (30, hostile()), (60, hostile()), (2500, PLAIN)))
    assert labels(course)[1:] == ["enemy"] * 3
    quiet = fold(history((0, FRIEND), (30, hostile()), (60, hostile())))
    later = quiet.relationship(quiet.timeline[-1].at.replace(year=2060))
    assert later.label == "enemy"
    assert later.probabilities["enemy"] == pytest.approx(
        quiet.timeline[-1].relationship.probabilities["enemy"], abs=0.01
    )


@pytest.mark.parametrize("before", [FRIEND, INTIMATE, PLAIN])
def test_a_betrayal_moves_at_once(before):
    course = fold(history((0, before), (80, before), (160, before), (300, hostile(flags=("ex",)))))
    assert labels(course)[-1] == "enemy"
    assert turns(course)[-1][1:] == ("enemy", 4)


def test_closeness_in_two_episodes_is_intimate_and_in_one_is_not():
    once = fold(history((0, FRIEND), (90, INTIMATE), (180, PLAIN)))
    twice = fold(history((0, FRIEND), (90, INTIMATE), (180, PLAIN), (270, INTIMATE)))
    assert once.timeline[-1].relationship.label == "friend"
    assert twice.timeline[-1].relationship.label == "intimate"


def test_ambivalence_that_recurs_is_love_hate():
    course = fold(history((0, FRIEND), (90, TORN), (180, PLAIN), (270, TORN), (360, FRIEND)))
    assert labels(course)[3:] == ["love_hate"] * 2


def test_goodwill_and_grievance_that_alternate_are_love_hate():
    course = fold(history(*((90 * i, (FRIEND, grievance("price"))[i % 2]) for i in range(7))))
    assert labels(course)[-2] == "love_hate"


def test_mild_thanks_and_complaints_that_alternate_stay_distant():
    course = fold(history(*((90 * i, (THANKS, grievance("price"))[i % 2]) for i in range(7))))
    assert set(labels(course)) == {"distant"}
    assert not course.movements
