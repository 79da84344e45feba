"""The reading model at run time: ONNX Runtime and a tokenizer, no torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
from tokenizers import Encoding, Tokenizer

from relintel.artifacts import model_folder, sha256_of, verify
from relintel.errors import ModelError
from relintel.nlp.calibration import Calibration
from relintel.nlp.heads import HEADS
from relintel.nlp.tokens import encode_pairs

FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Pass:
    """What the network says of one ``(text, target)`` pair of T text-and-target tokens.

    Attributes:
        vector: (D,) unit length, of the text alone.
        logits: (`LOGIT_COUNT`,).
        contributions: (T, `LOGIT_COUNT`): each token's share of the logits.
        offsets: (T, 2) character offsets of each token; (0, 0) for specials and the target.
    """

    vector: np.ndarray
    logits: np.ndarray
    contributions: np.ndarray
    offsets: np.ndarray


class ReadingModel:
    """A model folder, loaded: network, tokenizer, calibration.

    Attributes:
        name: name and version, as stamped on readings.
        encoder: hash of the network; vectors of different encoders must never share an index.
        dimension: length of a vector.
    """

    def __init__(self, folder: Path, *, threads: int = 0) -> None:
        verify(folder)
        card = _card(folder)
        self.name: str = card["name"]
        self.encoder = sha256_of(folder / "model.onnx")[:16]
        self.dimension: int = card["dimension"]
        self.calibration = Calibration.from_dict(card["calibration"])
        self._length: int = card["length"]
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._session = _session(folder / "model.onnx", threads)

    @classmethod
    def load(cls, name: str = "base", *, threads: int = 0) -> ReadingModel:
        """Load a shipped model by name or any model folder by path.

        Raises:
            ModelError: absent, damaged (checksums are verified) or foreign.
        """
        return cls(model_folder(name), threads=threads)

    def run(self, pairs: Sequence[tuple[str, str | None]], batch_size: int = 32) -> list[Pass]:
        """Run the network over ``(text, target)`` pairs; the order is kept."""
        encodings = encode_pairs(self._tokenizer, pairs, self._length)
        # Batches of similar length waste no work on padding.
        order = sorted(range(len(pairs)), key=lambda i: len(encodings[i].ids))
        passes: dict[int, Pass] = {}
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            passes.update(zip(rows, self._run_batch([encodings[i] for i in rows]), strict=True))
        return [passes[i] for i in range(len(pairs))]

    def _run_batch(self, encodings: Sequence[Encoding]) -> list[Pass]:
        width = max(len(e.ids) for e in encodings)

        def padded(values: list[list[int]]) -> np.ndarray:
            return np.array([v + [0] * (width - len(v)) for v in values], dtype=np.int64)

        vectors, logits, contributions = self._session.run(
            None,
            {
                "input_ids": padded([e.ids for e in encodings]),
                "attention_mask": padded([e.attention_mask for e in encodings]),
                "token_type_ids": padded([e.type_ids for e in encodings]),
            },
        )
        return [
            Pass(vectors[i], logits[i], contributions[i, : len(e.ids)], _text_offsets(e))
            for i, e in enumerate(encodings)
        ]


def _text_offsets(encoding: Encoding) -> np.ndarray:
    offsets = np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2)
    offsets[np.array(encoding.type_ids) != 0] = 0
    return offsets


def _card(folder: Path) -> dict[str, Any]:
    card: dict[str, Any] = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    heads = [[head.name, list(head.classes)] for head in HEADS]
    if card.get("format") != FORMAT or card.get("heads") != heads:
        raise ModelError(
            folder,
            "was made for another version of relintel",
            "Rebuild it with this version's `scripts/train.py`",
        )
    return card


def _session(path: Path, threads: int) -> Any:  # noqa: ANN401 - onnxruntime is untyped
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
