import json
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relintel.collectors.cells import as_fact, as_number, as_text
from relintel.collectors.columns import SYNONYMS, map_columns
from relintel.collectors.rows import Row
from relintel.collectors.tables import RowReader, TableCollector
from relintel.config import SourceConfig
from relintel.errors import ConfigError, MissingExtra, SourceError
from relintel.records import Checkpoint, Message, Party, Skipped


def collect(path, cursor=None, **options):
    items = list(TableCollector(SourceConfig(path=path, **options)).collect(cursor))
    assert isinstance(items[-1], Checkpoint)
    return [item for item in items if not isinstance(item, Checkpoint)], items[-1].cursor


def table(folder, text, name="t.csv", encoding="utf-8"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def reasons(items):
    return [item.reason if isinstance(item, Skipped) else "read" for item in items]


def test_a_help_desk_export_gives_every_field(tmp_path):
    path = table(
        tmp_path,
        "Ticket ID,Subject,Description,Requester,Requester email,Created at,Via,Product,Score,"
        "Order Number,Customer number,Phone,Minutes,Escalated,Brand\r\n"
        '0042,Late,"It never came,\r\nnot ""today"" either",Ann,ann@x.example,2025-03-04 10:11,'
        "Twitter,Kettle,4,0077,0815,0049151,12,TRUE,Acme\r\n",
    )
    (found,), _ = collect(path)
    assert found == Message(
        source="table:t",
        external_id="0042",
        sent_at=found.sent_at,
        author=Party("Ann", "ann@x.example", None, "0815"),
        channel="social",
        body='It never came,\nnot "today" either',
        brand="Acme",
        thread="0042",
        subject="Late",
        rating=4.0,
        product="Kettle",
        order_id="0077",
        facts={"Phone": "0049151", "Minutes": 12, "Escalated": True},
    )
    assert found.sent_at.isoformat() == "2025-03-04T10:11:00+00:00"


@pytest.mark.parametrize(
    ("header", "body", "name"),
    [
        ("id;text;date", "1;grün;2025-03-04", "t.csv"),
        ("id\ttext\tdate", "1\tgrün\t2025-03-04", "t.csv"),
        ("id\ttext\tdate", "1\tgrün\t2025-03-04", "t.tsv"),
        ("id|text|date", "1|grün|2025-03-04", "t.csv"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1252", "utf-16"])
def test_delimiters_and_encodings(tmp_path, header, body, name, encoding):
    (found,), _ = collect(table(tmp_path, f"{header}\n{body}\n", name, encoding))
    assert (found.external_id, found.body) == ("1", "grün")


def test_bad_rows_are_accounted_for(tmp_path):
    path = table(tmp_path, "id,text,date\n1,a,2025-03-04\n2,b\n3,,2025-03-04\n4,d,soon\n")
    assert reasons(collect(path)[0]) == ["read", "bad_row", "empty_body", "no_date"]
    assert collect(path)[0][1] == Skipped("t.csv: line 3", "bad_row")


def test_bad_json_lines_are_accounted_for(tmp_path):
    good = b'{"id": 7, "customer": "c1", "sent_at": "2025-03-04", "text": "hi", "channel": "chat"}'
    lines = [b"{", b"\xff", good, b"[1]", b'{"text": "a"}', b"", b'{"text": 1e999, "x": "\\ud800"}']
    items, _ = collect(table(tmp_path, b"\n".join(lines), "t.jsonl"))
    assert reasons(items) == [
        "bad_json",
        "invalid_utf8",
        "read",
        "bad_row",
        "no_date",
        "empty_body",
    ]
    assert items[2].external_id == "7"
    assert items[2].author.customer == "c1"
    assert items[2].channel == "chat"


def test_a_json_list_and_its_lines_are_the_same(tmp_path):
    rows = [{"author": {"email": "a@x.example"}, "message": "hi", "timestamp_ms": 1741082400000}]
    first, _ = collect(table(tmp_path, json.dumps(rows), "t.json"))
    second, _ = collect(table(tmp_path, json.dumps(rows[0]), "t.ndjson"))
    assert first == second
    assert first[0].author.address == "a@x.example"
    assert first[0].external_id.startswith("row:")


def test_parquet_keeps_types(tmp_path):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    path = tmp_path / "t.parquet"
    rows = [
        {"review_id": "007", "content": "good", "date": 1741082400, "stars": 4.5, "likes": 3},
        {"review_id": "008", "content": None, "date": None, "stars": None, "likes": None},
    ]
    pq.write_table(pa.Table.from_pylist(rows), path)
    items, _ = collect(path)
    assert reasons(items) == ["read", "empty_body"]
    assert (items[0].external_id, items[0].rating, items[0].channel) == ("007", 4.5, "review")
    assert items[0].facts == {"likes": 3}
    with pytest.raises(SourceError, match="Parquet"):
        collect(table(tmp_path, b"PAR1 no", "bad.parquet"))


def test_without_pyarrow_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match=r"relintel\[tables\]"):
        collect(table(tmp_path, b"PAR1", "t.parquet"))


def test_columns_are_mapped_and_rows_chosen(tmp_path):
    path = table(tmp_path, "text,q7,when,kind\nno,yes,2025-03-04,in\nno,yes,2025-03-04,out\n")
    options = {"columns": {"text": "q7", "sent_at": "when"}, "rows": {"kind": "in"}}
    items, _ = collect(path, **options)
    assert reasons(items) == ["read", "filtered"]
    assert items[0].body == "yes"
    assert items[0].facts == {"text": "no", "kind": "in"}


@pytest.mark.parametrize(
    ("header", "options", "message"),
    [
        ("a,b", {}, "text or sent_at.*Columns seen: a, b.*columns ="),
        ("text,b", {}, "hold sent_at"),
        ("text,date", {"columns": {"text": "q9"}}, "no column q9"),
        ("text,date", {"rows": {"kind": "in"}}, "no column kind"),
        ("text,date", {"columns": {"sent_at": ""}}, "hold sent_at"),
    ],
)
def test_columns_that_cannot_be_told_are_a_source_error(tmp_path, header, options, message):
    with pytest.raises(SourceError, match=message):
        collect(table(tmp_path, f"{header}\n1,2025-03-04\n"), **options)


def test_a_table_without_headers_shows_no_content(tmp_path):
    with pytest.raises(SourceError, match="no column names") as caught:
        collect(table(tmp_path, "ann@x.example,never again\nbob@x.example,2025-03-04\n"))
    assert "ann" not in str(caught.value)
    assert "never" not in str(caught.value)


def test_an_unknown_field_is_a_config_error(tmp_path):
    with pytest.raises(ConfigError, match=r"columns\.txt"):
        TableCollector(SourceConfig(path=tmp_path, columns={"txt": "a"}))


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (["03/04/2025", "25/04/2025"], ["2025-04-03", "2025-04-25"]),
        (["03/04/2025", "04/25/2025"], ["2025-03-04", "2025-04-25"]),
        (["03/04/2025", "05/05/2025"], ["ambiguous_date", "2025-05-05"]),
    ],
)
def test_day_and_month_are_decided_by_the_column(tmp_path, dates, expected):
    rows = "".join(f"{n},hi,{date}\n" for n, date in enumerate(dates))
    items, _ = collect(table(tmp_path, "id,text,date\n" + rows))
    seen = [i.reason if isinstance(i, Skipped) else str(i.sent_at.date()) for i in items]
    assert seen == expected


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("direction", "outbound", "outbound"),
        ("direction", "Public Reply", "outbound"),
        ("direction", "inbound", "inbound"),
        ("author_type", "agent", "outbound"),
        ("author_type", "user", "inbound"),
        ("inbound", "True", "inbound"),
        ("inbound", "False", "outbound"),
        ("is_agent", "1", "outbound"),
        ("is_agent", "no", "inbound"),
        ("email", "Help@Acme.example", "outbound"),
    ],
)
def test_direction(tmp_path, column, value, expected):
    path = table(tmp_path, f"text,date,{column}\nhi,2025-03-04,{value}\n")
    (found,), _ = collect(path, own=("@acme.example",))
    assert found.direction == expected


