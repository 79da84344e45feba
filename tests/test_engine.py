"""The engine end to end on small real files and on records handed over in memory."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

import relintel as ri
from relintel.engine import Engine

BRANDS = """
[brands.Acme]
aliases = ["@acme"]
own = ["@acme.example"]
"""

ANGRY = "You lied to me about the price. I will never buy from Acme again, and I tell everyone."
LOYAL = "I love Acme! Twelve years with you and you never let me down. We are all fans here."
PLAIN = "Please tell me when my parcel arrives."


def record(number: int, customer: str, text: str, **more: object) -> dict[str, object]:
    day = f"2025-03-{number:02d}T10:00:00Z"
    return {"id": f"m{number}", "customer": customer, "brand": "Acme", "sent_at": day,
            "channel": "chat", "text": text, **more}  # fmt: skip


RECORDS = [
    record(1, "1", LOYAL),
    record(2, "2", PLAIN),
    record(3, "3", ANGRY),
    record(4, "1", PLAIN),
    record(5, "3", "Still no refund. Acme are thieves, avoid them."),
]


@pytest.fixture
def engine(tmp_path: Path):
    with ri.open(tmp_path / "shop.relintel") as opened:
        yield opened


def labels(engine: Engine) -> dict[str, str]:
    return {p.customer: p.relationship.label for p in engine.profiles("Acme")}


def test_messages_become_profiles_with_quotes_from_the_messages(engine: Engine) -> None:
    report = engine.ingest(RECORDS)
    assert (report.read, report.created, report.skipped) == (5, 5, 0)
    scored = engine.score()
    assert (scored.messages, scored.profiles) == (5, 3)
    profile = engine.profile("3", brand="Acme")
    assert profile.messages == 2
    assert profile.relationship.label == "enemy"
    bodies = ANGRY + RECORDS[4]["text"]
    assert profile.evidence
    assert all(quote.quote in bodies for quote in profile.evidence)
    assert sum(profile.relationship.probabilities.values()) == pytest.approx(1)


def test_doing_everything_twice_changes_nothing(engine: Engine) -> None:
    engine.ingest(RECORDS)
    engine.score()
    before = list(engine.export())
    again = engine.ingest(RECORDS)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 5)
    scored = engine.score()
    assert (scored.messages, scored.profiles) == (0, 0)
    assert list(engine.export()) == before


def test_only_what_changed_is_read_again(engine: Engine) -> None:
    engine.ingest(RECORDS)
    engine.score()
    report = engine.ingest([record(2, "2", LOYAL), record(6, "4", PLAIN)])
    assert (report.created, report.updated) == (1, 1)
    scored = engine.score()
    assert (scored.messages, scored.profiles) == (2, 2)


def test_incremental_and_one_run_export_alike(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("RELINTEL_KEY", "cd" * 32)
    with ri.open(tmp_path / "one.relintel") as one:
        one.ingest(RECORDS)
        one.score()
        whole = list(one.export())
    with ri.open(tmp_path / "many.relintel") as many:
        for item in reversed(RECORDS):
            many.ingest([item])
            many.score()
        assert list(many.export()) == whole


def test_a_customer_is_found_by_id_number_address_and_handle(engine: Engine) -> None:
    person = {"address": "Ann@Example.org", "handle": "annie"}
    engine.ingest([record(1, "0042", LOYAL, **person)])
    engine.score()
    found = engine.resolve("0042")
    for name in (found, "ann@example.org", "annie", "@annie"):
        assert engine.resolve(name) == found
        assert engine.profile(name).customer == found
    with pytest.raises(ri.UnknownCustomer) as caught:
        engine.profile("nobody@example.org")
    assert "nobody@example.org" not in str(caught.value)


def test_a_customer_goes_by_a_name_before_a_handle_or_address(engine: Engine) -> None:
    engine.ingest([record(1, "7", LOYAL, name="Ann Lee"), record(2, "7", PLAIN, handle="annie")])
    engine.ingest([record(3, "8", PLAIN, address="bo@example.org"), record(4, "9", PLAIN)])
    assert engine.name(engine.resolve("7")) == "Ann Lee"
    assert engine.name(engine.resolve("8")) == "bo@example.org"
    assert engine.name(engine.resolve("9")) == engine.resolve("9")


def test_one_person_in_two_sources_is_one_customer(engine: Engine, tmp_path: Path) -> None:
    mail = (
        b"From: Ann <ann@example.org>\nTo: care@acme.example\nDate: Tue, 4 Mar 2025 10:00:00 +0100"
        b"\nMessage-ID: <a@x>\nSubject: hi\n\nWhere is my parcel?\n"
    )
    (tmp_path / "one.eml").write_bytes(mail)
    engine.ingest([record(1, "7", LOYAL, address="ANN@example.org")])
    engine.ingest(tmp_path / "one.eml", brand="Acme")
    engine.score()
    profile = engine.profile("ann@example.org", brand="Acme")
    assert profile.messages == 2
    assert set(profile.channels) == {"chat", "email"}
    assert engine.resolve("7") == profile.customer


def test_a_later_message_can_show_that_two_customers_are_one(engine: Engine) -> None:
    engine.ingest([{**record(1, "", LOYAL), "address": "a@example.org"}])
    engine.ingest([record(2, "9", PLAIN)])
    engine.score()
    assert engine.counts()["customers"] == 2
    engine.ingest([record(3, "9", PLAIN, address="a@example.org")])
    engine.score()
    assert engine.counts()["customers"] == 1
    assert engine.profile("a@example.org", brand="Acme").messages == 3
    assert engine.ingest([{**record(1, "", LOYAL), "address": "a@example.org"}]).unchanged == 1


def test_the_companys_own_words_are_kept_and_never_read(engine: Engine) -> None:
    own = record(2, "", "We are so sorry, we hate that we let you down!", direction="outbound")
    engine.ingest([record(1, "1", PLAIN), own])
    scored = engine.score()
    assert scored.messages == 1
    assert engine.counts()["messages"] == 2


def test_as_of_looks_back(engine: Engine) -> None:
    engine.ingest([record(1, "1", LOYAL), record(20, "1", ANGRY)])
    engine.score()
    early = engine.profile("1", brand="Acme", as_of="2025-03-10")
    assert early.messages == 1
    assert early.as_of == datetime(2025, 3, 10, tzinfo=UTC)
    with pytest.raises(ri.UnknownCustomer):
        engine.profile("1", brand="Acme", as_of="2025-02-01")
    late = engine.profile("1", brand="Acme", as_of="now")
    assert late.as_of > datetime(2025, 12, 1, tzinfo=UTC)


def test_similar_customers_come_with_reasons(engine: Engine) -> None:
    engine.ingest([*RECORDS, record(6, "5", "Acme are liars. Avoid them, never again.")])
    engine.score()
    matches = engine.similar("3", brand="Acme", k=3)
    assert len(matches) == 3
    assert matches[0].customer == engine.resolve("5")
    assert all(match.because for match in matches)
    assert [m.similarity for m in matches] == sorted((m.similarity for m in matches), reverse=True)
    assert engine.resolve("3") not in {match.customer for match in matches}


def test_forgetting_reaches_rows_vectors_and_the_future(engine: Engine) -> None:
    engine.ingest([*RECORDS, record(6, "5", ANGRY)])
    engine.score()
    forgotten = engine.resolve("3")
    report = engine.forget("3")
    assert (report.messages, report.profiles) == (2, 1)
    assert report.tombstones >= 1
    assert all(forgotten not in json.dumps(row) for row in engine.export())
    assert forgotten not in {m.customer for m in engine.similar("5", brand="Acme", k=10)}
    again = engine.ingest(RECORDS)
    assert again.reasons == {"forgotten": 2}
    with pytest.raises(ri.UnknownCustomer):
        engine.resolve("3")


def test_a_data_frame_is_taken_in_with_its_types(engine: Engine) -> None:
    frame = pd.DataFrame(
        {
            "response_id": ["r1", "r2", "r3"],
            "submitted_at": pd.to_datetime(["2025-01-05", "2025-01-06", None]),
            "email": ["a@example.org", "b@example.org", "c@example.org"],
            "customer_no": ["007", "008", "009"],
            "comment": ["Great service", None, "Fine"],
            "nps": [9, 3, 7],
        }
    )
    report = engine.ingest(frame, brand="Acme", name="survey")
    assert (report.created, report.skipped) == (1, 2)
    assert report.reasons == {"empty_body": 1, "no_date": 1}
    engine.score()
    assert engine.profile("007").brand == "Acme"


def test_a_folder_of_mixed_files_is_accounted_for(engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "a.csv").write_text("id,text,date\n1,hello there,2025-01-01\n2,,2025-01-01\n")
    (folder / "b.jsonl").write_text('{"id":"x","text":"hi","sent_at":"2025-01-02"}\nnot json\n')
    (folder / "c.bin").write_bytes(b"\0\1\2")
    report = engine.ingest(folder, brand="Acme")
    assert (report.read, report.skipped) == (2, 3)
    assert report.reasons == {"bad_json": 1, "empty_body": 1, "unsupported_format": 1}


@pytest.mark.parametrize(
    ("data", "options", "error"),
    [
        ("no/such/file.mbox", {}, ri.SourceError),
        (RECORDS, {"colour": "red"}, ri.ConfigError),
        (42, {}, ri.ConfigError),
        ([{"nothing": "useful"}], {}, ri.SourceError),
    ],
)
def test_what_cannot_be_taken_in_says_why(engine: Engine, data, options, error) -> None:
    with pytest.raises(error):
        engine.ingest(data, **options)


def test_several_brands_ask_for_one(engine: Engine) -> None:
    engine.ingest([record(1, "1", PLAIN), {**record(2, "1", PLAIN), "brand": "Bolt"}])
    engine.score()
    with pytest.raises(ri.ConfigError, match="several brands"):
        engine.profile("1")


def test_configuration_in_the_store_is_used(tmp_path: Path) -> None:
    folder = tmp_path / "shop.relintel"
    with ri.open(folder):
        pass
    (folder / "relintel.toml").write_text(
        BRANDS + '[sources.chat]\npath = "../chat.jsonl"\nbrand = "Acme"\n', encoding="utf-8"
    )
    rows = [{**record(n, str(n), PLAIN), "brand": None} for n in (1, 2)]
    (tmp_path / "chat.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    with ri.open(folder) as engine:
        assert engine.collect()["chat"].created == 2
        engine.score()
        assert engine.brands() == ["Acme"]
