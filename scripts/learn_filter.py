"""Learn the filter's parameters from written histories.

    python scripts/learn_filter.py --histories corpora/written/histories.jsonl
    python scripts/learn_filter.py --histories … --readings readings.jsonl --dry-run

Readings come from the shipped scorer, or from a file of ``Reading.to_record`` rows whose ids are
``customer-position``. The histories of the training writers set the parameters: the right type
after each message is made likely, under priors centred on the present parameters, by moving one
number at a time. The other writers' histories only measure.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import exp, log
from pathlib import Path
from typing import Any

import numpy as np

from relintel.evaluation.histories import (
    History,
    Score,
    decayed_mean,
    filtered,
    items,
    join,
    last_message,
    rows,
    score,
)
from relintel.profiles import Parameters, default_parameters
from relintel.records import Reading

SHIPPED = Path(__file__).parent.parent / "relintel" / "profiles" / "parameters.json"
HALF_LIVES = (30.0, 90.0, 180.0, 365.0, 730.0)


@dataclass(frozen=True)
class Knob:
    """One number to move: where it stands, and whether its row must go on summing to 1."""

    name: str
    place: tuple[str | int, ...] = ()
    row: bool = False


KNOBS = (
    *(Knob("valence_start", (i,), True) for i in (0, 2)),
    Knob("closeness_start", (0,), True),
    Knob("ambivalence_start"),
    *(Knob("valence_prior", (i,), True) for i in range(5)),
    *(Knob("closeness_prior", (i,), True) for i in range(4)),
    Knob("ambivalence_prior"),
    Knob("temper"),
    *(Knob("valence_shown", ("against", i), True) for i in (0, 2)),
    *(Knob("valence_shown", ("even", i), True) for i in (2, 3, 4)),
    *(Knob("valence_shown", ("for", i), True) for i in (1, 2, 4)),
    *(Knob("closeness_shown", (level, 0), True) for level in range(4)),
    *(Knob("closeness_shown", place, True) for place in ((1, 1), (2, 2), (3, 3))),
    *(Knob("ambivalence_shown", (i,)) for i in (0, 1)),
    *(Knob("valence_moves", ("hostile", i, 0), True) for i in (1, 2)),
    *(Knob("valence_moves", ("complaint", i, j), True) for i, j in ((0, 1), (1, 0), (2, 1))),
    *(Knob("valence_moves", ("neutral", i, j), True) for i, j in ((0, 1), (1, 2), (2, 1))),
    *(Knob("valence_moves", ("warm", i, j), True) for i, j in ((0, 0), (0, 2), (1, 2))),
    Knob("closeness_rise"),
    Knob("closeness_break"),
    Knob("ambivalence_rise"),
    Knob("ambivalence_rest"),
    Knob("ambivalence_break"),
    Knob("half_life_days"),
    Knob("friend_without_tie"),
    Knob("friend_when_even"),
    Knob("love_hate_without_tie"),
    Knob("repair"),
    Knob("alternation_gain"),
    Knob("alternation_loss"),
)
POSITIVE = {"temper", "half_life_days"}
LEAST = 1e-3
"""No chance is learned to be smaller: histories are too few to rule anything out."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Learn, print the figures, write the parameters."""
    options = _options(arguments)
    table = rows(options.histories)
    histories = join(table, _readings(options.readings, table))
    train = [h for h in histories if h.writer in options.train]
    held_out = [h for h in histories if h.writer not in options.train]
    prior = Parameters.load(options.prior) if options.prior else default_parameters()
    learned = learn(train, prior, options.strength, options.sweeps)
    half_life = max(HALF_LIVES, key=lambda days: score(train, decayed_mean(days)).after_each)
    for name, part in (("training writers", train), ("held-out writers", held_out)):
        if part:
            print(name)
            _print("filter, learned", score(part, filtered(learned)))
            _print("filter, before", score(part, filtered(prior)))
            _print("last message", score(part, last_message))
            _print(f"decayed mean, {half_life:.0f} days", score(part, decayed_mean(half_life)))
    if not options.dry_run:
        options.output.write_text(json.dumps(_rounded(learned.to_dict()), indent=2) + "\n")
    return 0