def test_a_ticket_id_of_many_rows_is_a_thread_and_no_id(tmp_path):
    path = table(tmp_path, "ticket_id,text,date\n7,a,2025-03-04\n7,b,2025-03-04\n")
    items, _ = collect(path)
    assert {item.thread for item in items} == {"7"}
    assert len({item.external_id for item in items}) == 2


def test_values_of_data_frames_are_read():
    frame = pd.DataFrame(
        {
            "id": [1.0, 2.0, 3.0],
            "text": ["a\x00\r\nb", None, "c"],
            "date": pd.to_datetime(["2025-03-04", "2025-03-04", None]),
        }
    )
    rows = frame.to_dict("records")
    reader = RowReader(SourceConfig(), "api", rows, sparse=True)
    items = [reader.read(Row("item", row), "item") for row in rows]
    assert reasons(items) == ["read", "empty_body", "no_date"]
    assert (items[0].external_id, items[0].body) == ("1", "a\nb")


CELLS = [
    ("17", 17), ("17", 17.0), ("17", np.int64(17)), ("17", np.float64(17)), ("17", np.float32(17)),
    ("17", Decimal("17.00")), ("17", np.uint8(17)), ("-3", -3.0), ("1.5", 1.5),
    ("1.5", Decimal("1.5")),
    ("90071992547409930", 90071992547409930), ("9.007199254740994e+16", 90071992547409940.0),
    ("100000", Decimal("1E+5")), ("0017", "0017"), ("17.0", "17.0"), ("x", " x\0\r\n"), ("x", b"x"),
    ("12345678-1234-5678-1234-567812345678", UUID("12345678123456781234567812345678")),
    ("2025-03-04", date(2025, 3, 4)), ("2025-03-04T10:11:12", datetime(2025, 3, 4, 10, 11, 12)),
    ("2025-03-04T10:11:12", pd.Timestamp("2025-03-04 10:11:12")),
    ("true", True), ("true", np.bool_(True)), ("false", False),
    (None, None), (None, ""), (None, " "), (None, float("nan")), (None, float("inf")),
    (None, pd.NaT), (None, pd.NA), (None, np.datetime64("NaT", "ns")), (None, Decimal("NaN")),
    (None, Decimal("sNaN")), (None, 10**5000), (None, [1]), (None, {"a": 1}), (None, 3j),
    (None, np.array([17])), (None, object()),
]  # fmt: skip


