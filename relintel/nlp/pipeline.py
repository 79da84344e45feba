"""The spaCy pipeline: sentences and brand mentions. `spacy.blank`, so nothing is downloaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from relintel.config import BrandConfig
from relintel.nlp.brands import BrandFinder, Mention

if TYPE_CHECKING:
    from spacy.language import Language

_LONGEST: Final = 20_000
"""Characters of a text that are searched for sentences and brands; the model reads fewer."""

_ENDS: Final = [".", "!", "?", "…", "。", "！", "？", "；", "\n", "\n\n", "\r\n"]


@dataclass(frozen=True, slots=True)
class Marked:
    """A text with its sentences (character spans) and brand mentions."""

    sentences: tuple[tuple[int, int], ...]
    mentions: tuple[Mention, ...]
    addressee: str | None


class Pipeline:
    """Marks sentences and brands; one blank spaCy pipeline a script.

    Chinese is cut into characters, so that a name inside a sentence without spaces is found.
    """

    def __init__(self, brands: Mapping[str, BrandConfig]) -> None:
        self._brands = brands
        self._finders: dict[str, tuple[Language, BrandFinder]] = {}

    def mark(self, text: str, language: str) -> Marked:
        """Mark one text; only its first 20,000 characters are looked at."""
        nlp, finder = self._for("zh" if language == "zh" else "xx")
        doc = nlp(text[:_LONGEST])
        sentences = tuple((sent.start_char, sent.end_char) for sent in doc.sents)
        return Marked(sentences, finder.mentions(doc, language), finder.addressee(text))

    def _for(self, code: str) -> tuple[Language, BrandFinder]:
        if code not in self._finders:
            nlp = _blank(code)
            self._finders[code] = (nlp, BrandFinder(self._brands, nlp.make_doc))
        return self._finders[code]


@cache
def _blank(code: str) -> Language:
    import spacy  # loading it takes a second, which commands that read nothing need not pay

    nlp = spacy.blank(code)
    nlp.add_pipe("sentencizer", config={"punct_chars": _ENDS})
    return nlp
