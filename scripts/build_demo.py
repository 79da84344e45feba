"""Build ``corpora/demo`` from the written script of customers; the same bytes every time.

Usage: ``python scripts/build_demo.py [--source corpora/written/demo] [--out corpora/demo]``.
Needs nothing but Python. Prints one line a file.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

from demo_build import forum, mail, settings, slack, tables, truth
from demo_build.source import load

_ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Write all files and say what they hold."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--source", type=Path, default=_ROOT / "corpora/written/demo")
    parser.add_argument("--out", type=Path, default=_ROOT / "corpora/demo")
    options = parser.parse_args()
    customers = load(options.source)
    made = [
        mail.build(customers),
        slack.build(customers),
        tables.survey(customers),
        forum.build(customers),
        tables.chat(customers),
    ]
    options.out.mkdir(parents=True, exist_ok=True)
    for file in made:
        counts = f"{len(file.ids)} messages, {file.outbound} answers, {len(file.noise)} other"
        _write(options.out / file.name, file.data, counts)
    _write(options.out / settings.NAME, settings.TEXT.encode("utf-8"), f"{len(made)} sources")
    known = truth.truth(customers, made, settings.SOURCES)
    _write(options.out / truth.NAME, known, f"{len(customers)} customers")


def _write(path: Path, data: bytes, holds: str) -> None:
    path.write_bytes(data)
    print(
        f"{path.name}: {holds}, {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()[:12]}"
    )


if __name__ == "__main__":
    main()
