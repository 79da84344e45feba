"""Every code block of the README runs, in order, as it stands."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
BLOCKS = BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where the README's relative paths lead where they do in a checkout."""
    made = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "corpora" / "demo", made / "corpora" / "demo")
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, made)
    return made


@pytest.mark.parametrize(("language", "code"), BLOCKS, ids=range(len(BLOCKS)))
def test_a_block_runs(folder: Path, language: str, code: str) -> None:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    if language == "python":
        command = [sys.executable, "-W", "error", "-c", code]
    else:
        assert language == "bash"
        # What the two make targets do is run by the wheel's test and by this test run itself.
        code = re.sub(r"^make (\w+)$", r"make -n \1 >/dev/null", code, flags=re.MULTILINE)
        command = ["bash", "-euo", "pipefail", "-c", code]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, check=False, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout or "print(" not in code


def test_the_readme_has_its_blocks() -> None:
    assert [language for language, _ in BLOCKS].count("python") == 2
    assert len(BLOCKS) >= 6


@pytest.mark.parametrize(
    "page", sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/*.md")), ids=lambda page: page.name
)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
