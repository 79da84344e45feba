import gzip
import logging
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from relintel.errors import SourceError, TryAgain
from relintel.http import Http, is_private


class World:
    """A real server on the loopback; `answers` maps path → function of the request."""

    def __init__(self):
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.answers: dict[str, Callable] = {}
        world = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                headers = {name.lower(): value for name, value in self.headers.items()}
                world.seen.append((self.path, headers))
                length = int(self.headers.get("Content-Length") or 0)
                self.rfile.read(length)
                status, extra, body = world.answers[self.path](len(world.seen), headers)
                if status == 0:
                    return
                self.send_response(status)
                for name, value in extra.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()
        self.base = f"http://127.0.0.1:{self.server.server_port}"

    def always(self, path, status, body=b"", **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = lambda count, asked: (status, named, body)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def world():
    made = World()
    yield made
    made.close()


@pytest.fixture
def naps():
    return []


@pytest.fixture
def http(naps):
    with Http(allow_private=True, sleep=naps.append, jitter=lambda: 1.0, max_bytes=10_000) as made:
        yield made


def test_a_document_comes_with_its_validators(world, http):
    world.always("/a", 200, b"words", ETag='"v"', Last_Modified="Tue, 04 Mar 2025 10:11:12 GMT")
    found = http.get(world.base + "/a", headers={"accept": "text/xml"})
    assert (found.status, found.body, found.etag) == (200, b"words", '"v"')
    assert found.modified == "Tue, 04 Mar 2025 10:11:12 GMT"
    assert world.seen[0][1]["host"] == world.base.removeprefix("http://")
    assert world.seen[0][1]["accept"] == "text/xml"


def test_conditions_are_sent(world, http):
    world.always("/a", 304)
    found = http.get(world.base + "/a", etag='"v"', modified="then")
    assert found.unchanged
    assert world.seen[0][1]["if-none-match"] == '"v"'
    assert world.seen[0][1]["if-modified-since"] == "then"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_trouble_is_tried_again_with_growing_waits(world, http, naps, status):
    world.answers["/a"] = lambda count, _: (status if count < 3 else 200, {}, b"x")
    assert http.get(world.base + "/a").body == b"x"
    assert naps == [1.0, 2.0]


def test_jitter_shortens_waits(world, naps):
    world.always("/a", 500)
    with Http(allow_private=True, sleep=naps.append, jitter=lambda: 0.0) as http:
        with pytest.raises(TryAgain, match="answered 500"):
            http.get(world.base + "/a")
    assert naps == [0.5, 1.0, 2.0]


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "Tue, 04 Mar 2025 10:11:22 GMT", "Date": "Tue, 04 Mar 2025 10:11:12 GMT"},
         10.0),
        ({"Retry-After": "soon"}, 1.0),
    ],
)  # fmt: skip
def test_the_server_says_how_long_to_wait(world, naps, headers, wait, http, monkeypatch):
    monkeypatch.setattr(
        BaseHTTPRequestHandler, "date_time_string", lambda *_: headers.get("Date", "x")
    )
    extra = {"Retry-After": headers["Retry-After"]}
    world.answers["/a"] = lambda count, _: (429 if count < 2 else 200, extra, b"")
    http.get(world.base + "/a")
    assert naps == [wait]


def test_a_long_wait_is_left_to_the_caller(world, http, naps):
    world.always("/a", 429, Retry_After="3600")
    with pytest.raises(TryAgain) as caught:
        http.get(world.base + "/a")
    assert caught.value.after == 3600
    assert naps == []


def test_errors_of_the_asker_are_not_tried_again(world, http, naps):
    world.always("/a?token=secret", 404)
    with pytest.raises(SourceError, match="answered 404") as caught:
        http.get(world.base + "/a?token=secret")
    assert "secret" not in str(caught.value)
    assert naps == []
    assert not isinstance(caught.value, TryAgain)


def test_a_post_is_only_repeated_when_it_was_not_acted_on(world, http, naps):
    world.always("/a", 500)
    with pytest.raises(TryAgain):
        http.request("POST", world.base + "/a", content=b"{}")
    assert len(world.seen) == 1
    world.answers["/b"] = lambda count, _: (429 if count < 3 else 200, {}, b"")
    assert http.request("POST", world.base + "/b", content=b"{}").status == 200


def test_redirects_are_followed_five_times(world, http):
    for n in range(6):
        world.always(f"/{n}", 302, Location=f"/{n + 1}")
    world.always("/6", 200, b"end")
    assert http.get(world.base + "/1").body == b"end"
    with pytest.raises(SourceError, match="more than 5"):
        http.get(world.base + "/0")


