"""Read everything below a folder and print what became of it, per kind of source.

python scripts/account_fixtures.py FOLDER
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from pathlib import Path

from relintel.collectors.registry import collect_found, sources_in
from relintel.config import SourceConfig
from relintel.records import Message, Skipped


def account(folder: Path) -> dict[str, Counter[str]]:
    """Count files, items, messages read and skipped ones (by reason), per kind of source."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for found in sources_in(folder, SourceConfig()):
        if isinstance(found, Skipped):
            counts["(none)"].update(("files", "items", found.reason))
            continue
        count = counts[str(found.kind)]
        count["files"] += 1
        for item in collect_found(found):
            if isinstance(item, Message):
                count.update(("items", "read"))
            elif isinstance(item, Skipped):
                count.update(("items", item.reason))
    return counts


def main() -> None:
    """Print the table of each folder named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    for folder in parser.parse_args().folders:
        print(f"\n{folder.name}\n  {'kind':8} {'files':>6} {'items':>6} {'read':>6}  skipped")
        for kind, count in sorted(account(folder).items()):
            totals = [count.pop(name, 0) for name in ("files", "items", "read")]
            reasons = ", ".join(f"{name} {n}" for name, n in count.most_common())
            print(f"  {kind:8} " + " ".join(f"{n:6}" for n in totals) + f"  {reasons}")


if __name__ == "__main__":
    main()
