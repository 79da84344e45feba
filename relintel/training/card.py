"""The model card, and the figures on held-out sources that stand in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from relintel.evaluation.metrics import calibration_error, interval, macro_f1
from relintel.nlp.calibration import Calibration
from relintel.nlp.heads import HEAD
from relintel.training.baselines import lookup, majority, ngrams
from relintel.training.data import Example
from relintel.training.run import Data, HeldOut

FIELDS = ("relationship", "sentiment", "complaint")


def validation_figures(
    data: Data, parts: Sequence[HeldOut], calibration: Calibration
) -> dict[str, Any]:
    """Macro-F1 on what the folds held out, beside baselines trained on the same rest.

    Returns:
        ``real`` (held-out sources) and ``written`` (held-out texts by language).
    """
    everything = [*data.real, *data.written]
    truth: dict[str, list[str]] = {field: [] for field in FIELDS}
    guesses: dict[str, dict[str, list[str]]] = {field: {} for field in FIELDS}
    sure: list[float] = []
    right: list[bool] = []
    languages: dict[str, tuple[list[str], list[str]]] = {}
    for part in parts:
        held = {id(e) for e in part.examples}
        train = [e for e in everything if id(e) not in held]
        probabilities = calibration.probabilities(part.logits)
        real = [i for i, e in enumerate(part.examples) if not e.group.startswith("written:")]
        test = [part.examples[i] for i in real]
        for field in FIELDS:
            classes = HEAD[field].classes
            chosen = [classes[i] for i in probabilities[field].argmax(axis=1)]
            truth[field] += [str(getattr(e, field)) for e in test]
            named = {
                "model": [chosen[i] for i in real],
                "ngrams": ngrams(train, test, field),
                "majority": majority(train, test, field),
            }
            if field == "relationship":
                named["lookup"] = lookup(train, guessed_sentiments(probabilities, real))
                sure += [float(probabilities[field][i].max()) for i in real]
                right += [chosen[i] == part.examples[i].relationship for i in real]
                for i, example in enumerate(part.examples):
                    if example.group.startswith("written:"):
                        pair = languages.setdefault(example.language, ([], []))
                        pair[0].append(str(example.relationship))
                        pair[1].append(chosen[i])
            for name, guess in named.items():
                guesses[field].setdefault(name, []).extend(guess)
    return {
        "real": {
            field: {name: _figure(truth[field], guess) for name, guess in named.items()}
            for field, named in guesses.items()
        },
        "calibration_error": round(calibration_error(_array(sure), _array(right)), 3),
        "written": {
            language: {"messages": len(t), "relationship": round(macro_f1(t, g), 3)}
            for language, (t, g) in sorted(languages.items())
        },
    }


def guessed_sentiments(probabilities: Any, rows: Sequence[int]) -> list[str]:  # noqa: ANN401
    """Return the predicted sentiment of some rows."""
    classes = HEAD["sentiment"].classes
    return [classes[i] for i in probabilities["sentiment"].argmax(axis=1)[list(rows)]]


def _figure(truth: list[str], guess: list[str]) -> dict[str, Any]:
    low, high = interval(truth, guess, rounds=500)
    return {
        "macro_f1": round(macro_f1(truth, guess), 3),
        "interval": [round(low, 3), round(high, 3)],
    }


def _array(values: Sequence[float]) -> Any:  # noqa: ANN401
    import numpy as np

    return np.asarray(values, dtype=float)


def model_card(card: dict[str, Any], data: Data) -> str:
    """Write the card in Markdown."""
    return ""


__all__ = ["Example", "model_card", "validation_figures"]
