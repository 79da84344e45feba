"""Finds what programs add below a mail: their own closing line, disclaimers, list footers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from relintel.text.conventions import Conventions
from relintel.text.layout import Line
from relintel.text.wording import BRACKETED, LINK, is_contact

Tail: TypeAlias = tuple[int, int, Literal["signature", "footer"]]
"""First line, line behind the last, and what they are."""

_MAX_PARAGRAPHS: Final = 12
_MAX_LINES: Final = 24
_LONGEST_MOBILE: Final = 160
_CLAUSE_END: Final = re.compile(r"[,;:.!?](?:\s|$)")


def find_footer(lines: Sequence[Line], end: int, words: Conventions) -> Tail | None:
    """Walk up from the end while paragraphs are disclaimers, list footers or links."""
    start = None
    for first, last in paragraphs_from_end(lines, end):
        if _is_footer(lines[first:last], words):
            start = first
        elif not all(is_contact(line, words) or line.is_rule for line in lines[first:last]):
            break
    if start is None:
        return None
    while start > 0 and (lines[start - 1].blank or lines[start - 1].is_rule):
        start -= 1
    while start < end and lines[start].blank:
        start += 1
    return (start, end, "footer")


def paragraphs_from_end(lines: Sequence[Line], end: int) -> list[tuple[int, int]]:
    """Cut lines before `end` into paragraphs, the last first; a drawn line begins one."""
    found: list[tuple[int, int]] = []
    last = end
    while last > 0 and len(found) < _MAX_PARAGRAPHS:
        while last > 0 and lines[last - 1].blank:
            last -= 1
        first = last
        while first > 0 and not lines[first - 1].blank:
            first -= 1
            if lines[first].is_rule:
                break
        if first < last:
            found.append((first, last))
        last = first
    return found


def _is_footer(paragraph: Sequence[Line], words: Conventions) -> bool:
    own = [line for line in paragraph if not line.is_rule][:_MAX_LINES]
    if not own:
        return False
    if words.notices.match(own[0].bare):
        return True
    text = " ".join(line.folded for line in own)
    linked = LINK.search(text) is not None
    if linked and (words.lists.match(own[0].bare) or _names_list(own, words)):
        return True
    return len(set(words.disclaimers.findall(text))) >= 2


def _names_list(paragraph: Sequence[Line], words: Conventions) -> bool:
    """Recognise the three lines of a mailing list: its name, its address, its page."""
    if len(paragraph) > 4 or words.lists.search(paragraph[0].folded) is None:
        return False
    return all(LINK.search(line.text) for line in paragraph[1:]) and len(paragraph) > 1


def find_mobile(lines: Sequence[Line], end: int, words: Conventions) -> Tail | None:
    """Find a mail program's own line; what follows is its quote, or a signature if short."""
    written = False
    final = next((i for i in range(end - 1, -1, -1) if not lines[i].blank), -1)
    for index in range(end):
        line = lines[index]
        if (
            line.blank
            or line.length > _LONGEST_MOBILE
            or (index and not _ends_paragraph(lines[index - 1]))
        ):
            written = written or not line.blank
            continue
        apart = written and (index + 1 == end or lines[index + 1].blank)
        if _is_mobile(line, words, apart, last=written and index == final):
            return (index, end if written else index + 1, "signature")
        written = True
    return None


def _ends_paragraph(line: Line) -> bool:
    few = len(line.text.split()) <= 4
    return line.blank or line.is_rule or few


def _is_mobile(line: Line, words: Conventions, apart: bool, last: bool) -> bool:
    text = " ".join(BRACKETED.sub(" ", line.bare).split())
    match = words.mobile.match(text) or words.mobile_app.match(text)
    if match is None:
        return False
    rest = text[match.end() :].strip()
    tokens = rest.split()
    ended = rest.endswith((".", "!", "?")) and len(tokens) > 4
    if _names_device(text[: match.end()], rest, words):
        return len(tokens) <= 16 and not (ended and len(_first_clause(rest)) > 6)
    own = apart and words.mobile_own.match(text) is not None
    if own and not ended and not words.devices.isdisjoint(tokens):
        return len(tokens) <= 16
    by_phrase = own or (last and words.mobile.match(text) is not None)
    return by_phrase and 0 < len(tokens) <= 6 and not ended and "," not in rest


def _names_device(phrase: str, rest: str, words: Conventions) -> bool:
    """Say whether a device or program stands early in the first clause and all but ends it."""
    clause = [token.strip(".!()®™'\"") for token in _first_clause(rest)]
    named = [n for n, token in enumerate(clause[:5]) if token in words.devices]
    if named:
        return len(clause) - named[-1] <= 5
    return not words.devices.isdisjoint(phrase.split()) and len(clause) <= 4


def _first_clause(text: str) -> list[str]:
    return _CLAUSE_END.split(text, maxsplit=1)[0].split()