@pytest.mark.parametrize(("expected", "cell"), CELLS, ids=range(len(CELLS)))
def test_cells_as_text(expected, cell):
    assert as_text(cell) == expected
    if expected is None:
        assert as_fact("note", cell, numeric=True) is None
        assert as_number(cell) is None


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("4 stars", 4), ("4,5/5", 4.5), ("n/a", None), ("ann@x.example", None), (4, 4), (True, None),
     (np.float32(4.5), 4.5), (np.bool_(True), None), (Decimal("4.5"), 4.5), (1e-7, 1e-7),
     (1e17, None), (-2.5, -2.5)],
)  # fmt: skip
def test_cells_as_ratings(cell, expected):
    assert as_number(cell) == expected


def test_numbers_beyond_floats_do_not_end_a_table(tmp_path):
    lines = [f'{{"text": "a", "date": "2025-03-04", "n": {10**400}, "rating": 1{"0" * 400}}}']
    lines.append('{"text": "b", "date": "2025-03-04", "n": 3}')
    items, _ = collect(table(tmp_path, "\n".join(lines), "t.jsonl"))
    assert [dict(item.facts) for item in items] == [{}, {"n": 3}]


@pytest.mark.parametrize("column", ["name", "customer", "handle", "id", "brand", "thread", "text"])
def test_a_yes_or_no_names_nobody(column):
    row = {"text": "hi", "date": "2025-03-04", "is_agent": True, column: True}
    found = RowReader(SourceConfig(), "api", [row], sparse=True).read(Row("", row), "item")
    if column == "text":
        assert found == Skipped("item", "empty_body")
    else:
        assert (found.author, found.brand, found.thread) == (Party(), None, None)
        assert found.external_id.startswith("row:")
        assert found.direction == "outbound"


