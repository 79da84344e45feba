"""Real mails with labelled lines: read where they are found, skipped where not."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from relintel.text.parts import authored_spans

LABELS = Path(__file__).parents[2] / "corpora" / "labels" / "email_reply_open.jsonl"


def test_labelled_replies(fixtures: Path) -> None:
    wrong = {"quote": 0, "header": 0, "signature": 0, "authored": 0}
    total = dict.fromkeys(wrong, 0)
    for row in map(json.loads, LABELS.read_text(encoding="utf-8").splitlines()):
        data = (fixtures / row["file"]).read_bytes()
        assert hashlib.sha1(data).hexdigest() == row["sha1"]
        body = data.decode("utf-8", "replace").replace("\r\n", "\n")
        kept = set()
        for start, end in authored_spans(body):
            first = body.count("\n", 0, start)
            kept.update(range(first, first + body.count("\n", start, end) + 1))
        for number, _, label in row["lines"]:
            if label != "blank":
                total[label] += 1
                wrong[label] += (number - 1 in kept) != (label == "authored")
    assert wrong["quote"] + wrong["header"] <= 0.02 * (total["quote"] + total["header"])
    assert wrong["authored"] <= 0.01 * total["authored"]
    assert wrong["signature"] <= 0.05 * total["signature"]
