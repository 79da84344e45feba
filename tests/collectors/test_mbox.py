import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relintel.collectors import mbox
from relintel.collectors.eml import EmlCollector
from relintel.collectors.mbox import MboxCollector, split_mbox
from relintel.config import SourceConfig
from relintel.errors import SourceError
from relintel.records import Checkpoint, Message, Skipped


def mail(number: int, text: str = "hi") -> bytes:
    return (
        f"From a@b.example Tue Mar  4 10:11:12 2025\nFrom: a@b.example\nMessage-ID: <{number}@x>\n"
        f"Date: Tue, 4 Mar 2025 10:11:12 +0000\n\n{text}\n\n"
    ).encode()


def collect(path, cursor=None):
    items = list(MboxCollector(SourceConfig(path=path)).collect(cursor))
    assert isinstance(items[-1], Checkpoint)
    return items[:-1], items[-1].cursor


def bodies(items):
    return [item.body for item in items if isinstance(item, Message)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (">From here on", "From here on"),
        (">>From here on", ">From here on"),
        ("> From here on", "> From here on"),
        ("\nFrom now on I buy elsewhere", "From now on I buy elsewhere"),
        ("a\nFrom b at 10:11 in 2025 on", "a\nFrom b at 10:11 in 2025 on"),
    ],
)
def test_from_lines_in_a_mail_stay_in_it(tmp_path, text, expected):
    path = tmp_path / "in.mbox"
    path.write_bytes(mail(1, text) + mail(2))
    assert bodies(collect(path)[0]) == [expected, "hi"]


@pytest.mark.parametrize("change", [
    lambda raw: raw.replace(b"\n", b"\r\n"),
    lambda raw: raw.rstrip(b"\n"),
    lambda raw: raw.replace(b"\n\nFrom ", b"\nFrom "),
    lambda raw: b"\n\n" + raw,
    lambda raw: raw.replace(b"From a@b.example Tue", b"From \"a b\"@c.example  Tue"),
])  # fmt: skip
def test_dialects(tmp_path, change):
    path = tmp_path / "in.mbox"
    path.write_bytes(change(mail(1, "one") + mail(2, "two") + mail(3, "three")))
    assert bodies(collect(path)[0]) == ["one", "two", "three"]


def test_bytes_before_the_first_mail_are_accounted_for(tmp_path):
    path = tmp_path / "in.mbox"
    path.write_bytes(b"junk\n\n" + mail(1))
    items, _ = collect(path)
    assert items[0] == Skipped("in.mbox: byte 0", "not_mbox")
    assert bodies(items) == ["hi"]


def test_a_cursor_resumes_a_grown_file_and_rejects_another(tmp_path):
    path = tmp_path / "in.mbox"
    path.write_bytes(mail(1) + mail(2))
    _, cursor = collect(path)
    assert collect(path, cursor) == ([], cursor)
    path.write_bytes(mail(1) + mail(2) + mail(3, "new"))
    items, grown = collect(path, cursor)
    assert bodies(items) == ["new"]
    assert collect(path, grown) == ([], grown)
    path.write_bytes(mail(7, "other") + mail(8) + mail(9))
    assert len(bodies(collect(path, grown)[0])) == 3


def test_a_mail_that_was_cut_short_is_read_again(tmp_path):
    path = tmp_path / "in.mbox"
    path.write_bytes(mail(1) + mail(2, "begun"))
    _, cursor = collect(path)
    path.write_bytes(mail(1) + mail(2, "begun").rstrip(b"\n") + b"\nand ended\n")
    assert "begun\nand ended" in bodies(collect(path, cursor)[0])


def test_checkpoints_come_on_the_way_and_each_resumes(tmp_path):
    path = tmp_path / "in.mbox"
    path.write_bytes(b"".join(mail(n, f"mail {n}") for n in range(450)))
    items = list(MboxCollector(SourceConfig(path=path)).collect(None))
    marks = [at for at, item in enumerate(items) if isinstance(item, Checkpoint)]
    assert marks == [200, 401, 452]
    rest = list(MboxCollector(SourceConfig(path=path)).collect(items[200].cursor))
    assert bodies(rest) == [f"mail {n}" for n in range(200, 450)]


def test_a_huge_mail_is_passed_over_in_bounded_memory(tmp_path, monkeypatch):
    path = tmp_path / "in.mbox"
    path.write_bytes(mail(1) + mail(2, "x" * 8_000_000) + mail(3))
    monkeypatch.setattr(mbox.split_mbox, "__defaults__", (1_000_000,))
    tracemalloc.start()
    items, _ = collect(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [type(item).__name__ for item in items] == ["Message", "Skipped", "Message"]
    assert items[1].reason == "too_large"
    assert peak < 4_000_000


def test_an_absent_file_is_a_source_error(tmp_path):
    with pytest.raises(SourceError, match="No such file"):
        collect(tmp_path / "no.mbox")


def test_an_eml_is_read_once(tmp_path):
    path = tmp_path / "a.eml"
    path.write_bytes(mail(1).partition(b"\n")[2])
    reader = EmlCollector(SourceConfig(path=path))
    first, mark = reader.collect(None)
    assert isinstance(first, Message)
    assert first.external_id == "1@x"
    assert list(reader.collect(mark.cursor)) == [mark]
    path.write_bytes(path.read_bytes() + b"more")
    assert len(list(reader.collect(mark.cursor))) == 2


PIECES = st.sampled_from([b"From ", b"From a 10:11 2025\n", b"\n", b"\r\n", b"A: b\n", b">From "])


@given(st.lists(PIECES | st.binary(max_size=9), max_size=30).map(b"".join))
def test_chunks_cover_arbitrary_bytes(raw):
    chunks = list(split_mbox(io.BytesIO(raw), 0))
    at = 0
    for chunk in chunks:
        assert not raw[at : chunk.start].strip()
        held = chunk.envelope + b"".join(raw[chunk.start : chunk.end].partition(b"\n")[1:])
        assert raw[chunk.start : chunk.end].strip()
        assert not chunk.envelope or held.endswith(chunk.raw)
        at = chunk.end
    assert not raw[at:].strip()
