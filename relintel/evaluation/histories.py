"""How well a rule follows written histories: the type after every message, and the last one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log
from pathlib import Path
from typing import Any, Final, TypeAlias

from relintel.errors import SourceError
from relintel.metrics import macro_f1
from relintel.profiles import Parameters, fold
from relintel.records import Observation, Reading
from relintel.taxonomy import RELATIONSHIPS

Odds: TypeAlias = Mapping[str, float]
Rule: TypeAlias = Callable[[Sequence[Observation]], Sequence[Odds]]
"""Observations in order of time → the types' probabilities after each."""

_DAY: Final = 86_400.0
_LEAST: Final = 1e-4


@dataclass(frozen=True, slots=True)
class History:
    """One written customer with the readings of all messages.

    Attributes:
        writer: the letter that the customer's id begins with.
        states: the type after each message.
    """

    customer: str
    writer: str
    observations: tuple[Observation, ...]
    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """Figures of one rule over some histories.

    Attributes:
        after_each: macro-F1 of the type after each message.
        final: macro-F1 of the last type.
        log_likelihood: mean natural log of the probability of the right type, at least log 1e-4.
    """

    histories: int
    messages: int
    after_each: float
    final: float
    log_likelihood: float


def rows(path: Path) -> list[dict[str, Any]]:
    """Read a file of histories, one JSON object a line.

    Raises:
        SourceError: the file is absent or a line is not JSON.
    """
    try:
        with path.open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines if line.strip()]
    except (OSError, ValueError):
        raise SourceError(path.name, "is absent or not JSON lines") from None


def items(histories: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return what a scorer takes, one item a message; ids are ``customer-position``."""
    return [
        {"id": _id(row, i), "text": message["text"], "brand": row["brand"]}
        for row in histories
        for i, message in enumerate(row["messages"])
    ]


def join(
    histories: Iterable[Mapping[str, Any]], readings: Iterable[Reading]
) -> tuple[History, ...]:
    """Put readings (ids as in `items`) to their histories.

    Raises:
        SourceError: a message has no reading.
    """
    known = {reading.id: reading for reading in readings}
    joined = []
    for row in histories:
        observations = []
        for i, message in enumerate(row["messages"]):
            if _id(row, i) not in known:
                raise SourceError("readings", f"{_id(row, i)} has none", "Score the histories anew")
            observations.append(
                Observation(
                    key=i,
                    sent_at=datetime.fromisoformat(message["ts"]),
                    channel=message.get("channel", "email"),
                    thread=message.get("thread"),
                    reading=known[_id(row, i)],
                )
            )
        customer = str(row["customer"])
        joined.append(History(customer, customer[:1], tuple(observations), tuple(row["states"])))
    return tuple(joined)


def score(histories: Sequence[History], rule: Rule) -> Score:
    """Measure a rule over histories (at least one)."""
    truth: list[str] = []
    said: list[str] = []
    ends: list[int] = []
    total = 0.0
    for history in histories:
        odds = rule(history.observations)
        truth += history.states
        said += [max(RELATIONSHIPS, key=lambda label, p=p: p.get(label, 0.0)) for p in odds]  # type: ignore[misc]
        total += sum(
            log(max(p.get(label, 0.0), _LEAST))
            for p, label in zip(odds, history.states, strict=True)
        )
        ends.append(len(truth) - 1)
    final = macro_f1([truth[i] for i in ends], [said[i] for i in ends])
    return Score(len(histories), len(truth), macro_f1(truth, said), final, total / len(truth))


def filtered(parameters: Parameters) -> Rule:
    """Return the rule that is the filter over time."""
    return lambda observations: [
        point.relationship.probabilities for point in fold(observations, parameters).timeline
    ]


def last_message(observations: Sequence[Observation]) -> list[Odds]:
    """Baseline: the type of the last message that shows one."""
    odds: Odds = {"undetermined": 1.0}
    result: list[Odds] = []
    for observation in observations:
        if observation.reading.relationship.label != "undetermined" or not result:
            odds = observation.reading.relationship.probabilities
        result.append(odds)
    return result


def decayed_mean(half_life_days: float) -> Rule:
    """Baseline: the mean of all messages' probabilities, older ones weighing less."""

    def rule(observations: Sequence[Observation]) -> list[Odds]:
        result: list[Odds] = []
        for i, now in enumerate(observations):
            shares = [
                0.5 ** ((now.sent_at - past.sent_at).total_seconds() / _DAY / half_life_days)
                for past in observations[: i + 1]
            ]
            result.append(
                {
                    label: sum(
                        share * past.reading.relationship.probabilities.get(label, 0.0)
                        for share, past in zip(shares, observations[: i + 1], strict=True)
                    )
                    / sum(shares)
                    for label in RELATIONSHIPS
                }
            )
        return result

    return rule


def _id(row: Mapping[str, Any], position: int) -> str:
    return f"{row['customer']}-{position}"
