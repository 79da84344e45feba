import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relintel.collectors import archive as archives
from relintel.collectors.mrkdwn import mrkdwn_to_text
from relintel.collectors.slack import SlackExportCollector
from relintel.config import SourceConfig
from relintel.errors import SourceError
from relintel.records import Checkpoint, Message, Party, Skipped

USERS = [
    {"id": "U1", "name": "ann", "team_id": "T1", "real_name": "Ann Lee",
     "profile": {"email": "ann@x.example"}},
    {"id": "U2", "name": "helper", "team_id": "T1", "is_bot": True},
]  # fmt: skip
ROOMS = [{"id": "C1", "name": "general"}]
DAY = "general/2025-03-04.json"


def say(text="hi", ts="1741082400.000100", user="U1", **more):
    return {"type": "message", "user": user, "text": text, "ts": ts, **more}


def export(path, days, users=USERS):
    files = {"users.json": users, "channels.json": ROOMS, **days}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            raw = content if isinstance(content, bytes) else json.dumps(content).encode()
            packed.writestr(name, raw)
    return path


def collect(path, cursor=None, **options):
    items = list(SlackExportCollector(SourceConfig(path=path, **options)).collect(cursor))
    assert isinstance(items[-1], Checkpoint)
    return items[:-1], json.loads(json.dumps(items[-1].cursor))


def test_a_message_gives_every_field(tmp_path):
    reply = say("&lt;ok&gt; <@U1>", "1741082500.000200", thread_ts="1741082400.000100", edited={})
    path = export(tmp_path / "e.zip", {DAY: [say(), reply | {"edited": {"user": "U1"}}]})
    items, _ = collect(path, brand="Acme")
    assert items[0].thread == items[0].external_id == "C1/1741082400.000100"
    assert items[1] == Message(
        source="slack:T1",
        external_id="C1/1741082500.000200",
        sent_at=items[1].sent_at,
        author=Party("Ann Lee", "ann@x.example", "U1"),
        channel="chat",
        body="<ok> @Ann Lee",
        brand="Acme",
        thread="C1/1741082400.000100",
        in_reply_to="C1/1741082400.000100",
        facts={"room": "general", "edited": True},
    )
    assert items[1].sent_at.isoformat() == "2025-03-04T10:01:40.000200+00:00"


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (say(subtype="channel_join"), "system_message"),
        (say(subtype="channel_topic"), "system_message"),
        (say(subtype="message_deleted"), "deleted"),
        (say(subtype="tombstone"), "deleted"),
        (say(subtype="bot_message"), "bot"),
        (say(user="U2"), "bot"),
        (say(user="USLACKBOT"), "bot"),
        (say(user=None, bot_id="B1"), "bot"),
        (say(user=None), "no_author"),
        (say(text="", files=[{}]), "empty_body"),
        (say(ts="soon"), "no_date"),
        ({"type": "other"}, "system_message"),
        ("text", "bad_item"),
    ],
)
def test_what_no_person_says_is_skipped(tmp_path, entry, reason):
    items, _ = collect(export(tmp_path / "e.zip", {DAY: [entry, say()]}))
    assert items[0] == Skipped(f"{DAY}: item 0", reason)
    assert isinstance(items[1], Message)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a &amp;lt; b &lt;3", "a &lt; b <3"),
        ("<@U1> <@U9|bob> <@U8>", "@Ann @bob @U8"),
        ("<#C1> <#C2|help>", "#general #help"),
        ("<http://x.example/a?b=1&amp;c|here>", "here (http://x.example/a?b=1&c)"),
        ("<http://x.example> <http://x.example|x.example>", "http://x.example http://x.example"),
        ("<mailto:a@x.example|a@x.example>", "a@x.example"),
        ("<!here> <!subteam^S1|@crew> <!date^1^x|today>", "@here @crew today"),
        ("if a &lt; b and c &gt; d", "if a < b and c > d"),
    ],
)
def test_markup(raw, shown):
    assert mrkdwn_to_text(raw, {"U1": "Ann"}, {"C1": "general"}) == shown


