from __future__ import annotations

import shutil

import pytest

from relintel.store import Store


@pytest.fixture(autouse=True)
def _no_key_from_outside(monkeypatch):
    monkeypatch.delenv("RELINTEL_KEY", raising=False)


@pytest.fixture(scope="session")
def empty_folder(tmp_path_factory):
    """A store without content, to copy: quicker than building one."""
    folder = tmp_path_factory.mktemp("template") / "empty.relintel"
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RELINTEL_KEY", raising=False)
        Store.open(folder).close()
    return folder


@pytest.fixture
def folder(empty_folder, tmp_path):
    return shutil.copytree(empty_folder, tmp_path / "shop.relintel")


@pytest.fixture
def store(folder):
    with Store.open(folder, busy_timeout=0.2) as opened:
        yield opened


@pytest.fixture(scope="session")
def fresh(empty_folder, tmp_path_factory):
    """Make an open store in a new folder; for properties, which need one an example."""

    def make():
        target = tmp_path_factory.mktemp("store") / "shop.relintel"
        return Store.open(shutil.copytree(empty_folder, target))

    return make
