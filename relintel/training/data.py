"""Labelled messages: labels from ``corpora/labels``, texts from a mirror of the public sets."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from relintel.errors import SourceError
from relintel.taxonomy import relationship_of_message
from relintel.training.duplicates import near_duplicates

LABELS: Final = ("messages_train", "messages_train_2")
WRITTEN: Final = (
    "messages_en",
    "messages_six_languages",
    "messages_en_2",
    "messages_six_languages_2",
    "messages_en_3",
    "messages_six_languages_3",
)

TEST: Final = "messages_test"
SEALED: Final = "messages_sealed"
NEVER: Final = "never_train"


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled message. A label that is ``None`` (or ``valence`` etc.) is unknown: no loss.

    Attributes:
        group: source or writer; splits never cut through a group.
        english: the text's English, where a writer gave it.
        weight: share of its loss, 1 for annotated messages.
        flags_known: the flags that were looked for; ``None`` for all of them.
    """

    id: str
    group: str
    language: str
    text: str
    brand: str | None
    sentiment: str | None = None
    valence: int | None = None
    ambivalence: int | None = None
    closeness: int | None = None
    flags: tuple[str, ...] | None = None
    complaint: str | None = None
    wants: tuple[str, ...] | None = None
    suggestion: int | None = None
    drivers: tuple[str, ...] | None = None
    relationship: str | None = None
    english: str | None = None
    weight: float = 1.0
    flags_known: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Data:
    """All labelled messages at hand.

    Attributes:
        never: source and id of records that are measured on, in whatever form.
    """

    real: tuple[Example, ...]
    written: tuple[Example, ...]
    never: frozenset[tuple[str, str]]


def load(corpora: Path, mirror: Path | None) -> Data:
    """Read every label in ``corpora`` with its text; without a mirror, the written texts alone.

    What nearly repeats a text that is only measured on is left out.
    """
    texts = [e for name in WRITTEN for e in written(corpora / "written" / f"{name}.jsonl")]
    test = [e.text for e in written(corpora / "written" / f"{TEST}.jsonl")]
    if mirror is None:
        return Data(real=(), written=_apart(texts, test), never=frozenset())
    labels = corpora / "labels"
    real = [e for name in LABELS for e in annotated(labels / f"{name}.jsonl", mirror)]
    sealed = [e.text for e in annotated(labels / f"{SEALED}.jsonl.gz", mirror)]
    return Data(
        real=_apart(real, sealed),
        written=_apart(texts, test),
        never=frozenset((row["source"], row["id"]) for row in jsonl(labels / f"{NEVER}.jsonl")),
    )


def _apart(examples: Sequence[Example], measured: Sequence[str]) -> tuple[Example, ...]:
    repeated = set(near_duplicates([example.text for example in examples], measured))
    return tuple(example for i, example in enumerate(examples) if i not in repeated)


def annotated(labels: Path, mirror: Path) -> list[Example]:
    """Join a label file (keyed by record id) with the texts of the public sets.

    Args:
        labels: JSONL with the guide's fields, ``source``, ``id`` and ``text_sha256`` (first 16 hex
            digits of the stripped text's hash, so that a changed text is noticed).
        mirror: folder with ``<source>.jsonl.gz``.

    Raises:
        SourceError: a text is absent from the mirror or is not the one that was labelled.
    """
    rows = list(jsonl(labels))
    wanted: dict[str, set[str]] = {}
    for row in rows:
        wanted.setdefault(row["source"], set()).add(row["id"])
    texts = {source: _candidates(mirror, source, ids) for source, ids in wanted.items()}
    return [_annotated_example(row, texts[row["source"]].get(row["id"], [])) for row in rows]


def written(path: Path) -> list[Example]:
    """Read messages composed for the project; the group is the writer (``written:en_1``)."""
    return [
        example(row, row["text"], f"written:{row['id'].rpartition('-')[0]}") for row in jsonl(path)
    ]


def public_rows(mirror: Path, source: str) -> Iterator[dict[str, Any]]:
    """Stream the records of one public set."""
    path = mirror / f"{source}.jsonl.gz"
    if not path.exists():
        raise SourceError(
            source, f"{path.name} is not in the mirror folder", "See corpora/README.md"
        )
    yield from jsonl(path)


def text_hash(text: str) -> str:
    """Return the short hash by which a label file names a text without holding it."""
    return hashlib.sha256(text.strip().encode()).hexdigest()[:16]


def _annotated_example(row: dict[str, Any], candidates: Iterable[str]) -> Example:
    for text in candidates:
        if text_hash(text) == row["text_sha256"]:
            return example(row, text.strip(), row["source"])
    raise SourceError(row["source"], f"record {row['id']} is absent or differs from its label")


def example(row: dict[str, Any], text: str, group: str) -> Example:
    """Turn one labelled line and its text into an example."""
    return Example(
        id=row["id"],
        group=group,
        language=row["lang"],
        text=text,
        brand=row["brand"] or None,
        sentiment=row["sentiment"],
        valence=row["V"],
        ambivalence=row["A"],
        closeness=row["C"],
        flags=tuple(row["flags"]),
        complaint=row["complaint"],
        wants=_several(row.get("wants")),
        suggestion=row.get("suggestion"),
        drivers=_several(row.get("drivers")),
        relationship=relationship_of_message(row["V"], row["A"], row["C"], row["flags"]),
        english=row.get("en"),
    )


def _several(values: list[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)


def _candidates(mirror: Path, source: str, ids: set[str]) -> dict[str, list[str]]:
    """Texts that may have been labelled: a record's own, or the customer's part of a dialogue."""
    found: dict[str, list[str]] = {}
    for row in public_rows(mirror, source):
        if row["id"] in ids:
            turns = row.get("turns") or []
            turns = json.loads(turns) if isinstance(turns, str) else turns
            client = [turn["text"] for turn in turns if turn["role"] == "client"]
            found.setdefault(row["id"], []).extend(
                [row["text"], *client, "\n".join(client), " ".join(client), *_runs(client)]
            )
    return found


def _runs(turns: list[str]) -> list[str]:
    """Opening runs of a customer's turns, joined the two usual ways."""
    return [
        joint.join(turns[:count]) for count in range(2, len(turns) + 1) for joint in ("\n", " ")
    ]


def jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """Stream a file of JSON lines, compressed or not."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
