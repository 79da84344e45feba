"""The short form of `make soak`: a killed run goes on to the same end."""

from pathlib import Path

from benchmarks.kills import Killing


def test_killed_runs_lose_nothing_and_end_alike(tmp_path: Path, demo_dir: Path) -> None:
    trial = Killing(demo_dir / "relintel.toml", tmp_path, seed=7).run(kills=4)
    assert trial.kills == 4
    assert min(trial.by_stage.values()) >= 1
    assert trial.lost == 0
    assert trial.identical
    assert trial.messages > 1000
