"""The demo from files to profiles, held against what its writers meant."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import relintel as ri
from relintel.engine import Engine
from relintel.metrics import macro_f1
from relintel.records import CollectReport

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def truth(demo_dir: Path) -> dict[str, Any]:
    return json.loads((demo_dir / "truth.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, demo_dir: Path) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("demo") / "demo.relintel"
    with ri.open(folder, config=demo_dir / "relintel.toml") as engine:
        engine.collect()
        engine.score()
        yield engine


@pytest.fixture(scope="module")
def exported(shop: Engine) -> list[dict[str, Any]]:
    return list(shop.export())


@pytest.fixture(scope="module")
def owners(exported: list[dict[str, Any]]) -> dict[str, str]:
    """External id → customer, of every inbound message."""
    rows = (row for row in exported if row["kind"] == "message")
    return {row["external_id"]: row["customer"] for row in rows if row["direction"] == "inbound"}


def test_every_message_of_the_truth_is_stored_and_nothing_else(
    truth: dict[str, Any], owners: dict[str, str]
) -> None:
    assert set(owners) == {message["id"] for message in truth["messages"]}


def test_a_second_run_creates_nothing_and_reads_nothing(shop: Engine) -> None:
    again = sum(shop.collect().values(), CollectReport())
    assert (again.created, again.updated) == (0, 0)
    assert shop.score().messages == 0


def test_exact_keys_join_what_they_can_and_never_two_people(
    truth: dict[str, Any], owners: dict[str, str]
) -> None:
    person = {message["id"]: message["customer"] for message in truth["messages"]}
    people: dict[str, set[str]] = {}
    found: dict[tuple[str, str], set[str]] = {}
    for message in truth["messages"]:
        customer = owners[message["id"]]
        people.setdefault(customer, set()).add(person[message["id"]])
        found.setdefault((message["customer"], message["file"]), set()).add(customer)
    assert all(len(names) == 1 for names in people.values())
    exact = [
        (one["id"], pair[0], pair[1])
        for one in truth["customers"]
        for pair in one["pairs"]
        if pair[2]
    ]
    assert len(exact) > 100
    apart = [
        (customer, a, b) for customer, a, b in exact if not found[customer, a] & found[customer, b]
    ]
    assert apart == []


def test_evidence_is_the_customers_own_words(
    truth: dict[str, Any], exported: list[dict[str, Any]], demo_dir: Path
) -> None:
    """Nothing quoted from somebody else's mail, and the offsets point at it."""
    bodies = {row["external_id"]: row["body"] for row in exported if row["kind"] == "message"}
    script = {
        (customer["customer"], message["n"]): message["text"]
        for path in sorted((ROOT / "corpora/written/demo").glob("*.jsonl"))
        for customer in map(json.loads, path.read_text(encoding="utf-8").strip().split("\n"))
        for message in customer["messages"]
    }
    texts = {m["id"]: script[m["customer"], m["n"]] for m in truth["messages"]}
    checked = 0
    for row in exported:
        if row["kind"] != "reading":
            continue
        identity = row["message"][1]
        for span in row["evidence"]:
            assert bodies[identity][span["start"] : span["end"]] == span["quote"]
            if "@" not in span["quote"] and ":" not in span["quote"]:
                # Exports rewrite mentions and emoji; everything else stands as it was written.
                assert _squeezed(span["quote"]) in _squeezed(texts[identity])
                checked += 1
    assert checked > 500


def test_profiles_tell_the_types_better_than_chance(
    truth: dict[str, Any], shop: Engine, owners: dict[str, str]
) -> None:
    """Over customers of which one identity holds most messages; a floor, not a figure of merit."""
    last = {c["id"]: c["types"].get("Corvenna", [None])[-1] for c in truth["customers"]}
    most: dict[str, dict[str, int]] = {}
    for message in truth["messages"]:
        counts = most.setdefault(message["customer"], {})
        counts[owners[message["id"]]] = counts.get(owners[message["id"]], 0) + 1
    true, guessed = [], []
    for customer, counts in most.items():
        identity = max(counts, key=lambda name: counts[name])
        if last[customer] in {None, "undetermined"}:
            continue
        true.append(last[customer])
        guessed.append(shop.profile(identity, brand="Corvenna").relationship.label)
    majority = max(set(true), key=true.count)
    assert macro_f1(true, guessed) > 2 * macro_f1(true, [majority] * len(true))


def _squeezed(text: str) -> str:
    return "".join(text.split())
