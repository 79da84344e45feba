"""The convention files, and that another language is another file."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from relintel.text.conventions import load_conventions, merge

KEYS = {
    "dates": {"words"},
    "attribution": {"openers", "verbs", "quoting", "strangers"},
    "fields": {"from", "sent", "date", "to", "subject", "other"},
    "separators": {"ruled", "bare", "reply_above"},
    "signature": {
        *("mobile", "mobile_own", "mobile_app", "devices", "closings", "postscripts"),
        *("contact", "company"),
    },
    "footer": {"disclaimers", "lists", "notices"},
}
FILES = sorted(entry.name for entry in (resources.files("relintel.text") / "conventions").iterdir())


@pytest.mark.parametrize("name", FILES)
def test_file_has_known_keys_and_plain_phrases(name: str) -> None:
    text = (resources.files("relintel.text") / "conventions" / name).read_text(encoding="utf-8")
    for table, keys in tomllib.loads(text).items():
        assert keys.keys() <= KEYS[table], f"[{table}]"
        for phrases in keys.values():
            assert all(p == p.strip() and p == p.lower() and p for p in phrases)


def test_english_and_german_are_deep() -> None:
    words = load_conventions()
    assert {"de.toml", "en.toml"} <= set(FILES)
    assert words.verbs.search("mia schrieb") is not None
    assert words.verbs.search("mia overwrote it") is None
    assert words.fields["betreff"] == words.fields["subject"] == "subject"
    assert "mit freundlichen grüßen".casefold() in words.closings


def test_another_language_is_another_file() -> None:
    words = merge([{"attribution": {"verbs": ["skrifaði"]}, "fields": {"from": ["Frá"]}}])
    assert words.verbs.search("mia skrifaði:") is not None
    assert words.fields == {"frá": "from"}
    assert words.openers.match("on monday") is None
