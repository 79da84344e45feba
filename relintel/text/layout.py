"""Lines of a message with the features that tell its parts apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from relintel.text.unseen import BLANKS, INVISIBLE, LINE_ENDS, strip_unseen

_HARD_END: Final = re.compile("[\r\n]")
_LINE: Final = re.compile(f"[^{LINE_ENDS}]*(?:\r\n|[{LINE_ENDS}])|[^{LINE_ENDS}]+\\Z")
_QUOTE_MARKS: Final = re.compile(
    f"[{INVISIBLE}]*(?:[{BLANKS}][{INVISIBLE}]*){{0,3}}((?:>[{BLANKS}]?[{INVISIBLE}]*)+)"
)
_FACE: Final = re.compile(rf">[{INVISIBLE}]*[:;=._\-|\\\[\](<^oO]")
"""The ``>`` of faces such as ``>:(``, and of the rest of a wrapped address, ``>:``."""
_AMOUNT: Final = re.compile(rf"[{INVISIBLE}]*>[ \t]?[\d$€£~]")
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
    """Cut a body into lines, at whatever a reader sees as the end of one."""
    lines = []
    position = 0
    for found in _LINE.finditer(body):
        lines.append(_line(found.group(), position))
        position = found.end()
    return _with_continued(_without_amounts(lines, body), body)


def next_content(lines: Sequence[Line], index: int) -> Line | None:
    """Return the first line from `index` on that is not blank."""
    return next((lines[i] for i in range(index, len(lines)) if not lines[i].blank), None)


def _line(piece: str, start: int) -> Line:
    depth, offset = 0, 0
    marks = _QUOTE_MARKS.match(piece)
    if marks and not _FACE.match(piece, marks.start(1)):
        depth, offset = marks[1].count(">"), marks.end()
    content = strip_unseen(piece[offset:])
    return Line(start, start + len(piece), content[:LONGEST_HEADER], len(content), depth)


def _without_amounts(lines: list[Line], body: str) -> list[Line]:
    """Take ``> 30 minutes`` for the author's own where it is all that looks quoted."""
    quoted = [i for i, line in enumerate(lines) if line.depth]
    if len(quoted) != 1 or not _AMOUNT.match(body, lines[quoted[0]].start):
        return lines
    lines[quoted[0]] = replace(lines[quoted[0]], depth=0)
    return lines


def _with_continued(lines: list[Line], body: str) -> list[Line]:
    """Count what follows a soft break in a quoted line as quoted, unless it is marked itself.

    A body with no CR or LF inside breaks its lines by nothing else: each speaks for itself there.
    """
    if _HARD_END.search(body.strip("\r\n")) is None:
        return lines
    first = 0
    for index, line in enumerate(lines, 1):
        if _HARD_END.match(body, line.end - 1) or index == len(lines):
            rest = range(first + 1, index)
            if lines[first].depth and not any(lines[i].depth for i in rest):
                for i in rest:
                    lines[i] = replace(lines[i], depth=lines[first].depth)
            first = index
    return lines
