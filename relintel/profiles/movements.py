"""When a relationship changes its type, and which message did it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from relintel.profiles.derive import is_doubtful
from relintel.profiles.parameters import Parameters
from relintel.records import Judgement


@dataclass(frozen=True, slots=True)
class Turn:
    """A change of type within one course.

    Attributes:
        key: of the causing message.
        confidence: probability of `target` after it.
    """

    at: datetime
    key: int
    source: str
    target: str
    confidence: float


def turned(
    held: str | None, now: Judgement, at: datetime, key: int, parameters: Parameters
) -> tuple[str | None, Turn | None]:
    """Return the type held after a message, and the turn if it made one.

    The first clear type is no turn. Later the new type must have become likely and the old one
    unlikely, so that a course near the border does not flicker.
    """
    if held is None:
        return (None if is_doubtful(now, parameters) else now.label), None
    odds = now.probabilities
    if now.label in (held, "undetermined"):
        return held, None
    if odds[now.label] < parameters.reach or odds[held] > parameters.leave:
        return held, None
    return now.label, Turn(at, key, held, now.label, odds[now.label])
