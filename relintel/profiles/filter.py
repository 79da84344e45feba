"""The filter over time: readings of one customer and brand, folded in one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from relintel.profiles.derive import Facts, derived, noted
from relintel.profiles.episodes import DAY, Episode, begun, is_open, joined, place
from relintel.profiles.movements import Turn, turned
from relintel.profiles.parameters import Array, Parameters, default_parameters
from relintel.profiles.states import after_episode, faded, start
from relintel.records import Judgement, Observation


@dataclass(frozen=True, slots=True)
class Point:
    """What the type was after one message, as known at its time."""

    at: datetime
    key: int
    relationship: Judgement


@dataclass(frozen=True, slots=True, eq=False)
class Open:
    """An episode that may go on, with belief and facts as they were before it.

    Attributes:
        silence: days between the message before it and its first.
    """

    episode: Episode
    silence: float
    belief: Array
    facts: Facts


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """All that a further message needs; its size does not grow with the history.

    Attributes:
        belief: (3, 4, 2) after the last message.
        facts: after the last message.
        open: the oldest episode that may go on and all begun since, in order.
        last: time and key of the last message.
        held: the type that movements are counted from; ``None`` until one is clear.
        episodes: begun so far.
        messages: folded so far.
    """

    belief: Array
    facts: Facts
    open: tuple[Open, ...] = ()
    last: tuple[datetime, int] | None = None
    held: str | None = None
    episodes: int = 0
    messages: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """How one customer's relationship to one brand went.

    Attributes:
        state: to go on from.
        timeline: one point a message.
        movements: changes of the type.
    """

    state: State
    timeline: tuple[Point, ...]
    movements: tuple[Turn, ...]
    parameters: Parameters

    @property
    def belief(self) -> Array:
        """(3, 4, 2) belief over valence × closeness × ambivalence after the last message."""
        return self.state.belief

    @property
    def facts(self) -> Facts:
        """What the rules for histories count."""
        return self.state.facts

    @property
    def episodes(self) -> int:
        """Episodes begun so far."""
        return self.state.episodes

    def relationship(self, as_of: datetime) -> Judgement:
        """Return the type at a time at or after the last message; silence counts."""
        return derived(self.belief_at(as_of), self.facts, self.parameters)

    def belief_at(self, as_of: datetime) -> Array:
        """Return the belief at a time at or after the last message."""
        if self.state.last is None:
            return self.belief
        days = (as_of - self.state.last[0]).total_seconds() / DAY
        return faded(self.belief, days, self.parameters)


def fold(observations: Sequence[Observation], parameters: Parameters | None = None) -> Course:
    """Fold all readings of one customer and brand, in any order.

    Args:
        observations: sorted here by time, then key.
        parameters: by default those that travel with the package.
    """
    parameters = parameters or default_parameters()
    state = State(start(parameters), Facts())
    timeline: list[Point] = []
    movements: list[Turn] = []
    for observation in sorted(observations, key=_rank):
        state, point, turn = _step(state, observation, parameters)
        timeline.append(point)
        movements += [turn] if turn else []
    return Course(state, tuple(timeline), tuple(movements), parameters)


def advance(course: Course, observation: Observation) -> Course:
    """Fold in one further reading: the same course as `fold` over all, by constant work.

    Raises:
        ValueError: the message is not later (by time, then key) than all before it; fold anew.
    """
    if course.state.last is not None and _rank(observation) <= course.state.last:
        raise ValueError("the message is not later than those before it; fold all of them anew")
    state, point, turn = _step(course.state, observation, course.parameters)
    movements = (*course.movements, turn) if turn else course.movements
    return Course(state, (*course.timeline, point), movements, course.parameters)


def _step(
    state: State, observation: Observation, parameters: Parameters
) -> tuple[State, Point, Turn | None]:
    """Fold in one message; at most `open_episodes` episodes are gone through again."""
    at, key = _rank(observation)
    running, begins = _filed(state, observation, parameters)
    state = replace(
        _refolded(state, running, begins, parameters),
        last=(at, key),
        episodes=state.episodes + (begins == len(state.open)),
        messages=state.messages + 1,
    )
    judgement = derived(state.belief, state.facts, parameters)
    held, turn = turned(state.held, judgement, at, key, parameters)
    state = replace(state, open=_still_open(state.open, at, parameters), held=held)
    return state, Point(at, key, judgement), turn


def _filed(
    state: State, observation: Observation, parameters: Parameters
) -> tuple[list[Open], int]:
    """Return the open episodes with the message in one of them, and which one."""
    running = list(state.open)
    index = place([entry.episode for entry in running], observation, parameters)
    if index is not None:
        running[index] = replace(
            running[index], episode=joined(running[index].episode, observation)
        )
        return running, index
    silence = 0.0
    if state.last is not None:
        silence = (observation.sent_at - state.last[0]).total_seconds() / DAY
    running.append(Open(begun(observation), silence, state.belief, state.facts))
    return running, len(running) - 1


def _refolded(state: State, running: list[Open], first: int, parameters: Parameters) -> State:
    """Go through the open episodes again, from the first that changed."""
    belief, facts = running[first].belief, running[first].facts
    for i in range(first, len(running)):
        running[i] = replace(running[i], belief=belief, facts=facts)
        belief = faded(belief, running[i].silence, parameters)
        pool = running[i].episode.pool
        if pool is not None:
            belief = after_episode(belief, pool, parameters)
            facts = noted(facts, pool, parameters)
    return replace(state, belief=belief, facts=facts, open=tuple(running))


def _still_open(
    running: tuple[Open, ...], at: datetime, parameters: Parameters
) -> tuple[Open, ...]:
    """Close from the oldest on: what came after an open episode must be gone through with it."""
    first = max(0, len(running) - parameters.open_episodes)
    while first < len(running) and not is_open(running[first].episode, at, parameters):
        first += 1
    return running[first:]


def _rank(observation: Observation) -> tuple[datetime, int]:
    return observation.sent_at, observation.key
