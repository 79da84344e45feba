"""support.mbox: what customers and the company wrote each other by mail."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from demo_build.clients import Client, choose
from demo_build.envelopes import Part, Sheet, fitting_charset, mailbox, part, words
from demo_build.letters import FLOWED, FOOTER, LEGAL, Letter, Quoted, plain_text
from demo_build.pages import from_plain, page
from demo_build.source import CARE, DESKS, PLINKET_HELP, Customer, Entry, Made, dice, digest

NAME: Final = "support.mbox"
_PREFIX: Final = re.compile(r"^re:\s*", re.I)
_MAILERS: Final = {
    "apple": ("X-Mailer", "Apple Mail (2.3774.600.62)"),
    "iphone": ("X-Mailer", "iPhone Mail (22C152)"),
    "thunderbird": ("User-Agent", "Mozilla Thunderbird"),
    "bottom": ("User-Agent", "Mozilla Thunderbird"),
    "outlook": ("X-Mailer", "Microsoft Outlook 16.0"),
    "outlook_old": ("X-Mailer", "Microsoft Outlook 14.0"),
    "desk": ("X-Mailer", "Corvenna Desk 4.2"),
}


@dataclass(frozen=True, slots=True)
class Post:
    """A mail that is written, with what later mails need of it."""

    entry: Entry
    message_id: str
    references: tuple[str, ...]
    sender: tuple[str, str]
    recipient: str
    subject: str
    plain: str
    inner: str
    sheet: Sheet

    def quoted(self) -> Quoted:
        """Return the mail as its answer shows it."""
        return Quoted(
            *self.sender,
            self.recipient,
            self.subject,
            self.entry.ts,
            self.message_id,
            self.plain,
            self.inner,
        )


def build(customers: Sequence[Customer]) -> Made:
    """Write the mailbox."""
    posts: list[Post] = []
    places: Counter[str] = Counter()
    for customer in customers:
        if customer.on("mail"):
            client = choose(customer, places[customer.lang])
            places[customer.lang] += 1
            posts += _correspondence(customer, client)
    posts.sort(key=lambda p: (p.entry.ts, p.message_id))
    own = [p for p in posts if p.entry.agent is None]
    people = {c.id: {"address": c.email} for c in customers if c.email and c.on("mail")}
    return Made(
        NAME,
        mailbox([p.sheet for p in posts]),
        {p.entry.key: p.message_id for p in own},
        people,
        outbound=len(posts) - len(own),
    )


def _correspondence(customer: Customer, client: Client) -> list[Post]:
    threads: dict[str, list[Post]] = defaultdict(list)
    for entry in customer.on("mail"):
        before = threads[entry.thread]
        parent = _parent(entry, before)
        writer = client if entry.agent is None else Client("desk", customer.lang, "utf-8", 1)
        before.append(_post(customer, writer, entry, parent))
    return [post for posts in threads.values() for post in posts]


def _parent(entry: Entry, before: Sequence[Post]) -> Post | None:
    """Find the mail that is answered: the company's answer where there is one."""
    wanted = entry.n if entry.agent else entry.reply_to
    return next((post for post in reversed(before) if post.entry.n == wanted), None)


def _post(customer: Customer, client: Client, entry: Entry, parent: Post | None) -> Post:
    subject = _subject(customer, client, entry, parent)
    sender, recipient, copy = _people(customer, entry)
    letter = _letter(customer, client, entry, parent)
    plain, (document, inner) = plain_text(letter), page(letter)
    message_id = _message_id(customer, client, entry)
    references = (*parent.references, parent.message_id) if parent else ()
    if parent is None and _PREFIX.match(entry.subject or ""):
        references = (f"campaign.{digest(entry.key, 'campaign')[:12]}@corvenna.example",)
    as_html = _as_html(entry)
    headers = [
        ("From", _mailbox(*sender, client.charset)),
        ("To", recipient),
        *([("Cc", copy)] if copy else []),
        ("Subject", words(subject, client.charset, "Subject")),
        ("Date", _date(client, entry.ts)),
        ("Message-ID", f"<{message_id}>"),
        *_answering(references),
        *([_MAILERS[client.kind]] if client.kind in _MAILERS else []),
        *([("Auto-Submitted", "auto-replied")] if entry.agent == "Auto" else []),
    ]
    parts = _parts(client, plain, document, as_html)
    sheet = Sheet(sender[1], entry.ts, headers, parts, _boundary(client, entry))
    quotable = inner if as_html != "no" else from_plain(plain)
    return Post(entry, message_id, references, sender, recipient, subject, plain, quotable, sheet)


def _subject(customer: Customer, client: Client, entry: Entry, parent: Post | None) -> str:
    written = entry.subject or ""
    if parent is None:
        return written
    base = _PREFIX.sub("", written)
    first = parent.entry.subject if parent.entry.agent is None else ""
    changed = entry.agent is None and not _PREFIX.match(written) and first != written
    ticketed = dice(2, customer.id, entry.thread, "ticket") == 0
    answered = entry.agent is not None or "[CV#" in parent.subject
    ticket = f" [{_ticket(entry)}]" if ticketed and answered and not changed else ""
    return f"{'' if changed else client.reply_prefix()}{base}{ticket}"


