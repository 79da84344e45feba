"""What a model must beat: majority class, look-up from sentiment, n-grams with a linear model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline, make_union

from relintel.training.data import Example


def majority(train: Sequence[Example], test: Sequence[Example], field: str) -> list[str]:
    """Guess the most frequent class of `field` for every test example."""
    label = Counter(str(getattr(e, field)) for e in train).most_common(1)[0][0]
    return [label] * len(test)


def lookup(train: Sequence[Example], sentiments: Sequence[str]) -> list[str]:
    """Guess the relationship from a sentiment alone: the most frequent type beside it in training.

    Args:
        train: labelled examples.
        sentiments: the sentiment of every test example, true or predicted.
    """
    table: dict[str, Counter[str]] = {}
    for example in train:
        counts = table.setdefault(str(example.sentiment), Counter())
        counts[str(example.relationship)] += 1
    return [table[sentiment].most_common(1)[0][0] for sentiment in sentiments]


def ngrams(train: Sequence[Example], test: Sequence[Example], field: str) -> list[str]:
    """Train TF-IDF word and character n-grams with a balanced logistic regression; guess `test`."""
    model = ngram_model()
    model.fit([e.text for e in train], [str(getattr(e, field)) for e in train])
    return [str(label) for label in model.predict([e.text for e in test])]


def ngram_model() -> Pipeline:
    """Words of 1-2 and characters of 3-5 in word bounds, sublinear TF-IDF, logistic regression."""
    features = make_union(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=2, sublinear_tf=True),
    )
    return make_pipeline(features, LogisticRegression(C=4.0, class_weight="balanced", max_iter=500))
