"""Which brands a message is about: those it names, and the one it is addressed to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc
from spacy.vocab import Vocab

from relintel.config import BrandConfig

_ADDRESSEE: Final = re.compile(r"^\W{0,3}[@＠](\w[\w.-]{1,40})")
_INFLECTED_LANGUAGES: Final = frozenset({"pl", "lt", "ru", "de"})
_VOWELS_AT_END: Final = re.compile("[aeiouyąęėаеиоуыюя]+$")
_LONGEST_ENDING: Final = 4
_SHORTEST_STEM: Final = 4


@dataclass(frozen=True, slots=True)
class Mention:
    """A brand named in a text, by character offsets."""

    brand: str
    start: int
    end: int


class BrandFinder:
    """Finds configured brands by name, alias and handle, inflected names included.

    Args:
        brands: name → configuration.
        vocab: the vocabulary of the pipeline whose `Doc`s will be searched.
        tokenise: that pipeline's tokenizer, so that patterns are cut as texts are.
    """

    def __init__(self, brands: Mapping[str, BrandConfig], vocab: Vocab) -> None:
        self._matcher = PhraseMatcher(vocab, attr="LOWER")
        self._stems: dict[str, str] = {}
        self._names: dict[str, str] = {}
        for brand, config in brands.items():
            for alias in (brand, *config.aliases):
                self._names[re.sub("^[@#]+", "", alias.casefold())] = brand
        self._added = False

    def prepare(self, tokenise: object) -> None:
        """Cut the aliases into tokens; called once by the pipeline that owns the tokenizer."""
        for alias, brand in self._names.items():
            joined = alias.replace(" ", "")
            for pattern in {alias, f"@{joined}", f"#{joined}"}:
                self._matcher.add(brand, [tokenise(pattern)])  # type: ignore[operator]
            if " " not in alias and len(alias) >= _SHORTEST_STEM:
                self._stems[_VOWELS_AT_END.sub("", alias)] = brand

    def mentions(self, doc: Doc, language: str) -> tuple[Mention, ...]:
        """Return the mentions in text order, the longest where they overlap."""
        found = {
            (doc[start].idx, doc[end - 1].idx + len(doc[end - 1])): doc.vocab.strings[key]
            for key, start, end in self._matcher(doc)
        }
        if language in _INFLECTED_LANGUAGES:
            found.update(self._inflected(doc))
        ordered = sorted(found.items(), key=lambda item: (item[0][0], -item[0][1]))
        kept: list[Mention] = []
        for (start, end), brand in ordered:
            if not kept or start >= kept[-1].end:
                kept.append(Mention(brand, start, end))
        return tuple(kept)

    def addressee(self, text: str) -> str | None:
        """Return the brand (or the handle itself) that a leading ``@handle`` addresses."""
        match = _ADDRESSEE.match(text)
        if match is None:
            return None
        handle = match.group(1).rstrip(".-")
        return self._names.get(handle.casefold(), handle)

    def _inflected(self, doc: Doc) -> Iterator[tuple[tuple[int, int], str]]:
        for token in doc:
            word = token.lower_.lstrip("@#")
            for stem, brand in self._stems.items():
                if word.startswith(stem) and len(word) - len(stem) <= _LONGEST_ENDING:
                    yield (token.idx, token.idx + len(token)), brand
