"""Lines of a message with the features that tell its parts apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_QUOTE_MARKS: Final = re.compile(r"[ \t]{0,3}(?:>[ \t]?)+")
_FACES: Final = frozenset(":;=._-|\\[](<^oO")
"""What follows ``>`` in faces such as ``>:(`` and in the rest of a wrapped address, ``>:``."""
_AMOUNT: Final = re.compile(r">[ \t]?[\d$€£~]")
_RULE_MARKS: Final = frozenset("-_=*—–―─━~#")
_DECORATION: Final = "-_=*—–―─━~#> \t"
LONGEST_HEADER: Final = 500
"""Characters of a line that are looked at; headers and signatures are never longer."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a message.

    Attributes:
        start: offset of its first character.
        end: offset behind its line end.
        text: its text without quote marks and surrounding space, cut to `LONGEST_HEADER`.
        length: length without quote marks and surrounding space, uncut.
        depth: number of quote marks.
    """

    start: int
    end: int
    text: str
    length: int
    depth: int

    @property
    def blank(self) -> bool:
        """Whether nothing but quote marks stands here."""
        return self.length == 0

    @property
    def folded(self) -> str:
        """The text casefolded, with plain apostrophes and single spaces."""
        return " ".join(self.text.casefold().replace("’", "'").split())

    @property
    def bare(self) -> str:
        """The text without surrounding dashes, stars and the like, casefolded."""
        return self.folded.strip(_DECORATION)

    @property
    def is_rule(self) -> bool:
        """Whether it is a line drawn with two or more dashes, underscores or similar marks."""
        return len(self.text) >= 2 and _RULE_MARKS.issuperset(self.text.replace(" ", ""))


def read_lines(body: str) -> list[Line]:
    """Cut a body into lines at LF, CR LF and lone CR."""
    lines = []
    position = 0
    for piece in _split(body):
        lines.append(_line(piece, position))
        position += len(piece)
    return _without_amounts(lines, body)


def next_content(lines: Sequence[Line], index: int) -> Line | None:
    """Return the first line from `index` on that is not blank."""
    return next((lines[i] for i in range(index, len(lines)) if not lines[i].blank), None)


def _split(body: str) -> list[str]:
    # str.splitlines would also cut at form feeds and Unicode separators, which stand in lines.
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z", body)


def _line(piece: str, start: int) -> Line:
    depth, offset = 0, 0
    if marks := _QUOTE_MARKS.match(piece):
        after = piece[marks.end() : marks.end() + 1]
        single = marks.group().strip() == ">"
        if not (single and not marks.group().endswith((" ", "\t")) and after in _FACES and after):
            depth, offset = marks.group().count(">"), marks.end()
    content = piece[offset:].strip()
    return Line(start, start + len(piece), content[:LONGEST_HEADER], len(content), depth)


def _without_amounts(lines: list[Line], body: str) -> list[Line]:
    """Take ``> 30 minutes`` for the author's own where it is all that looks quoted."""
    quoted = [i for i, line in enumerate(lines) if line.depth]
    if len(quoted) != 1 or not _AMOUNT.match(body, lines[quoted[0]].start):
        return lines
    line = lines[quoted[0]]
    lines[quoted[0]] = Line(line.start, line.end, line.text, line.length, 0)
    return lines
