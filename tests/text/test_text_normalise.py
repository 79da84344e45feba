"""Normalising, and the way back by offset."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relintel.text.normalise import MOST_REPEATS, normalise

TABLE = {
    "accent": ("cafe\u0301", "café"),
    "ligature": ("of\ufb01ce", "office"),
    "full width": ("ＡＢ１！", "AB1!"),
    "half width katakana": ("\uff76\uff9e", "ガ"),
    "jamo": ("\u1112\u1161\u11ab", "한"),
    "zero width": ("a\u200bb\ufeffc\u2060d\u00ade", "abcde"),
    "inside an accent": ("e\u200b\u0301", "é"),
    "direction": ("\u202eabc\u202c\u200f", "abc"),
    "control": ("a\x00b\x07c\x7f", "abc"),
    "line ends": ("a\r\nb\rc\u2028d\u2029e\x85f\x0bg", "a\nb\nc\nd\ne\nf\ng"),
    "spaces": ("a\xa0b\u2003c\u3000d\u202fe\u1680f", "a b c d e f"),
    "tab": ("a\tb", "a\tb"),
    "run": ("wow" + "!" * 20, "wow" + "!" * 8),
    "eight": ("!" * 8, "!" * 8),
    "full width run": ("！" * 20, "!" * 8),
    "emoji run": ("😡" * 20, "😡" * 8),
    "skin tone run": ("👍🏽" * 20, "👍🏽" * 8),
    "flag run": ("🇱🇹" * 20, "🇱🇹" * 8),
    "digits": ("100000000000", "100000000000"),
    "variant": ("❤\ufe0f", "❤"),
    "surrogate": ("a\ud800b", "a\ufffdb"),
    "plain": ("Grüße, Zażółć, Привет, 你好 – “ok” € 😀", "Grüße, Zażółć, Привет, 你好 – “ok” € 😀"),
}


@pytest.mark.parametrize("name", TABLE)
def test_table(name: str) -> None:
    original, plain = TABLE[name]
    assert normalise(original).text == plain


@pytest.mark.parametrize(
    ("original", "found", "source"),
    [
        ("my cafe\u0301 is", "café", "cafe\u0301"),
        ("a\u200bword\u200b b", "word", "word"),
        ("so wo\u200brd b", "word", "wo\u200brd"),
        ("an of\ufb01ce!", "fi", "\ufb01"),
        ("an of\ufb01ce!", "f", "f"),
        ("a\r\nb", "\n", "\r\n"),
        ("why" + "!" * 30 + " no", "why" + "!" * 8, "why" + "!" * 30),
        ("why" + "!" * 30 + " no", " no", " no"),
        ("why" + "!" * 30 + " no", "y!", "y!"),
        ("😡" * 12 + "x", "x", "x"),
        ("\ufeff\u202aend", "end", "end"),
    ],
)
def test_spans_map_to_their_source(original: str, found: str, source: str) -> None:
    result = normalise(original)
    start = result.text.index(found)
    first, last = result.to_original(start, start + len(found))
    assert original[first:last] == source


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=80))
def test_plain_ascii_is_untouched(text: str) -> None:
    result = normalise(text)
    runs = any(c * (MOST_REPEATS + 1) in text for c in set(text) if not c.isdigit())
    if not runs:
        assert result.text == text
        assert result.offsets == ()
        assert result.to_original(0, len(text)) == (0, len(text))


PIECES = [
    *("a", "1", "ß", "\n", "\r\n", "\xa0", "e\u0301", "\u0301", "\u200b", "\u202e", "\ufe0f"),
    *("ﬁ", "！", "😡", "👍🏽", "한", "\u1112\u1161", "ｶﾞ", "x" * 12),
]
SOUP = st.lists(st.sampled_from(PIECES) | st.characters(), max_size=40).map("".join)


@given(SOUP)
@settings(max_examples=300, deadline=None)
def test_every_character_maps_to_what_it_was_made_from(original: str) -> None:
    result = normalise(original)
    spans = [result.to_original(i, i + 1) for i in range(len(result.text))]
    for character, (start, end) in zip(result.text, spans, strict=True):
        assert 0 <= start < end <= len(original)
        assert character in normalise(original[start:end]).text
    assert spans == sorted(spans)
    covered = {n for start, end in spans for n in range(start, end)}
    assert all(not normalise(original[n]).text for n in set(range(len(original))) - covered)


@given(SOUP)
@settings(max_examples=200, deadline=None)
def test_spans_join_up(original: str) -> None:
    result = normalise(original)
    size = len(result.text)
    for start in range(size):
        first, last = result.to_original(start, size)
        assert first == result.to_original(start, start + 1)[0]
        assert last == result.to_original(size - 1, size)[1]


@given(SOUP)
@settings(max_examples=200, deadline=None)
def test_the_result_is_encodable_and_visible(original: str) -> None:
    text = normalise(original).text
    text.encode("utf-8")
    assert not any(unicodedata.category(c) in {"Cc", "Cf"} and c not in "\t\n" for c in text)
    for character in set(text):
        assert character.isdigit() or character * (MOST_REPEATS + 1) not in text


@pytest.mark.parametrize("span", [(-1, 2), (2, 1), (0, 4)])
def test_a_span_outside_is_an_error(span: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="outside"):
        normalise("abc").to_original(*span)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("The parcel never came. " * 45_000, 2),
        ("Grüße aus Köln, schön war es. " * 34_000, 2),
        ("привет мир " * 90_000, 2),
        ("e" + "\u0301\u0316" * 500_000, 8),
        ("\u200b" * 1_000_000, 8),
        ("a" * 1_000_000, 2),
    ],
    ids=["english", "german", "russian", "marks", "invisible", "run"],
)
def test_a_megabyte_is_fast(text: str, limit: float) -> None:
    normalise("ü\u0301")
    began = time.process_time()
    normalise(text)
    assert time.process_time() - began < limit
