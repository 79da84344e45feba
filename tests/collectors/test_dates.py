from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relintel.collectors.dates import AmbiguousDate, day_comes_first, parse_date


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2025-03-04", "2025-03-04T00:00:00"),
        ("2025-03", "2025-03-01T00:00:00"),
        ("20250304", "2025-03-04T00:00:00"),
        ("20250304101112", "2025-03-04T10:11:12"),
        ("2025-03-04 10:11", "2025-03-04T10:11:00"),
        ("2025-03-04T10:11:12.5Z", "2025-03-04T10:11:12.500000"),
        ("2025-03-04 10:11:12 UTC", "2025-03-04T10:11:12"),
        ("2025-03-04 10:11:12 +0200", "2025-03-04T08:11:12"),
        ("2025/3/4 10:11", "2025-03-04T10:11:00"),
        (1741082400, "2025-03-04T10:00:00"),
        ("1741082400.25", "2025-03-04T10:00:00.250000"),
        (1741082400000, "2025-03-04T10:00:00"),
        (1741082400000000, "2025-03-04T10:00:00"),
        (1.7410824e9, "2025-03-04T10:00:00"),
        ("Tue, 04 Mar 2025 10:11:12 -0500", "2025-03-04T15:11:12"),
        ("Tue Mar 04 10:11:12 +0000 2025", "2025-03-04T10:11:12"),
        ("Tue Mar 04 2025 10:11:12 GMT+0100 (CET)", "2025-03-04T09:11:12"),
        ("Mar 4, 2025 9:05 pm", "2025-03-04T21:05:00"),
        ("4th March 2025", "2025-03-04T00:00:00"),
        ("04.03.2025 10:11", "2025-03-04T10:11:00"),
        ("25/03/2025", "2025-03-25T00:00:00"),
        ("3/25/25 9:05 PM", "2025-03-25T21:05:00"),
        ("04/04/2025", "2025-04-04T00:00:00"),
        ("Tue, 04 Mar 2025 10:11:12 +9900", "2025-03-04T10:11:12"),
        (date(2025, 3, 4), "2025-03-04T00:00:00"),
        (np.int64(1741082400), "2025-03-04T10:00:00"),
        (np.float64(1741082400), "2025-03-04T10:00:00"),
        (np.uint32(20250304), "2025-03-04T00:00:00"),
        (Decimal("1741082400.250"), "2025-03-04T10:00:00.250000"),
        (Fraction(3482164801, 2), "2025-03-04T10:00:00.500000"),
        (np.datetime64("2025-03-04T10:11:12"), "2025-03-04T10:11:12"),
        (np.datetime64("1975-03-04T10:11:12", "ns"), "1975-03-04T10:11:12"),
        (np.datetime64("2025-03-04"), "2025-03-04T00:00:00"),
        (pd.Timestamp("2025-03-04 10:11:12.123456789"), "2025-03-04T10:11:12.123456"),
        (pd.Timestamp("2025-03-04 10:11", tz="Europe/Berlin"), "2025-03-04T09:11:00"),
    ],
)
def test_times_are_read(value, expected):
    found = parse_date(value)
    assert found.isoformat() == expected + "+00:00"
    assert type(found) is datetime


NO_TIMES = [
    *("", "soon", "31/31/2025", "2025-02-30", "Tue, 31 Feb 2025 10:00:00", "9" * 200, "1066-01-01"),
    *(
        True,
        None,
        [],
        -5,
        0.0,
        float("nan"),
        float("inf"),
        10**400,
        10**5000,
        "12:00",
        datetime.max,
    ),
    *(
        pd.NaT,
        pd.NA,
        np.bool_(True),
        np.float64("nan"),
        np.datetime64("NaT", "ns"),
        np.array([1741082400]),
    ),
    *(date(1066, 10, 14), Decimal("NaN"), Decimal("sNaN"), Decimal("1e400"), timedelta(1), 3j),
]


@pytest.mark.parametrize("value", NO_TIMES, ids=range(len(NO_TIMES)))
def test_what_is_no_time_is_none(value):
    assert parse_date(value) is None


def test_day_and_month_are_told_by_the_column():
    with pytest.raises(AmbiguousDate):
        parse_date("03/04/2025")
    assert parse_date("03/04/2025", day_first=True).day == 3
    assert parse_date("03/04/2025", day_first=False).day == 4
    assert day_comes_first(["03/04/2025", "25/04/2025"]) is True
    assert day_comes_first(["03/04/2025", "04/25/2025"]) is False
    assert day_comes_first(["25/04/2025", "04/25/2025"]) is None
    assert day_comes_first(["03/04/2025", None, "31.12.2025"]) is None
    assert day_comes_first([10**5000, date(2025, 3, 4), pd.NaT, "25/04/2025"]) is True


TIMES = st.datetimes(datetime(1973, 4, 1), datetime(2199, 1, 1), timezones=st.just(UTC))


@given(TIMES)
def test_every_written_form_of_a_time_is_the_same_time(when):
    assert parse_date(when.isoformat()) == when
    whole = when.replace(microsecond=0)
    assert parse_date(int(whole.timestamp())) == whole
    assert parse_date(int(whole.timestamp()) * 1000) == whole
    assert parse_date(whole.strftime("%d %b %Y %H:%M:%S +0000")) == whole
    assert parse_date(whole.strftime("%d.%m.%Y %H:%M:%S")) == whole
    assert parse_date(when + timedelta(0)) == when


@given(st.text(max_size=60) | st.text("0123456789/.-: +Marpm,GMT", max_size=40) | st.floats())
def test_arbitrary_values_never_crash(value):
    try:
        found = parse_date(value)
    except AmbiguousDate:
        return
    assert found is None or found.tzinfo is UTC
