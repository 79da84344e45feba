"""Tells the parts of a mail apart by offset: the author's own words, quotes, headers, signature.

Lines are read with their features first (`layout`); then one pass from the top decides regions: a
header opens a quote, which is either marked line by line, so that answers may stand between, or
unmarked and then runs to the end. What is left is the author's, less the tail of each passage
(`signatures`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from relintel.text.conventions import Conventions, load_conventions
from relintel.text.headers import find_header
from relintel.text.layout import Line, next_content, read_lines
from relintel.text.signatures import find_tail

Kind = Literal["authored", "quote", "header", "signature", "footer"]

_WRAP_WIDTH: Final = 60


@dataclass(frozen=True, slots=True)
class Part:
    """A run of whole lines of one kind: ``body[start:end]``, the last line end included."""

    start: int
    end: int
    kind: Kind


def split_parts(body: str, author: str = "") -> tuple[Part, ...]:
    """Split a plain-text body into parts that are in order, do not overlap and cover it.

    Blank lines belong to the part above them. An empty body has no parts. Time is linear in the
    body's length.

    Args:
        body: plain text.
        author: the sender's name as far as it is known, in any order of its words; a last
            paragraph that begins with it is a signature.
    """
    lines = read_lines(body)
    kinds = _kinds(lines, load_conventions(), author)
    parts: list[Part] = []
    for line, kind in zip(lines, kinds, strict=True):
        if parts and ((line.blank and not line.depth) or parts[-1].kind == kind):
            parts[-1] = Part(parts[-1].start, line.end, parts[-1].kind)
        else:
            parts.append(Part(line.start, line.end, kind))
    return tuple(parts)


def authored_spans(body: str, author: str = "") -> tuple[tuple[int, int], ...]:
    """Return the spans that the author wrote, without white space at either end of each."""
    spans = []
    for part in split_parts(body, author):
        text = body[part.start : part.end]
        if part.kind == "authored" and (bare := text.strip()):
            start = part.start + text.index(bare)
            spans.append((start, start + len(bare)))
    return tuple(spans)


def _kinds(lines: Sequence[Line], words: Conventions, author: str) -> list[Kind]:
    kinds: list[Kind] = ["authored"] * len(lines)
    written = False
    index = 0
    while index < len(lines):
        line = lines[index]
        if line.depth or _is_wrapped_quote(lines, index):
            kinds[index] = "quote"
        elif header := find_header(lines, index, words):
            kinds[header.first : header.last + 1] = ["header"] * (header.last + 1 - header.first)
            index = header.last
            following = next_content(lines, index + 1)
            marked = following is not None and following.depth > 0
            # A help desk's own mail begins with the request; its text is not a quote.
            if not marked and (written or not header.request):
                kinds[index + 1 :] = ["quote"] * (len(lines) - index - 1)
                break
        else:
            written = written or not line.blank
        index += 1
    _label_tails(lines, kinds, words, author)
    return kinds


def _is_wrapped_quote(lines: Sequence[Line], index: int) -> bool:
    """Say whether a line is the unmarked end of a quoted line that was wrapped on its way."""
    if not 0 < index < len(lines) - 1:
        return False
    above, line, below = lines[index - 1 : index + 2]
    wide = above.depth > 0 and _WRAP_WIDTH <= above.length and line.length < above.length
    return wide and above.depth == below.depth and line.text[:1].islower()


def _label_tails(lines: Sequence[Line], kinds: list[Kind], words: Conventions, author: str) -> None:
    start = 0
    while start < len(lines):
        end = start
        while end < len(lines) and (kinds[end] == "authored" or (lines[end].blank and end > start)):
            end += 1
        if end > start:
            for first, last, kind in find_tail(lines[start:end], words, author):
                kinds[start + first : start + last] = [kind] * (last - first)
        start = max(end, start + 1)
