"""Rebuild the shipped model from the labels in this repository and a mirror of the public sets.

    python scripts/train.py --mirror PATH          # the shipped model
    python scripts/train.py --fast                 # a small one, from English written texts

The run is seeded and resumable: checkpoints are kept in `--work`, and a run that was cut off goes
on from the last finished part. It uses a GPU where there is one. Needs
`pip install 'relintel[train]'`.
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
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from relintel.nlp.calibration import Calibration
from relintel.training.calibrate import calibrate
from relintel.training.card import model_card, strict_figures, validation_figures
from relintel.training.data import Data, load
from relintel.training.distilled import FastRecipe
from relintel.training.encoder import small_encoder, student_encoder
from relintel.training.export import export
from relintel.training.fit import Recipe
from relintel.training.network import ReadingNetwork
from relintel.training.run import FOLDS, HeldOut, Run, save_held_out
from relintel.training.student import StudentRecipe

ROOT = Path(__file__).resolve().parent.parent
STRICT_LOSS = 0.02
"""The strict model is shipped when it loses no more macro-F1 than this on any field."""


def main() -> None:
    """Train, calibrate, export."""
    options = arguments()
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    options.work.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()

    def report(line: str) -> None:
        print(f"{time.monotonic() - started:7.0f} s  {line}", flush=True)

    recipe = Recipe(epochs=options.epochs, length=options.length, bf16=options.bf16)
    if options.fast:
        quick = replace(recipe, length=64, batch=16, body_rate=3e-4, average=0.97)
        fast(options, quick, report)
    else:
        full(options, recipe, report)


def full(options: argparse.Namespace, recipe: Recipe, report: Callable[[str], None]) -> None:
    """Train the shipped model, and the strict one beside it."""
    data = load(ROOT / "corpora", options.mirror)
    encoder = student_encoder(options.mirror, options.work, StudentRecipe(), report)
    encoder[0].to("cuda" if torch.cuda.is_available() else "cpu")
    run = Run(data, options.work, encoder, recipe, report)
    start = run.first_pass(options.mirror)
    parts = [run.fold(name, start) for name in FOLDS]
    save_held_out(options.work / "held_out.npz", parts)
    calibration, figures = judged(data, parts)
    report(json.dumps(figures))
    everything = run.final(start)
    strict = run.final(run.first_pass(options.mirror, strict=True), strict=True)
    figures["strict"] = strict_figures(parts, run.predicted, strict, calibration)
    report(json.dumps(figures["strict"]))
    lost = max(row["full"] - row["strict"] for row in figures["strict"].values())
    figures["shipped"] = "strict" if options.strict or lost <= STRICT_LOSS else "full"
    network = strict if figures["shipped"] == "strict" else everything
    write(options, run, network, "full", recipe, calibration, figures, data)
    report(f"wrote {options.models / options.name}")
    options.name = "fast"
    quick = run.fast(options.mirror, network, FastRecipe())
    write(options, run, quick, "fast", recipe, calibration, figures, data)
    report(f"wrote {options.models / options.name}")


def fast(options: argparse.Namespace, recipe: Recipe, report: Callable[[str], None]) -> None:
    """Train two layers on English written texts, four fifths of them; figures on the rest."""
    data = load(ROOT / "corpora", None)
    data = replace(data, written=tuple(e for e in data.written if e.language == "en"))
    encoder = small_encoder(2, recipe.seed)
    run = Run(data, options.work, encoder, recipe, report)
    part = run.fold("fast", run.encoder)
    calibration, figures = judged(data, [part])
    report(json.dumps(figures))
    write(options, run, run.final(run.encoder), "small", recipe, calibration, figures, data)
    report(f"wrote {options.models / options.name}")


def judged(data: Data, parts: list[HeldOut]) -> tuple[Calibration, dict[str, Any]]:
    """Fit the calibration on what was held out, and measure there.

    Real messages decide where there are any; written ones decide for their languages.
    """
    examples = [example for part in parts for example in part.examples]
    logits = np.concatenate([part.logits for part in parts])
    real = [i for i, e in enumerate(examples) if not e.group.startswith("written:")]
    rows = real or list(range(len(examples)))
    foreign = [(e, row) for e, row in zip(examples, logits, strict=True) if e.language != "en"]
    calibration = calibrate(logits[rows], [examples[i] for i in rows], foreign)
    return calibration, validation_figures(data, parts, calibration)


def write(
    options: argparse.Namespace,
    run: Run,
    network: ReadingNetwork,
    kind: str,
    recipe: Recipe,
    calibration: Calibration,
    figures: dict[str, Any],
    data: Data,
) -> None:
    """Export the model folder with its card."""
    how = "--fast" if options.fast else "--mirror FOLDER"
    card = {
        "name": f"{options.name}-{options.version}",
        "length": recipe.length,
        "kind": kind,
        "rebuild": f"make train ARGS='{how}{' --bf16' if recipe.bf16 else ''}'",
        "calibration": calibration.to_dict(),
        "recipe": asdict(recipe),
        "validation": figures,
    }
    readme = model_card(card, data)
    export(network, run.tokenizer, options.models / options.name, card, readme)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    mirror = os.environ.get("RELINTEL_CORPORA")
    parser.add_argument("--mirror", type=Path, default=mirror, help="folder of the public sets")
    parser.add_argument("--work", type=Path, default=Path("work-train"), help="checkpoints")
    parser.add_argument("--models", type=Path, help="where the model folder goes")
    parser.add_argument("--name")
    parser.add_argument("--version", default="2")
    parser.add_argument("--fast", action="store_true", help="a small model, from written texts")
    parser.add_argument("--strict", action="store_true", help="ship the strict model in any case")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--bf16", action="store_true", help="faster where the processor has it")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if options.mirror is None and not options.fast:
        parser.error("--mirror FOLDER, or RELINTEL_CORPORA, must name the public sets")
    options.name = options.name or ("small" if options.fast else "base")
    options.models = options.models or (options.work if options.fast else ROOT / "models")
    return options


if __name__ == "__main__":
    main()
