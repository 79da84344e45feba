"""Bytes of any declared, wrongly declared or undeclared charset to text."""

from __future__ import annotations

import codecs
import re
from typing import Final

# What mailers and browsers mean by a label: the superset that real senders use.
_MEANT: Final = {
    "ascii": "windows-1252",
    "us-ascii": "windows-1252",
    "iso-8859-1": "windows-1252",
    "latin-1": "windows-1252",
    "latin1": "windows-1252",
    "iso8859-1": "windows-1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "x-sjis": "cp932",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "unicode-1-1-utf-7": "utf-7",
    "utf8mb4": "utf-8",
    "x-mac-roman": "mac-roman",
    "windows-874": "cp874",
    "iso-8859-8-i": "iso-8859-8",
}
# Text codecs of Python that are no charset of any document.
_NO_CHARSET: Final = frozenset({"idna", "punycode", "undefined", "unicode-escape"})
_NO_CHARSET_PREFIX: Final = "raw"
_WESTERN: Final = frozenset({"cp1252", "charmap"})
_MAX_DAMAGE: Final = 0.05
"""Share of unreadable characters up to which the declared charset is still believed."""
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def decode_bytes(raw: bytes, declared: str | None = None) -> str:
    """Decode without ever failing: as declared, then UTF-8, then Windows-1252.

    A Western label is tried after UTF-8: mail declared ``us-ascii`` or ``iso-8859-1`` is often
    UTF-8, and bytes that happen to be valid UTF-8 with accents are hardly ever anything else.
    """
    charset = known_charset(declared)
    order = ["utf-8-sig"] if charset in (None, *_WESTERN) else [str(charset), "utf-8-sig"]
    for name in order:
        try:
            return clean(raw.decode(name))
        except ValueError:  # UnicodeError, and codecs that raise its parent
            continue
    if charset is not None and charset not in _WESTERN:
        text = raw.decode(charset, errors="replace")
        if text.count("\ufffd") <= max(1.0, _MAX_DAMAGE * len(text)):
            return clean(text)
    return clean(raw.decode("windows-1252", errors="replace"))


def known_charset(label: str | None) -> str | None:
    """Return Python's name of a declared charset, or ``None`` when it is unknown or no charset."""
    wanted = (label or "").strip().strip("\"'").casefold()
    if not wanted or not wanted.isascii() or "\0" in wanted:
        return None
    try:
        info = codecs.lookup(_MEANT.get(wanted, wanted))
        b"a".decode(info.name, "replace")  # refuses codecs from bytes to bytes
    except (LookupError, ValueError):
        return None
    name = info.name
    return None if name in _NO_CHARSET or name.startswith(_NO_CHARSET_PREFIX) else name


def clean(text: str) -> str:
    r"""Make text storable anywhere: ``\n`` line ends, no NUL, no lone surrogates."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return _SURROGATE.sub("\ufffd", text)
