"""Language identification on sentences written for this test."""

from __future__ import annotations

import subprocess
import sys

import pytest

from relintel.text.language import identify

SENTENCES = {
    "en": ["My kettle broke after two days", "Where is the refund you promised?"],
    "de": ["Der Kessel war nach zwei Tagen kaputt", "Wo bleibt mein Geld?"],
    "es": ["La tetera se rompió a los dos días", "¿Dónde está mi reembolso?"],
    "zh": ["水壶用了两天就坏了", "我的退款在哪里?", "Mia 的 kettle 坏了"],
    "ru": ["Чайник сломался через два дня", "Где мои деньги?"],
    "pl": ["Czajnik zepsuł się po dwóch dniach", "Gdzie są moje pieniądze?"],
    "lt": ["Virdulys sugedo po dviejų dienų", "Kur mano pinigai, kuriuos žadėjote?"],
}


@pytest.mark.parametrize(
    ("language", "text"), [(code, text) for code, texts in SENTENCES.items() for text in texts]
)
def test_sentences(language: str, text: str) -> None:
    found, probability = identify(text)
    assert found == language
    assert 0.4 <= probability <= 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "😀😀",
        "12345 67-89",
        "ok",
        "@kettle https://k.example/a",
        "Γειά σου κόσμε",
        "!!!",
    ],
)
def test_nothing_to_go_by(text: str) -> None:
    assert identify(text) == ("und", 0.0)


def test_japanese_is_not_taken_for_chinese() -> None:
    assert identify("やかんが壊れました。返金してください。")[0] == "und"


def test_shouting_links_and_names_do_not_mislead() -> None:
    assert identify("THIS IS THE WORST SERVICE EVER")[0] == "en"
    assert (
        identify("@kettle_care wo bleibt mein Paket? https://the-shop.example/this/is/it")[0]
        == "de"
    )


def test_the_model_is_loaded_only_when_needed() -> None:
    code = (
        "import sys, relintel.text.language as m; assert 'py3langid' not in sys.modules;"
        "m.identify('你好'); assert 'py3langid' not in sys.modules;"
        "m.identify('hello there friends'); assert 'py3langid' in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


def test_long_text_is_cut() -> None:
    assert identify("a@" * 1_000_000 + "x" * 1_000_000) == ("und", 0.0)
