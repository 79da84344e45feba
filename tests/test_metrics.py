"""Figures of merit against hand-made cases, and against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from relintel.metrics import calibration_error, interval, macro_f1, per_class

LABELS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abcd")), min_size=1)


def test_per_class_by_hand() -> None:
    figures = per_class(["a", "a", "b"], ["a", "b", "b"])
    assert (figures["a"].precision, figures["a"].recall, figures["a"].support) == (1.0, 0.5, 2)
    assert (figures["b"].precision, figures["b"].recall) == (0.5, 1.0)
    assert macro_f1(["a", "a", "b"], ["a", "b", "b"]) == pytest.approx(2 / 3)


@given(LABELS)
def test_macro_f1_is_scikit_learns_over_the_true_classes(pairs: list[tuple[str, str]]) -> None:
    truth, guess = [p[0] for p in pairs], [p[1] for p in pairs]
    expected = f1_score(truth, guess, labels=sorted(set(truth)), average="macro", zero_division=0)
    assert macro_f1(truth, guess) == pytest.approx(expected)


@given(LABELS)
def test_the_interval_holds_its_bounds(pairs: list[tuple[str, str]]) -> None:
    truth, guess = [p[0] for p in pairs], [p[1] for p in pairs]
    low, high = interval(truth, guess, rounds=50)
    assert 0 <= low <= high <= 1
    assert interval(truth, guess, rounds=50) == (low, high)


def test_a_perfect_guess_has_a_narrow_interval() -> None:
    assert interval(["a", "b"] * 20, ["a", "b"] * 20) == (1.0, 1.0)


def test_calibration_error_by_hand() -> None:
    sure = np.full(100, 0.9)
    right = np.array([True] * 70 + [False] * 30)
    assert calibration_error(sure, right, bins=1) == pytest.approx(0.2)
    honest = np.repeat([0.2, 0.8], 100)
    hits = np.array([True] * 20 + [False] * 80 + [True] * 80 + [False] * 20)
    assert calibration_error(honest, hits, bins=2) == pytest.approx(0)
