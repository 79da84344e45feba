"""`Scorer`: text in, readings out, no store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import count, islice
from typing import Any

from relintel.config import BrandConfig
from relintel.errors import ConfigError, InputError, Problem
from relintel.nlp.model import ReadingModel
from relintel.nlp.reader import Reader, Request
from relintel.records import Reading


class Scorer:
    """Scores texts without a store.

    >>> scorer = Scorer.load()
    >>> [reading.sentiment.label for reading in scorer.score([{"text": "I love it!"}])]
    ['positive']
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    @classmethod
    def load(
        cls,
        model: str = "base",
        *,
        brands: Mapping[str, BrandConfig] | Iterable[str] = (),
        threads: int = 0,
    ) -> Scorer:
        """Load a shipped model by name, or a model folder by path.

        Args:
            model: name or path.
            brands: brands to look for in texts that come without one.
            threads: texts read side by side; 0 for as many as there are processors.

        Raises:
            ModelError: the model is absent, damaged or foreign.
        """
        if isinstance(brands, str):
            brands = [brands]
        if not isinstance(brands, Mapping):
            brands = {name: BrandConfig() for name in brands}
        return cls(Reader(ReadingModel.load(model, threads=threads), brands))

    @property
    def model(self) -> str:
        """Name and version of the model, as stamped on readings."""
        return self._reader.model.name

    def score(
        self,
        records: Iterable[Mapping[str, Any]],
        *,
        batch_size: int = 64,
        all_brands: bool = False,
    ) -> Iterator[Reading]:
        """Read a stream of records, in order.

        Args:
            records: mappings with ``text`` and optionally ``id``, ``brand``, ``lang``.
            batch_size: records read at a time; also the most that are held in memory.
            all_brands: give one reading for every brand addressed or named, instead of one in all.

        Yields:
            One reading a record (or a brand). Without ``id`` the id is the record's number from 0.

        Raises:
            InputError: a record has no string ``text``; its number is the place.
            ConfigError: `batch_size` is below 1.
        """
        if batch_size < 1:
            raise ConfigError([Problem("batch_size", "must be at least 1")])
        numbered = zip(count(), records, strict=False)
        for chunk in _chunks(numbered, batch_size):
            requests = [_request(number, record, all_brands) for number, record in chunk]
            for read in self._reader.read(requests):
                yield from read.readings


def _request(number: int, record: Mapping[str, Any], every: bool) -> Request:
    if not isinstance(record, Mapping) or not isinstance(record.get("text"), str):
        raise InputError("no_text", "has no string `text`", f"record {number}")
    identity = record.get("id")
    return Request(
        id=str(number if identity is None else identity),
        text=whole(record["text"]),
        brand=whole(record.get("brand") or "") or None,
        language=record.get("lang") or None,
        every=every,
    )


def _chunks(
    numbered: Iterator[tuple[int, Mapping[str, Any]]], size: int
) -> Iterator[list[tuple[int, Mapping[str, Any]]]]:
    while chunk := list(islice(numbered, size)):
        yield chunk


def whole(text: str) -> str:
    """Replace half surrogates, which JSON can carry and UTF-8 cannot, by U+FFFD; lengths stay."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
