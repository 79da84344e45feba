"""Measure language identification on held-out sentences of 20 to 40 characters.

    measure_language.py FOLDER [--shortest N] [--longest N]

FOLDER holds ``laser_tatoeba_eval.jsonl.gz`` (fields text, lang, en); English is its other side.
Beside ours stands py3langid restricted to the same languages.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Callable
from pathlib import Path

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from relintel.taxonomy import LANGUAGES
from relintel.text.language import identify

SET = "laser_tatoeba_eval.jsonl.gz"
Identify = Callable[[str], str]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shortest", type=int, default=20)
    parser.add_argument("--longest", type=int, default=40)
    options = parser.parse_args()
    sentences = read_sentences(options.folder / SET, options.shortest, options.longest)
    ours = accuracies(sentences, lambda text: identify(text)[0])
    theirs = accuracies(sentences, _restricted())
    print(f"{'language':10}{'sentences':>10}{'relintel':>10}{'py3langid':>11}")
    for language in LANGUAGES:
        count = len(sentences[language])
        print(f"{language:10}{count:10}{ours[language]:10.4f}{theirs[language]:11.4f}")
    macro = [sum(table.values()) / len(table) for table in (ours, theirs)]
    total = sum(map(len, sentences.values()))
    print(f"{'macro':10}{total:10}{macro[0]:10.4f}{macro[1]:11.4f}")


def read_sentences(path: Path, shortest: int, longest: int) -> dict[str, list[str]]:
    """Read the distinct sentences of each language within the limits, in characters."""
    found: dict[str, set[str]] = {language: set() for language in LANGUAGES}
    with gzip.open(path, "rt", encoding="utf-8") as rows:
        for row in map(json.loads, rows):
            for language, text in ((row["lang"], row["text"]), ("en", row["en"])):
                if shortest <= len(text) <= longest:
                    found[language].add(text)
    return {language: sorted(texts) for language, texts in found.items()}


def accuracies(sentences: dict[str, list[str]], classify: Identify) -> dict[str, float]:
    """Share of each language's sentences that are given that language."""
    return {
        language: sum(classify(text) == language for text in texts) / max(1, len(texts))
        for language, texts in sentences.items()
    }


def _restricted() -> Identify:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LANGUAGES))
    return lambda text: str(identifier.classify(text)[0])


if __name__ == "__main__":
    main()
