"""Kill collecting and scoring at random moments; what comes out must equal an undisturbed run."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relintel.store.folder import DATABASE

COLLECT, SCORE, EXPORT = "collect", "score", "export"


@dataclass(frozen=True, slots=True)
class Trial:
    """What a trial of kills came to.

    Attributes:
        kills: processes that were killed before they were done.
        by_stage: how many of them were collecting, and how many scoring.
        stores: stores that were made in this way.
        lost: messages that were in the store after some kill and not after a later one.
        identical: whether every store's export equals the undisturbed run's.
        messages: messages in the store at the end.
    """

    kills: int
    by_stage: dict[str, int]
    stores: int
    lost: int
    identical: bool
    messages: int


class Killing:
    """One configuration, run undisturbed once and then with kills.

    Args:
        config: ``relintel.toml`` with sources.
        folder: where the stores go.
        seed: of the moments.
    """

    def __init__(self, config: Path, folder: Path, seed: int) -> None:
        self._config = config
        self._folder = folder
        self._random = random.Random(seed)
        # Customers' ids come from the store's key: two stores compare only under the same one.
        self._environment = {**os.environ, "RELINTEL_KEY": "ab" * 32}

    def run(self, kills: int) -> Trial:
        """Kill `kills` times over as many stores as it takes, each brought to its end."""
        calm = self._folder / "calm.relintel"
        lengths = {stage: self._timed(stage, calm) for stage in (COLLECT, SCORE)}
        expected = self._export(calm)
        done = {COLLECT: 0, SCORE: 0}
        lost, identical, stores = 0, True, 0
        while sum(done.values()) < kills:
            stores += 1
            rough = self._folder / f"rough-{stores}.relintel"
            for stage in (COLLECT, SCORE):
                lost += self._disturbed(stage, rough, lengths[stage], done, kills)
            identical = identical and self._export(rough) == expected
        return Trial(
            kills=sum(done.values()),
            by_stage=done,
            stores=stores,
            lost=lost,
            identical=identical,
            messages=self._messages(calm),
        )

    def _disturbed(
        self, stage: str, store: Path, length: float, done: dict[str, int], kills: int
    ) -> int:
        """Bring a stage to its end through up to three kills; return how many messages went."""
        known = self._messages(store)
        lost = 0
        for _ in range(3):
            if sum(done.values()) == kills or not self._killed(stage, store, length):
                break
            done[stage] += 1
            now = self._messages(store)
            lost += max(0, known - now)
            known = now
        self._timed(stage, store)
        return lost + max(0, known - self._messages(store))

    def _command(self, stage: str, store: Path) -> list[str]:
        options = ["--store", str(store), "--config", str(self._config)]
        return [sys.executable, "-m", "relintel.cli", stage, *options]

    def _timed(self, stage: str, store: Path) -> float:
        started = time.monotonic()
        subprocess.run(
            self._command(stage, store), env=self._environment, check=True, capture_output=True
        )
        return time.monotonic() - started

    def _killed(self, stage: str, store: Path, length: float) -> bool:
        """Start a stage and kill it somewhere in its length; false when it was done before.

        Raises:
            RuntimeError: it failed by itself.
        """
        process = subprocess.Popen(
            self._command(stage, store),
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(timeout=self._random.uniform(0.1, 0.8) * length)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        if process.returncode not in {0, -signal.SIGKILL}:
            raise RuntimeError(f"{stage} ended with {process.returncode}")
        return process.returncode == -signal.SIGKILL

    def _export(self, store: Path) -> bytes:
        command = self._command(EXPORT, store)
        return subprocess.run(
            command, env=self._environment, check=True, capture_output=True
        ).stdout

    def _messages(self, store: Path) -> int:
        if not (store / DATABASE).is_file():
            return 0  # killed before the store came to be
        rows: list[dict[str, Any]] = [json.loads(line) for line in self._export(store).splitlines()]
        return sum(row["kind"] == "message" for row in rows)
