"""Which of relintel's languages a text is in.

Letters of one script settle Chinese and Russian; the rest is left to py3langid, restricted to the
languages relintel reads. ``scripts/measure_language.py`` prints how often that is right.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from relintel.taxonomy import LANGUAGES

UNKNOWN: Final = ("und", 0.0)

_NOISE: Final = re.compile(
    r"https?://\S+|www\.\S+|\S+@\S+|[@#]\w+|&\w+;|[^\W\d_]*\d\w*", re.IGNORECASE
)
_LETTERS: Final = re.compile(r"[^\W\d_]")
_SCRIPTS: Final = {
    "zh": re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]"),
    "ru": re.compile(r"[\u0400-\u052f]"),
    "latin": re.compile(r"[A-Za-zÀ-ÖØ-öø-ɏ]"),
}
_JAPANESE: Final = re.compile(r"[\u3041-\u30fa]")
_ENOUGH: Final = 4000
"""Characters looked at; a language shows long before."""
_FEWEST_LETTERS: Final = 3
_LETTERS_PER_HAN: Final = 3
"""One Chinese letter says about as much as three Latin ones; names in Chinese text are Latin."""
_LEAST_SHARE: Final = 0.5
_LEAST_PROBABILITY: Final = 0.4


def identify(text: str) -> tuple[str, float]:
    """Return the language of a text and how sure that is.

    Addresses, links, mentions, tags and words with digits are left out of account.

    Returns:
        A code of `relintel.taxonomy.LANGUAGES` and a probability (for Chinese and Russian the
        share of their script), or ``("und", 0.0)`` when there is nothing to go by: too few
        letters, a script of none of these languages, or no language ahead of the others.
    """
    words = _NOISE.sub(" ", text[:_ENOUGH])
    letters = len(_LETTERS.findall(words))
    if letters == 0:
        return UNKNOWN
    counts = {name: len(script.findall(words)) for name, script in _SCRIPTS.items()}
    letters += (_LETTERS_PER_HAN - 1) * counts["zh"]
    counts["zh"] *= _LETTERS_PER_HAN
    script = max(counts, key=lambda name: counts[name])
    share = counts[script] / letters
    if share < _LEAST_SHARE or (script == "zh" and _JAPANESE.search(words)):
        return UNKNOWN
    if script != "latin":
        return script, share
    return UNKNOWN if letters < _FEWEST_LETTERS else _by_letters(words)


def _by_letters(words: str) -> tuple[str, float]:
    # Shouted text looks like no language to a model of written sentences.
    plain = " ".join((words.lower() if words.isupper() else words).split())
    language, probability = _identifier().classify(plain)
    known = probability >= _LEAST_PROBABILITY
    return (str(language), float(probability)) if known else UNKNOWN


@lru_cache(maxsize=1)
def _identifier() -> Any:  # noqa: ANN401 - py3langid is untyped
    """Load the model: a second or so, once."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LANGUAGES))
    return identifier
