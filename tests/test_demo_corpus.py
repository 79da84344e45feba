"""corpora/demo: rebuilt byte for byte, and read back without relintel's own collectors."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import datetime
from itertools import combinations
from pathlib import Path

import pytest

from relintel.config import load_config
from relintel.taxonomy import (
    CLOSENESSES,
    COMPLAINTS,
    FLAGS,
    RELATIONSHIPS,
    SENTIMENTS,
    VALENCES,
    relationship_of_message,
)
from tests.demo_readback import READERS, Found, mail_text, mails, squeezed

ROOT = Path(__file__).resolve().parent.parent
WRITTEN = ROOT / "corpora" / "written" / "demo"
BUILT = (
    "chat.jsonl",
    "community-slack.zip",
    "forum.xml",
    "relintel.toml",
    "support.mbox",
    "survey.csv",
    "truth.json",
)


@pytest.fixture(scope="module")
def found(demo_dir: Path) -> dict[str, dict[str, Found]]:
    return {name: read(demo_dir) for name, read in READERS.items()}


@pytest.fixture(scope="module")
def truth(demo_dir: Path) -> dict:
    return json.loads((demo_dir / "truth.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def written() -> dict[str, dict]:
    files = sorted(WRITTEN.glob("w*.jsonl"))
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return {row["customer"]: row for row in map(json.loads, lines)}


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_rebuilding_gives_the_same_bytes(demo_dir: Path, tmp_path: Path, zone: str) -> None:
    script = ROOT / "scripts" / "build_demo.py"
    env = {**os.environ, "TZ": zone, "PYTHONHASHSEED": str(len(zone)), "PYTHONUTF8": "1"}
    command = [sys.executable, str(script), "--out", str(tmp_path)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert [line.partition(":")[0] for line in sorted(done.stdout.splitlines())] == list(BUILT)
    assert sorted(path.name for path in tmp_path.iterdir()) == list(BUILT)
    changed = [n for n in BUILT if (tmp_path / n).read_bytes() != (demo_dir / n).read_bytes()]
    assert changed == []


def test_size_stays_small(demo_dir: Path) -> None:
    assert sum(path.stat().st_size for path in demo_dir.iterdir()) < 2_000_000


def test_every_message_is_in_exactly_one_file(
    found: dict[str, dict[str, Found]], truth: dict, written: dict[str, dict]
) -> None:
    rows = truth["messages"]
    wanted = {(c, m["n"]) for c, row in written.items() for m in row["messages"]}
    assert len(rows) == len(wanted) == 818
    assert {(row["customer"], row["n"]) for row in rows} == wanted
    listed = Counter((row["file"], row["id"]) for row in rows)
    assert set(listed.values()) == {1}
    inbound = {(f, i) for f, items in found.items() for i, item in items.items() if not item.ours}
    assert inbound == set(listed)


def test_items_carry_the_written_text_and_time(
    found: dict[str, dict[str, Found]], truth: dict, written: dict[str, dict]
) -> None:
    wrong = []
    for row in truth["messages"]:
        item = found[row["file"]][row["id"]]
        source = written[row["customer"]]["messages"][row["n"] - 1]
        same_time = item.at == datetime.fromisoformat(source["ts"])
        if not same_time or squeezed(source["text"]) not in squeezed(item.text):
            wrong.append((row["customer"], row["n"]))
    assert wrong == []


def test_answers_are_all_there(
    found: dict[str, dict[str, Found]], truth: dict, written: dict[str, dict]
) -> None:
    ours = [item for items in found.values() for item in items.values() if item.ours]
    answers = [answer for row in written.values() for answer in row["answers"]]
    assert len(ours) == len(answers) == 291
    said: dict[datetime, list[str]] = {}
    for item in ours:
        said.setdefault(item.at, []).append(squeezed(item.text))
    for answer in answers:
        texts = said.get(datetime.fromisoformat(answer["ts"]), ())
        assert any(squeezed(answer["text"]) in text for text in texts)
    for name, items in found.items():
        counts = truth["counts"][name]
        assert counts["outbound"] == sum(item.ours for item in items.values())
        assert counts["inbound"] == sum(not item.ours for item in items.values())
        assert counts["noise"] == len(truth["noise"].get(name, ()))


def test_labels_are_legal_and_derive_a_type(truth: dict) -> None:
    for row in truth["messages"]:
        assert row["state"] in RELATIONSHIPS
        for labels in (row, *row.get("also", ())):
            assert labels["brand"] in ("Corvenna", "Plinket")
            assert labels["sentiment"] in SENTIMENTS
            assert labels["V"] in VALENCES
            assert labels["A"] in (0, 1)
            assert labels["C"] in CLOSENESSES
            assert labels["complaint"] in COMPLAINTS
            assert set(labels["flags"]) <= set(FLAGS)
            kind = relationship_of_message(labels["V"], labels["A"], labels["C"], labels["flags"])
            assert kind in RELATIONSHIPS


def test_labels_are_the_writers(truth: dict, written: dict[str, dict]) -> None:
    for row in truth["messages"]:
        source = written[row["customer"]]["messages"][row["n"] - 1]
        for name in ("brand", "sentiment", "V", "A", "C", "flags", "complaint", "state"):
            assert row[name] == source[name]
        assert row.get("also") == source.get("also")


def test_types_by_month_follow_the_messages(
    found: dict[str, dict[str, Found]], truth: dict
) -> None:
    for customer in truth["customers"]:
        rows = [row for row in truth["messages"] if row["customer"] == customer["id"]]
        for brand, types in customer["types"].items():
            seen = [(found[r["file"]][r["id"]].at, r) for r in rows if r["brand"] == brand]
            for month, kind in enumerate(types, 1):
                until = [row["state"] for at, row in seen if (at.year, at.month) <= (2025, month)]
                assert kind == (until[-1] if until else None)
            assert len(types) == 12


def test_turning_messages_and_cases(truth: dict) -> None:
    listed = {(row["file"], row["id"]): row for row in truth["messages"]}
    turns = [turn for customer in truth["customers"] for turn in customer["turning"]]
    assert len(turns) == 36
    for turn in turns:
        assert turn["from"] != turn["to"] == listed[turn["file"], turn["id"]]["state"]
    cases = [case for customer in truth["customers"] for case in customer["cases"]]
    assert len(cases) == len({case["id"] for case in cases}) == 117
    for case in cases:
        codes = {listed[file, external]["complaint"] for file, external in case["messages"]}
        assert case["complaint"] in codes
        assert case["solved"] is None or case["solved"] > case["opened"]


def test_pairs_say_which_keys_join(found: dict[str, dict[str, Found]], truth: dict) -> None:
    places = {(row["file"], row["id"]): row["customer"] for row in truth["messages"]}
    keys: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for (file, external), customer in places.items():
        keys.setdefault((customer, file), set()).update(found[file][external].keys)
    for one, two in combinations(keys, 2):
        shared = {k for k in keys[one] & keys[two] if k[0] != "handle"}
        assert not shared or one[0] == two[0], "one key, two customers"
    for customer in truth["customers"]:
        groups = [({f}, set(keys[customer["id"], f])) for f in customer["identities"]]
        for file, known in customer["identities"].items():
            assert set(known.items()) == keys[customer["id"], file]
        merged = True
        while merged:
            merged = False
            for one, two in combinations(groups, 2):
                if one[1] & two[1]:
                    groups = [g for g in groups if g not in (one, two)]
                    groups.append((one[0] | two[0], one[1] | two[1]))
                    merged = True
                    break
        expected = {
            (a, b): any({a, b} <= files for files, _ in groups)
            for a, b in combinations(customer["identities"], 2)
        }
        assert {(a, b): exact for a, b, exact in customer["pairs"]} == expected


def test_mail_is_sound_and_varied(demo_dir: Path) -> None:
    posts = mails(demo_dir)
    ids = {post["Message-ID"].strip(): post for post in posts}
    times = [post["Date"].datetime for post in posts]
    assert times == sorted(times)
    assert len(ids) == len(posts) == 410
    charsets: Counter[str | None] = Counter()
    unknown = quoting = html_only = 0
    for post in posts:
        parts = [part for part in post.walk() if not part.is_multipart()]
        assert not any(part.defects for part in parts)
        charsets.update(part.get_content_charset() for part in parts)
        html_only += [part.get_content_subtype() for part in parts] == ["html"]
        if post["In-Reply-To"]:
            parent = ids.get(post["In-Reply-To"].strip())
            assert post["References"].split()[-1] == post["In-Reply-To"].strip()
            unknown += parent is None
            if parent is not None:
                assert parent["Date"].datetime < post["Date"].datetime
                first = squeezed(mail_text(parent))[:12]
                quoting += first in squeezed(mail_text(post))
    assert unknown == 2, "answers to a campaign that is not in the mailbox"
    assert quoting > 120
    assert 20 < html_only < 40
    assert {"utf-8", "iso-8859-1", "iso-8859-2", "windows-1251", "koi8-r", "gb18030"} <= {*charsets}


def test_mail_to_the_rival_is_addressed_to_it(demo_dir: Path, truth: dict) -> None:
    rival = {
        row["id"]
        for row in truth["messages"]
        if row["file"] == "support.mbox" and row["brand"] == "Plinket"
    }
    asked = {
        post["Message-ID"].strip().strip("<>")
        for post in mails(demo_dir)
        if "help@plinket.example" in post["To"]
    }
    assert asked == rival
    assert rival


def test_separators_are_guarded(demo_dir: Path) -> None:
    raw = (demo_dir / "support.mbox").read_bytes()
    assert re.search(rb"(?m)^>From ", raw), "no guarded line to test readers with"
    assert len(re.findall(rb"(?m)^From ", raw)) == 410


def test_configuration_fits_the_files(demo_dir: Path, truth: dict) -> None:
    config = load_config(demo_dir / "relintel.toml")
    assert set(config.brands) == {"Corvenna", "Plinket"}
    files = {str(source.path): source for source in config.sources.values()}
    assert {file: source.name for file, source in files.items()} == truth["sources"]
    with (demo_dir / "survey.csv").open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    first = json.loads((demo_dir / "chat.jsonl").read_text(encoding="utf-8").partition("\n")[0])
    assert set(files["survey.csv"].columns.values()) <= set(header)
    assert set(files["chat.jsonl"].columns.values()) <= set(first)
