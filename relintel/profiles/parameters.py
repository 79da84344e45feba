"""The numbers of the filter over time, read from ``parameters.json`` and checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from relintel.errors import ConfigError, Problem

Array: TypeAlias = NDArray[np.float64]

TONES: Final = ("hostile", "complaint", "neutral", "warm")
"""What an episode can sound like; each has its own movement of valence."""
STANCES: Final = ("against", "even", "for")
"""The hidden valence: −, 0, +."""

_SHAPES: Final[Mapping[str, tuple[int, ...]]] = {
    "valence_start": (3,),
    "closeness_start": (4,),
    "valence_prior": (5,),
    "closeness_prior": (4,),
    "valence_shown": (3, 5),
    "closeness_shown": (4, 4),
    "ambivalence_shown": (2,),
    "valence_moves": (4, 3, 3),
}
_NAMED: Final[Mapping[str, tuple[str, ...]]] = {"valence_shown": STANCES, "valence_moves": TONES}
_POSITIVE: Final = frozenset(
    {"temper", "half_life_days", "episode_days", "plain_days", "thread_days", "longest_days"}
)


@dataclass(frozen=True, slots=True, eq=False)
class Parameters:
    """Everything the filter assumes. Probabilities unless said otherwise; rows sum to 1.

    Attributes:
        valence_start: (3,) hidden valence before the first message.
        closeness_start: (4,) hidden closeness before the first message.
        ambivalence_start: hidden ambivalence before the first message.
        valence_prior: (5,) how often the reader's training data hold each valence; a reading is
            divided by it, so that only what the message adds is counted.
        closeness_prior: (4,) the same for closeness, an enthusiast without a sign of it taken as 1.
        ambivalence_prior: the same for ambivalence.
        temper: exponent (> 0) on the evidence of an episode; below 1 it is trusted less.
        valence_shown: (3, 5) hidden valence → valence shown in an episode.
        closeness_shown: (4, 4) hidden closeness → closeness shown.
        ambivalence_shown: (2,) chance that an episode shows ambivalence, by the hidden one.
        valence_moves: (4, 3, 3) per tone of `TONES`: hidden valence before → after.
        closeness_rise: chance that closeness comes up to what an episode shows.
        closeness_break: share of closeness that a hostile episode or a departure takes.
        ambivalence_rise: chance that an ambivalent episode makes the tie ambivalent.
        ambivalence_rest: chance that an episode of one mind ends ambivalence.
        ambivalence_break: chance that a hostile episode ends ambivalence.
        half_life_days: silence in which half of closeness is lost.
        episode_days: days after its last message within which a complaint goes on.
        plain_days: the same where no complaint is named.
        thread_days: the same within a thread.
        longest_days: days from its first message after which an episode without thread ends.
        open_episodes: episodes that can be open at one time (at least 1).
        friend_without_tie: share of friends among well disposed customers without closeness.
        friend_when_even: share of friends among customers with closeness and no valence.
        love_hate_without_tie: share of love-hate among ambivalent customers without closeness.
        repair: share of remembered hostility that a warm episode clears.
        alternation_gain: step towards alternation at each change from warm to cold or back.
        alternation_loss: share of alternation lost when an episode repeats the last one's sign.
        reach: probability a new type needs for a movement.
        leave: probability the old type must have fallen to.
        doubt: confidence below which a profile abstains.
    """

    valence_start: Array
    closeness_start: Array
    ambivalence_start: float
    valence_prior: Array
    closeness_prior: Array
    ambivalence_prior: float
    temper: float
    valence_shown: Array
    closeness_shown: Array
    ambivalence_shown: Array
    valence_moves: Array
    closeness_rise: float
    closeness_break: float
    ambivalence_rise: float
    ambivalence_rest: float
    ambivalence_break: float
    half_life_days: float
    episode_days: float
    plain_days: float
    thread_days: float
    longest_days: float
    open_episodes: int
    friend_without_tie: float
    friend_when_even: float
    love_hate_without_tie: float
    repair: float
    alternation_gain: float
    alternation_loss: float
    reach: float
    leave: float
    doubt: float

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready plain data; `from_dict` is its inverse."""
        return {f.name: _plain(f.name, getattr(self, f.name)) for f in fields(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Parameters:
        """Check plain data and build parameters.

        Raises:
            ConfigError: with every mistake found.
        """
        names = [f.name for f in fields(cls)]
        problems = [Problem(name, "is missing") for name in names if name not in data]
        problems += [Problem(name, "is not a parameter") for name in data if name not in names]
        values: dict[str, Any] = {}
        for name in names:
            if name in data:
                try:
                    values[name] = _value(name, data[name])
                except (KeyError, TypeError, ValueError) as error:
                    problems.append(Problem(name, f"is malformed: {error}"))
        if problems:
            raise ConfigError(problems)
        return cls(**values)

    @classmethod
    def load(cls, path: Path) -> Parameters:
        """Read a file of `to_dict`'s data.

        Raises:
            ConfigError: the file is absent, not JSON, or has mistakes.
        """
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise ConfigError([Problem("file", "is absent or not JSON")], path) from None
        if not isinstance(data, dict):
            raise ConfigError([Problem("file", "must hold one JSON object")], path)
        return cls.from_dict(data)


@cache
def default_parameters() -> Parameters:
    """Return the parameters that travel with the package."""
    text = (files("relintel.profiles") / "parameters.json").read_text(encoding="utf-8")
    return Parameters.from_dict(json.loads(text))


def _plain(name: str, value: Any) -> Any:  # noqa: ANN401 - arrays, floats and an int
    if name in _NAMED:
        return dict(zip(_NAMED[name], value.tolist(), strict=True))
    return value.tolist() if isinstance(value, np.ndarray) else value


def _value(name: str, value: Any) -> Any:  # noqa: ANN401 - checked here
    if name in _SHAPES:
        return _array(name, value)
    if name == "open_episodes":
        if not isinstance(value, int) or value < 1:
            raise ValueError("must be a whole number, at least 1")
        return value
    number = float(value)
    if name in _POSITIVE and not 0 < number < float("inf"):
        raise ValueError("must be above 0")
    if name not in _POSITIVE and not 0 <= number <= 1:
        raise ValueError("must lie between 0 and 1")
    if name.endswith(("_prior", "_start")) and not 0 < number < 1:
        raise ValueError("must lie strictly between 0 and 1")
    return number


def _array(name: str, value: Any) -> Array:  # noqa: ANN401 - checked here
    if name in _NAMED:
        if set(value) != set(_NAMED[name]):
            raise ValueError(f"needs exactly {', '.join(_NAMED[name])}")
        value = [value[key] for key in _NAMED[name]]
    array = np.array(value, dtype=np.float64)
    if array.shape != _SHAPES[name]:
        raise ValueError(f"needs the shape {_SHAPES[name]}")
    if not ((array > 0) & (array < 1)).all():
        raise ValueError("must lie strictly between 0 and 1")
    if name != "ambivalence_shown":
        sums = array.sum(axis=-1, keepdims=True)
        if not np.allclose(sums, 1, atol=1e-4):
            raise ValueError("rows must sum to 1")
        if not np.allclose(sums, 1, atol=1e-12):
            array /= sums
    array.flags.writeable = False
    return array
