"""The written script of customers, read into records, and the dice that vary their mail clients."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

CARE: Final = "care@corvenna.example"
PLINKET_HELP: Final = "help@plinket.example"
DESKS: Final = frozenset(
    {
        "Auto",
        "Billing",
        "Bot",
        "Brand Team",
        "Case team",
        "Complaints desk",
        "Customer Relations",
        "Data protection office",
        "Support",
        "Sąskaitų skyrius",
    }
)
"""Names under which no single person answers."""

# Two writers gave the same customer number to different people; the second one is renumbered.
_RENUMBERED: Final = {"w2-01": "CV-118462"}
_LABELS: Final = ("sentiment", "V", "A", "C", "flags", "complaint")

Key: TypeAlias = tuple[str, int]
"""A customer's message: the customer's id and the message's number."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A customer's message, or the company's answer to it.

    Attributes:
        n: number of the message; for an answer the number of the message it answers.
        agent: who answers; ``None`` for the customer's own words.
        ts: UTC.
        labels: what the writer meant, by the annotation guide; empty for answers.
    """

    customer: str
    n: int
    agent: str | None
    ts: datetime
    channel: str
    brand: str
    thread: str
    text: str
    reply_to: int | None = None
    subject: str | None = None
    signature: str | None = None
    html: bool = False
    score: int | None = None
    state: str | None = None
    turning: bool = False
    case: str | None = None
    solved: bool = False
    labels: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """Customer and number."""
        return (self.customer, self.n)


@dataclass(frozen=True, slots=True)
class Customer:
    """One invented customer with everything said to and by them, in time order."""

    id: str
    name: str
    lang: str
    email: str | None
    slack: str | None
    forum: str | None
    chat_no: str | None
    course: str
    entries: tuple[Entry, ...]

    @property
    def messages(self) -> list[Entry]:
        """The customer's own messages."""
        return [entry for entry in self.entries if entry.agent is None]

    def on(self, channel: str) -> list[Entry]:
        """Messages and answers of one channel."""
        return [entry for entry in self.entries if entry.channel == channel]


@dataclass(frozen=True, slots=True)
class Made:
    """A finished file.

    Attributes:
        ids: external id of every customer's message in it, as a collector will see it.
        people: customer → how the file names them, under the names of `Party`'s fields.
        noise: ids of items that are no message (score only, joined a channel, bots).
        outbound: number of the company's answers.
    """

    name: str
    data: bytes
    ids: Mapping[Key, str]
    people: Mapping[str, Mapping[str, str]]
    noise: tuple[str, ...] = ()
    outbound: int = 0


def dice(sides: int, *parts: object) -> int:
    """Throw a die that always falls the same way for the same parts: 0 … sides - 1."""
    return int(digest(*parts)[:15], 16) % sides


def digest(*parts: object) -> str:
    """Return 64 hexadecimal digits for the parts."""
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()


def load(folder: Path) -> list[Customer]:
    """Read the writers' files.

    Raises:
        ValueError: two customers share an address, handle or number.
    """
    rows = [
        json.loads(line)
        for path in sorted(folder.glob("w*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    customers = [_customer(row) for row in rows]
    for name in ("id", "email", "slack", "forum", "chat_no"):
        counts = Counter(value for c in customers if (value := getattr(c, name)))
        if twice := [value for value, count in counts.items() if count > 1]:
            raise ValueError(f"{name} given to two customers: {twice}")
    return customers


def by_time(customers: Sequence[Customer], channel: str) -> list[Entry]:
    """Return all entries of a channel in the order they were sent."""
    entries = [entry for customer in customers for entry in customer.on(channel)]
    return sorted(entries, key=lambda e: (e.ts, e.customer, e.n, e.agent or ""))


def _customer(row: Mapping[str, Any]) -> Customer:
    number = _RENUMBERED.get(row["customer"])
    if number and row["chat_no"]:
        row = json.loads(json.dumps(row).replace(row["chat_no"], number))
    messages = {m["n"]: _message(row["customer"], m) for m in row["messages"]}
    answers = [_answer(messages[a["after"]], a) for a in row["answers"]]
    entries = sorted([*messages.values(), *answers], key=lambda e: (e.ts, e.n, e.agent or ""))
    names = ("name", "lang", "email", "slack", "forum", "chat_no", "course")
    return Customer(id=row["customer"], entries=tuple(entries), **{k: row[k] for k in names})


def _message(customer: str, row: Mapping[str, Any]) -> Entry:
    plain = {
        name: row[name]
        for name in ("n", "channel", "brand", "thread", "text", "reply_to", "subject", "signature")
    }
    return Entry(
        customer=customer,
        agent=None,
        ts=_time(row["ts"]),
        html=row["html"],
        score=row["score"],
        state=row["state"],
        turning=row["turning"],
        case=row["case"],
        labels={k: row[k] for k in (*_LABELS, "also") if k in row},
        **plain,
    )


def _answer(to: Entry, row: Mapping[str, Any]) -> Entry:
    return Entry(
        customer=to.customer,
        n=to.n,
        agent=row["agent"].removesuffix(" (Corvenna)"),
        ts=_time(row["ts"]),
        channel=to.channel,
        brand=to.brand,
        thread=to.thread,
        text=row["text"],
        subject=to.subject,
        case=row.get("case"),
        solved=row.get("solved", False),
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
