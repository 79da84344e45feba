import json
import os
import zipfile
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from relintel.collectors import registry
from relintel.collectors.registry import BUILT_IN, collect_found, open_collector, sources_in
from relintel.config import SourceConfig
from relintel.errors import ConfigError, SourceError
from relintel.records import Checkpoint, Message, Skipped

MAIL = b"From: a@b.example\nDate: Tue, 4 Mar 2025 10:11:12 +0000\n\nhi\n"
ENVELOPE = b"From a@b.example Tue Mar  4 10:11:12 2025\n"
FEED = b'<?xml version="1.0"?>\n<!-- talk -->\n<rss version="2.0"></rss>'


def found(path, **options):
    return list(sources_in(path, SourceConfig(**options)))


def test_every_built_in_kind_opens(tmp_path):
    for kind in BUILT_IN:
        collector = open_collector(SourceConfig(kind=kind, path=tmp_path / "x", name="n"))
        assert collector.source == "n"


def test_built_in_kinds_are_those_of_the_package_metadata():
    import tomllib

    project = tomllib.loads(Path(__file__).parents[2].joinpath("pyproject.toml").read_text())
    assert project["project"]["entry-points"]["relintel.collectors"] == BUILT_IN


@pytest.mark.parametrize("kind", [None, "fax"])
def test_an_unknown_kind_names_the_known_ones(kind):
    with pytest.raises(ConfigError, match="eml, feed, mbox, slack, table"):
        open_collector(SourceConfig(kind=kind))


def test_an_unknown_channel_is_a_config_error():
    with pytest.raises(ConfigError, match="channel"):
        open_collector(SourceConfig(kind="eml", channel="pigeon"))


def test_other_packages_add_kinds_but_replace_none(monkeypatch, tmp_path):
    target = "relintel.collectors.mbox:MboxCollector"
    points = [EntryPoint(name, target, registry.GROUP) for name in ("fax", "eml")]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    assert "fax" in registry.known_kinds()
    opened = [open_collector(SourceConfig(kind=kind, path=tmp_path)) for kind in ("fax", "eml")]
    assert [type(one).__name__ for one in opened] == ["MboxCollector", "EmlCollector"]


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.mbox", MAIL, "mbox"),
        ("inbox", ENVELOPE + MAIL, "mbox"),
        ("inbox.txt", (ENVELOPE + MAIL).replace(b"\n", b"\r\n"), "mbox"),
        ("a.EML", MAIL, "eml"),
        ("cur/1741.M1:2,S", MAIL, "eml"),
        ("a.csv", b"x", "table"),
        ("a.jsonl", b"x", "table"),
        ("a.json", b' \n[{"a": 1}]', "table"),
        ("a.json", b'{"a": 1}\n{"a": 2}\n', "table"),
        ("a.parquet", b"x", "table"),
        ("a.rss", FEED, "feed"),
        ("feed", FEED, "feed"),
        ("a.txt", b"From here on it went wrong\n", None),
        ("a.json", b'{"messages": []}', None),
        ("a.json", b'{\n"messages": []}', None),
        ("a.html", FEED, None),
        ("a.zip", b"PK\x03\x04", None),
        ("a.bin", os.urandom(4000), None),
    ],
)
def test_files_are_told_by_name_and_content(tmp_path, name, content, kind):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    (one,) = found(path, brand="Acme")
    if kind is None:
        assert one == Skipped(path.name, "unsupported_format")
    else:
        assert (one.kind, one.path, one.brand) == (kind, path, "Acme")


def slack(folder):
    (folder / "general").mkdir(parents=True)
    (folder / "users.json").write_text("[]")
    (folder / "channels.json").write_text("[]")
    day = [{"type": "message", "user": "U1", "text": "hi", "ts": "1741082400.1"}]
    (folder / "general" / "2025-03-04.json").write_text(json.dumps(day))


def test_a_folder_is_walked_in_order_and_everything_accounted_for(tmp_path):
    for name in ("b/2.eml", "b/1.eml", "a.txt", "z.eml", ".hidden.eml", ".git/x.eml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(MAIL)
    (tmp_path / "empty.eml").touch()
    slack(tmp_path / "export")
    os.mkfifo(tmp_path / "pipe.eml")
    (tmp_path / "loop").symlink_to(tmp_path)
    items = found(tmp_path)
    paths = [item.path for item in items if isinstance(item, SourceConfig)]
    assert paths == [tmp_path / name for name in ("b/1.eml", "b/2.eml", "export", "z.eml")]
    assert [item for item in items if isinstance(item, Skipped)] == [
        Skipped("a.txt", "unsupported_format"),
        Skipped("empty.eml", "empty_file"),
        Skipped("loop", "not_a_file"),
        Skipped("pipe.eml", "not_a_file"),
    ]


def test_a_slack_zip_is_told_from_another(tmp_path):
    slack(tmp_path / "export")
    for name, files in (("s.zip", ("users.json", "channels.json")), ("t.zip", ("users.json",))):
        with zipfile.ZipFile(tmp_path / name, "w") as packed:
            for file in files:
                packed.write(tmp_path / "export" / file, file)
    assert found(tmp_path / "s.zip")[0].kind == "slack"
    assert found(tmp_path / "t.zip")[0].reason == "unsupported_format"


def test_a_given_kind_is_believed_for_a_file_and_filters_a_folder(tmp_path):
    (tmp_path / "a.txt").write_bytes(MAIL)
    (tmp_path / "b.eml").write_bytes(MAIL)
    (tmp_path / "c.csv").write_bytes(b"x")
    assert found(tmp_path / "a.txt", kind="eml")[0].kind == "eml"
    assert [getattr(item, "reason", "read") for item in found(tmp_path, kind="eml")] == [
        "unsupported_format", "read", "other_kind",
    ]  # fmt: skip


def test_a_missing_path_is_a_source_error(tmp_path):
    with pytest.raises(SourceError, match="does not exist"):
        found(tmp_path / "no")


def test_a_file_of_a_folder_that_cannot_be_read_is_skipped(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"x,y\n1,2\n")
    (one,) = found(tmp_path)
    assert list(collect_found(one)) == [Skipped("a.csv", "unreadable_source")]


KINDS = ("email_eml", "email_mbox", "email_reply", "feeds", "chat_export")


@pytest.mark.parametrize("kind", KINDS)
def test_every_fixture_is_accounted_for(kind):
    place = os.environ.get("RELINTEL_FIXTURES")
    if not place:
        pytest.skip("RELINTEL_FIXTURES names no folder of public mails, feeds and chats")
    files = sum(path.is_file() for path in Path(place, kind).rglob("*"))
    sources = found(Path(place, kind))
    assert len(sources) == files
    for source in sources:
        if isinstance(source, SourceConfig):
            items = list(collect_found(source))
            words = [item for item in items if isinstance(item, Message | Skipped)]
            assert words, source.path
            assert isinstance(items[-1], Checkpoint)
