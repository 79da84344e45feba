"""What kind of source a file or folder is, from its name and first bytes."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Final

FOLDER_KINDS: Final = frozenset({"slack"})
"""Kinds for which a folder is one source."""
ROOM_FILES: Final = ("channels.json", "groups.json", "dms.json", "mpims.json")
"""Where a Slack export lists its rooms."""
_HEAD: Final = 65_536
_SUFFIXES: Final = {
    ".mbox": "mbox",
    ".mbx": "mbox",
    ".eml": "eml",
    ".csv": "table",
    ".tsv": "table",
    ".jsonl": "table",
    ".ndjson": "table",
    ".parquet": "table",
    ".xml": "feed",
    ".rss": "feed",
    ".atom": "feed",
    ".rdf": "feed",
}
_TEXTLESS: Final = frozenset({".html", ".htm"})
_FROM_LINE: Final = re.compile(
    rb"^From \S{1,300}.{0,200}\b\d{1,2}:\d{2}.{0,50}\b\d{4}\b[^\n]*\n[!-9;-~]+:"
)
_MAIL: Final = re.compile(
    rb"^(?:From [^\n]*\n)?(?:(?:[!-9;-~]+:[^\n]*|[ \t][^\n]*)\n)*?"
    rb"(?:Received|Return-Path|Message-ID|Date|From|Delivered-To):",
    re.IGNORECASE,
)
_FEED: Final = re.compile(
    rb"^\s*(?:<\?xml[^>]*>\s*)?(?:<!--.{0,2000}?-->\s*)*<(?:rss|feed|rdf:RDF)\b", re.S
)
_MAILDIR: Final = frozenset({"cur", "new"})


def kind_of_folder(folder: Path) -> str | None:
    """Return ``slack`` for an unpacked Slack export, else ``None``."""
    has_names = (folder / "users.json").is_file()
    has_rooms = any((folder / name).is_file() for name in ROOM_FILES)
    return "slack" if has_names and has_rooms else None


def kind_of_file(path: Path) -> str | None:
    """Return the kind of collector that reads a file, or ``None`` when none does.

    Raises:
        OSError: the file cannot be read.
    """
    suffix = path.suffix.casefold()
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    with path.open("rb") as file:
        head = file.read(_HEAD).removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    if suffix == ".zip":
        return _kind_of_zip(path)
    if suffix == ".json":
        return _kind_of_json(head)
    if suffix in _TEXTLESS:
        return None
    if _FROM_LINE.match(head):
        return "mbox"
    if path.parent.name in _MAILDIR and _MAIL.match(head):
        return "eml"
    return "feed" if _FEED.match(head) else None


def _kind_of_zip(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.rpartition("/")[2] for name in archive.namelist()}
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError):
        return None
    return "slack" if "users.json" in names and not names.isdisjoint(ROOM_FILES) else None


def _kind_of_json(head: bytes) -> str | None:
    """A list is a table; so are objects one a line, whatever the name says."""
    start = head.lstrip()
    if start.startswith(b"["):
        return "table"
    first, _, rest = start.partition(b"\n")
    if not first.startswith(b"{") or not rest.lstrip().startswith(b"{"):
        return None
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return None
    return "table"
