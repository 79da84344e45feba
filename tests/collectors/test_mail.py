from datetime import UTC, datetime
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relintel.collectors.mail import read_mail
from relintel.config import SourceConfig
from relintel.records import Message, Party, Skipped

HEAD = (
    b"From: Ann Lee <ann@shop.example>\r\nTo: help@acme.example\r\n"
    b"Date: Tue, 04 Mar 2025 10:11:12 +0100\r\nMessage-ID: <m1@shop.example>\r\n"
)
ALTERNATIVE = (
    b'MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary="b"\n\n'
    b"--b\nContent-Type: text/plain; charset=utf-8\n\n%s\n"
    b"--b\nContent-Type: text/html; charset=utf-8\n\n%s\n--b--\n"
)


def read(raw: bytes, envelope: bytes = b"", **options) -> Message | Skipped:
    return read_mail(raw, SourceConfig(**options), "a.eml", envelope)


def body(raw: bytes) -> str:
    found = read(HEAD + raw)
    assert isinstance(found, Message), found
    return found.body


def test_a_plain_mail_gives_every_field():
    raw = HEAD + (
        b"Cc: =?utf-8?q?J=C3=BCrgen?= <j@x.example>\r\nSubject: =?iso-8859-1?q?R=FCckgabe?=\r\n"
        b"In-Reply-To: <m0@acme.example>\r\nReferences: <root@acme.example> <m0@acme.example>\r\n"
        b"List-Id: Talk <talk.acme.example>\r\n\r\nHello\r\n\r\n> quoted\r\n"
    )
    assert read(raw, brand="Acme") == Message(
        source="mail",
        external_id="m1@shop.example",
        sent_at=datetime(2025, 3, 4, 9, 11, 12, tzinfo=UTC),
        author=Party("Ann Lee", "ann@shop.example"),
        channel="email",
        body="Hello\n\n> quoted",
        brand="Acme",
        thread="root@acme.example",
        in_reply_to="m0@acme.example",
        recipients=(Party(None, "help@acme.example"), Party("Jürgen", "j@x.example")),
        subject="Rückgabe",
        facts={"list_id": "talk.acme.example"},
    )


def test_own_words_are_outbound_and_names_can_be_overridden():
    found = read(HEAD + b"\nhi", own=("@Shop.example",), name="desk", channel="letter")
    assert isinstance(found, Message)
    assert (found.direction, found.source, found.channel) == ("outbound", "desk", "letter")


@pytest.mark.parametrize(
    ("plain", "html", "expected"),
    [
        (b"words", b"<p>other words</p>", "words"),
        (b"", b"<p>words</p>", "words"),
        (b" \n\n", b"<p>words</p>", "words"),
        (
            b"Your email client does not support HTML messages.",
            b"<p>The parcel never came and nobody answers my calls about it.</p>",
            "The parcel never came and nobody answers my calls about it.",
        ),
        (b"I can not view the HTML version of your letter", b"<p>short</p>",
         "I can not view the HTML version of your letter"),
    ],
)  # fmt: skip
def test_alternatives_are_read_once(plain, html, expected):
    assert body(ALTERNATIVE % (plain, html)) == expected


def test_inline_parts_are_joined_and_attachments_left_out():
    raw = (
        b'Content-Type: multipart/mixed; boundary="b"\n\n'
        b"--b\nContent-Type: text/plain\n\nfirst\n"
        b"--b\nContent-Type: text/plain\nContent-Disposition: attachment; filename=a.txt\n\nno\n"
        b"--b\nContent-Type: text/plain; name=log.txt\n\nno\n"
        b"--b\nContent-Type: message/rfc822\n\nFrom: x@y.example\n\nno\n"
        b"--b\nContent-Type: text/html\n\n<p>second</p>\n"
        b"--b\nContent-Type: text/html\n\n<b>first</b>\n--b--\n"
    )
    found = read(HEAD + raw)
    assert isinstance(found, Message)
    assert found.body == "first\n\nsecond"
    assert found.facts["attachments"] == 3


