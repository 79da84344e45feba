"""What takes too long for every day; results go to `benchmarks/results`."""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from benchmarks.kills import Killing

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Run and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        killing = Killing(ROOT / "corpora/demo/relintel.toml", Path(folder), options.seed)
        trial = killing.run(options.kills)
    result = {
        **asdict(trial),
        "seconds": round(time.monotonic() - started),
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
    }
    print(json.dumps(result))
    path = ROOT / "benchmarks/results/kills.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if trial.lost or not trial.identical:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
