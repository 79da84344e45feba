"""What single lines read like: a name, contact details, a sentence."""

from __future__ import annotations

import re
from typing import Final

from relintel.text.conventions import Conventions
from relintel.text.layout import Line

LINK: Final = re.compile(r"https?://|www\.|\w@\w|\bmailto:")
BRACKETED: Final = re.compile(r"<[^<>]{0,300}>|\[[^\[\]]{0,300}\]|\bhttps?://\S{1,300}")
_PHONE: Final = re.compile(r"\+?\(?\d[\d ()/.-]{5,}\d")
_TOKEN: Final = re.compile(r"[^\W\d_][\w'’.-]*")
_PARTICLES: Final = frozenset(
    "von van de der den da di du del della la le zu zur of and und y et & bin al el dos ter".split()
)
_LONGEST: Final = 140
_LONGEST_CONTACT: Final = 120
_LONGEST_NAME: Final = 50
_MANY_LOWER: Final = 7


def is_name(text: str) -> bool:
    """Say whether a text may be a name: few words, each with a capital, no sentence marks."""
    bare = text.strip("*_-–—~, \t")
    if (
        not bare
        or len(bare) > _LONGEST_NAME
        or any(c.isdigit() or c in "?!:;@[]{}<>=" for c in bare)
    ):
        return False
    tokens: list[str] = _TOKEN.findall(bare)
    if not 1 <= len(tokens) <= 5 or (bare.endswith(".") and len(tokens[-1].rstrip(".")) > 2):
        return False
    # Chinese letters have no case.
    return all(not token[0].islower() or token.casefold() in _PARTICLES for token in tokens)


def is_contact(line: Line, words: Conventions) -> bool:
    """Say whether a line holds an address, a number or a company's details and little else."""
    text = line.folded
    if words.company.search(text):
        return True
    head, colon, _ = text.partition(":")
    if colon and head.strip("*_ .") in words.contact:
        return True
    lower = sum(token.islower() for token in _TOKEN.findall(BRACKETED.sub(" ", line.text)))
    brief = line.length <= _LONGEST_CONTACT and lower <= _MANY_LOWER - 2
    return brief and (LINK.search(text) is not None or _PHONE.search(text) is not None)


def is_sentence(line: Line) -> bool:
    """Say whether a line reads as prose rather than as a name, a title or an address."""
    if line.length > _LONGEST:
        return True
    tokens: list[str] = _TOKEN.findall(BRACKETED.sub(" ", line.text))
    lower = sum(token[0].islower() and token not in _PARTICLES for token in tokens)
    ended = line.text.endswith((".", "!", "?", "…", ":"))
    return (
        lower >= _MANY_LOWER or (ended and lower >= 2) or (lower >= 4 and lower * 2 > len(tokens))
    )