@pytest.mark.parametrize("column", ["user_id", "userId", "Account ID", "contact_id", "client_id"])
def test_ids_of_a_platform_are_handles(tmp_path, column):
    (found,), _ = collect(table(tmp_path, f"text,date,{column}\nhi,2025-03-04,0017\n"))
    assert found.author == Party(handle="0017")
    header = f"text,date,{column},customer_id,username\n"
    (found,), _ = collect(table(tmp_path, header + "hi,2025-03-04,0017,18,ann\n"))
    assert found.author == Party(handle="ann", customer="18")
    assert found.facts == {column: "0017"}
    options = {"columns": {"customer": column}}
    (found,), _ = collect(table(tmp_path, f"text,date,{column}\nhi,2025-03-04,0017\n"), **options)
    assert found.author == Party(customer="0017")


def test_a_persons_id_goes_before_one_that_many_share():
    columns = ["text", "date", "account_id", "client_id", "contact_id", "user_id"]
    while columns[2:]:
        assert map_columns(columns, {}, source="t")["handle"] == columns.pop()
    assert set(SYNONYMS["customer"]) == {
        *("customer", "customer_id", "customer_number", "customer_no", "crm_id")
    }


def test_numbers_that_name_something_stay_text(tmp_path):
    path = table(
        tmp_path,
        "text,date,zip,mixed,count,share,big\nhi,2025-03-04,10115,7,7,0.5,4915112345678\n"
        "hi,2025-03-04,20095,a,8,1,4915112345679\n",
    )
    facts = [item.facts for item in collect(path)[0]]
    assert facts[0] == {
        "zip": "10115", "mixed": "7", "count": 7, "share": 0.5, "big": "4915112345678",
    }  # fmt: skip


def test_cursor_resumes_in_the_middle_and_at_the_end(tmp_path):
    rows = "".join(f"{n},hi,2025-03-04\n" for n in range(1200))
    path = table(tmp_path, "id,text,date\n" + rows)
    items = list(TableCollector(SourceConfig(path=path)).collect(None))
    middle = [item for item in items if isinstance(item, Checkpoint)]
    assert len(middle) == 3
    rest, end = collect(path, middle[0].cursor)
    assert [item.external_id for item in rest] == [str(n) for n in range(500, 1200)]
    assert collect(path, end) == ([], end)
    assert len(collect(path, end, columns={"name": "id"})[0]) == 1200
    path.write_text("id,text,date\n1,hi,2025-03-04\n")
    assert len(collect(path, end)[0]) == 1


ROWS = st.sampled_from([
    b"id,text,date\n", b"1,hi,2025-03-04\n", b'"', b"\n", b",", b'{"text":"a","date":1741082400}\n',
    b"{", b"\x00", b"PAR1", b"\xff\xfe",
])  # fmt: skip


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "json", "parquet"])
@given(raw=st.lists(ROWS | st.binary(max_size=9), max_size=15).map(b"".join))
def test_arbitrary_bytes_never_crash(tmp_path_factory, suffix, raw):
    path = tmp_path_factory.mktemp("tables") / f"t.{suffix}"
    path.write_bytes(raw)
    try:
        items, _ = collect(path)
    except SourceError:
        return
    for item in items:
        assert isinstance(item, Message | Skipped)
        if isinstance(item, Message):
            json.dumps([item.body, dict(item.facts)]).encode()
            item.body.encode()


def test_one_id_for_two_people_is_no_id_and_for_one_person_an_edit(tmp_path):
    header = "id,customer,text,date\n"
    two = table(tmp_path, header + "1,76,good,2025-03-04\n1,77,bad,2025-03-04\n", "two.csv")
    found, _ = collect(two)
    assert len({message.external_id for message in found}) == 2
    assert all(message.external_id.startswith("row:") for message in found)
    one = table(tmp_path, header + "1,76,good,2025-03-04\n1,76,better,2025-03-05\n", "one.csv")
    assert [message.external_id for message in collect(one)[0]] == ["1", "1"]
    assert len(collect(two, columns={"id": "id"})[0]) == 2
