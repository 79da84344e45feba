"""Brands named, addressed and inflected; and which of them a text is read for."""

import pytest

from relintel.config import BrandConfig
from relintel.nlp.pipeline import Pipeline
from relintel.nlp.reader import Request, targets

BRANDS = {
    "Corvenna": BrandConfig(aliases=("@corvenna", "Corvenna Home")),
    "Plinket": BrandConfig(aliases=("Plinket Mobile",)),
    "朗砾": BrandConfig(),
    "AT": BrandConfig(),
}


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return Pipeline(BRANDS)


@pytest.mark.parametrize(
    ("text", "language", "named"),
    [
        ("I left Plinket for CORVENNA.", "en", ["Plinket", "Corvenna"]),
        ("Corvenna Home is down", "en", ["Corvenna"]),
        ("@corvenna help, #plinket never", "en", ["Corvenna", "Plinket"]),
        ("Corvenna's app and Plinket's prices", "en", ["Corvenna", "Plinket"]),
        ("Nie lubię Corvenny ani Plinketu", "pl", ["Corvenna", "Plinket"]),
        ("Esu su Corvennos klientas", "lt", ["Corvenna"]),
        ("我用朗砾的耳机三年了", "zh", ["朗砾"]),
        ("look at that", "en", []),
        ("Corvennaland is a park", "en", []),
        ("Plinketing is no word", "en", []),
        ("", "en", []),
    ],
)
def test_brands_are_found(pipeline: Pipeline, text: str, language: str, named: list[str]) -> None:
    mentions = pipeline.mark(text, language).mentions
    assert [mention.brand for mention in mentions] == named
    assert all(text[m.start : m.end].strip() == text[m.start : m.end] for m in mentions)


@pytest.mark.parametrize(
    ("text", "brand"),
    [
        ("@corvenna where is my parcel", "Corvenna"),
        (".@Plinket nice", "Plinket"),
        ("@SomeoneElse hello", None),
        ("hello @corvenna", None),
        ("mail me at a@corvenna.example", None),
    ],
)
def test_a_leading_handle_is_the_addressee(
    pipeline: Pipeline, text: str, brand: str | None
) -> None:
    assert pipeline.mark(text, "en").addressee == brand


def test_without_configured_brands_a_leading_handle_is_taken_for_one() -> None:
    marked = Pipeline({}).mark("@SomeBrand: where is my parcel", "en")
    assert marked.addressee == "SomeBrand"
    assert targets(Request("1", ""), marked) == ("SomeBrand",)


@pytest.mark.parametrize(
    ("request_fields", "expected"),
    [
        ({"brand": "Acme"}, ("Acme",)),
        ({}, ("Plinket", "Corvenna")),
        ({"default": "Acme"}, ("Acme", "Plinket", "Corvenna")),
        ({"default": "Corvenna"}, ("Corvenna", "Plinket")),
        ({"fallback": "Acme"}, ("Plinket", "Corvenna")),
    ],
)
def test_targets_of_a_text_that_names_two_brands(
    pipeline: Pipeline, request_fields: dict[str, str], expected: tuple[str, ...]
) -> None:
    text = "Plinket was worse than Corvenna"
    marked = pipeline.mark(text, "en")
    every = Request("1", text, every=True, **request_fields)
    first = Request("1", text, every=False, **request_fields)
    assert targets(every, marked) == expected
    assert targets(first, marked) == expected[:1]


def test_a_text_that_names_nothing_is_read_for_the_default_or_nobody(pipeline: Pipeline) -> None:
    marked = pipeline.mark("it broke", "en")
    assert targets(Request("1", "it broke"), marked) == (None,)
    assert targets(Request("1", "it broke", fallback="Acme"), marked) == ("Acme",)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two!", ["One.", "Two!"]),
        ("first line\nsecond line", ["first line", "second line"]),
        ("太慢了。再见", ["太慢了。", "再见"]),
        (
            "I took the morning off work for your engineer, between eight\nand one. Nobody came.",
            [
                "I took the morning off work for your engineer, between eight\nand one.",
                "Nobody came.",
            ],
        ),
        (
            "I took the morning off work for your engineer, between eight\n\nand one.",
            ["I took the morning off work for your engineer, between eight", "and one."],
        ),
    ],
)
def test_sentences_end_where_their_author_ended_them(
    pipeline: Pipeline, text: str, sentences: list[str]
) -> None:
    found = [text[start:end].strip() for start, end in pipeline.mark(text, "en").sentences]
    assert [sentence for sentence in found if sentence] == sentences
