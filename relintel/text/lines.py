"""Builds plain-text lines: collapses white space, marks quotes, keeps empty lines few."""

from __future__ import annotations

import re
from typing import Final

_SPACES: Final = re.compile(r"[ \t\r\n\f]+")
_BREAKS: Final = re.compile(r"\r\n|[\r\n]")
_MAX_LEVEL: Final = 32
_MAX_EMPTY: Final = 2
_MAX_ATTRIBUTION: Final = 300
SIGNATURE_MARK: Final = "-- "


class LineWriter:
    """Collects text as it is shown and gives it out as lines.

    Attributes:
        level: how many quotes the next text stands in.
        before_quote: the level of a quote's first line, should that be its attribution.
        signing: the next text opens a signature.
    """

    def __init__(self) -> None:
        self.level = 0
        self.before_quote: int | None = None
        self.signing = False
        self._lines: list[str] = []
        self._current: list[str] = []
        self._open = False
        self._space = False
        self._empty = 0
        self._margin = False

    def text(self, text: str) -> None:
        """Add running text; runs of white space become one space."""
        collapsed = _SPACES.sub(" ", text)
        if collapsed == " " or not collapsed:
            self._space = self._space or bool(collapsed)
            return
        if collapsed[0] == " ":
            self._space = True
        if self._open and self._space:
            self._current.append(" ")
        self._current.append(collapsed.strip(" "))
        self._open = True
        self._space = collapsed[-1] == " "

    def verbatim(self, text: str) -> None:
        """Add preformatted text; line ends count."""
        first, *others = _BREAKS.split(text)
        self._raw(first)
        for piece in others:
            self.break_line()
            self._raw(piece)

    def separate(self, separator: str) -> None:
        """Part what follows from what stands on this line, as cells of a row are."""
        if self._open:
            self._current.append(separator)
            self._space = False

    def end_block(self, margin: bool = False) -> None:
        """Start a new line unless one has just begun; with `margin` leave an empty line."""
        if self._open:
            self._flush()
        self._space = False
        self._margin = self._margin or margin

    def break_line(self) -> None:
        """End this line, empty or not."""
        if self._open:
            self._flush()
        else:
            self._add_empty()
        self._space = False

    def result(self) -> str:
        """Return everything written, without empty lines at either end."""
        self.end_block()
        lines = self._lines
        while lines and not lines[-1].strip("> "):
            lines.pop()
        return "\n".join(lines)

    def _raw(self, piece: str) -> None:
        if piece:
            if self._open and self._space:
                self._current.append(" ")
            self._space = False
            self._current.append(piece)
            self._open = True

    def _flush(self) -> None:
        line = "".join(self._current).replace("\xa0", " ").rstrip()
        self._current.clear()
        self._open = False
        if not line:
            self._add_empty()
            return
        level = self.level
        if self.before_quote is not None:
            if _is_attribution(line):
                level = self.before_quote
            self.before_quote = None
        if self._margin and self._empty == 0 and self._lines:
            self._put("", min(level, self.level))
        self._sign(line)
        self._put(line if line != "--" else SIGNATURE_MARK, level)
        self._empty = 0
        self._margin = False

    def _sign(self, line: str) -> None:
        if self.signing and line != "--":
            last = next((kept for kept in reversed(self._lines[-3:]) if kept.strip("> ")), "")
            if last.lstrip("> ") not in {"-- ", "--"}:
                self._put(SIGNATURE_MARK, self.level)
        self.signing = False

    def _add_empty(self) -> None:
        if self._lines and self._empty < _MAX_EMPTY:
            self._put("", self.level if self.before_quote is None else self.before_quote)
            self._empty += 1

    def _put(self, line: str, level: int) -> None:
        prefix = "> " * min(level, _MAX_LEVEL)
        self._lines.append(prefix + line if line else prefix.rstrip())


def _is_attribution(line: str) -> bool:
    return len(line) <= _MAX_ATTRIBUTION and (line.endswith(":") or line.startswith("--"))
