"""Rebuild the shipped model from the labels in this repository and a mirror of the public sets.

    python scripts/train.py --mirror PATH

The run is seeded and resumable: checkpoints are kept in `--work` and a run that was cut off goes on
from the last finished epoch. Needs `pip install 'relintel[train]'`.
"""

from __future__ import annotations

import os

# Threads that spin while they wait take the processor from those that work: measured here, passive
# waiting trains three times as fast on two cores. It must be said before torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from relintel.training.calibrate import calibrate
from relintel.training.card import model_card, validation_figures
from relintel.training.export import export
from relintel.training.fit import Recipe
from relintel.training.run import FOLDS, HeldOut, Run, load, save_held_out

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Train, calibrate, export."""
    options = arguments()
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    started = time.monotonic()

    def report(line: str) -> None:
        print(f"{time.monotonic() - started:7.0f} s  {line}", flush=True)

    recipe = Recipe(epochs=options.epochs, length=options.length)
    data = load(ROOT / "corpora", options.mirror)
    run = Run(data, options.mirror, options.work, recipe, report)
    start = run.first_pass()
    parts = [run.fold(name, start) for name in FOLDS]
    save_held_out(options.work / "held_out.npz", parts)
    merged = HeldOut(
        tuple(example for part in parts for example in part.examples),
        np.concatenate([part.logits for part in parts]),
    )
    real = [i for i, e in enumerate(merged.examples) if not e.group.startswith("written:")]
    pairs = list(zip(merged.examples, merged.logits, strict=True))
    foreign = [pair for pair in pairs if pair[0].language != "en"]
    calibration = calibrate(merged.logits[real], [merged.examples[i] for i in real], foreign)
    figures = validation_figures(data, parts, calibration)
    report(json.dumps(figures))
    network = run.final(start)
    card = {
        "name": f"{options.name}-{options.version}",
        "length": recipe.length,
        "calibration": calibration.to_dict(),
        "recipe": asdict(recipe),
        "validation": figures,
    }
    tokenizer = run.encoder / "tokenizer.json"
    folder = ROOT / "models" / options.name
    export(network, tokenizer, folder, card, model_card(card, data))
    report(f"wrote models/{options.name}")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    mirror = os.environ.get("RELINTEL_CORPORA")
    parser.add_argument("--mirror", type=Path, default=mirror, required=mirror is None)
    parser.add_argument("--work", type=Path, default=Path("work-train"))
    parser.add_argument("--name", default="base")
    parser.add_argument("--version", default="1")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
