"""Finding what travels with the package (models, the demo) and checking it is whole."""

from __future__ import annotations

import hashlib
import re
from importlib import resources
from pathlib import Path
from typing import Final

from relintel.errors import ModelError

CHECKSUMS: Final = "SHA256SUMS"
_ENTRY: Final = re.compile(r"([0-9a-f]{64}) [ *]([^/\\\0]+)", re.IGNORECASE)
"""A line of `sha256sum`; a name with a slash would lead out of the folder."""
_REMEDY: Final = "Reinstall relintel or rebuild the model"
_REPOSITORY: Final = Path(__file__).resolve().parent.parent


def model_folder(name: str) -> Path:
    """Return the folder of a shipped model (by name) or of any model (by path).

    Raises:
        ModelError: there is no such folder.
    """
    shipped = _data("models") / name
    for folder in (shipped, Path(name)):
        if _is_file(folder / CHECKSUMS):
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
        ModelError: the listing is absent, empty or no listing, or names anything but files of the
            folder itself; or a file is missing or differs. With the remedy.
    """
    if not _is_file(folder / CHECKSUMS):
        raise ModelError(folder, f"has no {CHECKSUMS}", "Use a folder made by `scripts/train.py`")
    for name, expected in _listed(folder):
        try:
            whole = _is_file(folder / name) and sha256_of(folder / name) == expected
        except OSError:
            whole = False
        if not whole:
            raise ModelError(folder, f"{name} is missing or damaged", _REMEDY)


def _listed(folder: Path) -> list[tuple[str, str]]:
    """Return names with their checksums, as the folder's listing has them."""
    try:
        lines = (folder / CHECKSUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise ModelError(folder, f"its {CHECKSUMS} cannot be read", _REMEDY) from None
    entries = [_ENTRY.fullmatch(line) for line in lines if line]
    listed = [(entry[2], entry[1].lower()) for entry in entries if entry]
    inside = all(name == Path(name).name != ".." for name, _ in listed)
    if not listed or len(listed) < len(entries) or not inside:
        raise ModelError(folder, f"its {CHECKSUMS} lists no files of the folder", _REMEDY)
    return listed


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256 as hex digits, reading it in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_checksums(folder: Path) -> None:
    """Write ``SHA256SUMS`` over every other file of a model folder, in the usual format."""
    names = sorted(p.name for p in folder.iterdir() if p.is_file() and p.name != CHECKSUMS)
    lines = [f"{sha256_of(folder / name)}  {name}\n" for name in names]
    (folder / CHECKSUMS).write_text("".join(lines), encoding="utf-8")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long for the system, a folder closed to us
        return False


def _data(kind: str) -> Path:
    """Folder of packaged data: inside the wheel, or at the top of a checkout."""
    packaged = Path(str(resources.files("relintel") / "_data" / kind))
    if packaged.is_dir():
        return packaged
    return _REPOSITORY / {"models": "models", "demo": "corpora/demo"}[kind]
