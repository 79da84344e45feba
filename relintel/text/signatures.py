"""Finds what stands below an author's own words: signature, mobile line, disclaimer, footer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from relintel.text.conventions import Conventions
from relintel.text.layout import Line

Tail: TypeAlias = tuple[int, int, Literal["signature", "footer", "quote"]]
"""First line, line behind the last, and what they are."""

_MAX_SIGNATURE: Final = 24
_MAX_BLOCK: Final = 12
_MAX_FOOTER_PARAGRAPHS: Final = 12
_SHORT: Final = 70
_LONGEST_NAME: Final = 50
_MANY_LOWER: Final = 7
_LINK: Final = re.compile(r"https?://|www\.|\w@\w|\bmailto:")
_PHONE: Final = re.compile(r"\+?\(?\d[\d ()/.-]{5,}\d")
_TOKEN: Final = re.compile(r"[^\W\d_][\w'’.-]*")
_BRACKETED: Final = re.compile(r"<[^<>]{0,300}>|\[[^\[\]]{0,300}\]|\bhttps?://\S{1,300}")
_PARTICLES: Final = frozenset(
    "von van de der den da di du del della la le zu zur of and und y et & bin al el dos ter".split()
)
_CLAUSE_END: Final = re.compile(r"[,;:.!?](?:\s|$)")
_STARS: Final = "*_-–—~,.!? \t"


def find_tail(lines: Sequence[Line], words: Conventions) -> list[Tail]:
    """Label the end of a passage written by one author; lines without a label are their words.

    Args:
        lines: a passage without quotes and headers in it.
        words: conventions of all languages.
    """
    found: list[Tail] = []
    end = len(lines)
    for find in (_footer, _mobile, _delimited, _below_rule):
        tail = find(lines, end, words)
        if tail is not None:
            found.append(tail)
            end = tail[0]
    block = _below_closing(lines, end, words) or _dashed_name(lines, end)
    if block is not None:
        found.append(block)
    return found


def _footer(lines: Sequence[Line], end: int, words: Conventions) -> Tail | None:
    """Walk up from the end while paragraphs are disclaimers, list footers or links."""
    start = None
    for first, last in _paragraphs_from_end(lines, end):
        if _is_footer(lines[first:last], words):
            start = first
        elif not all(_is_contact(line, words) or line.is_rule for line in lines[first:last]):
            break
    if start is None:
        return None
    while start > 0 and (lines[start - 1].blank or lines[start - 1].is_rule):
        start -= 1
    while start < end and lines[start].blank:
        start += 1
    return (start, end, "footer")


def _paragraphs_from_end(lines: Sequence[Line], end: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    last = end
    while last > 0 and len(found) < _MAX_FOOTER_PARAGRAPHS:
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
    own = [line for line in paragraph if not line.is_rule][:_MAX_SIGNATURE]
    if not own:
        return False
    if words.notices.match(own[0].bare):
        return True
    text = " ".join(line.folded for line in own)
    linked = _LINK.search(text) is not None
    if linked and (words.lists.match(own[0].bare) or _names_list(own, words)):
        return True
    return len(set(words.disclaimers.findall(text))) >= 2


def _names_list(paragraph: Sequence[Line], words: Conventions) -> bool:
    """Recognise the three lines of a mailing list: its name, its address, its page."""
    if len(paragraph) > 4 or words.lists.search(paragraph[0].folded) is None:
        return False
    return all(_LINK.search(line.text) for line in paragraph[1:]) and len(paragraph) > 1


def _mobile(lines: Sequence[Line], end: int, words: Conventions) -> Tail | None:
    """Find a mail program's own line; what follows is its quote, or a signature if short."""
    written = False
    final = next((i for i in range(end - 1, -1, -1) if not lines[i].blank), -1)
    for index in range(end):
        line = lines[index]
        if line.blank or line.length > 160 or (index and not _ends_paragraph(lines[index - 1])):
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
    text = " ".join(_BRACKETED.sub(" ", line.bare).split())
    match = words.mobile.match(text) or words.mobile_app.match(text)
    if match is None:
        return False
    rest = text[match.end() :].strip()
    tokens = rest.split()
    ended = rest.endswith((".", "!", "?")) and len(tokens) > 4
    if _names_device(text[: match.end()], rest, words):
        return len(tokens) <= 16 and not (ended and len(_first_clause(rest)) > 6)
    own = words.mobile_own.match(text) is not None and apart
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
        if _is_sentence(line):
            return None
        contact = contact or _is_contact(line, words)
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
            return True if len(name) <= 3 and _is_name(" ".join(name)) else None
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
    lower = len(content) == 1 and len(head.text) <= 20 and _plain(head.text).isalpha()
    if not (_is_name(head.text) or _is_contact(head, words) or (lower and not named)):
        return None
    stop = content[0] + 1
    for index in content[1 : _MAX_SIGNATURE + 1]:
        line = lines[index]
        if _is_postscript(line, words):
            break
        if _is_sentence(line) and not _is_contact(line, words):
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
    return (content[-1], end, "signature") if dashed and _is_name(last.text[1:]) else None


def _is_name(text: str) -> bool:
    bare = text.strip("*_-–—~, \t")
    if (
        not bare
        or len(bare) > _LONGEST_NAME
        or any(c.isdigit() or c in "?!:;@[]{}<>=" for c in bare)
    ):
        return False
    tokens = _TOKEN.findall(bare)
    if not 1 <= len(tokens) <= 5 or (bare.endswith(".") and len(tokens[-1].rstrip(".")) > 2):
        return False
    # Chinese letters have no case.
    return all(not token[0].islower() or token.casefold() in _PARTICLES for token in tokens)


def _is_contact(line: Line, words: Conventions) -> bool:
    text = line.folded
    if words.company.search(text):
        return True
    head, colon, _ = text.partition(":")
    if colon and head.strip("*_ .") in words.contact:
        return True
    lower = sum(token.islower() for token in _TOKEN.findall(_BRACKETED.sub(" ", line.text)))
    brief = line.length <= 120 and lower <= _MANY_LOWER - 2
    return brief and (_LINK.search(text) is not None or _PHONE.search(text) is not None)


def _is_sentence(line: Line) -> bool:
    """Say whether a line reads as prose rather than as a name, a title or an address."""
    if line.length > _SHORT * 2:
        return True
    tokens = _TOKEN.findall(_BRACKETED.sub(" ", line.text))
    lower = sum(token[0].islower() and token not in _PARTICLES for token in tokens)
    ended = line.text.endswith((".", "!", "?", "…", ":"))
    return (
        lower >= _MANY_LOWER or (ended and lower >= 2) or (lower >= 4 and lower * 2 > len(tokens))
    )
