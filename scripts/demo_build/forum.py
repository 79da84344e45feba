"""forum.xml: the public forum's Atom feed, newest entry first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from demo_build.source import Customer, Entry, Made, by_time, dice

NAME: Final = "forum.xml"
TEAM: Final = "Corvenna Team"
_SITE: Final = "https://forum.corvenna.example"


def build(customers: Sequence[Customer]) -> Made:
    """Write the feed."""
    by_id = {customer.id: customer for customer in customers}
    entries = by_time(customers, "forum")
    numbers = {(e.key, e.agent): 5200 + place * 3 for place, e in enumerate(entries)}
    topics: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        topics.setdefault((entry.customer, entry.thread), entry)
    items = [_item(by_id[e.customer], e, topics, numbers) for e in reversed(entries)]
    latest = f"{entries[-1].ts:%Y-%m-%dT%H:%M:%SZ}"
    feed = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<feed xmlns="http://www.w3.org/2005/Atom" '
        'xmlns:thr="http://purl.org/syndication/thread/1.0">\n'
        f"<id>{_SITE}/</id>\n<title>Corvenna Forum</title>\n<updated>{latest}</updated>\n"
        f'<link rel="alternate" type="text/html" href="{_SITE}/"/>\n'
        f'<link rel="self" type="application/atom+xml" href="{_SITE}/all.atom"/>\n'
        f"{''.join(items)}</feed>\n"
    )
    own = [e for e in entries if e.agent is None]
    ids = {e.key: _id(numbers[e.key, None]) for e in own}
    people = {c.id: {"handle": str(c.forum)} for c in customers if c.on("forum")}
    return Made(NAME, feed.encode("utf-8"), ids, people, outbound=len(entries) - len(own))


def _item(
    customer: Customer,
    entry: Entry,
    topics: Mapping[tuple[str, str], Entry],
    numbers: Mapping[tuple[tuple[str, int], str | None], int],
) -> str:
    root = topics[entry.customer, entry.thread]
    topic = numbers[root.key, root.agent]
    number = numbers[entry.key, entry.agent]
    author = TEAM if entry.agent else str(customer.forum)
    title = root.subject or ""
    reply = ""
    parent = _parent(customer, entry, root)
    if parent is not None:
        title = f"Re: {title}"
        above = numbers[parent.key, parent.agent]
        href = quoteattr(f"{_SITE}/t/{topic}#{above}")
        reply = f"<thr:in-reply-to ref={quoteattr(_id(above))} href={href}/>\n"
    time = f"{entry.ts:%Y-%m-%dT%H:%M:%SZ}"
    return (
        f"<entry>\n<id>{_id(number)}</id>\n<title>{escape(title)}</title>\n"
        f"<author><name>{escape(author)}</name>"
        f"<uri>{_SITE}/u/{quote(author.replace(' ', '_'))}</uri></author>\n"
        f"<published>{time}</published>\n<updated>{time}</updated>\n"
        f'<link rel="alternate" type="text/html" href="{_SITE}/t/{topic}#{number}"/>\n{reply}'
        f'<content type="html">{escape(_content(customer, entry, parent))}</content>\n</entry>\n'
    )


def _parent(customer: Customer, entry: Entry, root: Entry) -> Entry | None:
    """Find the post that is answered: the one named, else the first of the thread."""
    if entry is root:
        return None
    wanted = entry.n if entry.agent else entry.reply_to
    named = (e for e in customer.messages if e.n == wanted)
    return next(named, root)


def _content(customer: Customer, entry: Entry, parent: Entry | None) -> str:
    body = "".join(
        f"<p>{'<br/>'.join(escape(line) for line in paragraph.split(chr(10)))}</p>"
        for paragraph in entry.text.split("\n\n")
    )
    if entry.agent:
        return f"{body}<p>{escape(entry.agent)}</p>"
    if parent is None or dice(3, entry.key, "quote"):
        return body
    said = escape(parent.text.split("\n")[0])
    cite = f"<cite>{escape(str(customer.forum))} wrote:</cite>"
    return f'<blockquote class="quote">{cite}<p>{said}</p></blockquote>{body}'


def _id(number: int) -> str:
    return f"tag:forum.corvenna.example,2025:post/{number}"
