"""The words of a mail: which of its parts are its text, each read once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message as Mail
from typing import Final

from relintel.collectors.decoding import clean, decode_bytes
from relintel.text.html import html_to_text

_HTML: Final = frozenset({"text/html", "application/xhtml+xml"})
_ENRICHED: Final = frozenset({"text/enriched", "text/richtext"})
_META: Final = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w:-]{2,40})", re.IGNORECASE)
_STUB: Final = re.compile(
    r"(html|mime|multi-?part|e?-?mail (client|program|reader)|view (this|it))"
    r".{0,200}(support|display|view|capable|enable|read|version|browser|format)",
    re.IGNORECASE | re.DOTALL,
)
_STUB_LENGTH: Final = 400
"""Characters; a longer plain part is the mail itself, whatever it says of HTML."""
_PARAM: Final = re.compile(r"<param>.{0,200}?</param>", re.IGNORECASE | re.DOTALL)
_TAG: Final = re.compile(r"</?[a-z][a-z-]*>", re.IGNORECASE)
_DEEPEST: Final = 50


def body_of(mail: Mail) -> str:
    """Return the mail's text: alternatives once, inline parts in order, attachments never."""
    pieces: dict[str, str] = {}
    for text in _texts(mail, root=True):
        text = text.strip("\n\t ")
        pieces.setdefault("".join(text.split()), text)
    pieces.pop("", None)
    return "\n\n".join(pieces.values())


def part_types(mail: Mail) -> frozenset[str]:
    """Return the media types that occur anywhere in the mail, attached mails left out."""
    found = set()
    waiting = [mail]
    while waiting:
        part = waiting.pop()
        found.add(_type(part))
        if _type(part) != "message/rfc822":
            waiting.extend(_children(part))
    return frozenset(found)


def attachments(mail: Mail) -> int:
    """Count the parts that are attached files or mails."""
    waiting, count = list(_children(mail)), 0
    while waiting:
        part = waiting.pop()
        if _attached(part):
            count += 1
        else:
            waiting.extend(_children(part))
    return count


def _texts(part: Mail, *, root: bool = False, depth: int = 0) -> Iterator[str]:
    """Yield each piece of text below a part."""
    kind, children = _type(part), _children(part)
    if depth > _DEEPEST or (_attached(part) and not (root and not _disposed(part))):
        return
    if children and kind == "multipart/alternative":
        yield from _best(children, depth + 1)
    elif children:
        for child in children:
            yield from _texts(child, depth=depth + 1)
    elif kind in _HTML:
        raw = _payload(part)
        meta = _META.search(raw[:4096])
        charset = _charset(part) or (meta[1].decode("ascii") if meta else None)
        yield clean(html_to_text(decode_bytes(raw, charset)))
    elif kind in _ENRICHED:
        yield _from_enriched(decode_bytes(_payload(part), _charset(part)))
    elif kind == "text/plain" or (kind.startswith("multipart/") and not children):
        yield decode_bytes(_payload(part), _charset(part))


def _best(children: list[Mail], depth: int) -> list[str]:
    """Read one of several forms of the same text: the plain one, unless it only says to look on."""
    rich = [child for child in children if not part_types(child).isdisjoint(_HTML)]
    plain = (list(_texts(child, depth=depth)) for child in children if child not in rich)
    said = next((texts for texts in plain if _length(texts)), [])
    if said and not _may_be_stub(said):
        return said  # converting HTML is most of the work, so it is only done when needed
    shown = (list(_texts(child, depth=depth)) for child in reversed(rich))
    meant = next((texts for texts in shown if _length(texts)), [])
    return said if _length(said) >= _length(meant) else meant


def _may_be_stub(texts: list[str]) -> bool:
    return _length(texts) <= _STUB_LENGTH and bool(_STUB.search(" ".join(texts)))


def _length(texts: list[str]) -> int:
    return sum(len(text.strip()) for text in texts)


def _from_enriched(text: str) -> str:
    text = _TAG.sub("", _PARAM.sub("", text.replace("<<", "\0")))
    text = re.sub(r"\n(\n*)", lambda m: m[1] or " ", text)  # one line end is a space, n are n - 1
    return text.replace("\0", "<")


def _children(part: Mail) -> list[Mail]:
    if not part.is_multipart() or _type(part) == "message/rfc822":
        return []
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, type(part))]


def _type(part: Mail) -> str:
    try:
        return part.get_content_type()
    except Exception:  # broken RFC 2231 parameters raise several kinds
        return "text/plain"


def _disposed(part: Mail) -> bool:
    return str(part.get("Content-Disposition", "")).strip().casefold().startswith("attachment")


def _attached(part: Mail) -> bool:
    if _disposed(part) or _type(part) in {"message/rfc822", "message/delivery-status"}:
        return True
    try:
        return bool(part.get_filename())
    except Exception:  # broken RFC 2231 parameters raise several kinds
        return True


def _charset(part: Mail) -> str | None:
    try:
        charset = part.get_param("charset")
    except Exception:  # broken RFC 2231 parameters raise several kinds
        return None
    return str(charset[2]) if isinstance(charset, tuple) else charset


def _payload(part: Mail) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except Exception:  # broken transfer encodings raise several kinds
        return b""
    return payload if isinstance(payload, bytes) else b""
