"""Characters that a reader does not see: line ends, blanks, and marks without width."""

from __future__ import annotations

import re
from typing import Final

LINE_ENDS: Final = "\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
"""Every character that ends a line, as `normalise` has them."""
BLANKS: Final = " \t\xa0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000"
"""Inside of a character class: what leaves a gap."""
INVISIBLE: Final = (
    "\0-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Inside of a character class: controls, direction marks, joiners, selectors of variants."""
_UNSEEN: Final = re.compile(f"[{LINE_ENDS}{BLANKS}{INVISIBLE}]")
_SEEN: Final = re.compile(f"[^{LINE_ENDS}{BLANKS}{INVISIBLE}]")


def strip_unseen(text: str) -> str:
    """Return a text without the characters at either end that nobody sees; time is linear."""
    text = text.strip()
    first = _SEEN.search(text)
    if first is None:
        return ""
    end = len(text)
    while _UNSEEN.match(text, end - 1):
        end -= 1
    return text[first.start() : end]
