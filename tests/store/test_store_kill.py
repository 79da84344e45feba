from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from relintel.store import Store
from relintel.store.vectors import open_index
from tests.store.store_rows import vector

ROOT = Path(__file__).resolve().parents[2]
BATCH = 25

# Commits batch after batch, and says which are acknowledged.
WRITER = f"""
import sys
from pathlib import Path
from relintel.store import FoldedPair, Store
from relintel.store.vectors import open_index
from tests.store.store_rows import arrival, commit, profile, vector

with Store.open(Path(sys.argv[1])) as store:
    index = open_index(store)
    batch = (store.cursor("mail", "s") or {{"batch": -1}})["batch"]
    while True:
        batch += 1
        names = [f"m{{batch}}-{{i}}" for i in range({BATCH})]
        commit(store, *(arrival(n, body="text " * 200) for n in names), cursor={{"batch": batch}})
        customer = f"c{{batch % 20}}"
        made = profile(customer)
        index.follow(store.commit_profiles([FoldedPair(customer, "A", made, None, vector(batch))]))
        index.save()
        print(batch, flush=True)
"""


def _run_and_kill(folder, seconds):
    """Return the last acknowledged batch."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        text=True,
    )
    with process:
        first = process.stdout.readline()
        assert first, "the writer did not start"
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read()
    whole = (first + rest).rpartition("\n")[0]
    return int(whole.split("\n")[-1])


def test_a_killed_writer_leaves_whole_batches_and_a_right_index(folder):
    for seconds in (0.05, 0.21, 0.33):
        acknowledged = _run_and_kill(folder, seconds)
        with closing(sqlite3.connect(folder / "store.sqlite3")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        with Store.open(folder) as store:
            committed = store.cursor("mail", "s")["batch"]
            assert committed in (acknowledged, acknowledged + 1)
            names = [row["external_id"] for row in store.export_rows() if row["kind"] == "message"]
            expected = {f"m{b}-{i}" for b in range(committed + 1) for i in range(BATCH)}
            assert set(names) == expected
            index = open_index(store)
            rows = store.profile_vectors()
            assert len(index) == len(rows.ids)
            row = store.profile_row(f"c{acknowledged % 20}", "A")
            assert index.search(vector(acknowledged), 1)[0][0] == row.id
