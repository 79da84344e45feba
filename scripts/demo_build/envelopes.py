"""Headers, charsets, transfer encodings and the mboxrd file, written byte by byte.

The standard library's generator is not used, because files must come out the same under every
version of it.
"""

from __future__ import annotations

import base64
import quopri
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from typing import Final

_FROM_LINE: Final = re.compile(rb"^(>*From )", re.M)
_LONGEST_LINE: Final = 900
_EIGHT_BIT_KINDS: Final = frozenset({"thunderbird", "bottom"})


@dataclass(frozen=True, slots=True)
class Part:
    """A body in one charset and transfer encoding."""

    content_type: str
    encoding: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything of a mail that stands in its file.

    Attributes:
        sender: address for the separator line.
        headers: names and values; values are encoded words where they need it.
    """

    sender: str
    ts: datetime
    headers: Sequence[tuple[str, str]]
    parts: Sequence[Part]
    boundary: str


def fitting_charset(wanted: str, *texts: str) -> str:
    """Return the wanted charset where all texts can be written in it, else UTF-8."""
    try:
        for text in texts:
            text.encode(wanted)
    except UnicodeEncodeError:
        return "utf-8"
    return wanted


def part(text: str, subtype: str, charset: str, kind: str, *, flowed: bool = False) -> Part:
    """Encode a text as the client would: `kind` is the client's."""
    data = text.encode(charset)
    encoding = _transfer_encoding(data, charset, kind)
    parameters = "; format=flowed" if flowed else ""
    content_type = f"text/{subtype}; charset={_quoted(charset, kind)}{parameters}"
    if encoding == "base64":
        data = base64.encodebytes(data.replace(b"\n", b"\r\n"))
    elif encoding == "quoted-printable":
        data = quopri.encodestring(data)
    return Part(content_type, encoding, data if data.endswith(b"\n") else data + b"\n")


def words(text: str, charset: str, name: str) -> str:
    """Return a header's value, folded; in encoded words where it is not ASCII."""
    if text.isascii():
        return text
    return Header(text, fitting_charset(charset, text), header_name=name).encode()


def mailbox(sheets: Sequence[Sheet]) -> bytes:
    """Return an mboxrd file."""
    return b"".join(_entry(sheet) for sheet in sheets)


def _transfer_encoding(data: bytes, charset: str, kind: str) -> str:
    long = max(map(len, data.split(b"\n"))) > _LONGEST_LINE
    if data.isascii():
        return "quoted-printable" if long else "7bit"
    if kind in _EIGHT_BIT_KINDS and not long:
        return "8bit"
    dense = sum(byte > 127 for byte in data) * 4 > len(data)
    return "base64" if dense or (charset == "utf-8" and kind == "outlook") else "quoted-printable"


def _quoted(charset: str, kind: str) -> str:
    return f'"{charset.upper()}"' if kind == "gmail" else charset


def _entry(sheet: Sheet) -> bytes:
    top = f"From {sheet.sender} {sheet.ts:%a %b} {sheet.ts.day:2d} {sheet.ts:%H:%M:%S %Y}\n"
    headers = "".join(f"{name}: {value}\n" for name, value in sheet.headers)
    content = headers.encode("ascii") + b"MIME-Version: 1.0\n" + _body(sheet)
    return top.encode("ascii") + _FROM_LINE.sub(rb">\1", content) + b"\n"


def _body(sheet: Sheet) -> bytes:
    if len(sheet.parts) == 1:
        return _with_headers(sheet.parts[0])
    kind = f'Content-Type: multipart/alternative;\n boundary="{sheet.boundary}"\n\n'
    rule = f"--{sheet.boundary}\n".encode("ascii")
    pieces = b"".join(rule + _with_headers(p) for p in sheet.parts)
    return kind.encode("ascii") + pieces + f"--{sheet.boundary}--\n".encode("ascii")


def _with_headers(p: Part) -> bytes:
    head = f"Content-Type: {p.content_type}\nContent-Transfer-Encoding: {p.encoding}\n\n"
    return head.encode("ascii") + p.data
