"""HTML to text: what a mail reader shows, and how quotes and signatures are marked."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relintel.text.html import html_to_text
from relintel.text.parts import authored_spans

LAYOUT = {
    "paragraphs": ("<p>one</p><p>two</p>", "one\n\ntwo"),
    "divs": ("<div>one</div><div>two</div>", "one\ntwo"),
    "outlook paragraphs": ("<p class=MsoNormal>one</p><p class=MsoNormal>two</p>", "one\ntwo"),
    "breaks": ("one<br>two<br><br>three", "one\ntwo\n\nthree"),
    "break at a block's end": ("<div>one<br></div><div><br></div><div>two</div>", "one\n\ntwo"),
    "list": ("<p>see:</p><ul><li>a<li>b<ul><li>c</ul></ul>", "see:\n\n- a\n- b\n  - c"),
    "numbered": ("<ol><li>a</li><li>b</li></ol>", "1. a\n2. b"),
    "cells": ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a\tb\nc"),
    "white space": ("<p>one \n\t two</p>  <p> three</p>", "one two\n\nthree"),
    "inline": ("<b>bo</b>ld <i>and</i> more", "bold and more"),
    "pre": ("<pre>a   b\n  c</pre>d   e", "a   b\n  c\n\nd e"),
    "pre-wrap": ('<div style="white-space: pre-wrap">a  b\nc</div>', "a  b\nc"),
    "entities": ("<p>&lt;b&gt; &amp;amp; &euro;5 &#x1F600; a&nbsp;b</p>", "<b> &amp; €5 😀 a b"),
    "links": ('<p>see <a href="https://x.example/y">our page</a>.</p>', "see our page."),
    "rule": ("a<hr>b", "a\n" + "_" * 32 + "\nb"),
    "emoji picture": ('<p>yes <img alt="🎉"> <img alt="logo of shop"></p>', "yes 🎉"),
    "declared charset": ('<meta charset="iso-8859-1"><p>Grüße</p>', "Grüße"),
    "xml declaration": ('<?xml version="1.0"?><html><body>x</body></html>', "x"),
    "less than": ("<p>5 < 6 & <3</p>", "5 < 6 & <3"),
    "unclosed": ("<div><p>one<div>two<b>three", "one\n\ntwothree"),
}

HIDDEN = {
    "script": "<p>a</p><script>var b='<p>x</p>'</script>",
    "style": "<style>p{color:red}</style><p>a</p>",
    "head": "<html><head><title>t</title></head><body>a</body></html>",
    "comment": "<!-- [if mso]><p>x</p><![endif] -->a",
    "display": '<div style="display:none !important">x</div>a',
    "visibility": '<span style="VISIBILITY: hidden">x</span>a',
    "attribute": "<p hidden>x</p>a",
    "height": '<div style="max-height:0px;overflow:hidden">x</div>a',
    "clipped": '<div style="height:0;overflow:hidden">x</div>a',
    "opacity": '<div style="opacity:0">x</div>a',
    "font size": '<span style="font-size:0px">x</span>a',
    "pixel": '<span style="font-size:1px;color:#fff">x</span>a',
    "outlook": '<div style="mso-hide:all">x</div>a',
    "preheader": '<div class="preheader">x</div>a',
    "nested": '<div style="display:none"><div><b>x</b></div></div>a',
}

QUOTES = {
    "gmail": (
        '<div>me</div><div class="gmail_quote"><div class="gmail_attr">On Tue, Mia wrote:<br></div>'
        '<blockquote class="gmail_quote"><div>old</div></blockquote></div>',
        "me\nOn Tue, Mia wrote:\n> old",
    ),
    "gmail inline answer": (
        '<div class="gmail_quote">On Tue, Mia wrote:<br><blockquote>q1</blockquote>'
        "<div>answer</div><blockquote>q2</blockquote></div>",
        "On Tue, Mia wrote:\n> q1\nanswer\n> q2",
    ),
    "gmail forward": (
        '<div>fyi</div><div class="gmail_quote"><div class="gmail_attr">--- Forwarded ---<br>'
        "From: Mia<br></div><div>old</div></div>",
        "fyi\n--- Forwarded ---\nFrom: Mia\n> old",
    ),
    "shown by another web mail": (
        '<div>me</div><div class="x_gmail_quote">old</div><div class="ecxgmail_quote">older</div>',
        "me\n> old\n> older",
    ),
    "yahoo": (
        '<div>me</div><div id="yahoo_quoted_12" class="yahoo_quoted"><div>On Tue, Mia wrote:</div>'
        "<div>old</div></div>",
        "me\nOn Tue, Mia wrote:\n> old",
    ),
    "apple": (
        '<div>me</div><blockquote type="cite"><div>On Tue, Mia wrote:</div><div>old</div>'
        "<blockquote>older</blockquote></blockquote>",
        "me\nOn Tue, Mia wrote:\n> old\n> > older",
    ),
    "thunderbird": (
        '<div class="moz-cite-prefix">Am 4.3. schrieb Mia:</div><blockquote type="cite" '
        'cite="mid:1">old</blockquote>me',
        "Am 4.3. schrieb Mia:\n> old\nme",
    ),
    "outlook web": (
        "<div>me</div><div id=appendonsend></div><hr><div id=divRplyFwdMsg><b>From:</b> Mia<br>"
        "<b>Sent:</b> today</div><div>old</div><p>older</p>",
        "me\n" + "_" * 32 + "\nFrom: Mia\nSent: today\n> old\n>\n> older",
    ),
    "outlook phone": ("<div>me</div><div id=appendonsend></div><div>old</div>", "me\n> old"),
    "outlook for mac": ('me<span id="OLK_SRC_BODY_SECTION"><div>old</div></span>', "me\n> old"),
    "outlook express": (
        '<div>me</div><div class="OutlookMessageHeader">From: Mia</div><div>old</div>',
        "me\nFrom: Mia\n> old",
    ),
    "hotmail": ('<div>me<hr id="stopSpelling">From: Mia<br>old</div>', "me\n> From: Mia\n> old"),
    "zoho": (
        '<div>me</div><div class="zmail_extra"><div>---- On Tue Mia wrote ----</div>'
        "<blockquote>old</blockquote></div>",
        "me\n---- On Tue Mia wrote ----\n> old",
    ),
    "gmx": ('<div>me</div><div name="quote"><div>Von: Mia</div>old</div>', "me\n> Von: Mia\n> old"),
    "thunderbird forward": (
        'me<div class="moz-forward-container"><br>---- Forwarded ----<br>old</div>',
        "me\n\n---- Forwarded ----\n> old",
    ),
}

SIGNATURES = {
    "gmail": '<div>me</div><div class="gmail_signature">Mia<br>Boss</div>',
    "gmail with prefix": (
        '<div>me</div><span class="gmail_signature_prefix">-- </span><br>'
        '<div class="gmail_signature">Mia<br>Boss</div>'
    ),
    "thunderbird": '<div>me</div><div class="moz-signature">-- <br>Mia<br>Boss</div>',
    "apple": '<div>me</div><div id="AppleMailSignature"><div>Mia</div><div>Boss</div></div>',
    "outlook web": '<div>me</div><div id="Signature"><div>Mia</div><div>Boss</div></div>',
}


@pytest.mark.parametrize("name", LAYOUT)
def test_layout(name: str) -> None:
    markup, text = LAYOUT[name]
    assert html_to_text(markup) == text


@pytest.mark.parametrize("name", HIDDEN)
def test_what_is_not_shown_is_dropped(name: str) -> None:
    assert html_to_text(HIDDEN[name]) == "a"


def test_size_zero_ends_where_a_size_is_set_again() -> None:
    markup = '<td style="font-size:0px">x<div style="font-size:13px">shown</div>y</td>'
    assert html_to_text(markup) == "shown"


@pytest.mark.parametrize("name", QUOTES)
def test_quotes_are_marked(name: str) -> None:
    markup, text = QUOTES[name]
    assert html_to_text(markup) == text


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures_stand_below_two_dashes(name: str) -> None:
    assert html_to_text(SIGNATURES[name]) == "me\n-- \nMia\nBoss"


def test_an_empty_signature_leaves_no_dashes() -> None:
    assert (
        html_to_text('<div>me</div><div class="gmail_signature"></div><p>more</p>') == "me\n\nmore"
    )


@pytest.mark.parametrize("name", QUOTES)
def test_quoted_html_is_not_authored(name: str) -> None:
    text = html_to_text(QUOTES[name][0])
    authored = " ".join(text[start:end] for start, end in authored_spans(text))
    assert "old" not in authored


@pytest.mark.parametrize("text", ["", "plain", "two\n\n  lines\t", "5 < 6 > 4", " <3 "])
def test_text_without_tags_passes(text: str) -> None:
    assert html_to_text(text) == text


@pytest.mark.parametrize(
    "markup",
    ["\x00<b>x</b>", "\ud800<b>x</b>", "<", "<>", "</", "<!", "<!--", "<a b='", "<![CDATA[x", "<?"],
)
def test_broken_markup_does_not_raise(markup: str) -> None:
    html_to_text(markup).encode("utf-8", "surrogatepass")


TAGS = st.sampled_from(
    [
        *(
            "<p>",
            "</p>",
            "<div>",
            "</div>",
            "<br>",
            "<b>",
            "<td>",
            "</td>",
            "<table>",
            "<tr>",
            "<li>",
        ),
        *("<ul>", "</ul>", "<ol>", "<hr>", "<pre>", "<blockquote>", "</blockquote>", "<style>"),
        *("</style>", "<!--", "-->", "<![if", "&amp;", "&lt", "&#0;", "<div id=appendonsend>"),
        *("<div class=gmail_quote>", "<div class=gmail_signature>", "<span style=font-size:0>"),
    ]
)


@given(st.lists(TAGS | st.text(max_size=5), max_size=40))
@settings(max_examples=150, deadline=None)
def test_any_markup_gives_text(pieces: list[str]) -> None:
    text = html_to_text("".join(pieces))
    assert isinstance(text, str)


@pytest.mark.parametrize(
    "markup",
    [
        "<div>" * 10_000 + "deep" + "</div>" * 10_000,
        "<blockquote>" * 10_000 + "deep",
        "<div class=gmail_quote>" * 10_000 + "deep",
        "<table><tr><td>" * 3_000 + "deep",
        "<p>" + " " * 5_000_000 + "deep",
        " " * 1_000_000 + "<b>deep",
        "<div x='" * 100_000 + "'>deep",
    ],
    ids=lambda markup: markup[:12],
)
def test_hostile_markup_takes_linear_time(markup: str) -> None:
    began = time.process_time()
    text = html_to_text(markup)
    assert time.process_time() - began < 8
    assert text.endswith("deep") or "x=" in markup


def test_a_long_mail_takes_linear_time() -> None:
    def seconds(paragraphs: int) -> float:
        began = time.process_time()
        assert html_to_text("<p>hello &amp; more</p>" * paragraphs).count("hello") == paragraphs
        return time.process_time() - began

    seconds(100)
    assert seconds(40_000) < 12 * seconds(10_000) + 0.5
