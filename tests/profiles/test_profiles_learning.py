"""Learning from written histories, and measuring rules on them."""

import importlib.util
import json
from pathlib import Path

import pytest
from profile_readings import FRIEND, PLAIN, THANKS, grievance, hostile, reading

from relintel.errors import SourceError
from relintel.evaluation.histories import (
    decayed_mean,
    filtered,
    items,
    join,
    last_message,
    rows,
    score,
)
from relintel.profiles import Parameters, default_parameters
from relintel.records import Reading

ROOT = Path(__file__).parents[2]
_WRITTEN = {
    "a1": ([FRIEND, FRIEND, PLAIN, grievance(), PLAIN], ["friend"] * 5),
    "a2": ([PLAIN, hostile(), PLAIN, PLAIN], ["distant", "enemy", "enemy", "enemy"]),
    "b1": ([THANKS, hostile(), THANKS, PLAIN], ["distant", "enemy", "distant", "distant"]),
}
TABLE = [
    {
        "customer": customer,
        "brand": "Brand",
        "messages": [
            {"ts": f"2024-{2 * i + 1:02}-01T00:00:00Z", "channel": "chat", "text": f"text {i}"}
            for i in range(len(messages))
        ],
        "states": states,
    }
    for customer, (messages, states) in _WRITTEN.items()
]
READINGS = [
    reading(identity=f"{customer}-{i}", **labels)
    for customer, (messages, _) in _WRITTEN.items()
    for i, labels in enumerate(messages)
]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("learn_filter", ROOT / "scripts/learn_filter.py")
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["learn_filter"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["learn_filter"]


def test_the_filter_beats_the_simple_rules_on_the_traps():
    histories = join(TABLE, READINGS)
    ours = score(histories, filtered(default_parameters()))
    assert (ours.histories, ours.messages) == (3, 13)
    assert ours.after_each == ours.final == 1
    for baseline in (last_message, decayed_mean(180)):
        simple = score(histories, baseline)
        assert simple.after_each < ours.after_each
        assert simple.log_likelihood < ours.log_likelihood


def test_a_scorer_gets_one_item_a_message():
    assert items(TABLE)[0] == {"id": "a1-0", "text": "text 0", "brand": "Brand"}
    assert [item["id"] for item in items(TABLE)] == [r.id for r in READINGS]


def test_a_message_without_a_reading_is_an_error():
    with pytest.raises(SourceError, match="b1-3"):
        join(TABLE, READINGS[:-1])


@pytest.mark.parametrize("content", [None, "{"])
def test_a_bad_file_is_an_error(tmp_path, content):
    path = tmp_path / "histories.jsonl"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SourceError, match=r"histories\.jsonl"):
        rows(path)


def test_learning_makes_the_right_types_likelier_and_stays_valid(script):
    histories = join(TABLE, READINGS)
    before = default_parameters()
    learned = script.learn(histories, before, strength=1.0, sweeps=1)
    better = score(histories, filtered(learned)).log_likelihood
    assert better > score(histories, filtered(before)).log_likelihood
    Parameters.from_dict(script._rounded(learned.to_dict()))


def test_a_strong_prior_holds_the_parameters(script):
    histories = join(TABLE, READINGS)
    held = script.learn(histories, default_parameters(), strength=1e6, sweeps=1)
    assert held.temper == pytest.approx(default_parameters().temper, rel=0.01)


def test_the_script_writes_parameters_and_prints_the_baselines(script, tmp_path, capsys):
    histories, readings, output = (tmp_path / name for name in ("h", "r", "p.json"))
    histories.write_text("\n".join(json.dumps(row) for row in TABLE))
    readings.write_text("\n".join(json.dumps(r.to_record()) for r in READINGS))
    assert Reading.from_record(json.loads(readings.read_text().splitlines()[0])) == READINGS[0]
    options = ["--histories", histories, "--readings", readings, "--output", output]
    script.main([*map(str, options), "--train", "a", "--sweeps", "1"])
    printed = capsys.readouterr().out
    assert printed.count("last message") == printed.count("decayed mean") == 2
    assert Parameters.load(output).temper > 0
