"""Finding what travels with the package (models, the demo) and checking it is whole."""

from __future__ import annotations

import hashlib
from importlib import resources
from pathlib import Path
from typing import Final

from relintel.errors import ModelError

CHECKSUMS: Final = "SHA256SUMS"
_REPOSITORY: Final = Path(__file__).resolve().parent.parent


def model_folder(name: str) -> Path:
    """Return the folder of a shipped model (by name) or of any model (by path).

    Raises:
        ModelError: there is no such folder.
    """
    shipped = _data("models") / name
    for folder in (shipped, Path(name)):
        if (folder / CHECKSUMS).is_file():
            return folder
    known = sorted(p.name for p in _data("models").glob("*") if p.is_dir())
    raise ModelError(
        Path(name),
        "is neither a shipped model nor a model folder",
        f"Shipped models: {', '.join(known) or 'none'}",
    )


def demo_folder() -> Path:
    """Return the folder with the demo's files."""
    return _data("demo")


def verify(folder: Path) -> None:
    """Check every file named in the folder's ``SHA256SUMS``.

    Raises:
        ModelError: a file is missing or differs, with the remedy.
    """
    listing = folder / CHECKSUMS
    if not listing.is_file():
        raise ModelError(folder, f"has no {CHECKSUMS}", "Use a folder made by `scripts/train.py`")
    for line in listing.read_text(encoding="utf-8").splitlines():
        expected, name = line.split(maxsplit=1)
        path = folder / name
        if not path.is_file() or sha256_of(path) != expected:
            raise ModelError(
                folder, f"{name} is missing or damaged", "Reinstall relintel or rebuild the model"
            )


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256 as hex digits, reading it in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_checksums(folder: Path) -> None:
    """Write ``SHA256SUMS`` over every other file of a model folder, in the usual format."""
    names = sorted(p.name for p in folder.iterdir() if p.is_file() and p.name != CHECKSUMS)
    lines = [f"{sha256_of(folder / name)}  {name}\n" for name in names]
    (folder / CHECKSUMS).write_text("".join(lines), encoding="utf-8")


def _data(kind: str) -> Path:
    """Folder of packaged data: inside the wheel, or at the top of a checkout."""
    packaged = Path(str(resources.files("relintel") / "_data" / kind))
    if packaged.is_dir():
        return packaged
    return _REPOSITORY / {"models": "models", "demo": "corpora/demo"}[kind]
