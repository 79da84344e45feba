"""Messages handed over in memory: whatever is handed over, the batch goes on."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import relintel as ri
from relintel.batch.incoming import messages_of
from relintel.config import SourceConfig
from relintel.engine import Engine
from relintel.errors import ConfigError, SourceError
from relintel.records import Message, Party, Skipped

WHEN = datetime(2025, 3, 4, 10, tzinfo=UTC)
GOOD = Message("crm", "1", WHEN, Party(name="Ann", address="ann@secret.org"), "email", "hello")
ROW = {"id": "r1", "text": "hi", "sent_at": "2025-03-04"}
NAN = float("nan")
UUID_ = UUID("12345678-1234-5678-1234-567812345678")


class Frame:
    """What relintel asks of a Polars data frame."""

    columns = ("id", "text", "date")

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self._rows = rows

    def to_dict(self) -> None:
        raise AssertionError("Polars gives columns here")

    def to_dicts(self) -> list[dict[str, Any]]:
        return self._rows


class BadZone(tzinfo):
    def utcoffset(self, when: datetime | None) -> timedelta | None:
        raise NotImplementedError("ann@secret.org")


class NoZone(tzinfo):
    def utcoffset(self, when: datetime | None) -> timedelta | None:
        return None


class Rude:
    """Raises whatever is asked of it."""

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("ann@secret.org")

    __ne__ = __eq__
    __hash__ = None  # type: ignore[assignment]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with ri.open(tmp_path / "shop.relintel") as opened:
        yield opened


def read(*items: Any, **options: Any) -> list[Any]:
    return list(messages_of(items, SourceConfig(**options)))


def reason(item: Any) -> str | None:
    return item.reason if isinstance(item, Skipped) else None


BAD = [
    ("bad_message", {"external_id": 5}),
    ("bad_message", {"external_id": ""}),
    ("bad_message", {"external_id": None}),
    ("bad_message", {"source": ""}),
    ("bad_message", {"source": 7}),
    ("bad_message", {"body": b"hello"}),
    ("bad_message", {"body": 5}),
    ("bad_message", {"body": Rude()}),
    ("bad_message", {"brand": NAN}),
    ("bad_message", {"brand": ("Acme",)}),
    ("bad_message", {"thread": 17}),
    ("bad_message", {"in_reply_to": 17}),
    ("bad_message", {"subject": b"hi"}),
    ("bad_message", {"product": 1.5}),
    ("bad_message", {"order_id": 77}),
    ("bad_message", {"author": None}),
    ("bad_message", {"author": "ann@secret.org"}),
    ("bad_message", {"author": Party(customer=17)}),  # type: ignore[arg-type]
    ("bad_message", {"author": Party(address=NAN)}),  # type: ignore[arg-type]
    ("bad_message", {"recipients": None}),
    ("bad_message", {"recipients": "ann@secret.org"}),
    ("bad_message", {"recipients": ("ann@secret.org",)}),
    ("bad_message", {"recipients": (Party(handle=3),)}),  # type: ignore[arg-type]
    ("empty_body", {"body": None}),
    ("empty_body", {"body": ""}),
    ("empty_body", {"body": " \n\t"}),
    ("no_date", {"sent_at": None}),
    ("no_date", {"sent_at": "2025-03-04"}),
    ("no_date", {"sent_at": 1741082400}),
    ("no_date", {"sent_at": pd.NaT}),
    ("no_date", {"sent_at": datetime.max}),
    ("no_date", {"sent_at": datetime(1066, 10, 14, tzinfo=UTC)}),
    ("no_date", {"sent_at": WHEN.replace(tzinfo=BadZone())}),
    ("bad_channel", {"channel": "pigeon"}),
    ("bad_channel", {"channel": None}),
    ("bad_channel", {"channel": np.array(["email", "chat"])}),
    ("bad_direction", {"direction": "sideways"}),
    ("bad_direction", {"direction": None}),
    ("bad_direction", {"direction": Rude()}),
    ("bad_rating", {"rating": "ann@secret.org"}),
    ("bad_rating", {"rating": "5"}),
    ("bad_rating", {"rating": True}),
    ("bad_rating", {"rating": NAN}),
    ("bad_rating", {"rating": math.inf}),
    ("bad_rating", {"rating": Decimal("NaN")}),
    ("bad_rating", {"rating": Decimal("sNaN")}),
    ("bad_rating", {"rating": 10**5000}),
    ("bad_rating", {"rating": pd.NA}),
    ("bad_rating", {"rating": Rude()}),
    ("bad_facts", {"facts": None}),
    ("bad_facts", {"facts": [("a", 1)]}),
    ("bad_facts", {"facts": {"a": NAN}}),
    ("bad_facts", {"facts": {"a": -math.inf}}),
    ("bad_facts", {"facts": {"a": np.float32("nan")}}),
    ("bad_facts", {"facts": {"a": {"b": 1}}}),
    ("bad_facts", {"facts": {"a": ["ann@secret.org"]}}),
    ("bad_facts", {"facts": {"a": WHEN}}),
    ("bad_facts", {"facts": {"a": b"x"}}),
    ("bad_facts", {"facts": {"a": 10**5000}}),
    ("bad_facts", {"facts": {"a": Rude()}}),
    ("bad_facts", {"facts": {5: "a"}}),
    ("bad_facts", {"facts": {None: "a"}}),
]


@pytest.mark.parametrize(("code", "change"), BAD)
def test_a_bad_record_is_skipped_with_its_reason(code: str, change: dict[str, Any]) -> None:
    before, bad, after = read(GOOD, replace(GOOD, **change), replace(GOOD, external_id="2"))
    assert bad == Skipped("item 2", code)
    assert (before, after.external_id) == (GOOD, "2")


def test_bad_records_leave_the_good_ones_stored_and_the_export_valid(engine: Engine) -> None:
    bad = [replace(GOOD, **change) for _, change in BAD]
    many = [item for pair in zip(bad, [GOOD] * len(bad), strict=True) for item in pair]
    report = engine.ingest([*many, ROW, 3, {}])
    assert (report.created, report.unchanged, report.skipped) == (2, len(BAD) - 1, len(BAD) + 2)
    expected = [code for code, _ in BAD] + ["bad_item"] * 2
    assert report.reasons == {code: expected.count(code) for code in sorted(set(expected))}
    for row in engine.export():
        json.dumps(row, allow_nan=False)


@pytest.mark.parametrize(
    "given",
    [
        WHEN.replace(tzinfo=None),
        WHEN.replace(tzinfo=NoZone()),
        WHEN.astimezone(timezone(timedelta(hours=9))),
        pd.Timestamp("2025-03-04 10:00"),
        pd.Timestamp("2025-03-04 11:00", tz="Europe/Berlin"),
    ],
)
def test_a_time_becomes_utc_and_without_a_zone_is_utc(given: datetime) -> None:
    (found,) = read(replace(GOOD, sent_at=given))
    assert found == GOOD
    assert found.sent_at.tzinfo is UTC
    assert type(found.sent_at) is datetime


def test_a_date_is_its_midnight() -> None:
    (found,) = read(replace(GOOD, sent_at=date(2025, 3, 4)))
    assert found.sent_at == datetime(2025, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize("rating", [4, 4.0, np.int8(4), np.float32(4), Decimal("4.0"), Fraction(4)])
def test_any_number_rates(rating: Any) -> None:
    (found,) = read(replace(GOOD, rating=rating))
    assert found.rating == 4
    assert type(found.rating) is float


def test_facts_become_what_json_knows() -> None:
    facts = {"a": np.int64(3), "b": np.bool_(True), "c": np.float32(0.5), "d": None, "e": "x"}
    (found,) = read(replace(GOOD, facts=MappingProxyType(facts)))
    assert found.facts == {"a": 3, "b": True, "c": 0.5, "e": "x"}
    assert json.loads(json.dumps(found.facts)) == found.facts
    assert found.facts["b"] is True


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9),
    st.binary(max_size=9), st.decimals(), st.dates(), st.datetimes(), st.uuids(),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.floats() | st.text(max_size=3), max_size=2),
    st.sampled_from([pd.NA, pd.NaT, np.int64(3), np.float64("nan"), np.array([1, 2]), Rude(),
                     Party(), Party(customer=3), object(), 10**5000]),  # type: ignore[arg-type]
)  # fmt: skip
NAMES = [field.name for field in fields(Message)]


@given(st.dictionaries(st.sampled_from(NAMES), JUNK, max_size=3))
@settings(max_examples=300)
def test_junk_in_any_field_never_crashes(changes: dict[str, Any]) -> None:
    (found,) = read(replace(GOOD, **changes))
    if isinstance(found, Message):
        told = [found.source, found.external_id, found.body, found.rating, dict(found.facts)]
        json.dumps(told, allow_nan=False)
        assert found.sent_at.tzinfo is UTC


@given(st.dictionaries(st.sampled_from([*ROW, "rating", "customer", "user_id", "note"]), JUNK))
@settings(max_examples=300)
def test_junk_in_any_cell_never_crashes(changes: dict[str, Any]) -> None:
    _, found = read(ROW, {**ROW, **changes})
    if isinstance(found, Message):
        json.dumps([found.external_id, found.rating, dict(found.facts)], allow_nan=False)
        for value, cell in ((found.author.customer, "customer"), (found.author.handle, "user_id")):
            assert value is None or isinstance(value, str)
            if isinstance(changes.get(cell), float | Decimal | bool):
                assert value is None or math.isfinite(float(value))


@pytest.mark.parametrize(
    "item", [None, 3, "text", b"x", [], [ROW], (1, 2), {}, object(), Party(), {10**5000: 1}]
)
def test_what_is_no_message_is_a_bad_item(item: Any) -> None:
    assert read(item) == [Skipped("item 1", "bad_item")]
    found = read(item, ROW, item)
    assert [reason(one) for one in found] == ["bad_item", None, "bad_item"]


def test_any_mapping_is_a_row() -> None:
    (found,) = read(MappingProxyType({**ROW, "author": MappingProxyType({"email": "a@x.example"})}))
    assert (found.external_id, found.author.address) == ("r1", "a@x.example")


def test_a_row_behind_many_records_still_tells_its_columns() -> None:
    records = [replace(GOOD, external_id=str(number)) for number in range(1000)]
    assert reason(read(*records, ROW)[-1]) is None
    with pytest.raises(SourceError, match="hold text"):
        read(*records, {"sent_at": "2025-03-04"})


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"columns": {"txt": "a", "mood": "b"}}, r"columns\.txt.*(.|\n)*columns\.mood"),
        ({"channel": "pigeon"}, "is not a channel"),
    ],
)
@pytest.mark.parametrize("data", [[ROW], [GOOD], []])
def test_wrong_options_are_refused_as_for_files(
    engine: Engine, data: list[Any], options: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        engine.ingest(data, **options)
    assert engine.counts()["messages"] == 0


def test_a_pandas_frame_with_gaps_keeps_its_ids() -> None:
    frame = pd.DataFrame(
        {
            "id": [UUID_, None, "x"],
            "text": ["one", "two", "three"],
            "date": pd.to_datetime(["2025-03-04", "2025-03-05", None]).date,
            "customer_id": [17.0, NAN, 18.0],
            "account_id": pd.array([5, None, 6], dtype="Int64"),
            "rating": pd.array([4, None, 5], dtype="Float32"),
            "vip": pd.array([True, None, False], dtype="boolean"),
            "visits": np.array([3, 4, 5], dtype=np.int32),
        }
    )
    first, second, third = messages_of(frame, SourceConfig())
    assert (first.external_id, first.author.customer, first.author.handle) == (
        str(UUID_),
        "17",
        "5",
    )
    assert first.sent_at == datetime(2025, 3, 4, tzinfo=UTC)
    assert (first.rating, dict(first.facts)) == (4.0, {"vip": True, "visits": 3})
    assert second.author == Party()
    assert (second.rating, dict(second.facts)) == (None, {"visits": 4})
    assert reason(third) == "no_date"


def test_a_polars_frame_is_taken_by_its_rows() -> None:
    rows = [
        {"id": 1, "text": "hi", "date": date(2025, 3, 4)},
        {"id": 2, "text": None, "date": None},
    ]
    first, second = messages_of(Frame(rows), SourceConfig(name="survey"))
    assert (first.source, first.external_id, first.sent_at.day) == ("survey", "1", 4)
    assert reason(second) == "empty_body"


@pytest.mark.parametrize(
    "cell", [{"b", "a"}, object(), np.array([1]), pd.NA, Rude(), 10**5000], ids=range(6)
)
def test_a_row_without_id_has_the_same_one_whatever_a_cell_that_says_nothing_holds(
    cell: Any,
) -> None:
    (first,) = read({**ROW, "id": None, "note": cell})
    (second,) = read({**ROW, "id": NAN, "note": None})
    assert first == second
    assert first.external_id.startswith("row:")


@pytest.mark.parametrize("column", ["user_id", "account_id", "contact_id", "client_id"])
def test_ids_of_platforms_join_nobody_across_sources(engine: Engine, column: str) -> None:
    engine.ingest([{**ROW, column: 17}, {**ROW, "id": "r2", column: 17}], name="tweets")
    engine.ingest([{**ROW, "customer_id": 17}], name="tickets")
    assert engine.counts()["customers"] == 2
    engine.ingest([{**ROW, "customer_no": "17"}], name="calls")
    assert engine.counts()["customers"] == 2
