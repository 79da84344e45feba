"""Episodes: which messages belong together, and what they show when pooled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np

from relintel.profiles.parameters import Array, Parameters
from relintel.records import Observation, Reading
from relintel.taxonomy import CLOSENESSES, RELATIONSHIPS, VALENCES

DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """What the messages of one episode show together. Saying a thing again changes nothing.

    Attributes:
        weight: 0 (nothing could be read) to 1; how far the episode counts.
        valence: (5,) probabilities over `VALENCES`.
        closeness: (4,) probabilities over `CLOSENESSES`.
        ambivalence: probability.
        departure: 1 when a message tells of leaving.
        relationship: (6,) what the message rule says, over `RELATIONSHIPS`.
    """

    weight: float
    valence: Array
    closeness: Array
    ambivalence: float
    departure: float
    relationship: Array

    @property
    def hostile(self) -> float:
        """Probability that the episode turned against the brand."""
        return float(self.valence[0])

    @property
    def cold(self) -> float:
        """Probability of dissatisfaction, hostile or not."""
        return float(self.valence[0] + self.valence[1])

    @property
    def warm(self) -> float:
        """Probability of satisfaction."""
        return float(self.valence[3] + self.valence[4])

    @property
    def tones(self) -> Array:
        """(4,) probabilities over `TONES`."""
        return np.array([*self.valence[:3], self.warm])

    @property
    def tie(self) -> Array:
        """(4,) closeness, where enthusiasm without a sign of closeness counts as level 1."""
        tie = self.closeness.copy()
        tie[0] *= 1 - self.valence[4]
        tie[1] += self.closeness[0] - tie[0]
        return tie

    @property
    def goodwill(self) -> float:
        """Probability of goodwill beyond the deal: enthusiasm, or satisfaction with closeness."""
        return float(self.valence[4] + self.valence[3] * (1 - self.closeness[0]))


@dataclass(frozen=True, slots=True, eq=False)
class Episode:
    """One issue or thread, as far as it has come."""

    thread: str | None
    complaints: tuple[str, ...]
    first_at: datetime
    last_at: datetime
    pool: Pool | None = None


def read(reading: Reading) -> Pool | None:
    """Return what one reading shows; ``None`` when it says nothing to go by."""
    odds = reading.relationship.probabilities
    if reading.abstained or reading.relationship.label == "undetermined":
        return None
    weight = 1.0 - float(odds.get("undetermined", 0.0))
    if weight <= 0:
        return None
    valence = _distribution(reading.valence_probabilities, reading.valence, VALENCES)
    hostile = min(1.0, max(float(valence[0]), float(odds.get("enemy", 0.0))))
    others = 1 - float(valence[0])
    if others > 0:
        valence = valence * ((1 - hostile) / others)
    valence[0] = hostile
    return Pool(
        weight,
        valence / valence.sum(),
        _distribution(reading.closeness_probabilities, reading.closeness, CLOSENESSES),
        min(1.0, max(reading.ambivalence, float(odds.get("love_hate", 0.0)))),
        1.0 if "ex" in reading.flags else 0.0,
        np.array([float(odds.get(label, 0.0)) for label in RELATIONSHIPS]),
    )


def pooled(sofar: Pool | None, more: Pool | None) -> Pool | None:
    """Return both together: the strongest of each kind, until the contrary is said."""
    if sofar is None or more is None:
        return sofar or more
    valence = _pooled_valence(sofar, more)
    below = np.minimum(np.cumsum(sofar.closeness), np.cumsum(more.closeness))
    closeness = np.clip(np.diff(below, prepend=0.0), 0.0, None)
    closeness = closeness / closeness.sum()
    ambivalence = max(sofar.ambivalence, more.ambivalence)
    news = max(
        float(np.abs(valence - sofar.valence).sum()) / 2,
        float(np.abs(closeness - sofar.closeness).sum()) / 2,
        ambivalence - sofar.ambivalence,
    )
    news = min(1.0, news)
    return Pool(
        max(sofar.weight, more.weight),
        valence,
        closeness,
        ambivalence,
        max(sofar.departure, more.departure),
        (1 - news) * sofar.relationship + news * more.relationship,
    )


def _pooled_valence(sofar: Pool, more: Pool) -> Array:
    # Cold and warm are pooled as "at least this much": the stronger of two cold words holds, so an
    # ordinary complaint never softens a hostile act. What is warm undoes what was cold before it,
    # and the other way round.
    then_cold, then_warm = np.cumsum(sofar.valence[:2]), np.cumsum(sofar.valence[:2:-1])
    now_cold = more.weight * np.cumsum(more.valence[:2])
    now_warm = more.weight * np.cumsum(more.valence[:2:-1])
    cold = np.maximum(then_cold * (1 - now_warm[1]), now_cold)
    warm = np.maximum(then_warm * (1 - now_cold[1]), now_warm)
    even = max(0.0, 1 - cold[1] - warm[1])
    valence = np.array([cold[0], cold[1] - cold[0], even, warm[1] - warm[0], warm[0]])
    result: Array = valence / valence.sum()
    return result


def begun(observation: Observation) -> Episode:
    """Return the episode that a message begins."""
    at = observation.sent_at
    label = observation.reading.complaint.label
    return Episode(observation.thread, (label,), at, at, read(observation.reading))


def joined(episode: Episode, observation: Observation) -> Episode:
    """Return the episode with a further message."""
    label = observation.reading.complaint.label
    known = label in episode.complaints
    return replace(
        episode,
        complaints=episode.complaints if known else (*episode.complaints, label),
        last_at=observation.sent_at,
        pool=pooled(episode.pool, read(observation.reading)),
    )


def is_open(episode: Episode, at: datetime, parameters: Parameters) -> bool:
    """Say whether any message at a time could still join."""
    since = _days(episode.last_at, at)
    if episode.thread is not None:
        return since <= parameters.thread_days
    age = _days(episode.first_at, at)
    return age <= parameters.longest_days and since <= max(
        parameters.episode_days, parameters.plain_days
    )


def place(
    episodes: Sequence[Episode], observation: Observation, parameters: Parameters
) -> int | None:
    """Return which open episode a message belongs to, ``None`` for a new one.

    A message with a thread belongs to its thread alone. One without joins the newest episode of
    the same complaint, else, where it or the episode names none, the newest of the same day.
    """
    ranked = [(_fit(e, observation, parameters), i) for i, e in enumerate(episodes)]
    best = max(ranked, default=(0, 0))
    return best[1] if best[0] > 0 else None


def _fit(episode: Episode, observation: Observation, parameters: Parameters) -> int:
    at = observation.sent_at
    if episode.thread != observation.thread or not is_open(episode, at, parameters):
        return 0
    if observation.thread is not None:
        return 2
    since = _days(episode.last_at, at)
    label = observation.reading.complaint.label
    if label != "none" and label in episode.complaints:
        return 2 if since <= parameters.episode_days else 0
    unnamed = label == "none" or set(episode.complaints) == {"none"}
    return 1 if unnamed and since <= parameters.plain_days else 0


def _days(since: datetime, until: datetime) -> float:
    return (until - since).total_seconds() / DAY


def _distribution(probabilities: Sequence[float], expected: float, classes: Sequence[int]) -> Array:
    if len(probabilities) == len(classes):
        given: Array = np.array(probabilities, np.float64)
        given /= given.sum()
        return given
    # A reading in its public form has only the expected value: share it between its neighbours.
    distance = np.abs(np.array(classes) - min(max(expected, classes[0]), classes[-1]))
    shared: Array = np.clip(1.0 - distance, 0.0, 1.0)
    return shared