def test_secrets_stay_on_their_host(world, http):
    port = world.base.rpartition(":")[2]
    world.always("/a", 302, Location=f"http://localhost:{port}/b")
    world.always("/b", 200, b"x")
    with Http(allow_private=True, lookup=lambda host: ("127.0.0.1",)) as http:
        http.get(world.base + "/a", headers={"Authorization": "Bearer x", "accept": "a/b"})
    assert "authorization" in world.seen[0][1]
    assert "authorization" not in world.seen[1][1]
    assert world.seen[1][1]["accept"] == "a/b"


def test_every_hop_is_checked_and_the_checked_address_is_used(world):
    port = world.base.rpartition(":")[2]
    places = {"public.example": ("127.0.0.1",), "inner.example": ("10.0.0.1",)}
    world.always("/a", 302, Location="http://inner.example/b")
    http = Http(lookup=places.__getitem__, allow_private=False)
    with http, pytest.raises(SourceError, match="private network"):
        http.get(f"http://public.example:{port}/a")
    world.always("/c", 200, b"x")
    with Http(lookup=places.__getitem__, allow_private=True) as http:
        assert http.get(f"http://public.example:{port}/c").body == b"x"
    assert world.seen[-1][1]["host"] == f"public.example:{port}"


def test_a_public_host_may_not_redirect_into_a_private_network(world, monkeypatch):
    port = world.base.rpartition(":")[2]
    monkeypatch.setattr("relintel.http.is_private", lambda address: address != "127.0.0.1")
    world.always("/a", 302, Location="http://inner.example/b")
    places = {"public.example": ("127.0.0.1",), "inner.example": ("10.0.0.1",)}
    with Http(lookup=places.__getitem__) as http:
        with pytest.raises(SourceError, match=r"inner\.example: is refused"):
            http.get(f"http://public.example:{port}/a")
    assert len(world.seen) == 1


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://x.example/a", "x.example", "", "http://", "http://[", "a b"],
)
def test_other_schemes_are_refused(http, url):
    with pytest.raises(SourceError):
        http.get(url)


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("127.0.0.1", True), ("10.1.2.3", True), ("192.168.1.1", True), ("169.254.169.254", True),
        ("100.64.0.1", True), ("0.0.0.0", True), ("224.0.0.1", True), ("::1", True),
        ("fe80::1%eth0", True), ("fd00::1", True), ("::ffff:10.0.0.1", True), ("nonsense", True),
        ("93.184.215.14", False), ("2606:4700::1111", False), ("::ffff:93.184.215.14", False),
    ],
)  # fmt: skip
def test_private_addresses(address, private):
    assert is_private(address) is private


def test_large_answers_are_refused_packed_ones_too(world, http):
    world.always("/a", 200, b"x" * 20_000)
    packed = gzip.compress(b"x" * 1_000_000)
    world.always("/b", 200, packed, Content_Encoding="gzip")
    world.always("/c", 200, b"no gzip", Content_Encoding="gzip")
    for path, message in (("/a", "more than"), ("/b", "more than"), ("/c", "decoded")):
        with pytest.raises(SourceError, match=message):
            http.get(world.base + path)


def test_silence_is_try_again(world, naps):
    world.answers["/a"] = lambda *_: (0, {}, b"")
    options = {"allow_private": True, "sleep": naps.append, "attempts": 2}
    with Http(**options) as http:
        with pytest.raises(TryAgain, match="broke the connection"):
            http.get(world.base + "/a")
        with pytest.raises(TryAgain, match="cannot be reached"):
            http.get("http://127.0.0.1:1/")
    with Http(**options, lookup=lambda host: ()) as http, pytest.raises(TryAgain, match="resolved"):
        http.get("http://nowhere.example/")
    assert len(naps) == 3


def test_a_slow_answer_ends_at_the_deadline(world):
    world.always("/a", 200, b"x")
    ticks = iter(range(0, 10_000, 100))
    with Http(allow_private=True, attempts=1, deadline=50, clock=lambda: next(ticks)) as http:
        with pytest.raises(TryAgain, match="in time"):
            http.get(world.base + "/a")


def test_addresses_with_tokens_reach_no_log(world, http, caplog):
    world.always("/a?token=s3cret", 200, b"words")
    with caplog.at_level(logging.DEBUG):
        assert http.get(world.base + "/a?token=s3cret").status == 200
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize("url", ["http://xn--a/", "http://xn--a/?token=s3cret"])
def test_a_host_that_is_no_name_is_an_error_of_ours(url):
    with Http() as http, pytest.raises(SourceError) as caught:
        http.get(url)
    assert "s3cret" not in str(caught.value)
