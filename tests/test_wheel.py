"""What a stranger installs: the wheel with its models and demo, and the locked packages."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MEGABYTE = 1_000_000
# Nothing listens there: a demo that reaches for the network fails.
NO_NETWORK = {name: "http://127.0.0.1:9" for name in ("http_proxy", "https_proxy", "all_proxy")}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    _run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), "."],
        cwd=ROOT,
    )
    (built,) = folder.glob("relintel-*.whl")
    return built


@pytest.fixture(scope="module")
def members(wheel: Path) -> dict[str, int]:
    with zipfile.ZipFile(wheel) as archive:
        return {info.filename: info.file_size for info in archive.infolist()}


def test_wheel_is_small_enough(wheel: Path, members: dict[str, int]) -> None:
    assert wheel.stat().st_size <= 80 * MEGABYTE
    assert max(members.values()) <= 45 * MEGABYTE


@pytest.mark.parametrize(
    ("folder", "inside"),
    [("models", "relintel/_data/models"), ("corpora/demo", "relintel/_data/demo")],
)
def test_wheel_holds_models_and_demo(members: dict[str, int], folder: str, inside: str) -> None:
    source = ROOT / folder
    files = [path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()]
    expected = {f"{inside}/{name}" for name in files}
    assert expected, f"{folder} is missing or empty"
    assert expected <= members.keys()


def test_wheel_holds_migrations_and_types(members: dict[str, int]) -> None:
    assert "relintel/py.typed" in members
    assert any(re.fullmatch(r"relintel/store/migrations/versions/\d+.*\.py", m) for m in members)


def test_wheel_holds_nothing_else(members: dict[str, int]) -> None:
    tops = {name.split("/")[0] for name in members}
    assert {top.partition("-")[0] for top in tops} == {"relintel"}
    odd = [n for n in members if re.search(r"(^|/)(tests?|written|labels|__pycache__)/", n)]
    assert odd == []
    assert {n.split("/")[2] for n in members if n.startswith("relintel/_data/")} <= {
        "models",
        "demo",
    }


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel alone; its dependencies are lent by the running environment."""
    folder = tmp_path_factory.mktemp("stranger")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    _run([*pip, "--no-index", "--no-deps", str(wheel)], cwd=folder)
    (packages,) = folder.glob("lib/python*/site-packages")
    lent = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (packages / "lent.pth").write_text("\n".join(sorted(lent)) + "\n")
    return folder


def test_the_wheel_s_own_code_is_what_runs(installed: Path, tmp_path: Path) -> None:
    program = "import relintel; print(relintel.__file__)"
    run = _run([str(installed / "bin" / "python"), "-c", program], cwd=tmp_path)
    assert Path(run.stdout.strip()).is_relative_to(installed)


def test_demo_runs_from_the_wheel_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    run = _run([str(installed / "bin" / "relintel"), "demo", "--json"], cwd=tmp_path)
    told = json.loads(run.stdout)
    assert told.keys() >= {"collected", "brands", "profiles", "movements", "similar"}
    assert all(told[key] for key in ("collected", "brands", "profiles", "movements", "similar"))


LOCKS = [("requirements.lock", True), ("requirements-train.lock", False)]


@pytest.mark.parametrize(("name", "hashed"), LOCKS)
def test_lock_pins_every_package_and_names_no_place(name: str, hashed: bool) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    body = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)
    entries = body.replace("\\\n", " ").splitlines()
    assert len(entries) > 50
    pin = r"[a-z0-9.-]+==[^\s;]+( ; [^#]*?)?"
    hashes = r"( +--hash=sha256:[0-9a-f]{64})+" if hashed else ""
    assert [entry for entry in entries if not re.fullmatch(pin + hashes, entry.rstrip())] == []
    assert not re.search(r"://|index-url|find-links|(^|\s)/", text)


def test_lock_for_running_and_testing_has_no_torch() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"^(torch|triton|nvidia|cuda|transformers)", text, re.MULTILINE)


def _run(command: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    python_free = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    run = subprocess.run(
        command,
        cwd=cwd,
        env={**python_free, **NO_NETWORK},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, f"{command[0]} ended with {run.returncode}: {run.stderr[-2000:]}"
    return run
