"""What a tag means to a mail reader: hidden, quoted, a signature, preformatted, a paragraph.

Mail programs mark quotes and signatures with classes, ids and names of their own; the tables below
name them. Web mail that shows a foreign message renames them by a prefix, which is taken off first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from bs4 import Tag

Role = Literal["plain", "quote", "soft_quote", "rest_quote", "attribution", "signature"]

DROPPED: Final = frozenset(
    "applet audio canvas datalist embed frameset head iframe map math meta noembed object script"
    " select style svg template title video".split()
)
PARAGRAPHS: Final = frozenset("dl h1 h2 h3 h4 h5 h6 ol p pre table ul".split())
BLOCKS: Final = PARAGRAPHS | frozenset(
    "address article aside blockquote body center dd details dir div dt fieldset figcaption figure"
    " footer form header hr html legend li main menu nav section summary tbody tfoot thead tr"
    " caption".split()
)
CELLS: Final = frozenset({"td", "th"})

_PREFIXES: Final = re.compile(r"^(?:x_|ecx|ydp[0-9a-f]+)+")
_QUOTES: Final = frozenset(
    {
        "yahoo_quoted",
        "olk_src_body_section",
        "moz-forward-container",
        "mail-editor-reference-message-container",
        "ms-outlook-mobile-reference-message",
        "applemailreplyquote",
        "appleoriginalcontents",
        "mail-quote-collapse",
        "mailru-blockquote",
        "sh-quoted-content",
        "tutanota_quote",
        "history_container",
        "quoted-content",
    }
)
_SOFT_QUOTES: Final = frozenset(
    {
        "gmail_quote",
        "gmail_quote_container",
        "zmail_extra",
        "protonmail_quote",
        "nylas-quote",
        "bloop_original_html",
        "yandex_quote",
        "front-quote",
        "quote",
    }
)
"""Wrappers around attribution and quote; answers may stand between their blockquotes."""
_REST_QUOTES: Final = frozenset(
    {"divrplyfwdmsg", "outlookmessageheader", "stopspelling", "appendonsend", "replysplit"}
)
"""Marks after which the rest of the parent element is quoted."""
_ATTRIBUTIONS: Final = frozenset({"gmail_attr", "moz-cite-prefix", "bloop_markdown_attribution"})
_SIGNATURES: Final = frozenset(
    {
        "gmail_signature",
        "moz-signature",
        "applemailsignature",
        "linebreakatbeginningofsignature",
        "ms-outlook-mobile-signature",
        "ms-outlook-ios-signature",
        "ms-outlook-android-signature",
        "protonmail_signature_block",
        "zmail_signature",
        "yahoo-signature",
        "yahoo_signature",
        "signature",
        "email-signature",
        "bloop_sign",
        "mb_sig",
        "mail-signature",
    }
)
_PREHEADERS: Final = frozenset({"preheader", "preheadertext", "preview-text", "previewtext"})
_ZERO: Final = re.compile(r"0+(?:\.0+)?(?:px|pt|em|rem|%)?")
_TINY: Final = re.compile(r"(?:0+(?:\.\d+)?|1(?:\.0+)?(?=p[xt]))(?:px|pt|em|rem|%)?")


@dataclass(frozen=True, slots=True)
class Mark:
    """How one tag is shown.

    Attributes:
        hidden: nothing below it is shown.
        pre: whether white space counts below it; ``None`` when it does not say.
        tiny: whether its letters have no size; children may set a size again; ``None`` if unsaid.
        flush: a paragraph without the usual empty line around it.
    """

    role: Role = "plain"
    hidden: bool = False
    pre: bool | None = None
    tiny: bool | None = None
    flush: bool = False


_PLAIN: Final = Mark()
_PRE: Final = Mark(pre=True)


def mark_of(tag: Tag) -> Mark:
    """Read a tag's name, class, id, name and style."""
    if tag.name in DROPPED:
        return Mark(hidden=True)
    attributes = tag.attrs
    if not attributes:
        return _PRE if tag.name in {"pre", "listing", "xmp"} else _PLAIN
    names = _names(tag)
    style = _style(str(attributes.get("style", "")))
    pre = _preformatted(tag.name, style.get("white-space"))
    size = style.get("font-size")
    return Mark(
        role=_role(names),
        hidden="hidden" in attributes or _invisible(style) or not _PREHEADERS.isdisjoint(names),
        pre=pre,
        tiny=None if size is None else _TINY.fullmatch(size) is not None,
        flush=_flush(names, style),
    )


def _names(tag: Tag) -> set[str]:
    found: list[str] = []
    for key in ("class", "id", "name"):
        value = tag.attrs.get(key)
        if isinstance(value, str):
            found.append(value)
        elif value:
            found.extend(value)
    names = set()
    for name in found:
        bare = _PREFIXES.sub("", name[:80].casefold())
        names.add("yahoo_quoted" if bare.startswith("yahoo_quoted") else bare)
    return names


def _role(names: set[str]) -> Role:
    tables: tuple[tuple[Role, frozenset[str]], ...] = (
        ("attribution", _ATTRIBUTIONS),
        ("quote", _QUOTES),
        ("soft_quote", _SOFT_QUOTES),
        ("rest_quote", _REST_QUOTES),
        ("signature", _SIGNATURES),
    )
    return next((role for role, table in tables if not table.isdisjoint(names)), "plain")


def _style(text: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in text.casefold().split(";"))
    return {
        key.strip(): value.replace("!important", "").strip() for key, _, value in pairs if value
    }


def _preformatted(name: str, white_space: str | None) -> bool | None:
    if white_space is not None:
        return white_space.startswith("pre") or white_space == "break-spaces"
    return True if name in {"pre", "listing", "xmp"} else None


def _invisible(style: dict[str, str]) -> bool:
    if style.get("display") == "none" or style.get("visibility") in {"hidden", "collapse"}:
        return True
    if style.get("mso-hide") == "all" or _zero(style.get("opacity")):
        return True
    clipped = style.get("overflow", "").startswith("hidden")
    sized = _zero(style.get("height")) or _zero(style.get("width"))
    return _zero(style.get("max-height")) or (clipped and sized)


def _zero(value: str | None) -> bool:
    return value is not None and _ZERO.fullmatch(value) is not None


def _flush(names: set[str], style: dict[str, str]) -> bool:
    if any(name.startswith("mso") for name in names):
        return True
    margin = style.get("margin", "").split()
    around = [style.get("margin-top"), style.get("margin-bottom")]
    return bool(margin and _zero(margin[0])) or all(_zero(value) for value in around)
