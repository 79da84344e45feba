"""The files of an export, packed or unpacked, read into memory one at a time with care."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Final

from relintel.errors import InputError, SourceError

MAX_MEMBER_BYTES: Final = 200 * 2**20
MAX_RATIO: Final = 200
"""Uncompressed to compressed size; chat in JSON packs to a tenth or a twentieth."""
_RATIO_MATTERS: Final = 2**20
"""Bytes; below this a high ratio does no harm."""


class Archive(AbstractContextManager["Archive"]):
    """A zip file or a folder seen as names and bytes; nothing is ever unpacked to disk.

    Raises:
        SourceError: on entering, when it is neither.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._zip: zipfile.ZipFile | None = None

    def __enter__(self) -> Archive:
        if not self.path.is_dir():
            try:
                self._zip = zipfile.ZipFile(self.path)
            except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError, EOFError):
                message = "is neither a folder nor a readable zip file"
                raise SourceError(str(self.path), message) from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._zip is not None:
            self._zip.close()

    def names(self) -> Iterator[str]:
        """Yield the names of all files but hidden ones, sorted, with ``/`` between parts."""
        if self._zip is not None:
            names = {info.filename for info in self._zip.infolist() if not info.is_dir()}
        else:
            files = (path for path in self.path.rglob("*") if path.is_file())
            names = {path.relative_to(self.path).as_posix() for path in files}
        yield from sorted(name for name in names if not _hidden(name))

    def fingerprint(self, name: str) -> str:
        """Return what changes when the member does: its checksum and size, or its digest."""
        if self._zip is not None:
            info = self._zip.getinfo(name)
            return f"{info.CRC:08x}:{info.file_size}"
        try:
            with (self.path / name).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return ""

    def read(self, name: str) -> bytes:
        """Return a member's bytes.

        Raises:
            InputError: ``bad_member_name``, ``zip_bomb``, ``too_large`` or ``damaged_member``.
        """
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if not parts or ".." in parts or parts[0] == "/" or ":" in parts[0]:
            raise InputError("bad_member_name", "the name leads outside the archive")
        try:
            return self._read_zip(name) if self._zip is not None else self._read_file(name)
        except (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError):
            raise InputError("damaged_member", "the member cannot be read") from None

    def _read_zip(self, name: str) -> bytes:
        archive = self._zip
        if archive is None:
            raise ValueError("the archive is closed")
        info = archive.getinfo(name)
        ratio = info.file_size / max(1, info.compress_size)
        if info.file_size > MAX_MEMBER_BYTES or (
            info.file_size > _RATIO_MATTERS and ratio > MAX_RATIO
        ):
            raise InputError("zip_bomb", "the member unpacks to far more than it should")
        with archive.open(info) as member:
            data = member.read(info.file_size + 1)  # the header may lie about the size
        if len(data) > info.file_size:
            raise InputError("zip_bomb", "the member is larger than its header says")
        return data

    def _read_file(self, name: str) -> bytes:
        path = self.path / name
        if path.stat().st_size > MAX_MEMBER_BYTES:
            raise InputError("too_large", "the file is too large")
        return path.read_bytes()


def _hidden(name: str) -> bool:
    parts = name.split("/")
    return any(part == "__MACOSX" or (part[:1] == "." and part != "..") for part in parts)
