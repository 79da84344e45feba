"""Which brands a message is about: those it names, and the one it is addressed to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from relintel.config import BrandConfig

if TYPE_CHECKING:
    from spacy.tokens import Doc

_ADDRESSEE: Final = re.compile(r"^\W{0,3}[@＠](\w[\w.-]{1,40})")
_LONGEST_ENDING: Final = {"pl": 4, "lt": 4, "ru": 4, "de": 1}
"""Language → most letters that its grammar puts behind a name."""

_VOWELS_AT_END: Final = re.compile("[aeiouyąęėаеиоуыюя]+$")
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
        tokenise: the tokenizer of the pipeline whose texts will be searched, so that names are
            cut as texts are.
    """

    def __init__(self, brands: Mapping[str, BrandConfig], tokenise: Callable[[str], Doc]) -> None:
        from spacy.matcher import PhraseMatcher  # see `pipeline`

        vocab = tokenise("").vocab
        self._any_case = PhraseMatcher(vocab, attr="LOWER")
        self._as_written = PhraseMatcher(vocab, attr="ORTH")
        self._handles: dict[str, str] = {}
        self._stems: dict[str, str] = {}
        for brand, config in brands.items():
            for alias in (brand, *config.aliases):
                self._add(brand, alias.lstrip("@#"), tokenise)

    def _add(self, brand: str, alias: str, tokenise: Callable[[str], Doc]) -> None:
        self._handles[alias.casefold()] = brand
        for sign in "@#":
            self._any_case.add(brand, [tokenise(sign + alias.replace(" ", ""))])
        # "AT" or "Go" as a brand must not be found in every "at" and "go".
        short = alias.isascii() and len(alias) < _SHORTEST_STEM
        (self._as_written if short else self._any_case).add(brand, [tokenise(alias)])
        if " " not in alias and not short:
            stem = _VOWELS_AT_END.sub("", alias.casefold())
            self._stems[stem if len(stem) >= _SHORTEST_STEM else alias.casefold()] = brand

    def mentions(self, doc: Doc, language: str) -> tuple[Mention, ...]:
        """Return the mentions in text order, the longest where they overlap."""
        found = {
            (doc[start].idx, doc[end - 1].idx + len(doc[end - 1])): doc.vocab.strings[key]
            for matcher in (self._any_case, self._as_written)
            for key, start, end in matcher(doc)
        }
        if most := _LONGEST_ENDING.get(language):
            found.update(self._inflected(doc, most))
        ordered = sorted(found.items(), key=lambda item: (item[0][0], -item[0][1]))
        kept: list[Mention] = []
        for (start, end), brand in ordered:
            if not kept or start >= kept[-1].end:
                kept.append(Mention(brand, start, end))
        return tuple(kept)

    def addressee(self, text: str) -> str | None:
        """Return the brand that a leading ``@handle`` addresses.

        Where no brands are configured the handle itself is taken for one; where some are, a handle
        that is none of theirs is a person.
        """
        match = _ADDRESSEE.match(text)
        if match is None:
            return None
        handle = match.group(1).rstrip(".-")
        return self._handles.get(handle.casefold(), None if self._handles else handle)

    def _inflected(self, doc: Doc, most: int) -> Iterator[tuple[tuple[int, int], str]]:
        for token in doc:
            word = token.lower_.lstrip("@#")
            for stem, brand in self._stems.items():
                if word.startswith(stem) and len(word) - len(stem) <= most:
                    yield (token.idx, token.idx + len(token)), brand
