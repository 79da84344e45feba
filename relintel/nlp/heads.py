"""The heads of the reading model: names, classes, and where each stands among the logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from relintel import taxonomy


@dataclass(frozen=True, slots=True)
class Head:
    """One output of the model.

    Attributes:
        classes: in logit order.
        start: first logit.
        exclusive: softmax over the classes; else each class has its own sigmoid.
    """

    name: str
    classes: tuple[str, ...]
    start: int
    exclusive: bool

    @property
    def size(self) -> int:
        """Number of logits."""
        return len(self.classes)

    @property
    def columns(self) -> slice:
        """The head's columns among all logits."""
        return slice(self.start, self.start + self.size)


def _heads() -> tuple[Head, ...]:
    specified: tuple[tuple[str, tuple[str, ...], bool], ...] = (
        ("relationship", taxonomy.RELATIONSHIPS, True),
        ("sentiment", taxonomy.SENTIMENTS, True),
        ("valence", tuple(map(str, taxonomy.VALENCES)), True),
        ("ambivalence", ("0", "1"), True),
        ("closeness", tuple(map(str, taxonomy.CLOSENESSES)), True),
        ("complaint", taxonomy.COMPLAINTS, True),
        ("flags", taxonomy.FLAGS, False),
    )
    heads, start = [], 0
    for name, classes, exclusive in specified:
        heads.append(Head(name, classes, start, exclusive))
        start += len(classes)
    return tuple(heads)


HEADS: Final = _heads()
HEAD: Final = {head.name: head for head in HEADS}
LOGIT_COUNT: Final = sum(head.size for head in HEADS)
