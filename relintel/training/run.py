"""The whole of a training run: encoder, related tasks, held-out folds, the final model."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from relintel.training.data import Data, Example
from relintel.training.distilled import (
    FastRecipe,
    Pair,
    Soft,
    distil_fast,
    small_network,
    softly_labelled,
)
from relintel.training.duplicates import near_duplicates
from relintel.training.encoder import base_vectors, encoder_folder, vectors
from relintel.training.fit import HEAD_WEIGHTS, Recipe, fit, predict
from relintel.training.network import ReadingNetwork
from relintel.training.related import related
from relintel.training.unlabelled import unlabelled

FOLDS: Final[dict[str, frozenset[str]]] = {
    "service": frozenset(
        {
            "ibm_twitter_customer_care",
            "churn_intent_en_chatbot",
            "multidogo_turns",
        }
    ),
    "apps": frozenset({"app_store_reviews_phrase"}),
}
"""Whole sources held out together, for choosing and calibrating; the final model sees all."""

DOUBTFUL: Final = frozenset(
    {
        "app_store_reviews_phrase",
        "churn_intent_en_chatbot",
        "dmaste_amazon",
        "ibm_twitter_customer_care",
        "isarcasm_en",
        "newsmtsc",
        "xed_emotions",
    }
)
"""Sets whose texts' origin is doubtful (platforms' reviews, tweets, news, subtitles) or whose
licence asks for the same licence; a strict model is trained without them."""

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Predictions for messages of sources, or written texts, that a fold was not trained on.

    Attributes:
        logits: (N, ``HEADS.count``).
    """

    examples: tuple[Example, ...]
    logits: np.ndarray


