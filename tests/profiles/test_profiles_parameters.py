"""Parameters are read whole or refused with every mistake."""

import json

import numpy as np
import pytest

from relintel.errors import ConfigError
from relintel.profiles import Parameters, default_parameters


def test_the_shipped_parameters_survive_a_trip_through_json(tmp_path):
    path = tmp_path / "parameters.json"
    path.write_text(json.dumps(default_parameters().to_dict()))
    assert Parameters.load(path).to_dict() == default_parameters().to_dict()


def test_all_mistakes_are_reported_together():
    data = default_parameters().to_dict()
    del data["temper"]
    data |= {
        "colour": 1,
        "repair": 1.5,
        "half_life_days": 0,
        "open_episodes": 0,
        "valence_start": [0.5, 0.4, 0.4],
        "closeness_start": [1.0],
        "valence_moves": {"hostile": []},
    }
    with pytest.raises(ConfigError) as caught:
        Parameters.from_dict(data)
    assert {problem.key for problem in caught.value.problems} == {
        "temper",
        "colour",
        "repair",
        "half_life_days",
        "open_episodes",
        "valence_start",
        "closeness_start",
        "valence_moves",
    }


@pytest.mark.parametrize("content", [None, "not json", "[]"])
def test_a_bad_file_is_refused(tmp_path, content):
    path = tmp_path / "parameters.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError):
        Parameters.load(path)


def test_the_arrays_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        default_parameters().valence_start[0] = 1


def test_the_shipped_parameters_hold_what_the_guide_asks():
    p = default_parameters()
    hostile, complaint, neutral, warm = np.moveaxis(p.valence_moves, 0, 0)
    assert hostile[2, 0] > 0.5
    assert complaint[2, 2] > 0.55, "one ordinary complaint leaves a friend well disposed"
    assert complaint[1, 0] < 0.1
    assert neutral[0, 0] > 0.95, "plain business does not reconcile"
    assert warm[0, 0] < 0.5, "a repair reconciles"
