from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from traceback import format_exception

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relintel.collectors.feeds import FeedCollector
from relintel.config import SourceConfig
from relintel.errors import SourceError, TryAgain
from relintel.http import Http
from relintel.records import Checkpoint, Message, Party, Skipped

ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0">
<id>urn:feed</id><title>Talk</title>
<entry><id>urn:1</id><link href="http://t.example/1"/><title>Kettle &amp; lid</title>
<published>2025-03-04T10:11:12+01:00</published><updated>2025-03-09T00:00:00Z</updated>
<author><name>Ann</name><email>ann@x.example</email></author>
<summary>short</summary><content type="html">&lt;p&gt;It &lt;b&gt;broke&lt;/b&gt;.&lt;/p&gt;</content></entry>
<entry><id>urn:2</id><thr:in-reply-to ref="urn:1"/><updated>2025-03-05T00:00:00Z</updated>
<author><name>Bob</name></author><summary type="text">a &lt; b</summary></entry>
</feed>"""  # noqa: E501
RSS = """<rss version="2.0"><channel><title>t</title><link>http://t.example</link>
<item><link>http://t.example/a</link><pubDate>Tue, 04 Mar 2025 10:11:12 GMT</pubDate>
<description>&lt;p&gt;Fine&lt;/p&gt;</description></item>
<item><description>no date</description></item>
<item><title>only</title><pubDate>Tue, 04 Mar 2025 10:11:12 GMT</pubDate></item>
<item><pubDate>Tue, 04 Mar 2025 10:11:12 GMT</pubDate><description>bare</description></item>
</channel></rss>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<item rdf:about="http://t.example/r"><link>http://t.example/r</link><description>rdf</description>
<dc:date>2025-03-04T10:11:12Z</dc:date><dc:creator>Cy</dc:creator></item></rdf:RDF>"""


def collect(path, cursor=None, **options):
    items = list(FeedCollector(SourceConfig(path=path, **options)).collect(cursor))
    assert isinstance(items[-1], Checkpoint)
    return items[:-1], items[-1].cursor


@pytest.fixture
def feed(tmp_path):
    def write(text):
        path = tmp_path / "talk.xml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_atom_entries_give_every_field(feed):
    first, second = collect(feed(ATOM), brand="Acme")[0]
    assert first == Message(
        source="feed:talk",
        external_id="urn:1",
        sent_at=first.sent_at,
        author=Party("Ann", "ann@x.example", "Ann"),
        channel="blog",
        body="It broke.",
        brand="Acme",
        thread="urn:feed",
        subject="Kettle & lid",
        facts={"link": "http://t.example/1"},
    )
    assert first.sent_at.isoformat() == "2025-03-04T09:11:12+00:00"
    assert (second.body, second.channel) == ("a < b", "forum")
    assert (second.thread, second.in_reply_to) == ("urn:1", "urn:1")
    assert second.sent_at.isoformat() == "2025-03-05T00:00:00+00:00"


def test_rss_and_rdf(feed):
    items, _ = collect(feed(RSS))
    assert [getattr(item, "reason", None) for item in items] == [
        None,
        "no_date",
        "empty_body",
        None,
    ]
    assert (items[0].body, items[0].external_id) == ("Fine", "http://t.example/a")
    assert items[3].external_id.startswith("sha256:")
    (found,), _ = collect(feed(RDF))
    assert (found.body, found.author.name) == ("rdf", "Cy")


def test_a_broken_feed_is_read_as_far_as_it_goes(feed):
    items, _ = collect(feed(ATOM[: ATOM.index("<entry><id>urn:2")] + "<entry><id>&nope;"))
    assert items[0].body == "It broke."


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("<html><p>gone</p></html>", "not_a_feed"),
        ("", "not_a_feed"),
        ("http://127.0.0.1:1/feed", "not_a_feed"),
        (__file__, "not_a_feed"),
        ('<rss version="2.0"><channel/></rss>', "no_entries"),
    ],
)
def test_what_is_no_feed_is_accounted_for(feed, content, reason):
    assert collect(feed(content))[0] == [Skipped("talk.xml", reason)]


def test_entities_are_not_fetched_from_files(feed, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("hidden words")
    doctype = f'<!DOCTYPE feed [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
    text = ATOM.replace("<feed", doctype + "<feed", 1).replace("a &lt; b", "&x; seen")
    for item in collect(feed(text))[0]:
        assert "hidden" not in getattr(item, "body", "")


def test_an_unchanged_file_gives_nothing_new(feed):
    path = feed(ATOM)
    _, cursor = collect(path)
    assert collect(path, cursor) == ([], cursor)
    assert len(collect(feed(RSS), cursor)[0]) == 4


def test_an_absent_file_is_a_source_error(tmp_path):
    with pytest.raises(SourceError):
        collect(tmp_path / "no.xml")


class Server(BaseHTTPRequestHandler):
    asked: list[str | None] = []  # noqa: RUF012 - one server a test

    def do_GET(self):
        self.asked.append(self.headers.get("If-None-Match"))
        self.send_response(304 if self.asked[-1] == '"v1"' else 200)
        self.send_header("ETag", '"v1"')
        self.end_headers()
        if self.asked[-1] != '"v1"':
            self.wfile.write(ATOM.encode())

    def log_message(self, *_):
        pass


@contextmanager
def serving(handler):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_an_address_is_asked_for_changes_only():
    Server.asked = []
    with serving(Server) as base, Http(allow_private=True) as http:
        reader = FeedCollector(SourceConfig(url=f"{base}/talk/?token=x"), http)
        *items, mark = reader.collect(None)
        assert [item.source for item in items] == ["feed:127.0.0.1/talk"] * 2
        assert list(reader.collect(mark.cursor)) == [mark]
    assert Server.asked == [None, '"v1"']


def test_private_addresses_are_refused_by_default():
    with pytest.raises(SourceError, match="private"):
        list(FeedCollector(SourceConfig(url="http://127.0.0.1:1/feed")).collect(None))


class Trouble(BaseHTTPRequestHandler):
    def do_GET(self):
        status = int(self.path[1:4])
        self.send_response(status)
        self.send_header("ETag", '"caf\xe9"')
        if status == 302:
            self.send_header("Location", self.path + "&again=s3cret")
        self.end_headers()
        self.wfile.write(b"junk")

    def log_message(self, *_):
        pass


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://me:s3cret@{host}/404?token=s3cret#s3cret", SourceError),
        ("http://me:s3cret@{host}/302?token=s3cret", SourceError),
        ("http://me:s3cret@{host}/503?token=s3cret", TryAgain),
        ("http://me:s3cret@127.0.0.1:1/feed?token=s3cret", TryAgain),
        ("http://me:s3cret@nowhere.invalid/feed?token=s3cret", TryAgain),
        ("http://me:s3cret@ex\u2100mple.com/feed?token=s3cret", SourceError),
        ("http://[me:s3cret]/feed?token=s3cret", SourceError),
        ("http://[h/feed?token=s3cret", SourceError),
        ("http://me:s3cret@h:port/feed?token=s3cret", SourceError),
        ("ftp://me:s3cret@h/feed?token=s3cret", SourceError),
        ("me:s3cret@h/feed?token=s3cret", SourceError),
        ("http:///feed?token=s3cret", SourceError),
        ("s3cret", SourceError),
    ],
)
def test_no_error_shows_the_query_or_the_credentials_of_an_address(url, error):
    def lookup(name):
        if name != "127.0.0.1":
            raise OSError("no such name")
        return [name]

    with (
        serving(Trouble) as base,
        Http(allow_private=True, sleep=lambda _: None, lookup=lookup) as http,
    ):
        reader = FeedCollector(SourceConfig(url=url.format(host=base[7:])), http)
        with pytest.raises(error) as caught:
            list(reader.collect({"etag": "x"}))
        assert "s3cret" not in "".join(format_exception(caught.value))
        assert "s3cret" not in _source_or_error(reader)


def _source_or_error(reader):
    try:
        return reader.source
    except SourceError as refused:
        return "".join(format_exception(refused))


def test_a_cursor_holds_nothing_of_the_address_and_nothing_that_cannot_be_sent_back():
    with serving(Trouble) as base, Http(allow_private=True) as http:
        url = base.replace("//", "//me:s3cret@") + "/200?token=s3cret"
        reader = FeedCollector(SourceConfig(url=url), http)
        skipped, mark = reader.collect(None)
        assert "s3cret" not in f"{skipped} {mark}"
        assert skipped.reason == "not_a_feed"
        assert mark.cursor["etag"] is None
        assert list(reader.collect(mark.cursor)) == [mark]


MARKUP = (
    "<rss> <feed> <entry> <item> <id> </ <![CDATA[ &b; <summary>a <updated>2025-03-04</updated>"
)
PIECES = st.sampled_from([*MARKUP.encode().split(), b"<!DOCTYPE a [<!ENTITY b 'c'>]>"])


@given(st.lists(PIECES | st.binary(max_size=9), max_size=15).map(b"".join))
def test_arbitrary_bytes_never_crash(tmp_path_factory, raw):
    path = tmp_path_factory.mktemp("feeds") / "a.xml"
    path.write_bytes(raw)
    assert collect(path)[0]