class Run:
    """One run, resumable: each stage leaves its state in `work` and is not done twice.

    Args:
        data: labelled messages.
        work: folder for checkpoints.
        encoder: what training starts from, with its tokenizer.
        recipe: see `Recipe`.
        report: told of progress.
    """

    def __init__(
        self,
        data: Data,
        work: Path,
        encoder: tuple[ReadingNetwork, Tokenizer],
        recipe: Recipe,
        report: Report,
    ) -> None:
        self._data, self._work = data, work
        self._recipe, self._report = recipe, report
        self.encoder, self.tokenizer = encoder
        self._base = encoder_folder()
        self._anchors: dict[str, Tensor] = {}

    def first_pass(self, mirror: Path, *, strict: bool = False) -> ReadingNetwork:
        """Train one pass over the related public tasks in the languages of the data."""
        torch.manual_seed(self._recipe.seed)
        network = copy.deepcopy(self.encoder)
        languages = {example.language for example in self._data.real + self._data.written}
        examples = related(mirror, seed=self._recipe.seed, never=self._data.never)
        examples = [e for e in examples if e.language in languages]
        if strict:
            examples = [e for e in examples if e.group not in DOUBTFUL]
        stage = "related-strict" if strict else "related"
        self._fit(stage, network, examples, replace(self._recipe, epochs=1))
        return network

    def fold(self, name: str, start: ReadingNetwork) -> HeldOut:
        """Train without a fold's sources and its fifth of the written texts; predict those.

        What nearly repeats a held-out text is left out of both.
        """
        examples, rest = divided(self._data, name)
        repeated = set(near_duplicates([e.text for e in rest], [e.text for e in examples]))
        kept = [e for i, e in enumerate(rest) if i not in repeated]
        network = copy.deepcopy(start)
        self._fit(name, network, kept, self._recipe)
        return self.predicted(network, examples)

    def predicted(self, network: ReadingNetwork, examples: Sequence[Example]) -> HeldOut:
        """Predict examples that `network` was not trained on."""
        logits = predict(network, self.tokenizer, examples, self._recipe.length)
        return HeldOut(tuple(examples), logits)

    def final(self, start: ReadingNetwork, *, strict: bool = False) -> ReadingNetwork:
        """Train on everything, or on all but the doubtful sets."""
        network = copy.deepcopy(start)
        real = [e for e in self._data.real if not (strict and e.group in DOUBTFUL)]
        stage = "final-strict" if strict else "final"
        self._fit(stage, network, [*real, *self._data.written], self._recipe)
        return network

    def fast(self, mirror: Path, teacher: ReadingNetwork, recipe: FastRecipe) -> ReadingNetwork:
        """Teach a small network what `teacher` says of unlabelled and labelled texts."""
        examples = self._data.real + self._data.written
        pairs = unlabelled(mirror, examples, self._data.never, repeats=2, seed=recipe.seed)
        self._report(f"fast: {len(pairs)} texts")
        made_from = digest(examples, recipe, teacher)
        soft = self._soft(teacher, pairs, recipe.length, made_from)
        network = small_network(teacher, recipe)
        distil_fast(
            network,
            self.tokenizer,
            pairs,
            soft,
            recipe,
            checkpoint=self._work / "fast.pt",
            made_from=made_from,
            report=self._report,
        )
        return network

    def _soft(
        self, teacher: ReadingNetwork, pairs: list[Pair], length: int, made_from: str
    ) -> Soft:
        kept = self._work / "soft.pt"
        if kept.exists():
            saved = torch.load(kept, weights_only=True)
            if saved["made_from"] == made_from:
                return Soft(saved["logits"], saved["vectors"])
        soft: Soft = softly_labelled(teacher, self.tokenizer, pairs, length)
        state = {"logits": soft.logits, "vectors": soft.vectors, "made_from": made_from}
        torch.save(state, kept)
        return soft

    def _fit(
        self, stage: str, network: ReadingNetwork, examples: Sequence[Example], recipe: Recipe
    ) -> None:
        self._report(f"{stage}: {len(examples)} messages")
        fit(
            network,
            self.tokenizer,
            examples,
            recipe,
            anchors=lambda: self._anchored(examples),
            checkpoint=self._work / f"{stage}.pt",
            made_from=digest(examples, recipe, network),
            report=self._report,
        )

    def _anchored(self, examples: Sequence[Example]) -> Tensor:
        """Where each vector should stay: at its English, read by the base encoder.

        A text in another language without its English stays where the student puts it.
        """
        english = {e.text: e.english or e.text for e in examples if e.english or e.language == "en"}
        absent = [text for text in english if text not in self._anchors]
        if absent:
            found = base_vectors(self._base, [english[text] for text in absent])
            self._anchors.update(zip(absent, found, strict=True))
        rest = [text for text in {e.text: 0 for e in examples} if text not in self._anchors]
        if rest:
            found = vectors(self.encoder, self.tokenizer, rest)
            self._anchors.update(zip(rest, found, strict=True))
        return torch.stack([self._anchors[e.text] for e in examples])


def digest(examples: Sequence[Example], recipe: Recipe | FastRecipe, start: ReadingNetwork) -> str:
    """Return a short digest of all that decides what a stage comes to."""
    told = hashlib.sha256(repr((recipe, HEAD_WEIGHTS)).encode())
    for parameter in start.parameters():
        told.update(parameter.detach().cpu().numpy().tobytes())
    for example in examples:
        told.update(repr(example).encode())
    return told.hexdigest()[:16]


def divided(data: Data, name: str) -> tuple[list[Example], list[Example]]:
    """Return what a fold holds out, and the rest; a fold of another name holds out no source."""
    number = list(FOLDS).index(name) if name in FOLDS else 0
    held = [e.group in FOLDS.get(name, ()) for e in data.real]
    held += [fifth(e) == number for e in data.written]
    everything = data.real + data.written
    out = [e for e, holds in zip(everything, held, strict=True) if holds]
    return out, [e for e, holds in zip(everything, held, strict=True) if not holds]


def fifth(example: Example) -> int:
    """Return which fifth a text falls into; equal texts (two-brand pairs) stay together."""
    return int(hashlib.sha256(example.text.encode()).hexdigest(), 16) % 5


def save_held_out(path: Path, parts: Sequence[HeldOut]) -> None:
    """Keep held-out predictions beside the checkpoints, for calibrating anew without training."""
    ids: list[Any] = [[example.id for example in part.examples] for part in parts]
    np.savez_compressed(path, *[part.logits for part in parts], ids=json.dumps(ids))
