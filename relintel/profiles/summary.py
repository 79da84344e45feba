"""What leaves the room: profiles and movements as records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from relintel.profiles.derive import is_doubtful, is_provisional
from relintel.profiles.filter import Course, fold
from relintel.records import Movement, Observation, Profile, Quote, Reading

QUOTES: Final = 10
_PER_MESSAGE: Final = 2
_TELLING: Final = {"relationship": 1.0, "sentiment": 0.8, "complaint": 0.6}


def profile(
    customer: str,
    brand: str,
    course: Course,
    observations: Sequence[Observation],
    as_of: datetime,
) -> Profile:
    """Return how a customer stands to a brand at a time.

    Args:
        customer: id.
        brand: name.
        course: the fold of `observations`; where it goes beyond `as_of` it is folded anew to there.
        observations: all readings of the pair, in any order; later ones are left out.
        as_of: aware time.

    Raises:
        ValueError: no message at or before `as_of`.
    """
    seen = sorted((o for o in observations if o.sent_at <= as_of), key=_rank)
    if not seen:
        raise ValueError("the pair has no message at or before the time asked for")
    if course.state.last != _rank(seen[-1]) or course.state.messages != len(seen):
        course = fold(seen, course.parameters)
    relationship = course.relationship(as_of)
    belief = course.belief_at(as_of)
    valence, closeness = belief.sum(axis=(1, 2)), belief.sum(axis=(0, 2))
    return Profile(
        customer=customer,
        brand=brand,
        as_of=as_of,
        relationship=relationship,
        confidence=relationship.confidence,
        abstained=is_doubtful(relationship, course.parameters),
        provisional=is_provisional(course.facts),
        valence=float(valence[2] - valence[0]),
        closeness=float(closeness @ (0.0, 1.0, 2.0, 3.0)),
        ambivalence=float(belief[:, :, 1].sum()),
        messages=len(seen),
        episodes=course.episodes,
        first_at=seen[0].sent_at,
        last_at=seen[-1].sent_at,
        complaints=_complaints(seen),
        flags=lasting_flags(seen),
        channels=_counted(o.channel for o in seen),
        evidence=quotes(seen, relationship.label),
    )


def movements_of(
    customer: str, brand: str, course: Course, observations: Sequence[Observation]
) -> tuple[Movement, ...]:
    """Return a course's movements as records, each quoting the message that caused it.

    The quote is the first evidence for the relationship, else the first of any kind, else ``None``.
    """
    readings = {observation.key: observation.reading for observation in observations}
    return tuple(
        Movement(
            customer=customer,
            brand=brand,
            at=turn.at,
            source=turn.source,
            target=turn.target,
            message=turn.key,
            confidence=turn.confidence,
            quote=_first_quote(readings.get(turn.key)),
        )
        for turn in course.movements
    )


def lasting_flags(observations: Sequence[Observation]) -> tuple[str, ...]:
    """Return the flags that outlast their message, from observations in order of time.

    ``ex`` holds until a later message shows goodwill beyond the deal (friend or intimate more
    likely than not); ``locked_in`` holds until the customer leaves.
    """
    held: set[str] = set()
    for reading in (o.reading for o in observations if not o.reading.abstained):
        odds = reading.relationship.probabilities
        if "ex" in reading.flags:
            held = {"ex"}
        elif odds.get("friend", 0.0) + odds.get("intimate", 0.0) > 0.5:
            held.discard("ex")
        if "locked_in" in reading.flags:
            held.add("locked_in")
    return tuple(flag for flag in ("locked_in", "ex") if flag in held)


def quotes(observations: Sequence[Observation], label: str) -> tuple[Quote, ...]:
    """Return up to `QUOTES` passages, the most telling for a type first, then the newest.

    How telling a passage is: the reading's probability of the type, less for what supports only
    the sentiment or the complaint, halved where the reading abstained; compared to one decimal. At
    most two come from one message.
    """
    ranked = []
    for observation in observations:
        reading = observation.reading
        trust = 0.5 if reading.abstained else 1.0
        trust *= reading.relationship.probabilities.get(label, 0.0)
        for span in reading.evidence:
            telling = round(trust * _TELLING[span.supports], 1)
            ranked.append((telling, _rank(observation), -span.start, observation, span))
    ranked.sort(key=lambda entry: entry[:3], reverse=True)
    chosen: list[Quote] = []
    taken: Counter[int] = Counter()
    passages: set[tuple[int, str]] = set()
    for *_, observation, span in ranked:
        if taken[observation.key] == _PER_MESSAGE or (observation.key, span.quote) in passages:
            continue
        taken[observation.key] += 1
        passages.add((observation.key, span.quote))
        chosen.append(
            Quote(
                observation.key, observation.sent_at, observation.channel, span.quote, span.supports
            )
        )
    return tuple(chosen[:QUOTES])


def _first_quote(reading: Reading | None) -> str | None:
    spans = sorted(reading.evidence if reading else (), key=lambda s: s.supports != "relationship")
    return spans[0].quote if spans else None


def _complaints(observations: Sequence[Observation]) -> dict[str, int]:
    labels = (o.reading.complaint.label for o in observations if not o.reading.abstained)
    return _counted(label for label in labels if label != "none")


def _counted(values: Iterable[str]) -> dict[str, int]:
    counts: Counter[str] = Counter(values)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _rank(observation: Observation) -> tuple[datetime, int]:
    return observation.sent_at, observation.key
