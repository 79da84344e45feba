"""The command line as a person or a nightly job meets it: output, streams and exit codes."""

import contextlib
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest


def relintel(*arguments: str, cwd: Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "relintel.cli", *arguments]
    return subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, check=False)


ROWS = (
    '{"id": "1", "text": "I love Acme, ours!", "sent_at": "2025-01-01", "customer": "42"}\n'
    '{"id": "2", "text": "Acme lied. Never again!", "sent_at": "2025-01-02", "customer": "43"}\n'
)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "rows.jsonl").write_text(ROWS)
    done = relintel("collect", "rows.jsonl", "--brand", "Acme", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert relintel("score", cwd=tmp_path).returncode == 0
    return tmp_path


def test_collect_ends_with_its_counts(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(ROWS + "broken\n")
    done = relintel("collect", "rows.jsonl", "--brand", "Acme", "--json", cwd=tmp_path)
    assert done.returncode == 3
    assert json.loads(done.stdout) == {
        "read": 2, "created": 2, "updated": 0, "unchanged": 0, "skipped": 1,
        "reasons": {"bad_json": 1},
    }  # fmt: skip
    again = relintel("collect", "rows.jsonl", "--brand", "Bolt", "--json", cwd=tmp_path)
    assert json.loads(again.stdout)["updated"] == 2


def test_profile_similar_movements_and_export_speak_json(shop: Path) -> None:
    profile = json.loads(relintel("profile", "42", "--json", cwd=shop).stdout)
    assert profile["brand"] == "Acme"
    assert set(profile["relationship"]) == {"label", "probabilities"}
    similar = json.loads(relintel("similar", "42", "--json", cwd=shop).stdout)
    assert [set(match) for match in similar] == [{"customer", "similarity", "because"}]
    assert json.loads(relintel("movements", "--since", "30d", "--json", cwd=shop).stdout) == []
    listed = relintel("profile", "--list", "--json", cwd=shop).stdout.splitlines()
    assert len(listed) == 2
    kinds = [json.loads(line)["kind"] for line in relintel("export", cwd=shop).stdout.splitlines()]
    assert kinds == ["message"] * 2 + ["reading"] * 2 + ["profile"] * 2


def test_tables_go_to_stdout_and_hold_quotes(shop: Path) -> None:
    shown = relintel("profile", "43", cwd=shop)
    assert shown.returncode == 0
    quote = re.search("“(.+)”", shown.stdout.decode())
    assert quote is not None
    assert quote[1] in ROWS
    assert shown.stderr == b""


def test_forget_asks_unless_told(shop: Path) -> None:
    assert relintel("forget", "43", cwd=shop).returncode == 4
    done = relintel("forget", "43", "--yes", "--json", cwd=shop)
    assert json.loads(done.stdout)["messages"] == 1
    assert b"lied" not in relintel("export", cwd=shop).stdout
    again = relintel("collect", "rows.jsonl", "--brand", "Acme", "--json", cwd=shop)
    (shop / "rows2.jsonl").write_text(ROWS)
    again = relintel("collect", "rows2.jsonl", "--brand", "Acme", "--json", cwd=shop)
    assert json.loads(again.stdout)["reasons"] == {"forgotten": 1}


def test_score_lines_from_file_and_stdin(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(b'{"id": 1, "text": "hello"}\n\xff\n')
    done = relintel("score", "in.jsonl", "-o", "out.jsonl", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stdout == b""
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert rows[0]["id"] == 1
    assert rows[1]["error"]["code"] == "invalid_utf8"
    piped = relintel("score", "-", cwd=tmp_path, stdin=b'{"text": "hello"}\n')
    assert piped.returncode == 0
    assert json.loads(piped.stdout)["id"] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("profile", "42"), 4, "does not exist"),
        (("collect", "nowhere.mbox"), 1, "does not exist"),
        (("collect",), 4, "none are configured"),
        (("score", "nowhere.jsonl"), 4, "not a file"),
        (("collect", "x", "--nonsense"), 2, "nonsense"),
        (("score", "rows.jsonl", "--model", "nonesuch"), 1, "neither a shipped model"),
        (("collect", "rows.jsonl", "--column", "text"), 4, "FIELD=COLUMN"),
        (("calibrate", "rows.jsonl", "-o", "made"), 4, "0 usable lines"),
        (("train", "rows.jsonl", "-o", "made", "--field", "flags"), 4, "these can: complaint"),
    ],
)
def test_mistakes_have_their_exit_code_and_say_what_to_do(
    tmp_path: Path, arguments: tuple[str, ...], code: int, told: str
) -> None:
    (tmp_path / "rows.jsonl").write_text(ROWS)
    done = relintel(*arguments, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert told in " ".join(done.stderr.decode().split())
    assert b"Traceback" not in done.stderr


def test_all_mistakes_of_a_configuration_are_told_at_once(shop: Path) -> None:
    (shop / "shop.relintel/relintel.toml").write_text(
        'colour = "red"\n[sources.a]\nkind = 3\n[brands.Acme]\nalias = []\n'
    )
    done = relintel("profile", "42", cwd=shop)
    assert done.returncode == 4
    told = done.stderr.decode()
    for key in ("colour", "sources.a.kind", "brands.Acme.alias"):
        assert key in told


def test_init_and_doctor(tmp_path: Path) -> None:
    assert relintel("init", cwd=tmp_path).returncode == 0
    assert (tmp_path / "shop.relintel/relintel.toml").exists()
    done = relintel("doctor", "--json", cwd=tmp_path)
    assert done.returncode == 0
    assert json.loads(done.stdout)["model"] == "ok"


def test_doctor_looks_at_every_configured_source(shop: Path) -> None:
    (shop / "shop.relintel/relintel.toml").write_text(
        '[sources.gone]\npath = "nowhere.csv"\n'
        '[sources.odd]\npath = "../rows.jsonl"\nkind = "table"\ncolumns = { colour = "x" }\n'
        '[sources.well]\npath = "../rows.jsonl"\n'
    )
    done = relintel("doctor", "--json", cwd=shop)
    checks = json.loads(done.stdout)
    assert done.returncode == 1
    assert checks["source gone"].startswith("wrong")
    assert "colour" in checks["source odd"]
    assert checks["source well"] == "ok"


def test_the_file_that_is_read_is_never_the_output(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "hello"}\n')
    done = relintel("score", "in.jsonl", "-o", "in.jsonl", cwd=tmp_path)
    assert done.returncode == 4
    assert (tmp_path / "in.jsonl").read_text() == '{"text": "hello"}\n'
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_people_are_told_where_items_were_skipped(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(ROWS + "broken\n" * 5)
    done = relintel("collect", "rows.jsonl", "--brand", "Acme", cwd=tmp_path)
    told = done.stdout.decode()
    assert "skipped 5: bad_json (rows.jsonl: line 3, rows.jsonl: line 4" in told
    assert "…" in told


def test_types_may_be_written_as_they_are_shown(shop: Path) -> None:
    assert relintel("movements", "--to", "Love-Hate", cwd=shop).stdout == b"Movements: none\n"
    wrong = relintel("movements", "--to", "enmy", cwd=shop)
    assert wrong.returncode == 4
    assert b"love_hate" in wrong.stderr


def test_messages_without_a_brand_bring_a_hint(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(ROWS)
    relintel("collect", "rows.jsonl", cwd=tmp_path)
    done = relintel("score", cwd=tmp_path)
    assert done.returncode == 0
    assert b"--brand" in done.stderr


def test_the_version_is_told(tmp_path: Path) -> None:
    assert relintel("--version", cwd=tmp_path).stdout.strip() == b"0.1.0"


def test_a_full_disk_is_an_error_without_a_trace(shop: Path) -> None:
    line = f"ulimit -f 0; {sys.executable} -m relintel.cli export > full.jsonl"
    done = subprocess.run(
        ["bash", "-c", f"trap '' XFSZ; {line}"], cwd=shop, capture_output=True, check=False
    )
    assert done.returncode != 0
    assert b"Traceback" not in done.stderr


def test_a_closed_pipe_is_no_error(shop: Path) -> None:
    line = f"{sys.executable} -m relintel.cli export | head -c 1"
    done = subprocess.run(line, shell=True, cwd=shop, capture_output=True, check=False)
    assert b"Traceback" not in done.stderr


def test_on_a_terminal_the_progress_bars_wipe_nothing_of_the_result(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "relintel.cli", "demo", "--store", "t.relintel"],
        cwd=tmp_path,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError), os.fdopen(ours, "rb", buffering=0) as stream:
        while piece := stream.read(65536):
            shown += piece
    assert process.wait() == 0
    drawn, _, result = shown.partition(b"Collected ")
    assert "reading" in drawn.decode(errors="replace")
    assert b"\x1b[2K" not in result
    assert b"The store is kept in" in result


def test_a_pipe_as_output_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"id": 1, "text": "hello"}\n')
    pipe = tmp_path / "out"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE)
    done = relintel("score", "in.jsonl", "-o", "out", cwd=tmp_path)
    told, _ = reader.communicate(timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(told)["id"] == 1
    assert pipe.is_fifo()