@pytest.mark.parametrize(
    ("header", "raw", "expected"),
    [
        (b"text/plain; charset=windows-1251", "спасибо".encode("cp1251"), "спасибо"),
        (b"text/plain; charset=unknown-8bit", "grün".encode(), "grün"),
        (b"text/plain; charset=no-such-thing", b"gr\xfcn", "grün"),
        (b"text/plain; charset=us-ascii", "grün – ja".encode(), "grün – ja"),
        (b"text/plain; charset=utf-8", b"gr\xfcn \x96 ja", "grün – ja"),
        (b"text/plain; charset=iso-8859-1", b"\x93quote\x94", "“quote”"),
        (b"text/plain; charset=gb2312", "退货吗".encode("gb18030"), "退货吗"),
        (b"text/plain; charset=hex", b"plain", "plain"),
        (b"text/plain; charset*=utf-8''%75tf-8", "grün".encode(), "grün"),
        (b"text/html", b'<meta charset="koi8-r"><p>' + "да".encode("koi8-r"), "да"),
        (b"text/enriched", b"<bold>now</bold> a <<b>\n\nnext", "now a <b>\nnext"),
        (b"multipart/mixed", b"no boundary", "no boundary"),
        (b"nonsense", b"words", "words"),
    ],
)
def test_every_charset_is_survived(header, raw, expected):
    assert body(b"Content-Type: " + header + b"\n\n" + raw) == expected


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        (b"Date: Fri, 21 Nov 97 09:55:06 -0600", "1997-11-21T15:55:06"),
        (b"Date  : Fri, 21 Nov 1997 09(x):   55  :  06 -0600", "1997-11-21T15:55:06"),
        (b"Date: 2025-03-04T10:11:12Z", "2025-03-04T10:11:12"),
        (b"Date: Tue, 4 Mar 2025 3:11:12 PM", "2025-03-04T15:11:12"),
        (b"Date: rubbish\nReceived: by a; Tue, 04 Mar 2025 10:11:12 +0000\n"
         b"Received: by b; Tue, 04 Mar 2025 09:00:00 +0000", "2025-03-04T10:11:12"),
        (b"X: y", "2025-03-05T08:00:00"),
    ],
)  # fmt: skip
def test_dates_are_found_in_order_of_trust(date, expected):
    found = read(b"From: a@b.example\n" + date + b"\n\nhi", b"From a@b Wed Mar  5 08:00:00 2025")
    assert isinstance(found, Message)
    assert found.sent_at.isoformat() == expected + "+00:00"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"From: a@b.example\n\nhi", "no_date"),
        (HEAD + b"\n \n", "empty_body"),
        (HEAD + b"Auto-Submitted: auto-replied\n\nhi", "auto_reply"),
        (HEAD + b"Precedence: auto-reply\n\nhi", "auto_reply"),
        (HEAD + b"X-Autoreply: yes\n\nhi", "auto_reply"),
        (HEAD + b"X-Failed-Recipients: c@d.example\n\nhi", "bounce"),
        (HEAD.replace(b"ann@", b"MAILER-DAEMON@") + b"\nhi", "bounce"),
        (HEAD + b"Content-Type: multipart/report; boundary=b\n\n--b\n\nhi\n--b\n"
         b"Content-Type: message/delivery-status\n\nStatus: 5.0.0\n--b--", "bounce"),
        (HEAD + b"Content-Type: multipart/report; boundary=b\n\n--b\n\nhi\n--b--", "report"),
        (HEAD + b"Content-Type: text/calendar\n\nBEGIN:VCALENDAR", "calendar"),
    ],
)  # fmt: skip
def test_what_is_no_letter_is_skipped_with_its_reason(raw, reason):
    assert read(raw) == Skipped("a.eml", reason)


@pytest.mark.parametrize("kept", [b"Auto-Submitted: no", b"Precedence: bulk", b"X-Autoreply: no"])
def test_letters_of_lists_and_people_are_kept(kept):
    assert isinstance(read(HEAD + kept + b"\n\nhi"), Message)


@pytest.mark.parametrize(
    ("sender", "party"),
    [
        (b"=?utf-8?q?Lee=2C_Ann?= <a@b.example>", Party("Lee, Ann", "a@b.example")),
        (b'"Lee, Ann" <a@b.example>', Party("Lee, Ann", "a@b.example")),
        (b"Ann Lee [a@b.example]", Party(None, "a@b.example")),
        (b"J\xc3\xbcrgen <j@b.example>", Party("Jürgen", "j@b.example")),
        (b"J\xfcrgen <j@b.example>", Party("Jürgen", "j@b.example")),
        (b"=?utf-8?b?broken <a@b.example>", Party("=?utf-8?b?broken", "a@b.example")),
        (b"Ann Lee", Party("Ann Lee")),
    ],
)
def test_authors_of_broken_headers(sender, party):
    found = read(b"From: " + sender + b"\nDate: Tue, 4 Mar 2025 10:11:12 +0000\n\nhi")
    assert isinstance(found, Message)
    assert found.author == party


def test_without_an_id_the_mail_is_its_own():
    raw = HEAD.replace(b"Message-ID", b"X-Other") + b"\nhi"
    first, second, other = read(raw), read(raw), read(raw + b"!")
    assert first == second
    assert first.external_id.startswith("sha256:")
    assert first.thread == first.external_id != other.external_id


def test_deep_nesting_is_survived():
    raw = HEAD
    for level in range(3000):
        raw += b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level)
    assert isinstance(read(raw + b"\nhi"), Message | Skipped)


@pytest.mark.parametrize(
    "raw",
    [
        b"From: " + b"a" * 200_000 + b"\n",
        b"From: " + b'"(' * 100_000 + b"\n",
        b"To: " + b"a@b.example," * 8_000 + b"\n",
        b"Subject: " + b"=?a?q?" * 30_000 + b"\n",
        b"References: " + b"< " * 50_000 + b"\n",
        b"Content-Type: text/enriched\n\n" + b"<param>" * 50_000,
        b"Content-Type: multipart/mixed; boundary=b\n" + b"\n--b\n\na" * 5_000,
    ],
    ids=lambda raw: raw[:20].decode().split(":")[0],
)
def test_hostile_headers_take_no_long(raw):
    started = perf_counter()
    read(b"Date: Tue, 4 Mar 2025 10:11:12 +0000\n" + raw + b"\nhi")
    assert perf_counter() - started < 5


LINES = st.sampled_from(
    [b"From: ", b"Date: ", b"Subject: =?", b"Content-Type: multipart/alternative; boundary=",
     b"Content-Type: text/html; charset=", b"Content-Transfer-Encoding: base64", b"--", b"\n",
     b"Content-Disposition: attachment; filename*0*=", b"To: <", b"utf-8?q?", b"Received: ;",
     b"Tue, 4 Mar 2025 10:11:12 +0000", b"b", b": ", b"Message-ID: <", b"References: "]
)  # fmt: skip


@given(st.lists(LINES | st.binary(max_size=12), max_size=40).map(b"".join), st.binary(max_size=30))
def test_arbitrary_bytes_never_crash(raw, envelope):
    for found in (read(raw, envelope), read(HEAD + raw, envelope)):
        if isinstance(found, Message):
            found.body.encode()
            assert found.body.strip()
            assert found.sent_at.tzinfo is UTC
