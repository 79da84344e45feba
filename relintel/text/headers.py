"""Finds what announces a quoted message: attribution lines, header fields, separators."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from relintel.text.conventions import Conventions, FieldKind
from relintel.text.layout import LONGEST_HEADER, Line, next_content

_MAX_WRAPPED: Final = 6
_MAX_FIELDS: Final = 24
_MAX_UNFOLDED: Final = 2
_FEW_WORDS: Final = 6
_MANY_WORDS: Final = 16
_ADDRESS: Final = re.compile(r"[^\s<>()\[\]@,;:\"]{1,64}@[^\s<>()\[\]@,;:\"]{1,120}")
_SET_OFF: Final = re.compile(r"[<(\[] ?(?:mailto:)?[^\s<>()\[\]@]{1,64}@")
_CLOCK: Final = re.compile(r"\b\d{1,2}[:.h]\d{2}(?!\d|\.\d)")
_DAY: Final = re.compile(
    r"\b(?:\d{1,2}\.? ?[./-] ?\d{1,2}\.? ?[./-] ?(?:19|20)?\d\d|(?:19|20)\d\d ?[./-] ?\d{1,2}"
    r" ?[./-] ?\d{1,2})\b|\d{4} ?[年년] ?\d{1,2} ?[月월]"
)
_YEAR: Final = re.compile(r"\b(?:19|20)\d\d\b")
_WORDS: Final = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_ENDS: Final = (":", "：")


@dataclass(frozen=True, slots=True)
class Header:
    """Lines `first` to `last` announce a quote; `request` is a "reply above this line"."""

    first: int
    last: int
    request: bool = False


def find_header(lines: Sequence[Line], index: int, words: Conventions) -> Header | None:
    """Return the header that begins at a line, or for attributions ends at it, if there is one."""
    line = lines[index]
    if line.blank or line.depth or line.length > LONGEST_HEADER:
        return None
    if words.reply_above.search(line.folded):
        return Header(index, index, request=True)
    if _is_separator(line, words):
        return Header(index, _end_of_fields(lines, index + 1, words, after_separator=True) or index)
    last = _end_of_fields(lines, index, words, after_separator=False)
    if last is not None:
        return Header(_with_rule(lines, index), last)
    first = _start_of_attribution(lines, index, words)
    return None if first is None else Header(first, index)


def field_kind(line: Line, words: Conventions) -> FieldKind | None:
    """Return which header field a line holds (``*Von:* Anna`` holds ``from``)."""
    head, colon, _ = line.folded.replace("：", ":").partition(":")
    return words.fields.get(head.strip("* _")) if colon and len(head) <= 40 else None


def _is_separator(line: Line, words: Conventions) -> bool:
    bare = line.bare.rstrip(":：")
    if bare in words.bare:
        return True
    drawn = line.text[:2] in {"--", "__", "==", "**", "—-", "——"} or line.text[:1] in "—─━"
    return drawn and bare in words.ruled


def _with_rule(lines: Sequence[Line], index: int) -> int:
    """Take in a line drawn above the fields, with blank lines between."""
    above = index - 1
    while above >= max(0, index - 3) and lines[above].blank:
        above -= 1
    return above if above >= 0 and not lines[above].depth and lines[above].is_rule else index


def _end_of_fields(
    lines: Sequence[Line], start: int, words: Conventions, after_separator: bool
) -> int | None:
    """Return the last line of the block of header fields at `start`, or ``None``."""
    kinds: set[FieldKind] = set()
    addressed = False
    last = None
    skipped = 0
    for index in range(start, min(start + _MAX_FIELDS, len(lines))):
        line = lines[index]
        kind = None if line.depth else field_kind(line, words)
        if kind is None:
            skipped += 1
            if skipped > _MAX_UNFOLDED or (last is None and not (after_separator and line.blank)):
                break
            addressed = addressed or (last is not None and "@" in line.text)
            continue
        skipped = 0
        kinds.add(kind)
        addressed = addressed or (kind in {"from", "to"} and "@" in line.text)
        last = index
    opening = not any(not line.blank for line in lines[:start]) if start < _MAX_FIELDS else False
    return last if _are_headers(kinds, addressed, after_separator, opening) else None


def _are_headers(
    kinds: set[FieldKind], addressed: bool, after_separator: bool, opening: bool
) -> bool:
    dated = bool(kinds & {"sent", "date"})
    if after_separator:
        return len(kinds) >= 2
    if "from" not in kinds:
        return False
    if opening:
        # A contact form begins with fields too (From, Subject, Message), but carries no date.
        return dated and len(kinds) >= 3 and (addressed or bool(kinds & {"subject", "sent"}))
    return "subject" in kinds or "sent" in kinds or (addressed and len(kinds) >= 2)


def _start_of_attribution(lines: Sequence[Line], index: int, words: Conventions) -> int | None:
    """Return where the attribution that ends at `index` begins; it may be wrapped over lines."""
    if not _may_end(lines[index], words):
        return None
    following = next_content(lines, index + 1)
    quoted = following is not None and following.depth > 0
    joined = ""
    for first in range(index, max(-1, index - _MAX_WRAPPED), -1):
        line = lines[first]
        if line.blank or line.depth:
            break
        joined = _tidy(f"{line.text} {joined}")
        if len(joined) > LONGEST_HEADER:
            break
        alone = first == 0 or lines[first - 1].blank or lines[first - 1].is_rule
        if _Attribution(joined, words, quoted, alone).opens:
            return first
    single = _Attribution(_tidy(lines[index].text), words, quoted, True)
    return index if single.names_author else None


def _may_end(line: Line, words: Conventions) -> bool:
    text = line.folded.rstrip("-—_*> ")
    if text.endswith(_ENDS):
        return True
    found = words.verbs.finditer(text, max(0, len(text) - 40))
    return any(verb.end() == len(text) for verb in found)


def _tidy(text: str) -> str:
    # "<address>wrote:" is written by one program and one blank short.
    return " ".join(text.casefold().replace(">", "> ").replace("’", "'").strip("-—_* ").split())


class _Attribution:
    """Weighs the evidence that a text such as ``On … wrote:`` announces a quote."""

    def __init__(self, text: str, words: Conventions, quoted: bool, alone: bool) -> None:
        self._text = text
        self._words = words
        self._quoted = quoted
        self._alone = alone
        self._tokens = _WORDS.findall(text)
        self._ends = text.endswith(_ENDS)
        self._addressed = _ADDRESS.search(text) is not None
        self._set_off = _SET_OFF.search(text) is not None

    @property
    def opens(self) -> bool:
        """Whether it begins as attributions do, with a date, and is one."""
        if not self._begins_with_date():
            return False
        if not self._verb():
            clocked = _CLOCK.search(self._text) is not None
            return self._set_off and self._ends and self._dated() and clocked
        if self._set_off:
            return True
        if self._speaks_of_others():
            return False
        clock = _CLOCK.search(self._text) is not None
        if self._addressed or self._quoted or (clock and self._dated()):
            return True
        return self._dated() and self._alone and len(self._tokens) <= _MANY_WORDS

    @property
    def names_author(self) -> bool:
        """Whether it is ``Name <address> wrote:``, or without the address above a marked quote."""
        if self._words.quoting.match(self._text):
            return self._addressed and self._ends
        if not self._verb() or not (self._ends or self._quoted):
            return False
        if self._set_off:
            return len(self._tokens) <= _MANY_WORDS + _FEW_WORDS
        short = len(self._tokens) <= (_MANY_WORDS if self._addressed else _FEW_WORDS)
        return short and self._quoted and not self._speaks_of_others()

    def _verb(self) -> bool:
        return self._words.verbs.search(self._text) is not None

    def _dated(self) -> bool:
        if _DAY.search(self._text):
            return True
        named = any(token in self._words.date_words for token in self._tokens)
        return named and _YEAR.search(self._text) is not None

    def _begins_with_date(self) -> bool:
        opener = self._words.openers.match(self._text)
        rest = self._text[opener.end() :] if opener else self._text
        first = [token.strip(".,") for token in rest.split(maxsplit=3)[:2]]
        if not first:
            return False
        if opener:
            return any(self._is_date(token) for token in first)
        return self._is_date(first[0]) and any(c.isdigit() for c in rest[:24])

    def _is_date(self, token: str) -> bool:
        return token[:1].isdigit() or token in self._words.date_words

    def _speaks_of_others(self) -> bool:
        opener = self._words.openers.match(self._text)
        inside = self._text[opener.end() :] if opener else self._text
        spoken = _WORDS.findall(inside)
        return any(
            word in self._words.strangers and word not in self._words.date_words for word in spoken
        )
