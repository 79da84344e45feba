"""Every example configuration loads and means what it says; every example of Python runs."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from relintel.cli.collect import ROUTINE
from relintel.collectors.columns import FIELDS
from relintel.collectors.registry import open_collector
from relintel.config import Config, SourceConfig, load_config, parse_config
from relintel.errors import ConfigError
from relintel.records import Checkpoint, Message, Skipped

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PAGES = sorted((ROOT / "docs").glob("*.md"))
BLOCKS = [
    pytest.param(language, code, id=f"{page.name}-{number}")
    for page in PAGES
    for number, (language, code) in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")))
]
CONFIGS = sorted((ROOT / "configs").glob("*.toml"))


def blocks(language: str) -> list[Any]:
    return [block for block in BLOCKS if block.values[0] == language]


def open_sources(config: Config) -> None:
    """Build every source's collector; the guess of a missing kind is made from the name alone."""
    for name, source in config.sources.items():
        assert set(source.columns) <= set(FIELDS), name
        kind = source.kind or guessed(source)
        open_collector(replace(source, kind=kind, name=name))


def guessed(source: SourceConfig) -> str:
    assert source.path is not None, "only a path's kind is guessed"
    return {".mbox": "mbox", ".csv": "table", "": "eml"}[source.path.suffix]


def test_there_are_examples() -> None:
    assert {path.name for path in CONFIGS} == {"minimal.toml", "tables.toml", "telecom.toml"}
    assert len(blocks("toml")) >= 8
    assert len(blocks("python")) >= 14


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_an_example_file_loads_and_its_collectors_build(path: Path) -> None:
    config = load_config(path)
    assert config.brands
    assert config.sources
    open_sources(config)


@pytest.mark.parametrize(("language", "code"), blocks("toml"))
def test_a_toml_block_is_a_configuration(language: str, code: str) -> None:
    open_sources(parse_config(tomllib.loads(code)))


@pytest.mark.parametrize(
    "source",
    [
        SourceConfig(kind="telepathy", path=Path("x")),
        SourceConfig(kind="table", path=Path("x.csv"), columns={"words": "text"}),
        SourceConfig(kind="table", path=Path("x.csv"), channel="tweet"),
    ],
)
def test_the_check_sees_what_is_unknown(source: SourceConfig) -> None:
    with pytest.raises((ConfigError, AssertionError)):
        open_sources(Config(sources={"a": source}))


VALUES: Mapping[str, str] = {
    "id": "77", "text": "Nobody answers.", "sent_at": "2025-03-04T05:06:07Z", "brand": "Bolt",
    "customer": "0042", "name": "Ann", "address": "ann@example.org", "handle": "ann_k",
    "channel": "Web form", "direction": "end-user", "thread": "T-9", "subject": "Question",
    "rating": "3", "product": "P-1", "order_id": "0815",
}  # fmt: skip


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_the_tables_of_an_example_are_read_as_mapped(path: Path, tmp_path: Path) -> None:
    """A table with just the headers an example names gives a message with just those fields."""
    for name, source in load_config(path).sources.items():
        if source.kind != "table" or source.path is None:
            continue
        row = {column: VALUES[field] for field, column in source.columns.items()}
        file = tmp_path / source.path.name
        write_rows(file, [{**row, **source.rows}, {**row, **dict.fromkeys(source.rows, "no")}])
        collector = open_collector(replace(source, path=file, name=name))
        first, second, *_ = collector.collect(None)
        assert isinstance(first, Message)
        assert first.body == VALUES["text"]
        told = {field: value for field, value in VALUES.items() if field in source.columns}
        assert first.external_id == told["id"]
        assert first.brand == told.get("brand", source.brand)
        assert first.channel == ("email" if "channel" in told else source.channel)
        assert first.direction == "inbound"
        for field in ("customer", "name", "address", "handle"):
            assert getattr(first.author, field) == told.get(field)
        for field in ("thread", "subject", "product", "order_id"):
            assert getattr(first, field) == told.get(field)
        assert first.rating == (3.0 if "rating" in told else None)
        assert first.facts.keys() == source.rows.keys()
        assert isinstance(second, Skipped) == bool(source.rows)


def write_rows(file: Path, rows: list[dict[str, str]]) -> None:
    if file.suffix == ".parquet":
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), file)
        return
    with file.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize(("language", "code"), blocks("python"))
def test_a_python_block_compiles(language: str, code: str) -> None:
    compile(code, "<page>", "exec")


@pytest.mark.parametrize(("language", "code"), blocks("json"))
def test_a_json_block_is_json(language: str, code: str) -> None:
    json.loads(code)


RUNNER = """\
import sys, json
space = {"__name__": "page"}
for number, code in enumerate(json.load(sys.stdin)):
    exec(compile(code, f"block {number}", "exec"), space)
"""


@pytest.mark.parametrize("page", ["python.md", "configuration.md", "reading.md", "profiles.md"])
def test_the_python_of_a_page_runs_in_order(page: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "corpora" / "demo", tmp_path / "corpora" / "demo")
    found = BLOCK.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))
    codes = [code for language, code in found if language == "python"]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUNNER],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        input=json.dumps(codes),
        capture_output=True,
        check=False,
        text=True,
    )
    assert codes
    assert done.returncode == 0, done.stderr
    assert done.stdout or "print(" not in "".join(codes)


def test_the_collector_of_the_page_collects(tmp_path: Path) -> None:
    found = BLOCK.findall((ROOT / "docs" / "sources.md").read_text(encoding="utf-8"))
    space: dict[str, Any] = {}
    exec(next(code for language, code in found if "class CallLogCollector" in code), space)
    log = tmp_path / "calls.tsv"
    log.write_text(
        "2025-06-01T09:30:00Z\tc-1\tIt rang for an hour.\nsome\tjunk\nnever\tc-2\tHello?\n"
    )
    collector = space["CallLogCollector"](SourceConfig(kind="calls", path=log, brand="Acme"))
    first, second, third, last = collector.collect(None)
    assert (first.body, first.author.customer, first.brand) == (
        "It rang for an hour.",
        "c-1",
        "Acme",
    )
    assert first.sent_at.utcoffset() is not None
    assert [second.reason, third.reason] == ["bad_row", "no_date"]
    with log.open("a") as file:
        file.write("2025-06-02\tc-1\tAgain.\n")
    later = list(collector.collect(last.cursor))
    assert [item.external_id for item in later if isinstance(item, Message)] == ["4"]
    assert later[-1] == Checkpoint({"lines": 4})
    assert list(collector.collect(later[-1].cursor)) == [later[-1]]


def reasons_in_code() -> set[str]:
    pattern = re.compile(r'(?:Skipped\([^()]*(?:\([^()]*\))?[^()]*,|InputError\(|\{\},) "(\w+)"')
    files = (ROOT / "relintel" / "collectors").glob("*.py")
    return {r for file in files for r in pattern.findall(file.read_text(encoding="utf-8"))}


def test_every_reason_for_skipping_is_explained() -> None:
    page = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (·?) ?\|", page, re.MULTILINE)
    told = {reason for reason, _ in rows}
    assert len(reasons_in_code()) > 15
    assert reasons_in_code() <= told
    assert {reason for reason, routine in rows if routine} == ROUTINE
    assert [reason for reason, _ in rows] == sorted(told)


def anchors(page: Path) -> set[str]:
    """The anchors a page's headings have where Markdown is shown."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_headings_lead_to_headings(page: Path) -> None:
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    for target, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", text):
        other = page.parent / target if target else page
        assert anchor in anchors(other), f"{target}#{anchor}"