def learn(
    histories: Sequence[History], prior: Parameters, strength: float, sweeps: int
) -> Parameters:
    """Return the parameters of the highest posterior found by moving one number at a time.

    Args:
        histories: to explain.
        prior: centre of the priors and starting point.
        strength: pseudo-observations of every row and chance.
        sweeps: rounds over all numbers; a number's step halves when neither way is better.
    """
    centre = prior.to_dict()

    def worth(data: dict[str, Any]) -> float:
        figures = score(histories, filtered(Parameters.from_dict(data)))
        return figures.log_likelihood * figures.messages + strength * _prior(data, centre)

    best, value = centre, worth(centre)
    steps = dict.fromkeys(KNOBS, 0.8)
    for sweep in range(sweeps):
        before = value
        for knob in KNOBS:
            best, value, moved = _nudge(knob, best, value, steps[knob], worth)
            steps[knob] *= 1.3 if moved else 0.5
        print(f"sweep {sweep + 1}: {value:.2f}", file=sys.stderr)
        if value - before < 0.05:
            break
    return Parameters.from_dict(best)


def _nudge(
    knob: Knob,
    data: dict[str, Any],
    value: float,
    step: float,
    worth: Callable[[dict[str, Any]], float],
) -> tuple[dict[str, Any], float, bool]:
    for signed in (step, -step):
        tried = _turned(knob, data, signed)
        now = worth(tried)
        if now > value:
            return tried, now, True
    return data, value, False


def _turned(knob: Knob, data: dict[str, Any], step: float) -> dict[str, Any]:
    """Return the data with one number moved by `step` in log or logit units."""
    data = json.loads(json.dumps(data))
    *path, last = (knob.name, *knob.place)
    place: Any = data
    for key in path:
        place = place[key]
    old = place[last]
    if knob.name in POSITIVE:
        place[last] = old * exp(step)
        return data
    least = 0.01 if knob.name.endswith("_prior") else LEAST
    inside = min(max(old, least), 1 - least)
    new = 1 / (1 + exp(-(log(inside / (1 - inside)) + step)))
    new = min(max(new, least), 1 - least)
    if knob.row:
        place[:] = [max(x * (1 - new) / (1 - old), LEAST) for x in place]
        place[last] = new
        whole = sum(place)
        place[:] = [x / whole for x in place]
    else:
        place[last] = new
    return data


def _prior(data: dict[str, Any], centre: dict[str, Any]) -> float:
    """Log density of Dirichlet (rows), Beta (chances) and log-normal (scales) priors."""
    total = 0.0
    for name in {knob.name for knob in KNOBS}:
        now, then = _flat(data[name]), _flat(centre[name])
        if name in POSITIVE:
            total -= 0.5 * float(np.sum(np.log(now / then) ** 2))
        elif now.size == 1 or name == "ambivalence_shown":
            total += _divergence(then, now) + _divergence(1 - then, 1 - now)
        else:
            total += _divergence(then, now)
    return total


def _divergence(then: np.ndarray, now: np.ndarray) -> float:
    then, now = np.clip(then, 1e-4, 1), np.clip(now, 1e-4, 1)
    return float(np.sum(then * np.log(now / then)))


def _flat(value: Any) -> np.ndarray:  # noqa: ANN401 - a number, rows, or named rows
    return np.ravel(list(value.values()) if isinstance(value, dict) else value).astype(float)


def _readings(path: Path | None, table: list[dict[str, Any]]) -> Iterable[Reading]:
    if path is not None:
        with path.open(encoding="utf-8") as lines:
            return [Reading.from_record(json.loads(line)) for line in lines]
    import relintel

    return list(relintel.Scorer.load().score(items(table)))


def _print(name: str, figures: Score) -> None:
    print(
        f"  {name:24} after each {figures.after_each:.3f}  final {figures.final:.3f}"
        f"  log-likelihood {figures.log_likelihood:.3f}"
        f"  ({figures.histories} histories, {figures.messages} messages)"
    )


def _rounded(value: Any) -> Any:  # noqa: ANN401 - walks plain data
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return round(value, 6) if isinstance(value, float) else value


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--histories", type=Path, default=Path("corpora/written/histories.jsonl"))
    parser.add_argument("--readings", type=Path, help="readings instead of the shipped scorer's")
    parser.add_argument("--prior", type=Path, help="parameters that the priors are centred on")
    parser.add_argument("--train", default="h", help="letters of the writers to learn from")
    parser.add_argument("--strength", type=float, default=20.0, help="of the priors")
    parser.add_argument("--sweeps", type=int, default=12)
    parser.add_argument("--output", type=Path, default=SHIPPED)
    parser.add_argument("--dry-run", action="store_true", help="write nothing")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
