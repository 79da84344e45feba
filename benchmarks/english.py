"""What reading seven languages costs English: the base encoder tuned on English alone, beside it.

    python -m benchmarks.english --mirror PATH --work WORK [--bf16]

`WORK` is the folder of a finished `scripts/train.py` run, whose predictions for the held-out
service sources are compared with those of a network trained the same way, from the English base
encoder, on the English part of the same data. Results go to `benchmarks/results/english.json`.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from relintel.metrics import interval, macro_f1
from relintel.nlp.heads import HEADS
from relintel.training.calibrate import calibrate
from relintel.training.data import Data, load
from relintel.training.encoder import small_encoder
from relintel.training.fit import Recipe
from relintel.training.run import FOLDS, HeldOut, Run, divided

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks/results/english.json"
FOLD, LAYERS = "service", 6


def main() -> None:
    """Train the English network, and compare."""
    options = arguments()
    torch.set_num_threads(os.cpu_count() or 1)
    torch.set_flush_denormal(True)
    data = load(ROOT / "corpora", options.mirror)
    both = kept(options.work / "held_out.npz", data)
    english = replace(data, written=tuple(e for e in data.written if e.language == "en"))
    recipe = Recipe(bf16=options.bf16)
    folder = options.work / "english"
    folder.mkdir(exist_ok=True)
    run = Run(english, folder, small_encoder(LAYERS, recipe.seed), recipe, print)
    alone = run.fold(FOLD, run.first_pass(options.mirror))
    results = {
        kind: {
            field: {
                "multilingual": figure(both, field, written=written),
                "English alone": figure(alone, field, written=written),
            }
            for field in ("relationship", "sentiment", "complaint")
        }
        for kind, written in (("real", False), ("written", True))
    }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=1))


def kept(path: Path, data: Data) -> HeldOut:
    """The multilingual network's predictions for the English texts of the fold."""
    saved = np.load(path)
    found, _ = divided(data, FOLD)
    rows = [i for i, example in enumerate(found) if example.language == "en"]
    return HeldOut(tuple(found[i] for i in rows), saved[f"arr_{list(FOLDS).index(FOLD)}"][rows])


def figure(part: HeldOut, field: str, *, written: bool) -> dict[str, float | Sequence[float]]:
    """Macro-F1 of a field on real or on written texts, with its interval."""
    real = [i for i, e in enumerate(part.examples) if not e.group.startswith("written:")]
    calibration = calibrate(part.logits[real], [part.examples[i] for i in real])
    probabilities = calibration.probabilities(part.logits)[field]
    rows = [i for i in range(len(part.examples)) if (i not in set(real)) == written]
    truth = [str(getattr(part.examples[i], field)) for i in rows]
    guess = [HEADS[field].classes[k] for k in probabilities[rows].argmax(axis=1)]
    low, high = interval(truth, guess)
    return {"value": round(macro_f1(truth, guess), 4), "interval": [round(low, 4), round(high, 4)]}


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mirror", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="folder of a finished run")
    parser.add_argument("--bf16", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
