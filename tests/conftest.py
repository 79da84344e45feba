"""Fixtures every room's tests share: a home that is thrown away, and sets that may lie outside."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("RELINTEL_CI") == "1"

# Shared machines stall for longer than hypothesis' default deadline of 200 ms.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if IN_CI else "here")


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the session an empty home, so that no test reads or writes the user's own files."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder))
        for name in ("CACHE", "CONFIG", "DATA", "STATE"):
            patch.setenv(f"XDG_{name}_HOME", str(folder / f".{name.lower()}"))
        for name in [n for n in os.environ if n.startswith("RELINTEL_")]:
            if name not in {"RELINTEL_CI", "RELINTEL_CORPORA", "RELINTEL_FIXTURES"}:
                patch.delenv(name)
        yield folder


@pytest.fixture(scope="session")
def corpora() -> Path:
    """Folder of the public sets named in ``corpora/manifest.json``."""
    return _outside("RELINTEL_CORPORA", "the public sets of corpora/manifest.json")


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """Folder of real mails, mailboxes, feeds and chat exports."""
    return _outside("RELINTEL_FIXTURES", "real mails, feeds and chat exports")


@pytest.fixture(scope="session")
def demo_dir() -> Path:
    """The demo's messages, as they lie in the checkout."""
    folder = ROOT / "corpora" / "demo"
    assert folder.is_dir(), "corpora/demo is missing from the checkout"
    return folder


@pytest.fixture(scope="session")
def lacking() -> Callable[[str], NoReturn]:
    """Call with the name of a server or browser that is not there: skips, in CI fails."""

    def give_up(what: str) -> NoReturn:
        if IN_CI:
            pytest.fail(f"{what} is not available, and RELINTEL_CI=1 forbids skipping")
        pytest.skip(f"{what} is not available")

    return give_up


def _outside(variable: str, content: str) -> Path:
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{variable} is not set: the folder of {content}")
    folder = Path(value)
    assert folder.is_dir(), f"{variable} names a folder that does not exist"
    return folder
