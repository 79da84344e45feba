"""truth.json: what the writers meant, tied to the ids under which the files show it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import combinations
from typing import Any, Final

from demo_build.source import Customer, Entry, Key, Made

NAME: Final = "truth.json"
_MONTHS: Final = tuple(range(1, 13))
_KEYS: Final = ("address", "customer")
"""Names of a person that mean the same person in every file."""


def truth(
    customers: Sequence[Customer], files: Sequence[Made], sources: Mapping[str, str]
) -> bytes:
    """Write the truth, one customer and one message a line.

    Args:
        customers: all of them.
        files: the finished files, which know under which id each message stands.
        sources: file → the source's name in the configuration.
    """
    places = {key: (made.name, made.ids[key]) for made in files for key in made.ids}
    noise = {made.name: list(made.noise) for made in files if made.noise}
    counts = {
        made.name: {"inbound": len(made.ids), "outbound": made.outbound, "noise": len(made.noise)}
        for made in files
    }
    people = [_customer(customer, files, places) for customer in customers]
    messages = [_message(m, places) for c in customers for m in c.messages]
    head = {"version": 1, "year": 2025, "sources": sources, "counts": counts, "noise": noise}
    opening = ",\n".join(f"{_json(name)}:{_json(value)}" for name, value in head.items())
    return (
        f"{{\n{opening},\n"
        f'"customers":[\n{_rows(people)}\n],\n"messages":[\n{_rows(messages)}\n]\n}}\n'
    ).encode()


def _customer(
    customer: Customer, files: Sequence[Made], places: Mapping[Key, tuple[str, str]]
) -> dict[str, Any]:
    known = {m.name: m.people[customer.id] for m in files if customer.id in m.people}
    brands = sorted({message.brand for message in customer.messages})
    return {
        "id": customer.id,
        "name": customer.name,
        "language": customer.lang,
        "course": customer.course,
        "identities": known,
        "pairs": _pairs(known),
        "types": {brand: _by_month(customer, brand) for brand in brands},
        "turning": _turning(customer, places),
        "cases": _cases(customer, places),
    }


def _pairs(known: Mapping[str, Mapping[str, str]]) -> list[list[object]]:
    """Pair the files a customer appears in, and say whether exact keys join the two.

    Keys join over third files too: chat and mail are one person when a survey row holds both the
    customer number and the address.
    """
    group = {name: name for name in known}
    for one, two in combinations(known, 2):
        shared = any(k in known[one] and known[one].get(k) == known[two].get(k) for k in _KEYS)
        if shared:
            old, new = group[two], group[one]
            group = {name: new if at == old else at for name, at in group.items()}
    return [[one, two, group[one] == group[two]] for one, two in combinations(known, 2)]


def _by_month(customer: Customer, brand: str) -> list[str | None]:
    """Return the type at the end of each month; ``None`` before the first message."""
    types: list[str | None] = []
    for month in _MONTHS:
        end = datetime(2025 + month // 12, month % 12 + 1, 1, tzinfo=UTC)
        said = [m.state for m in customer.messages if m.brand == brand and m.ts < end]
        types.append(said[-1] if said else None)
    return types


def _turning(customer: Customer, places: Mapping[Key, tuple[str, str]]) -> list[dict[str, Any]]:
    found = []
    before = None
    for message in customer.messages:
        if message.turning:
            file, external = places[message.key]
            at = _iso(message.ts)
            found.append(
                {"file": file, "id": external, "at": at, "from": before, "to": message.state}
            )
        before = message.state
    return found


def _cases(customer: Customer, places: Mapping[Key, tuple[str, str]]) -> list[dict[str, Any]]:
    names = dict.fromkeys(m.case for m in customer.messages if m.case)
    cases = []
    for name in names:
        entries = [e for e in customer.entries if e.case == name]
        told = [e for e in entries if e.agent is None]
        codes = Counter(code for m in told if (code := m.labels["complaint"]) != "none")
        solved = [_iso(e.ts) for e in entries if e.solved]
        cases.append(
            {
                "id": name,
                "complaint": codes.most_common(1)[0][0] if codes else "none",
                "messages": [list(places[m.key]) for m in told],
                "opened": _iso(told[0].ts),
                "solved": solved[-1] if solved else None,
            }
        )
    return cases


def _message(message: Entry, places: Mapping[Key, tuple[str, str]]) -> dict[str, Any]:
    file, external = places[message.key]
    row = {"file": file, "id": external, "customer": message.customer, "n": message.n}
    return {**row, "brand": message.brand, "state": message.state, **message.labels}


def _iso(ts: datetime) -> str:
    return f"{ts:%Y-%m-%dT%H:%M:%SZ}"


def _rows(rows: Sequence[Mapping[str, Any]]) -> str:
    return ",\n".join(map(_json, rows))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
