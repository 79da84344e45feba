"""Text in one plain form, with a way back to the original by offset.

What is written the same becomes the same: NFKC, no invisible characters, plain spaces and line
ends, and no more than eight of one character or emoji in a row.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

Edit: TypeAlias = tuple[int, int, int, int]
"""Start and end in the new text, start and end in the old text; either may be empty."""

MOST_REPEATS: Final = 8

# Characters that NFKC keeps, that never join the one before, and that are seen; found by
# unicodedata, written out because they make the usual text need one search only.
_STABLE: Final = (
    r"\t\n -~¡-§©«¬®°±¶»¿-ıĴ-ľŁ-ňŊ-žΑ-ΡΣ-ώЀ-ҁҊ-ԯ‐–—‘-‟†-•‹›€、-々〈-】ぁ-ゔァ-ヺー㐀-䶿一-龥가-힣"
    r"☀-➿\U0001f300-\U0001f5ff\U0001f600-\U0001f64f\U0001f680-\U0001f6ff\U0001f900-\U0001f9ff"
)
_DOUBTFUL: Final = re.compile(f"[{_STABLE}]?[^{_STABLE}]+")
_BREAKS: Final = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_REPEATS: Final = re.compile(
    rf"([\U0001f1e6-\U0001f1ff]{{2}}|[^\d][\U0001f3fb-\U0001f3ff]?)\1{{{MOST_REPEATS},}}"
)
_REPLACED: Final = {0x1680: " ", 0x2800: " "} | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
_SHORT_RUN: Final = 500
"""Longer runs are never handed to unicodedata whole: it sorts marks in quadratic time."""
_LONGEST_CLUSTER: Final = 30
"""Marks on one letter that are read together, as in Unicode's stream-safe text."""
_LAST_SCRIPT: Final = 0x20000
_TAGS: Final = (0xE0000, 0xE0200)
_INVISIBLE_LETTERS: Final = "\u034f\u115f\u1160\u3164\uffa0"
_JOINING_LETTERS: Final = ((0x1100, 0x1200), (0x3131, 0x318F), (0xFF9E, 0xFFDD))
"""Hangul jamo and half-width marks join the letter before them although they are not marks."""


@dataclass(frozen=True, slots=True)
class Normalised:
    """Normalised text.

    Attributes:
        text: the text.
        offsets: the changes made, step by step; ``()`` when the text is the original.
    """

    text: str
    offsets: tuple[tuple[Edit, ...], ...] = ()

    def to_original(self, start: int, end: int) -> tuple[int, int]:
        """Map ``text[start:end]`` to the span of the original that it was made from.

        A character that came from several (a letter and its accent, a long run) maps to all of
        them. Invisible characters at the edges of the span are left out.

        Raises:
            ValueError: the span does not lie in the text.
        """
        if not 0 <= start <= end <= len(self.text):
            raise ValueError(f"span {start}:{end} is outside 0:{len(self.text)}")
        for edits in reversed(self.offsets):
            empty = start == end
            start = _start_before(edits, start)
            end = start if empty else _end_before(edits, end)
        return start, end


def normalise(text: str) -> Normalised:
    """Normalise a text; plain ASCII without control characters or long runs is returned as it is.

    Lone surrogates become U+FFFD, so that the text can always be encoded. Time is linear.
    """
    layers: list[tuple[Edit, ...]] = []
    for changes in (_line_ends, _characters, _runs):
        edits, changed = _apply(text, changes(text))
        if edits:
            layers.append(edits)
            text = changed
    return Normalised(text, tuple(layers))


def _start_before(edits: tuple[Edit, ...], position: int) -> int:
    at = bisect_right(edits, position, key=lambda edit: edit[0]) - 1
    if at < 0:
        return position
    _, new_end, old_start, old_end = edits[at]
    return old_start if position < new_end else old_end + position - new_end


def _end_before(edits: tuple[Edit, ...], position: int) -> int:
    at = bisect_right(edits, position - 1, key=lambda edit: edit[0]) - 1
    if at < 0:
        return position
    _, new_end, _, old_end = edits[at]
    return old_end if position - 1 < new_end else old_end + position - new_end


def _apply(text: str, changes: Iterable[tuple[int, int, str]]) -> tuple[tuple[Edit, ...], str]:
    edits: list[Edit] = []
    pieces: list[str] = []
    done = written = 0
    for start, end, new in changes:
        pieces += (text[done:start], new)
        written += start - done
        edits.append((written, written + len(new), start, end))
        written += len(new)
        done = end
    pieces.append(text[done:])
    return tuple(edits), "".join(pieces)


def _line_ends(text: str) -> Iterator[tuple[int, int, str]]:
    for found in _BREAKS.finditer(text):
        yield found.start(), found.end(), "\n"


def _characters(text: str) -> Iterator[tuple[int, int, str]]:
    for run in _DOUBTFUL.finditer(text):
        invisible, hidden, clusters = _classes()
        if run.end() - run.start() <= _SHORT_RUN and _is_plain(run.group(), hidden):
            continue
        for found in clusters.finditer(text, run.start(), run.end()):
            seen = found.group().rstrip(invisible)
            new = _plain(seen)
            middle = found.start() + len(seen)
            if new != seen:
                yield found.start(), middle, new
            if middle < found.end():
                yield middle, found.end(), ""


def _is_plain(run: str, hidden: re.Pattern[str]) -> bool:
    if hidden.search(run) or not unicodedata.is_normalized("NFKC", run):
        return False
    return run.translate(_REPLACED) == run


@lru_cache(maxsize=4096)
def _plain(cluster: str) -> str:
    """Normalise a letter with its marks; line ends and a lone surrogate are dealt with too."""
    if len(cluster) > 1:
        cluster = _classes()[1].sub("", cluster)
    return unicodedata.normalize("NFKC", cluster.translate(_REPLACED))


def _runs(text: str) -> Iterator[tuple[int, int, str]]:
    for found in _REPEATS.finditer(text):
        unit = found.group(1)
        # The last one that is kept stands for all that are dropped.
        yield found.start() + len(unit) * (MOST_REPEATS - 1), found.end(), unit


@lru_cache(maxsize=1)
def _classes() -> tuple[str, re.Pattern[str], re.Pattern[str]]:
    """Return what is removed, as letters and as a pattern, and the pattern of a joined letter."""
    invisible = [*_INVISIBLE_LETTERS]
    joining = []
    for code in (*range(_LAST_SCRIPT), *range(*_TAGS)):
        char = chr(code)
        category = unicodedata.category(char)
        if (category in {"Cc", "Cf"} and char not in "\t\n") or _selects_variant(code):
            invisible.append(char)
        elif category[0] == "M" or any(low <= code < high for low, high in _JOINING_LETTERS):
            joining.append(code)
    hidden = "".join(re.escape(c) for c in invisible)
    joined = _ranges(joining) + hidden
    cluster = f"[^{joined}][{joined}]{{0,{_LONGEST_CLUSTER}}}|[{joined}]{{1,{_LONGEST_CLUSTER}}}"
    return "".join(invisible), re.compile(f"[{hidden}]"), re.compile(cluster)


def _selects_variant(code: int) -> bool:
    return 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF


def _ranges(codes: list[int]) -> str:
    """Write sorted code points as the inside of a character class."""
    out = []
    first = last = codes[0]
    for code in [*codes[1:], -1]:
        if code != last + 1:
            out.append(f"{re.escape(chr(first))}-{re.escape(chr(last))}")
            first = code
        last = code
    return "".join(out)
