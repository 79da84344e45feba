"""Mailbox files (mboxo, mboxrd), streamed: memory is bounded by one mail."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from relintel.collectors.base import Item, source_path
from relintel.collectors.mail import MAX_MAIL_BYTES, mail_source, read_mail
from relintel.config import SourceConfig
from relintel.errors import SourceError
from relintel.records import Checkpoint, Skipped

CHECKPOINT_EVERY: Final = 200
_PROBE: Final = 4096
"""Bytes at the head and before the offset whose digests tell a grown file from another one."""
_LINE: Final = 65_536
_FROM_LINE: Final = 500
"""Bytes of a ``From `` line in which its date is looked for."""
_SEPARATOR: Final = re.compile(rb"^From (?:\S.*)?\b\d{1,2}:\d{2}(?::\d{2})?\b.*\b\d{4}\b")
_HEADER: Final = re.compile(rb"^>?(?:[!-9;-~]+[ \t]*:|From )")
_QUOTED: Final = re.compile(rb"^>(>*From )", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of a mailbox: one mail, or bytes that belong to none.

    Attributes:
        start: offset of the first byte, the ``From `` line's.
        end: offset after the last byte.
        envelope: the ``From `` line; empty for bytes outside any mail.
        raw: the mail without its ``From `` line; ``None`` when it is above the size limit.
    """

    start: int
    end: int
    envelope: bytes
    raw: bytes | None


class MboxCollector:
    """Reads a mailbox file and resumes where it ended when the file has only grown."""

    def __init__(self, config: SourceConfig) -> None:
        self.config = config

    @property
    def source(self) -> str:
        """Name in natural keys."""
        return mail_source(self.config)

    def collect(self, cursor: Mapping[str, Any] | None) -> Iterator[Item]:
        """Yield mails in file order with a checkpoint every 200; see `Collector.collect`.

        Raises:
            SourceError: the file is absent or unreadable.
        """
        path = source_path(self.config)
        try:
            with path.open("rb") as file, path.open("rb") as probe:
                start = end = _resume_at(probe, cursor)
                for count, chunk in enumerate(split_mbox(file, start), 1):
                    end = chunk.end
                    yield self._item(chunk, f"{path.name}: byte {chunk.start}")
                    if count % CHECKPOINT_EVERY == 0:
                        yield _checkpoint(probe, end)
                yield _checkpoint(probe, end)
        except OSError as error:
            raise SourceError(str(path), error.strerror or "cannot be read") from None

    def _item(self, chunk: Chunk, place: str) -> Item:
        if not chunk.envelope:
            return Skipped(place, "not_mbox")
        if chunk.raw is None:
            return Skipped(place, "too_large")
        mail = _QUOTED.sub(rb"\1", chunk.raw)
        return read_mail(mail, self.config, place, chunk.envelope)


def split_mbox(file: BinaryIO, start: int, limit: int = MAX_MAIL_BYTES) -> Iterator[Chunk]:
    """Cut a mailbox at its ``From `` lines, from byte `start` on.

    A ``From `` line counts when it stands first or after an empty line and carries a date or is
    followed by a header; without the empty line both are asked for. So a sentence that begins with
    "From" stays in its mail. Blank bytes before the first mail are no item.

    Args:
        file: seekable binary file.
        start: byte offset, 0 or the end of an earlier chunk.
        limit: size above which a mail is passed over without being held in memory.
    """
    file.seek(start)
    lines = _Lines(file)
    chunk = _Growing(start, b"", limit)
    blank = True
    for at, line, first in lines:
        if first and line.startswith(b"From ") and _separates(line, lines.peek(), blank, at == 0):
            yield from chunk.close(at)
            chunk = _Growing(at, line.rstrip(b"\r\n"), limit)
        else:
            chunk.add(line)
        blank = first and not line.strip(b"\r\n")
    yield from chunk.close(lines.at)


def _separates(line: bytes, after: bytes, blank: bool, at_start: bool) -> bool:
    dated, headed = bool(_SEPARATOR.match(line[:_FROM_LINE])), bool(_HEADER.match(after))
    if at_start:
        return True
    return (dated or headed) if blank else (dated and headed)


class _Lines:
    """Lines in pieces of bounded length, with one line of sight ahead."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.at = file.tell()
        self._next = file.readline(_LINE)

    def peek(self) -> bytes:
        return self._next

    def __iter__(self) -> Iterator[tuple[int, bytes, bool]]:
        first = True
        while self._next:
            line, at = self._next, self.at
            self._next = self._file.readline(_LINE)
            self.at = at + len(line)
            yield at, line, first
            first = line.endswith(b"\n")


class _Growing:
    """A chunk being read; forgets its bytes once it is above the limit."""

    def __init__(self, start: int, envelope: bytes, limit: int) -> None:
        self.start, self.envelope, self.limit = start, envelope, limit
        self.pieces: list[bytes] = []
        self.size = 0
        self.blank = True

    def add(self, line: bytes) -> None:
        self.size += len(line)
        self.blank = self.blank and not line.strip()
        if self.size > self.limit or not self.envelope:
            self.pieces.clear()
        else:
            self.pieces.append(line)

    def close(self, end: int) -> Iterator[Chunk]:
        if self.envelope or not self.blank:
            raw = None if self.size > self.limit else b"".join(self.pieces)
            yield Chunk(self.start, end, self.envelope, raw)


def _resume_at(file: BinaryIO, cursor: Mapping[str, Any] | None) -> int:
    """Return the cursor's offset when the bytes before it are the same and a mail begins there."""
    offset = cursor.get("offset") if cursor else None
    if not isinstance(offset, int) or offset <= 0 or dict(cursor or {}) != _digests(file, offset):
        return 0
    file.seek(offset)
    rest = file.read(_PROBE)
    return offset if not rest.strip() or rest.lstrip(b"\r\n").startswith(b"From ") else 0


def _digests(file: BinaryIO, offset: int) -> dict[str, Any]:
    file.seek(0)
    head = file.read(min(_PROBE, offset))
    file.seek(max(0, offset - _PROBE))
    tail = file.read(min(_PROBE, offset))
    return {
        "offset": offset,
        "head": hashlib.sha256(head).hexdigest(),
        "tail": hashlib.sha256(tail).hexdigest(),
    }


def _checkpoint(file: BinaryIO, offset: int) -> Checkpoint:
    return Checkpoint(_digests(file, offset))
