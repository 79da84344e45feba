"""Hold the demo's readings and profiles against what its writers meant.

    python scripts/measure_demo.py

Prints Markdown. The demo is written text that nothing was trained or tuned on; see its README.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import relintel as ri
from relintel.engine import Engine
from relintel.metrics import interval, macro_f1
from relintel.taxonomy import relationship_of_message

DEMO = Path(__file__).resolve().parent.parent / "corpora/demo"
Pairs = list[tuple[str, str]]


def main() -> None:
    """Collect and score the demo, then compare."""
    truth = json.loads((DEMO / "truth.json").read_text(encoding="utf-8"))
    with (
        tempfile.TemporaryDirectory() as folder,
        ri.open(Path(folder) / "demo.relintel", config=DEMO / "relintel.toml") as engine,
    ):
        engine.collect()
        engine.score()
        rows = list(engine.export())
        print("| what | language | pairs | macro-F1 | 95 % interval |\n|---|---|---|---|---|")
        languages = {one["id"]: one["language"] for one in truth["customers"]}
        for field in ("relationship", "sentiment", "complaint"):
            found = _readings(field, truth, rows)
            for name in ("all", *sorted(set(languages.values()))):
                pairs = [p for c, p in found if name in ("all", languages[c])]
                _row(f"{field} of a message", name, pairs)
        _row("type at the end, surest identity", "all", _profiles(engine, truth, rows))


def _readings(
    field: str, truth: dict[str, Any], rows: list[dict[str, Any]]
) -> list[tuple[str, tuple[str, str]]]:
    read = {
        (row["message"][1], row["brand"]): row[field]["label"]
        for row in rows
        if row["kind"] == "reading"
    }
    pairs = []
    for message in truth["messages"]:
        right = message.get(field) or relationship_of_message(
            message["V"], message["A"], message["C"], message["flags"]
        )
        if guess := read.get((message["id"], message["brand"])):
            pairs.append((message["customer"], (right, guess)))
    return pairs


def _profiles(engine: Engine, truth: dict[str, Any], rows: list[dict[str, Any]]) -> Pairs:
    """The type at the year's end of the identity that holds most of a customer's messages."""
    owner = {row["external_id"]: row["customer"] for row in rows if row["kind"] == "message"}
    pairs = []
    for customer in truth["customers"]:
        mine = [m for m in truth["messages"] if m["customer"] == customer["id"]]
        for brand, months in customer["types"].items():
            if months[-1] in (None, "undetermined"):
                continue
            identity = Counter(owner[m["id"]] for m in mine).most_common(1)[0][0]
            profile = engine.profile(identity, brand=brand)
            pairs.append((months[-1], profile.relationship.label))
    return pairs


def _row(what: str, language: str, pairs: Pairs) -> None:
    true, guessed = [p[0] for p in pairs], [p[1] for p in pairs]
    low, high = interval(true, guessed)
    figure = f"{macro_f1(true, guessed):.3f} | {low:.3f}–{high:.3f}"
    print(f"| {what} | {language} | {len(pairs)} | {figure} |")


if __name__ == "__main__":
    main()
