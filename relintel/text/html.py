"""HTML mail to plain text, as a mail reader shows it.

Quoted passages come out as lines with a leading ``"> "`` per level and signatures after a
``"-- "`` line, so that `relintel.text.parts` tells them apart whether a mail was HTML or not.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bs4 import BeautifulSoup, Tag
from bs4.element import CData, NavigableString, PageElement
from bs4.exceptions import ParserRejectedMarkup

from relintel.text.html_marks import BLOCKS, CELLS, PARAGRAPHS, Mark, mark_of
from relintel.text.lines import LineWriter

_TAG: Final = re.compile(r"<[A-Za-z/!?]")
_DECLARATION: Final = re.compile(r"\s*<\?xml[^>]*>", re.IGNORECASE)
_ANY_TAG: Final = re.compile(r"<[^<>]*>")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_RULE: Final = "_" * 32
_MAX_INDENT: Final = 8
_LONGEST_PICTOGRAM: Final = 16


def html_to_text(html: str) -> str:
    """Return the readable text of an HTML message.

    Block elements and ``<br>`` break lines, list items begin with ``"- "`` or their number, cells
    of a row are parted by a tab. Scripts, styles and whatever is not shown (``display:none``, size
    zero, preheaders) is dropped. Text without any tag is returned as it is, entities decoded.

    Never raises; time grows linearly with the input, nesting may be of any depth.
    """
    if not _TAG.search(html):
        return entities.unescape(html)
    # NUL and lone surrogates cannot pass through the parser.
    markup = _SURROGATES.sub("\ufffd", html.replace("\x00", ""))
    if declaration := _DECLARATION.match(markup):
        markup = markup[declaration.end() :]
    try:
        soup = BeautifulSoup(markup, "lxml")
    except ParserRejectedMarkup:
        return entities.unescape(_ANY_TAG.sub(" ", markup)).strip()
    return _Renderer(soup).render()


@dataclass(slots=True)
class _Frame:
    """An open element: what is left of its children, and what to restore at its end."""

    tag: Tag
    children: Iterator[PageElement]
    mark: Mark
    level: int
    pre: bool
    tiny: bool
    rest_quoted: bool = False
    items: int = 0
    cells: int = 0


class _Renderer:
    """Walks the tree with a stack of its own: mails nest deeper than Python recurses."""

    def __init__(self, soup: BeautifulSoup) -> None:
        self._out = LineWriter()
        self._stack: list[_Frame] = []
        self._pre = False
        self._tiny = False
        self._lists = 0
        self._soup = soup
        self._around_quotes = _ancestors_of_blockquotes(soup)
        self._has_header = soup.find(id=re.compile(r"divRplyFwdMsg$")) is not None

    def render(self) -> str:
        self._enter(self._soup, Mark())
        while self._stack:
            child = next(self._stack[-1].children, None)
            if child is None:
                self._leave()
            elif isinstance(child, Tag):
                self._open(child)
            elif type(child) is NavigableString or type(child) is CData:
                self._text(str(child))
        return self._out.result()

    def _text(self, text: str) -> None:
        if self._tiny:
            return
        if self._pre:
            self._out.verbatim(text)
        else:
            self._out.text(text)

    def _open(self, tag: Tag) -> None:
        name = tag.name
        if name == "br":
            self._out.break_line()
        elif name == "img":
            self._picture(tag)
        else:
            mark = mark_of(tag)
            if not mark.hidden:
                self._block(tag, mark)
                self._enter(tag, mark)

    def _picture(self, tag: Tag) -> None:
        alternative = str(tag.get("alt") or "")
        # Web mail writes emoji as pictures; longer alternatives are captions.
        letters = any(c.isalnum() or c.isspace() for c in alternative)
        if alternative and len(alternative) <= _LONGEST_PICTOGRAM and not letters:
            self._text(alternative)

    def _block(self, tag: Tag, mark: Mark) -> None:
        """Write what stands before a tag's content: a new line, a bullet, a rule, a separator."""
        name, parent = tag.name, self._stack[-1]
        if name in CELLS:
            if parent.cells:
                self._out.separate("\t")
            parent.cells += 1
        elif name in BLOCKS or mark.role not in {"plain", "attribution"}:
            self._out.end_block(margin=self._has_margin(name, mark))
        if name == "hr" and mark.role != "rest_quote":
            self._text(_RULE)
            self._out.end_block()
        elif name == "li":
            parent.items += 1
            bullet = f"{parent.items}." if parent.tag.name == "ol" else "-"
            indent = "  " * min(max(self._lists - 1, 0), _MAX_INDENT)
            if not self._tiny:
                self._out.verbatim(f"{indent}{bullet} ")

    def _has_margin(self, name: str, mark: Mark) -> bool:
        nested_list = name in {"ol", "ul"} and self._lists > 0
        return name in PARAGRAPHS and not mark.flush and not nested_list

    def _enter(self, tag: Tag, mark: Mark) -> None:
        out = self._out
        frame = _Frame(tag, iter(tag.children), mark, out.level, self._pre, self._tiny)
        self._stack.append(frame)
        if mark.pre is not None:
            self._pre = mark.pre
        if mark.tiny is not None:
            self._tiny = mark.tiny
        if tag.name in {"ol", "ul"}:
            self._lists += 1
        if mark.role == "signature":
            out.signing = True
        elif mark.role == "attribution" and self._in_soft_quote():
            out.level = max(out.level - 1, 0)
        elif self._quotes(tag, mark):
            out.before_quote = out.level if out.before_quote is None else out.before_quote
            out.level += 1

    def _quotes(self, tag: Tag, mark: Mark) -> bool:
        if tag.name == "blockquote" or mark.role == "quote":
            return True
        return mark.role == "soft_quote" and id(tag) not in self._around_quotes

    def _in_soft_quote(self) -> bool:
        parent = self._stack[-2]
        return parent.mark.role == "soft_quote" and self._out.level > parent.level

    def _leave(self) -> None:
        frame = self._stack.pop()
        out, tag, mark = self._out, frame.tag, frame.mark
        if tag.name in BLOCKS or mark.role != "plain":
            out.end_block(margin=self._has_margin(tag.name, mark) and bool(self._stack))
        if mark.role == "signature":
            out.signing = False
        if out.level > frame.level:
            out.before_quote = None
        out.level = frame.level
        self._pre, self._tiny = frame.pre, frame.tiny
        if tag.name in {"ol", "ul"}:
            self._lists -= 1
        if mark.role == "rest_quote" and self._stack:
            self._quote_rest(tag)

    def _quote_rest(self, tag: Tag) -> None:
        parent = self._stack[-1]
        # The mark of a reply being written also stands above the header; the header decides then.
        if parent.rest_quoted or (self._has_header and _is_reply_mark(tag)):
            return
        parent.rest_quoted = True
        self._out.level += 1


def _is_reply_mark(tag: Tag) -> bool:
    return str(tag.get("id", "")).casefold().endswith("appendonsend")


def _ancestors_of_blockquotes(soup: BeautifulSoup) -> set[int]:
    """Ids of all elements with a blockquote inside; each element is visited once."""
    found: set[int] = set()
    for quote in soup.find_all("blockquote"):
        for parent in quote.parents:
            if id(parent) in found:
                break
            found.add(id(parent))
    return found