def test_an_edit_is_read_again_and_the_rest_is_not(tmp_path):
    other = "general/2025-03-05.json"
    days = {DAY: [say()], other: [say("two", "1741168800.1")]}
    path = export(tmp_path / "e.zip", days)
    items, cursor = collect(path)
    assert [item.body for item in items] == ["hi", "two"]
    assert collect(path, cursor) == ([], cursor)
    export(path, {**days, DAY: [say("hello", edited={"user": "U1"})]})
    items, _ = collect(path, cursor)
    assert [(item.external_id, item.body) for item in items] == [("C1/1741082400.000100", "hello")]


def test_a_folder_reads_as_its_zip_file_does(tmp_path):
    path = export(tmp_path / "e.zip", {DAY: [say()]})
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(path) as packed:
        packed.extractall(folder)
    assert collect(folder)[0] == collect(path)[0]


def test_own_people_are_outbound(tmp_path):
    path = export(tmp_path / "e.zip", {DAY: [say()]})
    assert collect(path, own=("u1",))[0][0].direction == "outbound"


def test_without_a_team_the_file_names_the_source(tmp_path):
    path = export(tmp_path / "acme.zip", {DAY: [say()]}, users=[])
    assert collect(path)[0][0].source == "slack:acme"
    path = export(tmp_path / "acme.zip", {DAY: [say(team="T9")]}, users=[])
    assert collect(path)[0][0].source == "slack:T9"


def test_hostile_members_are_skipped(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_MEMBER_BYTES", 3 * 2**20)
    days = {
        "../2025-03-01.json": [say()],
        "/etc/2025-03-01.json": [say()],
        "general/2025-03-02.json": b"[" + b" " * 2_000_000 + b"]",
        "general/2025-03-03.json": b"[[" * 200_000,
        DAY: [say()],
        "general/2025-03-05.json": b"\xff\xfe",
        "general/photo.png": b"x",
    }
    items, _ = collect(export(tmp_path / "e.zip", days))
    assert {item.place: item.reason for item in items if isinstance(item, Skipped)} == {
        "../2025-03-01.json": "bad_member_name",
        "/etc/2025-03-01.json": "bad_member_name",
        "general/2025-03-02.json": "zip_bomb",
        "general/2025-03-03.json": "bad_json",
        "general/2025-03-05.json": "invalid_utf8",
        "general/photo.png": "unsupported_format",
    }
    assert len([item for item in items if isinstance(item, Message)]) == 1


def test_a_damaged_member_does_not_end_the_export(tmp_path):
    path = export(tmp_path / "e.zip", {DAY: [say()], "general/2025-03-05.json": [say()]})
    raw = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as packed:
        info = packed.getinfo(DAY)
    raw[info.header_offset + 30 + len(DAY) + 8] ^= 0xFF
    path.write_bytes(raw)
    items, _ = collect(path)
    assert items[0] == Skipped(DAY, "damaged_member")
    assert isinstance(items[1], Message)


def test_what_is_no_zip_is_a_source_error(tmp_path):
    path = tmp_path / "e.zip"
    path.write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(SourceError, match="readable zip"):
        collect(path)


# fmt: off
KEYS = ["type", "subtype", "user", "text", "ts", "thread_ts", "files", "message", "edited", "team",
        "user_profile", "profile", "id", "name", "team_id", "is_bot", "email", "real_name"]
# fmt: on
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["message", "U1", "1741082400.1", "C1", "message_changed"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)
    ),
    max_leaves=12,
)  # fmt: skip


@given(VALUES, st.lists(VALUES, max_size=3), st.binary(max_size=20))
def test_arbitrary_json_never_crashes(tmp_path_factory, users, entries, raw):
    path = tmp_path_factory.mktemp("slack") / "e.zip"
    export(path, {DAY: entries, "general/2025-03-05.json": raw}, users=users)
    items, _ = collect(path)
    assert len(items) >= len(entries)
    for item in items:
        assert isinstance(item, Message | Skipped)
        if isinstance(item, Message):
            item.body.encode()
