"""The names other programs rely on exist, are documented, and come without the engine's weight."""

from __future__ import annotations

import inspect
import tomllib
from pathlib import Path

import pytest

import relintel
from relintel import errors

DESIGNED = {
    "CollectReport",
    "Engine",
    "Evidence",
    "ForgetReport",
    "Judgement",
    "Match",
    "Message",
    "Movement",
    "Party",
    "Profile",
    "Quote",
    "Reading",
    "Scorer",
    "open",
}
RAISED = {
    name
    for name, value in vars(errors).items()
    if inspect.isclass(value) and issubclass(value, errors.RelintelError)
}


def test_all_holds_the_designed_names() -> None:
    assert set(relintel.__all__) >= DESIGNED | RAISED
    assert len(relintel.__all__) == len(set(relintel.__all__))


def test_no_private_or_foreign_name_is_public() -> None:
    for name in relintel.__all__:
        assert not name.startswith("_")
        assert getattr(relintel, name).__module__.partition(".")[0] == "relintel", name


@pytest.mark.parametrize("name", sorted(relintel.__all__))
def test_public_name_has_a_docstring_of_its_own(name: str) -> None:
    value = getattr(relintel, name)
    # A dataclass without a docstring is given its signature as one, a class may inherit one.
    written = vars(value).get("__doc__") if inspect.isclass(value) else value.__doc__
    assert written
    assert not written.startswith(f"{name}(")


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = relintel.no_such_name


def test_every_error_is_a_relintel_error() -> None:
    for name in RAISED:
        assert issubclass(getattr(relintel, name), relintel.RelintelError)


def test_version_is_the_distribution_s() -> None:
    pyproject = Path(__file__).resolve().parent.parent / "pyproject.toml"
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    assert relintel.__version__ == project["version"]
