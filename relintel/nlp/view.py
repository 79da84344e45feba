"""What the model reads of a body: the authored part, normalised, with a way back."""

from __future__ import annotations

from dataclasses import dataclass

from relintel.text.normalise import Normalised, normalise
from relintel.text.parts import authored_spans


@dataclass(frozen=True, slots=True)
class View:
    """The text to read, and where each part of it stands in the body.

    Attributes:
        text: authored spans, normalised and joined by line breaks.
    """

    text: str
    _pieces: tuple[tuple[int, int, Normalised], ...]

    def to_body(self, start: int, end: int) -> tuple[int, int]:
        """Map a span of `text` to the body; a span over two pieces is cut at the first's end."""
        for at, origin, piece in self._pieces:
            if at <= start < at + len(piece.text):
                first, last = piece.to_original(start - at, min(end - at, len(piece.text)))
                return origin + first, origin + last
        return 0, 0


def view(body: str, author: str = "") -> View:
    """Build the view of a body; forums and chats quote and sign as mail does."""
    texts, pieces, at = [], [], 0
    for start, end in authored_spans(body, author):
        piece = normalise(body[start:end])
        if piece.text.strip():
            pieces.append((at, start, piece))
            texts.append(piece.text)
            at += len(piece.text) + 1
    return View("\n".join(texts), tuple(pieces))