def _people(customer: Customer, entry: Entry) -> tuple[tuple[str, str], str, str | None]:
    address = customer.email or ""
    if entry.agent is not None:
        desk = entry.agent in DESKS
        name = f"Corvenna {entry.agent}" if desk else f"{entry.agent} at Corvenna"
        name = "Corvenna" if entry.agent == "Auto" else name
        return (name, CARE), address, None
    if entry.brand == "Plinket":
        return (_display(customer), address), PLINKET_HELP, CARE
    forms = (CARE, f"Corvenna <{CARE}>", f"Corvenna Care <{CARE}>")
    return (_display(customer), address), forms[dice(3, customer.id, "to")], None


def _display(customer: Customer) -> str:
    first, _, last = customer.name.partition(" ")
    sides = dice(8, customer.id, "display")
    if sides == 0 and last and customer.lang != "zh":
        return f"{last}, {first}"
    return "" if sides == 1 else customer.name


def _letter(customer: Customer, client: Client, entry: Entry, parent: Post | None) -> Letter:
    quoted = parent.quoted() if parent else None
    if entry.agent is None:
        dashes = client.kind in FLOWED or (
            client.kind in ("gmail", "apple") and dice(2, customer.id, "dashes") == 0
        )
        return Letter(client, entry.text, entry.signature, dashes, LEGAL.get(customer.id), quoted)
    quoted = quoted if dice(5, entry.key, "quotes") < 3 else None
    signed = entry.agent in entry.text[-40:]
    name = "Corvenna" if entry.agent in DESKS else f"{entry.agent}\nCorvenna"
    dashes = dice(3, entry.agent, "dashes") == 0
    footer = FOOTER[customer.lang].format(ticket=_ticket(entry))
    return Letter(client, entry.text, None if signed else name, dashes, footer, quoted)


def _as_html(entry: Entry) -> str:
    """Say whether a mail has an HTML part: "no", "both" or "only"."""
    if entry.agent is not None:
        return "both" if dice(3, entry.key, "html") == 0 else "no"
    if not entry.html:
        return "no"
    return "only" if dice(3, entry.key, "html") == 0 else "both"


def _parts(client: Client, plain: str, document: str, as_html: str) -> list[Part]:
    charset = fitting_charset(client.charset, plain, document)
    flowed = client.kind in FLOWED
    text = part(plain, "plain", charset, client.kind, flowed=flowed)
    if as_html == "no":
        return [text]
    html = part(document.replace("{charset}", charset), "html", charset, client.kind)
    return [html] if as_html == "only" else [text, html]


def _answering(references: Sequence[str]) -> list[tuple[str, str]]:
    if not references:
        return []
    chain = "\n ".join(f"<{reference}>" for reference in references)
    return [("In-Reply-To", f"<{references[-1]}>"), ("References", chain)]


def _mailbox(name: str, address: str, charset: str) -> str:
    if not name:
        return address
    if name.isascii():
        name = f'"{name}"' if re.search(r"[^\w \-']", name) else name
    return f"{words(name, charset, 'From')} <{address}>"


def _date(client: Client, ts: datetime) -> str:
    at = client.local(ts)
    if not at.utcoffset() and client.kind == "outlook_web":
        return f"{at:%a}, {at.day} {at:%b %Y %H:%M:%S} GMT"
    comment = " (CET)" if client.kind == "outlook_old" and f"{at:%z}" == "+0100" else ""
    return f"{at:%a}, {at.day} {at:%b %Y %H:%M:%S %z}{comment}"


def _ticket(entry: Entry) -> str:
    return f"CV#{40000 + dice(20000, entry.customer, entry.thread, 'ticket number')}"


def _message_id(customer: Customer, client: Client, entry: Entry) -> str:
    code = digest(entry.key, entry.agent or "", "message-id")
    uuid = "-".join((code[:8], code[8:12], code[12:16], code[16:20], code[20:32]))
    domain = (customer.email or "").partition("@")[2]
    if entry.agent is not None:
        return f"desk.{code[:10]}.{entry.ts:%Y%m%d%H%M}@corvenna.example"
    if client.kind == "gmail":
        return f"CA+{code[:12]}={code[12:36]}-{code[36:40]}@mail.{domain}"
    if client.kind in ("apple", "iphone"):
        return f"{uuid.upper()}@{domain}"
    if client.kind.startswith("outlook"):
        return f"AM0PR{code[:8].upper()}.{code[8:16]}@smtp.{domain}"
    return f"{uuid}@{domain}"


def _boundary(client: Client, entry: Entry) -> str:
    code = digest(entry.key, entry.agent or "", "boundary")
    if client.kind == "gmail":
        return f"000000000000{code[:16]}"
    if client.kind in ("apple", "iphone"):
        return f"Apple-Mail-{code[:8].upper()}-{code[8:12].upper()}"
    if client.kind.startswith("outlook"):
        return f"----=_NextPart_000_{code[:4].upper()}_{code[4:12].upper()}.{code[12:20].upper()}"
    return f"------------{code[:24]}"
