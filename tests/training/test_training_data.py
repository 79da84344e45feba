"""Labels: every file follows the derivation rule and joins its texts."""

import gzip
import hashlib
import json
from pathlib import Path

import pytest

from relintel import taxonomy
from relintel.errors import SourceError
from relintel.training.data import annotated, text_hash, written

ROOT = Path(__file__).resolve().parent.parent.parent
WRITTEN = ("messages_en", "messages_six_languages")


def rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    "path",
    [ROOT / "corpora/labels/messages_train.jsonl"]
    + [ROOT / f"corpora/written/{name}.jsonl" for name in WRITTEN],
    ids=lambda path: path.stem,
)
def test_every_label_is_legal_and_the_type_follows_from_the_rest(path: Path) -> None:
    for row in rows(path):
        assert row["sentiment"] in taxonomy.SENTIMENTS
        assert row["V"] in taxonomy.VALENCES
        assert row["A"] in (0, 1)
        assert row["C"] in taxonomy.CLOSENESSES
        assert set(row["flags"]) <= set(taxonomy.FLAGS)
        assert row["complaint"] in taxonomy.COMPLAINTS
        derived = taxonomy.relationship_of_message(row["V"], row["A"], row["C"], row["flags"])
        assert row["relationship"] == derived, row["id"]


def test_labels_hold_no_public_text() -> None:
    for row in rows(ROOT / "corpora/labels/messages_train.jsonl"):
        assert "text" not in row
        assert all(len(str(value)) < 80 for value in row.values())


def test_every_label_finds_its_text_in_the_mirror(corpora: Path) -> None:
    examples = annotated(ROOT / "corpora/labels/messages_train.jsonl", corpora)
    assert len(examples) == 3658
    assert all(example.text for example in examples)


def test_a_changed_or_absent_text_is_noticed(tmp_path: Path) -> None:
    labels = tmp_path / "labels.jsonl"
    label = {
        "id": "x-1", "source": "x", "lang": "en", "brand": "Acme", "sentiment": "neutral",
        "V": 0, "A": 0, "C": 0, "flags": [], "complaint": "none",
        "text_sha256": hashlib.sha256(b"hello").hexdigest()[:16],
    }  # fmt: skip
    labels.write_text(json.dumps(label))
    with pytest.raises(SourceError, match="not in the mirror"):
        annotated(labels, tmp_path)
    mirror = tmp_path / "x.jsonl.gz"
    mirror.write_bytes(gzip.compress(json.dumps({"id": "x-1", "text": " hello "}).encode()))
    assert [e.text for e in annotated(labels, tmp_path)] == ["hello"]
    mirror.write_bytes(gzip.compress(json.dumps({"id": "x-1", "text": "changed"}).encode()))
    with pytest.raises(SourceError, match="x-1") as caught:
        annotated(labels, tmp_path)
    assert "changed" not in str(caught.value)


def test_a_dialogues_customer_turns_are_found(tmp_path: Path) -> None:
    turns = [
        {"role": "client", "text": "my phone broke"},
        {"role": "agent", "text": "sorry"},
        {"role": "client", "text": "thanks"},
    ]
    label = {
        "id": "d-1", "source": "d", "lang": "en", "brand": "", "sentiment": "neutral",
        "V": 0, "A": 0, "C": 0, "flags": [], "complaint": "none",
        "text_sha256": text_hash("my phone broke"),
    }  # fmt: skip
    (tmp_path / "labels.jsonl").write_text(json.dumps(label))
    row = json.dumps({"id": "d-1", "text": "client: my phone broke\nagent: sorry", "turns": turns})
    (tmp_path / "d.jsonl.gz").write_bytes(gzip.compress(row.encode()))
    assert annotated(tmp_path / "labels.jsonl", tmp_path)[0].text == "my phone broke"


def test_written_messages_carry_their_writer() -> None:
    examples = [e for n in WRITTEN for e in written(ROOT / f"corpora/written/{n}.jsonl")]
    assert len(examples) == 1260
    assert {e.language for e in examples} == set(taxonomy.LANGUAGES)
    assert all(example.group.startswith("written:") for example in examples)
