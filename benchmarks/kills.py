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
        lost: messages that were in the store after some kill and not after a later one.
        identical: whether the export equals the undisturbed run's.
        messages: messages in the store at the end.
    """

    kills: int
    by_stage: dict[str, int]
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
        """Kill `kills` times, half of them while collecting; then let it finish."""
        calm, rough = self._folder / "calm.relintel", self._folder / "rough.relintel"
        lengths = {stage: self._timed(stage, calm) for stage in (COLLECT, SCORE)}
        done = {COLLECT: 0, SCORE: 0}
        lost, known = 0, 0
        for stage in (COLLECT, SCORE):
            wanted = kills - kills // 2 if stage == COLLECT else kills // 2
            attempts = 0
            while done[stage] < wanted and attempts < 5 * wanted:
                attempts += 1
                done[stage] += self._killed(stage, rough, lengths[stage])
                now = self._messages(rough)
                lost += max(0, known - now)
                known = now
            self._timed(stage, rough)
        return Trial(
            kills=sum(done.values()),
            by_stage=done,
            lost=lost,
            identical=self._export(calm) == self._export(rough),
            messages=self._messages(rough),
        )

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
        """Start a stage and kill it somewhere in its length; false when it was done before."""
        process = subprocess.Popen(
            self._command(stage, store),
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(timeout=self._random.uniform(0.1, 1.0) * length)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
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
