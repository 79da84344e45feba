"""Measure the shipped model on a labelled file, beside baselines trained on the same data.

    python scripts/measure_quality.py LABELLED.jsonl --mirror PATH [--seen SOURCE ...]

The file has the fields of `docs/labels.md` with texts. Prints Markdown tables: macro-F1 of
relationship, sentiment and complaint with 95 % bootstrap intervals, over all records and over
sources that training never saw, then per class.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from relintel.metrics import calibration_error, interval, macro_f1, per_class
from relintel.nlp.scorer import Scorer
from relintel.records import Reading
from relintel.training.baselines import lookup, majority, ngrams
from relintel.training.data import Example, annotated, written

ROOT = Path(__file__).resolve().parent.parent
FIELDS = ("relationship", "sentiment", "complaint")


def main() -> None:
    """Score, train the baselines, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    mirror = os.environ.get("RELINTEL_CORPORA")
    parser.add_argument("--mirror", type=Path, default=mirror, required=mirror is None)
    parser.add_argument("--model", default="base")
    options = parser.parse_args()
    train = annotated(ROOT / "corpora/labels/messages_train.jsonl", options.mirror)
    for name in ("messages_en", "messages_six_languages"):
        train += written(ROOT / f"corpora/written/{name}.jsonl")
    rows = [json.loads(line) for line in options.file.open(encoding="utf-8")]
    readings = list(Scorer.load(options.model).score(rows))
    test = [_example(row) for row in rows]
    seen = {example.group for example in train}
    subsets = {
        "all": list(range(len(rows))),
        "unseen sources": [i for i, row in enumerate(rows) if row["source"] not in seen],
    }
    print("| field | records | method | macro-F1 | 95 % interval |\n|---|---|---|---|---|")
    for field in FIELDS:
        guesses = _guesses(field, train, test, readings)
        truth = [str(getattr(e, field)) for e in test]
        for subset, chosen in subsets.items():
            for method, guess in guesses.items():
                _row(field, f"{subset} ({len(chosen)})", method, truth, guess, chosen)
    _details(test, readings)


def _guesses(
    field: str, train: Sequence[Example], test: Sequence[Example], readings: Sequence[Reading]
) -> dict[str, list[str]]:
    guesses = {
        "model": [getattr(reading, field).label for reading in readings],
        "n-grams + linear": ngrams(train, test, field),
        "majority": majority(train, test, field),
    }
    if field == "relationship":
        found = lookup(train, [reading.sentiment.label for reading in readings])
        guesses["look-up from the model's sentiment"] = found
    return guesses


def _row(
    field: str, subset: str, method: str, truth: list[str], guess: list[str], rows: list[int]
) -> None:
    true, guessed = [truth[i] for i in rows], [guess[i] for i in rows]
    low, high = interval(true, guessed)
    print(
        f"| {field} | {subset} | {method} | {macro_f1(true, guessed):.3f} | {low:.3f}–{high:.3f} |"
    )


def _details(test: Sequence[Example], readings: Sequence[Reading]) -> None:
    print("\n| field | class | records | precision | recall | F1 |\n|---|---|---|---|---|---|")
    for field in FIELDS:
        truth = [str(getattr(e, field)) for e in test]
        guess = [getattr(reading, field).label for reading in readings]
        for name, figures in per_class(truth, guess).items():
            shares = f"{figures.precision:.2f} | {figures.recall:.2f} | {figures.f1:.2f}"
            print(f"| {field} | {name} | {figures.support} | {shares} |")
    sure = np.array([reading.confidence for reading in readings])
    pairs = zip(readings, test, strict=True)
    right = np.array([r.relationship.label == e.relationship for r, e in pairs])
    kept = np.array([not reading.abstained for reading in readings])
    print(f"\nCalibration error of the relationship: {calibration_error(sure, right):.3f}.")
    print(f"Does not abstain: {kept.mean():.0%}; right then: {right[kept].mean():.0%}.")


def _example(row: dict) -> Example:
    return Example(
        id=row["id"],
        group=row["source"],
        language=row["lang"],
        text=row["text"],
        brand=row["brand"],
        sentiment=row["sentiment"],
        complaint=row["complaint"],
        relationship=row["relationship"],
    )


if __name__ == "__main__":
    main()
