"""Fits a `Calibration` on predictions for sources the network was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from relintel import taxonomy
from relintel.metrics import macro_f1
from relintel.nlp.calibration import Calibration, sigmoid, softmax
from relintel.nlp.heads import HEAD, HEADS
from relintel.training.data import Example

TARGET_ACCURACY: Final = 0.8
"""Accuracy that readings which do not abstain should reach on held-out sources."""

_TEMPERATURES: Final = np.geomspace(0.4, 4.0, 47)
_FLAG_GRID: Final = np.linspace(0.1, 0.9, 33)
_ENOUGH: Final = 15


def calibrate(
    logits: np.ndarray, examples: Sequence[Example], foreign: Sequence[tuple[Example, np.ndarray]]
) -> Calibration:
    """Choose temperatures, the mix of predicted and derived type, and thresholds.

    Args:
        logits: (N, `LOGIT_COUNT`) of examples from held-out sources.
        examples: the same N examples, fully labelled.
        foreign: held-out examples in other languages than English, each with its logits; each
            language gets a threshold of its own.
    """
    temperatures = {
        head.name: _temperature(logits[:, head.columns], _indices(examples, head.name))
        for head in HEADS
        if head.exclusive
    }
    flags = _flag_targets(examples)
    temperatures["flags"] = _flag_temperature(logits[:, HEAD["flags"].columns], flags)
    prior = {
        head.name: _shares(_indices(examples, head.name), head.size)
        for head in HEADS
        if head.exclusive
    }
    draft = Calibration(temperatures, 0.0, (0.5,) * len(taxonomy.FLAGS), {"*": 0.0}, prior=prior)
    thresholds = _flag_thresholds(draft.probabilities(logits)["flags"], flags)
    truth = _indices(examples, "relationship")
    best = max(
        np.linspace(0, 1, 11),
        key=lambda weight: _agreement(_with(draft, derived_weight=float(weight)), logits, truth),
    )
    draft = _with(draft, derived_weight=float(best), flag_thresholds=thresholds)
    combined = draft.probabilities(logits)["relationship"]
    temperatures["combined"] = _temperature(np.log(np.clip(combined, 1e-6, 1)), truth)
    final = _with(draft, temperatures=temperatures)
    probabilities = final.probabilities(logits)["relationship"]
    least = _abstention(probabilities.max(axis=1), probabilities.argmax(axis=1) == truth)
    below = {"*": least, **_foreign_thresholds(final, foreign, least)}
    return _with(final, abstain_below=below)


def _foreign_thresholds(
    calibration: Calibration, foreign: Sequence[tuple[Example, np.ndarray]], least: float
) -> dict[str, float]:
    """One threshold for all other languages together: a language alone has too few texts.

    It is never below the English one.
    """
    if not foreign:
        return {}
    probabilities = calibration.probabilities(np.stack([row for _, row in foreign]))
    found = probabilities["relationship"]
    truth = _indices([example for example, _ in foreign], "relationship")
    threshold = max(least, _abstention(found.max(axis=1), found.argmax(axis=1) == truth))
    return {language: threshold for language in sorted({e.language for e, _ in foreign})}


def _with(calibration: Calibration, **changes: object) -> Calibration:
    return Calibration.from_dict({**calibration.to_dict(), **changes})


def _agreement(calibration: Calibration, logits: np.ndarray, truth: np.ndarray) -> float:
    guess = calibration.probabilities(logits)["relationship"].argmax(axis=1)
    names = taxonomy.RELATIONSHIPS
    return macro_f1([names[i] for i in truth], [names[i] for i in guess])


def _indices(examples: Sequence[Example], head: str) -> np.ndarray:
    classes = HEAD[head].classes
    return np.array([classes.index(str(getattr(example, head))) for example in examples])


def _shares(indices: np.ndarray, size: int) -> tuple[float, ...]:
    counts = np.bincount(indices, minlength=size) + 0.5
    return tuple(round(float(share), 5) for share in counts / counts.sum())


def _temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """Temperature of least negative log-likelihood (Guo et al., 2017)."""

    def loss(temperature: float) -> float:
        chosen = softmax(logits / temperature)[np.arange(len(truth)), truth]
        return -float(np.log(np.clip(chosen, 1e-9, 1)).mean())

    return round(float(min(_TEMPERATURES, key=loss)), 4)


def _flag_targets(examples: Sequence[Example]) -> np.ndarray:
    return np.array([[name in (e.flags or ()) for name in taxonomy.FLAGS] for e in examples])


def _flag_temperature(logits: np.ndarray, targets: np.ndarray) -> float:
    def loss(temperature: float) -> float:
        p = np.clip(sigmoid(logits / temperature), 1e-6, 1 - 1e-6)
        return -float(np.where(targets, np.log(p), np.log(1 - p)).mean())

    return round(float(min(_TEMPERATURES, key=loss)), 4)


def _flag_thresholds(probabilities: np.ndarray, targets: np.ndarray) -> tuple[float, ...]:
    """Choose for each flag the threshold of best F1 among those at which it is right half the time.

    One half where held-out data hold fewer than 15 of a flag, or none is right so often: a flag
    that is set should be likelier true than not.
    """
    chosen = []
    for truth, p in zip(targets.T, probabilities.T, strict=True):
        scores = [
            (_f1(truth, p >= least), -float(least))
            for least in _FLAG_GRID
            if truth.sum() >= _ENOUGH and truth[p >= least].sum() * 2 >= (p >= least).sum() > 0
        ]
        chosen.append(round(-max(scores, default=(0.0, -0.5))[1], 3))
    return tuple(chosen)


def _f1(truth: np.ndarray, guess: np.ndarray) -> float:
    return float(2 * (truth & guess).sum() / max(truth.sum() + guess.sum(), 1))


def _abstention(confidence: np.ndarray, correct: np.ndarray) -> float:
    """Smallest confidence above which readings are right `TARGET_ACCURACY` of the time."""
    order = np.argsort(-confidence, kind="stable")
    accuracy = np.cumsum(correct[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(accuracy >= TARGET_ACCURACY)
    if not len(enough):
        return 1.0
    return round(float(confidence[order[enough[-1]]]), 4)
