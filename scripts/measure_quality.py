"""Measure the shipped model on labelled sets, beside baselines trained on the same data.

    python scripts/measure_quality.py sealed written --mirror PATH
    python scripts/measure_quality.py FILE.jsonl --mirror PATH

`sealed` are the real messages set aside for the rare types, `written` the written test set in seven
languages; a file has the fields of `docs/labels.md` with texts. Figures go to
`benchmarks/results/quality.json`, from which `scripts/quality_table.py` makes the table.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from relintel.metrics import (
    calibration_interval,
    debiased_calibration_error,
    interval,
    macro_f1,
    per_class,
    risk_coverage,
)
from relintel.nlp.model import ReadingModel
from relintel.nlp.scorer import Scorer
from relintel.nlp.view import view
from relintel.records import Reading
from relintel.training.baselines import frozen, lookup, majority, ngrams, vader
from relintel.training.data import SEALED, TEST, Data, Example, annotated, example, load, written

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks/results/quality.json"
FIELDS = ("relationship", "sentiment", "complaint")
FEW = 20
"""Records of a class below which only its interval is told."""


def main() -> None:
    """Measure every set named, and keep the figures."""
    options = arguments()
    data = load(ROOT / "corpora", options.mirror)
    scorer, model = Scorer.load(options.model), ReadingModel.load(options.model)
    results: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in options.sets:
        test = read(name, options.mirror)
        label = Path(name).stem
        results[label] = {"model": scorer.model, **measured(data, test, scorer, model)}
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        print(label, json.dumps(results[label]["fields"], indent=1))


def read(name: str, mirror: Path) -> list[Example]:
    """Read a set by its name, or a file."""
    if name == "sealed":
        return annotated(ROOT / f"corpora/labels/{SEALED}.jsonl.gz", mirror)
    if name == "written":
        return written(ROOT / f"corpora/written/{TEST}.jsonl")
    lines = Path(name).read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [example(row, row["text"], row["source"]) for row in rows]


def measured(
    data: Data, test: Sequence[Example], scorer: Scorer, model: ReadingModel
) -> dict[str, Any]:
    """Figures of the model and of the baselines, over all records and parts of them."""
    rows = [{"text": e.text, "brand": e.brand, "lang": e.language} for e in test]
    readings = list(scorer.score(rows))
    train = [*data.real, *data.written]
    seen = {e.group for e in data.real}
    parts = {"all": list(range(len(test)))}
    unseen = [i for i, e in enumerate(test) if e.group not in seen]
    if 0 < len(unseen) < len(test):
        parts["unseen sources"] = unseen
    if len(languages := sorted({e.language for e in test})) > 1:
        parts |= {each: [i for i, e in enumerate(test) if e.language == each] for each in languages}
    fields = {}
    for field in FIELDS:
        truth = [str(getattr(e, field)) for e in test]
        guesses = methods(field, train, test, readings)
        fields[field] = {
            part: {method: figure(truth, guess, own) for method, guess in guesses.items()}
            for part, own in parts.items()
        }
    return {
        "records": {part: len(own) for part, own in parts.items()},
        "fields": fields,
        "classes": {field: classes(field, test, readings) for field in FIELDS},
        "calibration": dict(calibration(test, model)),
        "abstention": abstention(test, readings),
    }


def methods(
    field: str, train: Sequence[Example], test: Sequence[Example], readings: Sequence[Reading]
) -> dict[str, list[str]]:
    """The labels that the model and every baseline give."""
    guesses = {
        "model": [getattr(reading, field).label for reading in readings],
        "majority": majority(train, test, field),
        "n-grams": ngrams(train, test, field),
        "frozen encoder": frozen(train, test, field),
    }
    if field == "relationship":
        guesses["look-up"] = lookup(train, [reading.sentiment.label for reading in readings])
    if field == "sentiment":
        guesses["VADER"] = vader([e.text for e in test])
    return guesses


def figure(truth: Sequence[str], guess: Sequence[str], rows: Iterable[int]) -> dict[str, Any]:
    """Macro-F1 over some records, with its interval."""
    own = list(rows)
    true, guessed = [truth[i] for i in own], [guess[i] for i in own]
    low, high = interval(true, guessed)
    return {"value": round(macro_f1(true, guessed), 4), "interval": [round(low, 4), round(high, 4)]}


def classes(
    field: str, test: Sequence[Example], readings: Sequence[Reading]
) -> dict[str, dict[str, Any]]:
    """Precision, recall, F1 and its interval of every class; of rare ones the interval only."""
    truth = [str(getattr(e, field)) for e in test]
    guess = [getattr(reading, field).label for reading in readings]
    random = np.random.default_rng(0)
    true, guessed = np.array(truth), np.array(guess)
    result: dict[str, dict[str, Any]] = {}
    for name, own in per_class(truth, guess).items():
        drawn = []
        for _ in range(1000):
            rows = random.integers(0, len(true), len(true))
            here, there = true[rows] == name, guessed[rows] == name
            drawn.append(2 * (here & there).sum() / max(1, here.sum() + there.sum()))
        low, high = np.percentile(drawn, [2.5, 97.5])
        result[name] = {"records": own.support, "interval": [round(low, 3), round(high, 3)]}
        if own.support >= FEW:
            shares = (("precision", own.precision), ("recall", own.recall), ("f1", own.f1))
            result[name] |= {label: round(share, 3) for label, share in shares}
    return result


def calibration(test: Sequence[Example], model: ReadingModel) -> Iterator[tuple[str, Any]]:
    """Debiased calibration error of every head, with its interval.

    Of a head with one answer it is that of the answer; of flags, wants and drivers that of every
    class by itself, whether it holds.
    """
    found = probabilities(test, model)
    for head in model.heads:
        rows = [i for i, e in enumerate(test) if getattr(e, head.name) is not None]
        if not rows:
            continue
        own = np.stack([found[i][head.name] for i in rows])
        truth = [getattr(test[i], head.name) for i in rows]
        if head.exclusive:
            sure = own.max(axis=1)
            right = np.array(
                [
                    head.classes[k] == str(true)
                    for k, true in zip(own.argmax(axis=1), truth, strict=True)
                ]
            )
        else:
            sure = own.ravel()
            right = np.array([name in true for true in truth for name in head.classes])
        low, high = calibration_interval(sure, right.astype(float))
        error = debiased_calibration_error(sure, right.astype(float))
        yield head.name, {"value": round(error, 4), "interval": [round(low, 4), round(high, 4)]}


def probabilities(test: Sequence[Example], model: ReadingModel) -> list[dict[str, np.ndarray]]:
    """Head → (classes,) calibrated probabilities of every message."""
    passes = model.run([(view(e.text).text, e.brand) for e in test])
    found = [
        model.calibration.probabilities(single.logits[None], model.heads, e.language)
        for single, e in zip(passes, test, strict=True)
    ]
    return [{name: values[0] for name, values in each.items()} for each in found]


def abstention(test: Sequence[Example], readings: Sequence[Reading]) -> dict[str, float]:
    """What abstaining does, and how much can be answered at given accuracies."""
    sure = np.array([reading.relationship.confidence for reading in readings])
    truth = [e.relationship for e in test]
    right = np.array([r.relationship.label for r in readings]) == np.array(truth)
    right = right.astype(float)
    kept = np.array([not reading.abstained for reading in readings])
    curve = risk_coverage(sure, right)
    return {
        "answered": round(float(kept.mean()), 3),
        "right": round(float(right[kept].mean()), 3) if kept.any() else 0.0,
        "coverage at 80 %": round(curve.coverage_at(0.8), 3),
        "coverage at 90 %": round(curve.coverage_at(0.9), 3),
    }


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="+", metavar="SET", help="sealed, written, or a file")
    mirror = os.environ.get("RELINTEL_CORPORA")
    parser.add_argument("--mirror", type=Path, default=mirror, required=mirror is None)
    parser.add_argument("--model", default="base")
    return parser.parse_args()


if __name__ == "__main__":
    main()
