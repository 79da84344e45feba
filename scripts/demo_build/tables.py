"""survey.csv and chat.jsonl: the quarterly survey and the web chat in the app."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from demo_build.source import DESKS, Customer, Entry, Made, by_time, dice

SURVEY: Final = "survey.csv"
CHAT: Final = "chat.jsonl"
_QUARTER: Final = timedelta(days=91)
_COLUMNS: Final = (
    "response_id",
    "submitted_at",
    "email",
    "customer_no",
    "nps",
    "brand",
    "language",
    "comment",
    "segment",
)


def survey(customers: Sequence[Customer]) -> Made:
    """Write the answers of the survey, and some that are a score without a comment."""
    by_id = {customer.id: customer for customer in customers}
    answered = by_time(customers, "survey")
    rows: list[tuple[datetime, Customer, Entry | None, int, str]] = [
        (e.ts, by_id[e.customer], e, e.score or 0, e.text) for e in answered
    ]
    rows += [(ts, by_id[e.customer], None, score, "") for e, ts, score in _silent(answered)]
    rows.sort(key=lambda row: (row[0], row[1].id))
    ids: dict[tuple[str, int], str] = {}
    noise: list[str] = []
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(_COLUMNS)
    for number, (ts, customer, entry, score, comment) in enumerate(rows):
        response = f"R-{20250 + number * 7}"
        table.writerow(_survey_row(response, ts, customer, score, comment, entry))
        if entry is None:
            noise.append(response)
        else:
            ids[entry.key] = response
    people = {c.id: _respondent(c) for c in customers if c.on("survey")}
    return Made(SURVEY, out.getvalue().encode("utf-8"), ids, people, tuple(noise))


def chat(customers: Sequence[Customer]) -> Made:
    """Write the chats, one message a line, in the order they were sent."""
    by_id = {customer.id: customer for customer in customers}
    entries = by_time(customers, "chat")
    conversations: dict[tuple[str, str], str] = {}
    ids: dict[tuple[str, int], str] = {}
    people: dict[str, dict[str, str]] = {}
    lines = []
    for number, entry in enumerate(entries):
        customer = by_id[entry.customer]
        conversation = conversations.setdefault(
            (entry.customer, entry.thread), f"cv-{3100 + len(conversations)}"
        )
        row: dict[str, str | None] = {"id": f"ch-{70001 + number}", "conversation": conversation}
        row |= _turn(customer, entry)
        lines.append(json.dumps(row, ensure_ascii=False) + "\n")
        if entry.agent is None:
            ids[entry.key] = str(row["id"])
            known = people.setdefault(customer.id, {"customer": str(customer.chat_no)})
            if row["email"]:
                known["address"] = str(customer.email)
    return Made(CHAT, "".join(lines).encode("utf-8"), ids, people, outbound=len(lines) - len(ids))


def _silent(answered: Sequence[Entry]) -> list[tuple[Entry, datetime, int]]:
    """Let some customers give a bare score one quarter after a comment, where they said nothing."""
    found = []
    for entry in answered:
        later = entry.ts + _QUARTER + timedelta(hours=dice(60, entry.key, "later"))
        near = any(
            other.customer == entry.customer and abs(other.ts - later) < _QUARTER / 2
            for other in answered
        )
        if later.year == entry.ts.year and not near and dice(4, entry.key, "silent") == 0:
            found.append((entry, later, entry.score or 0))
    return found


def _survey_row(
    response: str,
    ts: datetime,
    customer: Customer,
    score: int,
    comment: str,
    entry: Entry | None,
) -> list[object]:
    who = _respondent(customer)
    email = who.get("address", "")
    if dice(8, customer.id, "shift key") == 0:
        email = email.title() if email.isascii() else email
    return [
        response,
        f"{ts:%Y-%m-%d %H:%M:%S}",
        email,
        who.get("customer", ""),
        score,
        entry.brand if entry else "Corvenna",
        customer.lang,
        comment,
        "small business" if customer.slack else "household",
    ]


def _respondent(customer: Customer) -> dict[str, str]:
    """Return what a survey row tells of the customer: address, customer number, or both."""
    who = {}
    numbered = customer.chat_no and dice(5, customer.id, "survey number") < 2
    if customer.email and not (numbered and dice(2, customer.id, "survey address") == 0):
        who["address"] = customer.email
    if numbered or not who:
        who["customer"] = str(customer.chat_no)
    return who


def _turn(customer: Customer, entry: Entry) -> Mapping[str, str | None]:
    time = f"{entry.ts:%Y-%m-%dT%H:%M:%SZ}"
    if entry.agent is not None:
        mailbox = "care" if entry.agent in DESKS else "chat"
        return {
            "ts": time,
            "role": "agent",
            "customer_no": None,
            "email": f"{mailbox}@corvenna.example",
            "name": entry.agent,
            "text": entry.text,
        }
    short = dice(4, customer.id, "chat name") == 0 and customer.lang != "zh"
    known = dice(3, customer.id, "chat email") == 0 and dice(
        3, customer.id, entry.thread, "chat email"
    )
    return {
        "ts": time,
        "role": "customer",
        "customer_no": customer.chat_no,
        "email": customer.email if known else None,
        "name": customer.name.split()[0] if short else customer.name,
        "text": entry.text,
    }
