"""Figures of merit, on plain lists of labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """Precision, recall and F1 of one class, each 0 to 1, and how often it truly occurs."""

    precision: float
    recall: float
    f1: float
    support: int


def per_class(truth: Sequence[str], guess: Sequence[str]) -> dict[str, ClassFigures]:
    """Return the figures of every class that occurs in `truth`."""
    figures = {}
    for name in sorted(set(truth)):
        hits = sum(t == g == name for t, g in zip(truth, guess, strict=True))
        guessed = sum(g == name for g in guess)
        real = sum(t == name for t in truth)
        precision = hits / guessed if guessed else 0.0
        recall = hits / real
        f1 = 2 * hits / (guessed + real)
        figures[name] = ClassFigures(precision, recall, f1, real)
    return figures


def macro_f1(truth: Sequence[str], guess: Sequence[str]) -> float:
    """Mean F1 over the classes that occur in `truth`, 0 to 1."""
    return float(np.mean([figures.f1 for figures in per_class(truth, guess).values()]))


def interval(
    truth: Sequence[str], guess: Sequence[str], *, rounds: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of `macro_f1`, over records."""
    random = np.random.default_rng(seed)
    true, guessed = np.asarray(truth), np.asarray(guess)
    values = []
    for _ in range(rounds):
        rows = random.integers(0, len(true), len(true))
        values.append(_fast_macro_f1(true[rows], guessed[rows]))
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def _fast_macro_f1(true: np.ndarray, guessed: np.ndarray) -> float:
    scores = []
    for name in np.unique(true):
        here, there = true == name, guessed == name
        scores.append(2 * np.sum(here & there) / (np.sum(here) + np.sum(there)))
    return float(np.mean(scores))


def calibration_error(confidence: np.ndarray, correct: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error over bins of equal mass.

    Args:
        confidence: (N,) probability of the chosen label.
        correct: (N,) whether it was right.
        bins: number of bins.
    """
    order = np.argsort(confidence, kind="stable")
    gaps = [
        abs(confidence[part].mean() - correct[part].mean()) * len(part)
        for part in np.array_split(order, bins)
        if len(part)
    ]
    return float(sum(gaps) / len(confidence))
