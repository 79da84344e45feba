"""`relintel demo`: a year of an invented brand's traffic, from files to relationships."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.rule import Rule

from relintel.artifacts import demo_folder
from relintel.cli.options import Json
from relintel.cli.output import emit, out, progress, say
from relintel.cli.show import print_distribution, print_matches, print_movements, print_profile
from relintel.engine import Engine, open_engine
from relintel.records import CollectReport, Profile

SHOWN: Final = ("enemy", "love_hate", "intimate")
"""Types of which the demo shows one profile each."""
MANY: Final = 6
"""Messages from which on a profile counts as well founded."""


def demo(
    store: Annotated[
        Path, typer.Option("--store", help="Where the demo's store is kept.", metavar="FOLDER")
    ] = Path("demo.relintel"),
    json: Json = False,
) -> None:
    """Collect, score and profile the demo that travels with relintel, and show what comes out."""
    config = demo_folder() / "relintel.toml"
    with open_engine(store, config=config) as engine:
        with progress() as show:
            report = sum(engine.collect(progress=show).values(), CollectReport())
            engine.score(progress=show)
        # Only now: the bars wipe the lines below which they were drawn.
        (_emit if json else _print)(engine, report)
    if not json:
        say(f"The store is kept in {store}; look around: relintel profile --list --store {store}")


def telling(engine: Engine) -> list[Profile]:
    """Choose for each of `SHOWN` a profile with quotes: of many messages first, then the surest."""
    chosen = []
    for label in SHOWN:
        found = [p for p in engine.profiles(relationship=label) if p.evidence and not p.abstained]
        found.sort(key=lambda p: (p.provisional, -min(p.messages, MANY), -p.confidence, p.customer))
        chosen += found[:1]
    return chosen


def _print(engine: Engine, report: CollectReport) -> None:
    out.print(
        f"Collected {report.read} messages: {report.created} created, {report.updated} updated, "
        f"{report.unchanged} unchanged; {report.skipped} skipped"
    )
    out.print(Rule(style="dim"))
    print_distribution(engine)
    out.print(Rule(style="dim"))
    profiles = telling(engine)
    for found in profiles:
        print_profile(engine, found)
    out.print(Rule(style="dim"))
    title = "Who changed, and which message did it"
    print_movements(engine, title, engine.movements(), most=8)
    if profiles:
        first = profiles[0]
        out.print(Rule(style="dim"))
        matches = engine.similar(first.customer, first.brand, k=3)
        print_matches(engine, f"Most like {engine.name(first.customer)}", matches)


def _emit(engine: Engine, report: CollectReport) -> None:
    brands: dict[str, Counter[str]] = {}
    for found in engine.profiles():
        label = "undetermined" if found.abstained else found.relationship.label
        brands.setdefault(found.brand, Counter())[label] += 1
    profiles = telling(engine)
    similar: list[dict[str, Any]] = []
    if profiles:
        matches = engine.similar(profiles[0].customer, profiles[0].brand, k=3)
        similar = [match.to_dict() for match in matches]
    emit(
        {
            "collected": report.to_dict(),
            "brands": {brand: dict(counts) for brand, counts in brands.items()},
            "profiles": [found.to_dict() for found in profiles],
            "movements": [movement.to_dict() for movement in engine.movements()],
            "similar": similar,
        }
    )
