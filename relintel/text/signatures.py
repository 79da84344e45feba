"""Finds the signature below an author's own words, and labels all that is not theirs there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from relintel.text.conventions import Conventions
from relintel.text.footers import Tail, find_footer, find_mobile, paragraphs_from_end
from relintel.text.layout import Line
from relintel.text.wording import is_contact, is_name, is_sentence

_MAX_SIGNATURE: Final = 24
_MAX_BLOCK: Final = 12
_MAX_BELOW_NAME: Final = 3
_WORD: Final = re.compile(r"[^\W\d_]+")
_STARS: Final = "*_-–—~,.!? \t"


def find_tail(lines: Sequence[Line], words: Conventions, author: str = "") -> list[Tail]:
    """Label the end of a passage written by one author; lines without a label are their words.

    Args:
        lines: a passage without quotes and headers in it.
        words: conventions of all languages.
        author: the author's name, where it is known.
    """
    found: list[Tail] = []
    end = len(lines)
    for find in (find_footer, find_mobile, _delimited, _below_rule):
        tail = find(lines, end, words)
        if tail is not None:
            found.append(tail)
            end = tail[0]
    block = (
        _below_closing(lines, end, words)
        or _dashed_name(lines, end)
        or _contact_block(lines, end, words)
        or _authors_name(lines, end, words, author)
    )
    if block is not None:
        found.append(block)
    return found


def _delimited(lines: Sequence[Line], end: int, words: Conventions) -> Tail | None:
    """Find the line of two dashes that parts a signature by convention."""
    below = 0
    start = None
    for index in range(end - 1, -1, -1):
        if lines[index].text in {"--", "—", "–"}:
            start = index
        below += not lines[index].blank
        if below > _MAX_SIGNATURE:
            break
    return None if start is None else (start, end, "signature")


def _below_rule(lines: Sequence[Line], end: int, words: Conventions) -> Tail | None:
    """Find a drawn line with nothing but names and contact details below."""
    contact = False
    named = 0
    for index in range(end - 1, max(-1, end - 2 * _MAX_BLOCK), -1):
        line = lines[index]
        if line.blank:
            continue
        if line.is_rule:
            return (index, end, "signature") if named and contact else None
        if is_sentence(line):
            return None
        contact = contact or is_contact(line, words)
        named += 1
    return None


def _below_closing(lines: Sequence[Line], end: int, words: Conventions) -> Tail | None:
    """Find the block of name and contact details below a closing formula."""
    for index in range(max(0, end - 2 * _MAX_SIGNATURE), end):
        closing = _closing(lines[index], words)
        if closing is None:
            continue
        stop = _end_of_block(lines, index + 1, end, words, named=closing)
        if stop is not None and _closes(lines, stop, end, words):
            first = next(i for i in range(index + 1, stop) if not lines[i].blank)
            return (first, stop, "signature")
    return None


def _closing(line: Line, words: Conventions) -> bool | None:
    """Say whether a closing formula carries the name on its line; ``None`` when it is none."""
    plain = _plain(line.folded)
    tokens = plain.split()
    if not tokens or len(tokens) > 8:
        return None
    if plain in words.closings:
        return False
    for size in range(min(5, len(tokens) - 1), 0, -1):
        if " ".join(tokens[:size]).rstrip(",") in words.closings:
            name = line.text.split()[size:]
            return True if len(name) <= 3 and is_name(" ".join(name)) else None
        if size > 1 and " ".join(tokens[-size:]) in words.closings:
            return False
    return None


def _plain(text: str) -> str:
    letters = "".join(c if c.isalnum() or c in " .,'-/" else " " for c in text)
    return " ".join(letters.split()).strip(_STARS)


def _end_of_block(
    lines: Sequence[Line], start: int, end: int, words: Conventions, named: bool
) -> int | None:
    """Return the line behind a signature block, or ``None`` when no such block begins."""
    content = [i for i in range(start, end) if not lines[i].blank]
    if not content or content[0] > start + 2:
        return None
    head = lines[content[0]]
    if _closing(head, words) is not None:
        return None
    lower = len(content) == 1 and len(head.text) <= 20 and _plain(head.text).isalpha()
    if not (is_name(head.text) or is_contact(head, words) or (lower and not named)):
        return None
    stop = content[0] + 1
    for index in content[1 : _MAX_SIGNATURE + 1]:
        line = lines[index]
        if _is_postscript(line, words):
            break
        if is_sentence(line) and not is_contact(line, words):
            break
        stop = index + 1
    return stop


def _closes(lines: Sequence[Line], stop: int, end: int, words: Conventions) -> bool:
    """Say whether only a postscript, if anything, follows."""
    below = next((line for line in lines[stop:end] if not line.blank), None)
    return below is None or _is_postscript(below, words)


def _is_postscript(line: Line, words: Conventions) -> bool:
    return line.folded.split(" ")[0].rstrip(":") in words.postscripts


def _dashed_name(lines: Sequence[Line], end: int) -> Tail | None:
    """Find ``- Anna`` as a last paragraph of its own."""
    content = [i for i in range(max(0, end - 8), end) if not lines[i].blank]
    if len(content) < 2:
        return None
    last, before = lines[content[-1]], lines[content[-2]]
    if content[-1] - content[-2] < 2 or before.text[:1] in "-–—•*":
        return None
    dashed = last.text[:1] in "-–—~" and len(last.text.split()) <= 4
    return (content[-1], end, "signature") if dashed and is_name(last.text[1:]) else None


def _contact_block(lines: Sequence[Line], end: int, words: Conventions) -> Tail | None:
    """Find a last paragraph that begins with a name and holds contact details, no sentence."""
    offset = max(0, end - 2 * _MAX_BLOCK)
    paragraphs = paragraphs_from_end(lines[offset:end], end - offset)
    if len(paragraphs) < 2:
        return None
    first, last = paragraphs[0][0] + offset, paragraphs[0][1] + offset
    block = lines[first:last]
    named = is_name(block[0].text) and len(block[0].text.split()) >= 2
    if not named or not 2 <= len(block) <= _MAX_BLOCK or any(is_sentence(line) for line in block):
        return None
    reached = any(is_contact(line, words) for line in block[1:])
    return (first, end, "signature") if reached else None


def _authors_name(lines: Sequence[Line], end: int, words: Conventions, author: str) -> Tail | None:
    """Find a paragraph of few lines that begins with the author's name and says nothing.

    It is the last one; where the name stands in full on a line of its own, anything may follow,
    and where it is only like the name, a company's details.
    """
    known = _bare_words(author)
    official = True
    for first, last in paragraphs_from_end(lines, end)[:_MAX_BELOW_NAME]:
        block = lines[first:last]
        tokens = _bare_words(block[0].text)
        if not known or first == 0:
            return None
        named = _may_name(tokens, known) if official else _is_full_name(tokens, known)
        brief = 1 <= len(tokens) <= 5 and len(block) <= 4
        if named and brief and not any(is_sentence(line) for line in block):
            return (first, end, "signature")
        if _is_postscript(block[0], words):
            return None
        official = official and is_contact(block[0], words)
    return None


def _is_full_name(tokens: Sequence[str], known: Sequence[str]) -> bool:
    return len(tokens) > 1 and set(tokens) <= set(known)


def _bare_words(text: str) -> list[str]:
    """Return the words in lower case without accents, which addresses lack."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return _WORD.findall("".join(c for c in apart if not unicodedata.combining(c)))


def _may_name(tokens: Sequence[str], known: Sequence[str]) -> bool:
    """Say whether words name somebody: one word of the name, its short form, or the initials."""
    short = any(name.startswith(token) for token in tokens if len(token) > 2 for name in known)
    initials = {name[0] for name in known}
    initialled = all(len(token) == 1 and token in initials for token in tokens)
    return short or initialled or not set(tokens).isdisjoint(n for n in known if len(n) > 1)
