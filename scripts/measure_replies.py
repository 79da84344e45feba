"""Measure reply splitting beside the library mail-parser-reply, on labelled lines of real mails.

    measure_replies.py LABELS FIXTURES [--files]

LABELS is JSON lines (``.jsonl`` or ``.jsonl.gz``) with a file's path below FIXTURES, its SHA-1 and
``[line number, hash, label]`` for every line. The library is tried with every combination of its
languages, outputs and options; the one with the fewest errors on these very files is shown.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import product
from pathlib import Path

from mailparser_reply.constants import MAIL_LANGUAGES
from mailparser_reply.parser import EmailMessage

from relintel.text.parts import authored_spans

QUOTED = frozenset({"quote", "header"})
Reader = Callable[[str], set[int]]
"""Takes a body; gives the numbers (from 0) of the lines it holds for the author's latest words."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One labelled mail."""

    file: str
    body: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """Lines wrongly kept or lost, and the same as a share per file, averaged over files."""

    quoted_leaked: int
    authored_lost: int
    signature_leaked: int
    quoted_share: float
    authored_share: float
    signature_share: float

    @property
    def errors(self) -> int:
        """Lines that would mislead a reader of the author's words."""
        return self.quoted_leaked + self.authored_lost


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("labels", type=Path)
    arguments.add_argument("fixtures", type=Path)
    arguments.add_argument("--files", action="store_true", help="list our errors by file and line")
    options = arguments.parse_args()
    mails = list(read_mails(options.labels, options.fixtures))
    ours = measure(mails, read_ours)
    theirs = {name: measure(mails, reader) for name, reader in library_readers()}
    best = min(theirs, key=lambda name: (theirs[name].errors, theirs[name].signature_leaked))
    print(f"{len(mails)} mails, {_totals(mails)}")
    print(f"{'':28} {'lines':>24}   {'share per file':>24}")
    head = f"{'quoted':>8}{'authored':>8}{'signat.':>8}"
    print(f"{'':28} {head}   {head}\n{'':28} {'leaked    lost  leaked':>24}")
    print(_row("relintel", ours))
    print(_row("mail-parser-reply", theirs[best]) + f"   ({best})")
    if options.files:
        _print_errors(mails)


def read_mails(labels: Path, fixtures: Path) -> Iterable[Mail]:
    """Read labelled mails, checking each file against the hashes."""
    opener = gzip.open if labels.suffix == ".gz" else open
    with opener(labels, "rt", encoding="utf-8") as rows:
        for row in map(json.loads, rows):
            data = (fixtures / row["file"]).read_bytes()
            if hashlib.sha1(data).hexdigest() != row["sha1"]:
                raise SystemExit(f"{row['file']}: not the file that was labelled")
            body = data.decode("utf-8", "replace").replace("\r\n", "\n")
            yield Mail(row["file"], body, tuple(label for _, _, label in row["lines"]))


def read_ours(body: str) -> set[int]:
    """Lines that touch an authored span."""
    numbers = set()
    for start, end in authored_spans(body):
        first = body.count("\n", 0, start)
        numbers.update(range(first, first + body.count("\n", start, end) + 1))
    return numbers


def library_readers() -> Iterable[tuple[str, Reader]]:
    """Yield the library under every setting worth trying."""
    every = sorted(language for language in MAIL_LANGUAGES if len(language) == 2)
    outputs = ("latest_reply", "body", "full_body")
    switches = (False, True)
    for languages, output, hyphens, unmarked in product(
        (["en"], ["en", "de"], every), outputs, switches, switches
    ):
        names = ",".join(languages) if len(languages) < 5 else "all languages"
        marks = ", without lines marked >" if unmarked else ""
        name = f"{names}; {output}; keep_hyphen_lists={hyphens}{marks}"
        yield name, _library(languages, output, hyphens, unmarked)


def _library(languages: list[str], output: str, hyphens: bool, unmarked: bool) -> Reader:
    def read(body: str) -> set[int]:
        kept = extract(body)
        lines = body.split("\n")
        return {n for n in kept if not (unmarked and lines[n].lstrip().startswith(">"))}

    def extract(body: str) -> set[int]:
        message = EmailMessage(text=body, languages=list(languages), keep_hyphen_lists=hyphens)
        message.read()
        if not message.replies:
            return set()
        if output == "latest_reply":
            text = message.latest_reply or ""
        else:
            text = getattr(message.replies[0], output)
        return align(body, text)

    return read


def align(body: str, text: str) -> set[int]:
    """Numbers of the body's lines that an extract holds, whatever was stripped from them."""
    source = [line.strip() for line in body.split("\n")]
    kept = [line.strip() for line in text.split("\n")]
    matcher = SequenceMatcher(None, source, kept, autojunk=False)
    return {
        n for block in matcher.get_matching_blocks() for n in range(block.a, block.a + block.size)
    }


def measure(mails: Iterable[Mail], read: Reader) -> Score:
    """Count errors of a reader over mails."""
    counts = {"quoted": 0, "authored": 0, "signature": 0}
    shares: dict[str, list[float]] = {name: [] for name in counts}
    for mail in mails:
        kept = read(mail.body)
        for name, wrong, total in _errors(mail, kept):
            counts[name] += wrong
            shares[name].append(wrong / total if total else 0.0)
    means = {name: sum(values) / max(1, len(values)) for name, values in shares.items()}
    return Score(
        counts["quoted"],
        counts["authored"],
        counts["signature"],
        means["quoted"],
        means["authored"],
        means["signature"],
    )


def _errors(mail: Mail, kept: set[int]) -> Iterable[tuple[str, int, int]]:
    quoted = {n for n, label in enumerate(mail.labels) if label in QUOTED}
    authored = {n for n, label in enumerate(mail.labels) if label == "authored"}
    signed = {n for n, label in enumerate(mail.labels) if label == "signature"}
    yield "quoted", len(quoted & kept), len(quoted)
    yield "authored", len(authored - kept), len(authored)
    yield "signature", len(signed & kept), len(signed)


def _totals(mails: Iterable[Mail]) -> str:
    labels = [label for mail in mails for label in mail.labels]
    quoted = sum(label in QUOTED for label in labels)
    return (
        f"{quoted} quoted, {labels.count('authored')} authored,"
        f" {labels.count('signature')} signature lines"
    )


def _row(name: str, score: Score) -> str:
    lines = f"{score.quoted_leaked:8}{score.authored_lost:8}{score.signature_leaked:8}"
    shares = f"{score.quoted_share:8.3f}{score.authored_share:8.3f}{score.signature_share:8.3f}"
    return f"{name:28} {lines}   {shares}"


def _print_errors(mails: Iterable[Mail]) -> None:
    for mail in mails:
        kept = read_ours(mail.body)
        for number, label in enumerate(mail.labels):
            if (number in kept) != (label == "authored") and label != "blank":
                print(f"{mail.file}:{number + 1} {label}")


if __name__ == "__main__":
    main()
