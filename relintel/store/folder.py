"""What a store's folder holds, and how its files come to be there whole or not at all."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from relintel.errors import StoreError

DATABASE: Final = "store.sqlite3"
INDEX: Final = "vectors.faiss"
INDEX_STAMP: Final = "vectors.json"
KEY: Final = "key"
SETTINGS: Final = "relintel.toml"
KEY_VARIABLE: Final = "RELINTEL_KEY"

_KEY_BYTES: Final = 32
_DRAFT: Final = ".draft-"
_OURS: Final = frozenset({INDEX, INDEX_STAMP, KEY, SETTINGS})


def claim(folder: Path) -> bool:
    """Create the folder when missing, and say whether it holds a database already.

    Raises:
        StoreError: the path is a file, or a folder of something else.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = {entry.name for entry in folder.iterdir()}
    except FileExistsError:
        raise StoreError(folder, "is a file, not a store", "Give the path of a folder") from None
    except OSError as error:
        raise unusable(folder, error) from None
    if DATABASE in names:
        return True
    foreign = {name for name in names - _OURS if not name.startswith(_DRAFT)}
    if foreign:
        raise StoreError(
            folder, "is not a store but holds other files", "Give an empty folder or a new name"
        )
    return False


def unusable(place: Path, error: OSError) -> StoreError:
    """Say that the file system refused."""
    return StoreError(place, f"cannot be used ({error.strerror})", "Check who owns it and its mode")


def publish(target: Path, write: Callable[[Path], None], *, replace: bool) -> bool:
    """Write a draft beside `target` (mode 0600), force it to disk, and give it its name.

    Args:
        target: the file's final path.
        write: fills the draft, which exists and is empty.
        replace: whether a `target` already there is replaced or left alone.

    Returns:
        False when `target` was there before and is left alone.

    Raises:
        StoreError: the file system refused.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=_DRAFT, dir=target.parent)
        os.close(handle)
        draft = Path(name)
        try:
            write(draft)
            _force(draft)
            if not replace and not _link(draft, target):
                return False
            if replace:
                draft.replace(target)
            _force(target.parent)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise unusable(target, error) from None
    return True


def drop_drafts(folder: Path) -> None:
    """Delete what killed processes left unfinished; one being written fails, and is made again."""
    for draft in folder.glob(_DRAFT + "*"):
        draft.unlink(missing_ok=True)


def _link(draft: Path, target: Path) -> bool:
    """Give the draft a second name, unless someone else took it first."""
    try:
        target.hardlink_to(draft)
    except FileExistsError:
        return False
    except OSError:
        # A file system without hard links, where the first to come cannot be told.
        if target.exists():
            return False
        draft.replace(target)
    return True


def _force(path: Path) -> None:
    """Force a file, or a folder's list of names, to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_key(folder: Path, *, create: bool) -> bytes:
    """Return the store's secret: from ``RELINTEL_KEY``, else from the file ``key``.

    Args:
        folder: the store.
        create: whether to draw a key when there is none.

    Returns:
        32 bytes, with which addresses and customer ids are hashed.

    Raises:
        StoreError: the key is missing or malformed.
    """
    given = os.environ.get(KEY_VARIABLE)
    if given:
        return _parse_key(given, KEY_VARIABLE)
    path = folder / KEY
    if create and not path.exists():
        drawn = secrets.token_hex(_KEY_BYTES) + "\n"
        publish(path, lambda draft: _write_text(draft, drawn), replace=False)
    try:
        return _parse_key(path.read_text(encoding="ascii"), path)
    except FileNotFoundError:
        raise StoreError(
            path, "the store's key is missing", f"Put the file back, or set {KEY_VARIABLE}"
        ) from None
    except UnicodeDecodeError:
        raise _malformed(path) from None
    except OSError as error:
        raise unusable(path, error) from None


def key_check(key: bytes) -> str:
    """Return what the database keeps to recognise its key; the key cannot be told from it."""
    return hmac.new(key, b"relintel store", hashlib.sha256).hexdigest()


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="ascii")


def _parse_key(text: str, place: Path | str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        raise _malformed(place) from None
    if len(key) != _KEY_BYTES:
        raise _malformed(place)
    return key


def _malformed(place: Path | str) -> StoreError:
    return StoreError(
        place, "is not a key", f"A key is {2 * _KEY_BYTES} hexadecimal digits; restore the original"
    )
