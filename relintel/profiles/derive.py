"""From belief and a few counted facts to the six relationship types."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np

from relintel.profiles.episodes import Pool
from relintel.profiles.parameters import Array, Parameters
from relintel.records import Judgement
from relintel.taxonomy import RELATIONSHIPS

Count: TypeAlias = tuple[float, float, float]
"""Probabilities of none, exactly one, and two or more."""

NONE_YET: Final[Count] = (1.0, 0.0, 0.0)
_UNDETERMINED: Final = np.array([float(label == "undetermined") for label in RELATIONSHIPS])
_ORDER: Final = tuple(
    RELATIONSHIPS.index(label) for label in ("friend", "enemy", "love_hate", "distant", "intimate")
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules for histories count, each over episodes.

    Attributes:
        informative: episodes that could be read.
        close: episodes with closeness of at least 2 and no hostility.
        warm: episodes with goodwill beyond the deal.
        cold: episodes of dissatisfaction without hostility.
        hostility: probability of a hostile episode without a repair after it.
        alternation: 0 to 1, how far warm and cold episodes take turns; hostility ends it, for what
            follows on that is a break or a repair.
        last_warm: probability that the last episode of either sign was warm.
        last_cold: probability that it was cold.
        rule: (6,) what the message rule says of the informative episodes so far.
    """

    informative: Count = NONE_YET
    close: Count = NONE_YET
    warm: Count = NONE_YET
    cold: Count = NONE_YET
    hostility: float = 0.0
    alternation: float = 0.0
    last_warm: float = 0.0
    last_cold: float = 0.0
    rule: tuple[float, ...] = tuple(float(x) for x in _UNDETERMINED)


def noted(facts: Facts, pool: Pool, parameters: Parameters) -> Facts:
    """Return the facts after one episode."""
    weight = pool.weight
    if weight <= 0:
        return facts
    warm, cold = weight * pool.goodwill, weight * (pool.cold - pool.hostile)
    same = warm * facts.last_warm + cold * facts.last_cold
    turned = warm * facts.last_cold + cold * facts.last_warm
    lasting = 1 - weight * pool.hostile
    kept = facts.alternation * (1 - parameters.alternation_loss * same)
    uncleared = facts.hostility * (1 - parameters.repair * weight * pool.warm)
    seen = facts.informative[0]
    share = weight / (weight + (1 - seen))
    return replace(
        facts,
        informative=_one_more(facts.informative, weight),
        close=_one_more(facts.close, weight * pool.closeness[2:].sum() * (1 - pool.hostile)),
        warm=_one_more(facts.warm, warm),
        cold=_one_more(facts.cold, cold),
        hostility=1 - (1 - uncleared) * lasting,
        alternation=lasting * (kept + parameters.alternation_gain * turned * (1 - kept)),
        last_warm=lasting * facts.last_warm * (1 - warm - cold) + warm,
        last_cold=lasting * facts.last_cold * (1 - warm - cold) + cold,
        rule=tuple(((1 - share) * np.array(facts.rule) + share * pool.relationship).tolist()),
    )


def derived(belief: Array, facts: Facts, parameters: Parameters) -> Judgement:
    """Return the probabilities of the six types.

    Below two informative episodes the message rule speaks, above it the rules for histories;
    between them the two are mixed by the probability of each case.
    """
    none, one, two = facts.informative
    odds = none * _UNDETERMINED + one * np.array(facts.rule)
    odds[list(_ORDER)] += two * _by_history(belief, facts, parameters)
    odds = np.clip(odds, 0.0, 1.0)
    odds /= odds.sum()
    return Judgement(
        RELATIONSHIPS[int(odds.argmax())],
        dict(zip(RELATIONSHIPS, odds.tolist(), strict=True)),
    )


def is_provisional(facts: Facts) -> bool:
    """Say whether the message rule has more to say than the rules for histories."""
    return facts.informative[2] < 0.5


def is_doubtful(judgement: Judgement, parameters: Parameters) -> bool:
    """Say whether a judgement should not be acted on."""
    return judgement.label == "undetermined" or judgement.confidence < parameters.doubt


def _by_history(belief: Array, facts: Facts, p: Parameters) -> Array:
    """Return (5,) probabilities of friend, enemy, love_hate, distant, intimate."""
    torn = belief[:, :, 1].copy()
    torn[:, 0] *= p.love_hate_without_tie
    of_one_mind = belief.sum(axis=2) - torn
    against, even, well = of_one_mind
    enemy = float(against.sum()) * facts.hostility
    near = float(well[2:].sum() + p.friend_when_even * even[2:].sum())
    tied = float(well[1:].sum() + p.friend_when_even * even[1:].sum())
    intimate = near * facts.close[2]
    friend = tied + p.friend_without_tie * float(well[0]) - intimate
    love_hate = float(torn.sum())
    # Whoever takes turns between goodwill and grievance is torn, also when no message says so.
    turns = facts.warm[2] * facts.cold[2] * facts.alternation
    distant = 1 - enemy - love_hate - friend - intimate
    calm = np.array([friend, distant, intimate])
    love_hate += turns * float(calm.sum())
    friend, distant, intimate = calm * (1 - turns)
    return np.array([friend, enemy, love_hate, distant, intimate])


def _one_more(count: Count, chance: float) -> Count:
    none, one, two = count
    chance = float(chance)
    return (none * (1 - chance), one * (1 - chance) + none * chance, two + one * chance)
