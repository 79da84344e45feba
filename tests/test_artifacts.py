"""The listing of a model folder: what it says is checked, whatever it says."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from relintel.artifacts import CHECKSUMS, model_folder, verify, write_checksums
from relintel.errors import ModelError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "model"
    made.mkdir()
    (made / "model.onnx").write_bytes(b"weights")
    (made / "a name.json").write_text("{}")
    write_checksums(made)
    return made


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_whole_folder_is_whole(folder: Path) -> None:
    verify(folder)
    listing = folder / CHECKSUMS
    text = listing.read_text()
    upper = "".join(f"{line[:64].upper()}{line[64:]}\n" for line in text.splitlines())
    for other in (upper, text.replace("  ", " *"), text.replace("\n", "\r\n"), text + "\n"):
        listing.write_bytes(other.encode())
        verify(folder)
    assert model_folder(str(folder)) == folder


@pytest.mark.parametrize("damage", [b"weightt", b"", None])
def test_a_file_that_differs_or_is_gone_is_named(folder: Path, damage: bytes | None) -> None:
    file = folder / "model.onnx"
    file.unlink()
    if damage is not None:
        file.write_bytes(damage)
    with pytest.raises(ModelError, match=r"model\.onnx is missing or damaged.*rebuild"):
        verify(folder)


@pytest.mark.parametrize(
    "listing",
    [
        b"",
        b"\n\n",
        b"junk",
        b"\xff\xfe\x00",
        b"abc  model.onnx\n",
        b"0" * 64,
        b"0" * 64 + b"  \n",
        b"g" * 64 + b"  model.onnx\n",
        digest(b"weights").encode() + b"  model.onnx\nand then junk\n",
        digest(b"weights").encode() + b"  " + b"n" * 5000 + b"\n",
        digest(b"weights").encode() + b"  ./model.onnx\n",
        digest(b"").encode() + b"  .\n",
        digest(b"").encode() + b"  ..\n",
    ],
    ids=range(13),
)
def test_a_listing_that_is_none_is_a_model_error(folder: Path, listing: bytes) -> None:
    (folder / CHECKSUMS).write_bytes(listing)
    with pytest.raises(ModelError):
        verify(folder)


@pytest.mark.parametrize("way", ["../secret", "{absolute}", "below/secret", "..\\secret"])
def test_names_that_lead_out_of_the_folder_are_not_followed(folder: Path, way: str) -> None:
    for place in (folder.parent, folder / "below"):
        place.mkdir(exist_ok=True)
        (place / "secret").write_bytes(b"words")
    name = way.format(absolute=folder.parent / "secret")
    with (folder / CHECKSUMS).open("a") as listing:
        listing.write(f"{digest(b'words')}  {name}\n")
    with pytest.raises(ModelError) as caught:
        verify(folder)
    assert "secret" not in str(caught.value)


def test_a_listing_that_cannot_be_read_is_a_model_error(folder: Path) -> None:
    (folder / CHECKSUMS).unlink()
    with pytest.raises(ModelError, match=f"no {CHECKSUMS}"):
        verify(folder)
    (folder / CHECKSUMS).mkdir()
    with pytest.raises(ModelError, match=f"no {CHECKSUMS}"):
        verify(folder)


@pytest.mark.parametrize("name", ["", "no-such-model", "n" * 5000, "nul\0in it"])
def test_a_model_that_is_not_there_is_a_model_error(name: str, monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError):
        model_folder(name)
