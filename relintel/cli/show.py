"""`relintel profile`, `similar` and `movements`: what the store knows, shown."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Final

import typer
from rich.text import Text

from relintel.cli.options import (
    DEFAULT_STORE,
    AsOf,
    Brand,
    Configuration,
    Json,
    Store,
    opened,
)
from relintel.cli.output import emit, out, printable, table, typed
from relintel.engine import Engine
from relintel.records import Match, Movement, Profile

FLAG_WORDS: Final = {"ex": "says they have left", "locked_in": "stays without choice"}

Customer = Annotated[str, typer.Argument(help="Id, customer number, address or handle.")]


def profile(
    customer: Annotated[
        str | None, typer.Argument(help="Id, customer number, address or handle.")
    ] = None,
    every: Annotated[bool, typer.Option("--list", help="List all profiles.")] = False,
    relationship: Annotated[
        str | None, typer.Option("--relationship", help="With --list: one type only.")
    ] = None,
    store: Store = DEFAULT_STORE,
    config: Configuration = None,
    brand: Brand = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """Show how a customer stands to a brand, and the words that say so."""
    with opened(store, config) as engine:
        if customer is None or every:
            _list_profiles(engine, brand, relationship, json=json)
            return
        found = engine.profile(customer, brand, as_of=as_of)
        if json:
            emit(found.to_dict())
        else:
            print_profile(engine, found)


def similar(
    customer: Customer,
    store: Store = DEFAULT_STORE,
    config: Configuration = None,
    brand: Brand = None,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many.")] = 5,
    json: Json = False,
) -> None:
    """Show the customers most like one, and why."""
    with opened(store, config) as engine:
        found = engine.similar(customer, brand, k=k)
        if json:
            emit([match.to_dict() for match in found])
        else:
            print_matches(engine, f"Similar to {customer}", found)


def movements(
    store: Store = DEFAULT_STORE,
    config: Configuration = None,
    brand: Brand = None,
    customer: Annotated[str | None, typer.Option("--customer", help="One customer only.")] = None,
    source: Annotated[str | None, typer.Option("--from", help="Type before.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Type after.")] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="A time, or an age such as 30d.")
    ] = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """Show who changed from one type to another, and which message did it."""
    with opened(store, config) as engine:
        found = engine.movements(
            brand, customer=customer, source=source, to=to, since=since, as_of=as_of
        )
        if json:
            emit([movement.to_dict() for movement in found])
        else:
            print_movements(engine, "Movements", found)


def print_profile(engine: Engine, found: Profile) -> None:
    """Print one profile for people."""
    head = Text.assemble(
        (_who(engine, found.customer), "bold"),
        " and ",
        (printable(found.brand), "bold"),
        ": ",
        typed(found.relationship.label),
        f" ({found.confidence:.0%})",
        " · not enough evidence to act on" if found.abstained else "",
        " · provisional" if found.provisional else "",
    )
    out.print(head)
    channels = ", ".join(f"{count} {channel}" for channel, count in found.channels.items())
    out.print(
        f"  {found.messages} messages in {found.episodes} episodes ({channels}), "
        f"{found.first_at:%Y-%m-%d} to {found.last_at:%Y-%m-%d}"
    )
    if found.complaints:
        told = ", ".join(f"{code} ×{count}" for code, count in found.complaints.items())
        out.print(f"  complains of: {told}")
    if found.flags:
        out.print("  " + ", ".join(FLAG_WORDS[flag] for flag in found.flags))
    for quote in found.evidence[:3]:
        out.print(
            Text.assemble(f"  {quote.sent_at:%Y-%m-%d} {quote.channel:<7}", _quoted(quote.quote))
        )


def print_matches(engine: Engine, title: str, found: list[Match]) -> None:
    """Print similar customers for people."""
    made = table(printable(title), "customer", "similarity", "because")
    for match in found:
        made.add_row(
            _who(engine, match.customer), f"{match.similarity:.2f}", "; ".join(match.because)
        )
    out.print(made)


def print_movements(
    engine: Engine, title: str, found: list[Movement], most: int | None = None
) -> None:
    """Print movements for people."""
    if not found:
        out.print(f"{title}: none")
        return
    made = table(title, "when", "customer", "brand", "from", "to", "because of")
    for movement in found[:most]:
        made.add_row(
            f"{movement.at:%Y-%m-%d}",
            _who(engine, movement.customer),
            printable(movement.brand),
            typed(movement.source),
            typed(movement.target),
            _quoted(movement.quote or ""),
        )
    out.print(made)


def print_distribution(engine: Engine) -> None:
    """Print, for every brand, how many customers stand to it in which way."""
    counts = {brand: Counter[str]() for brand in engine.brands()}
    for found in engine.profiles():
        label = "undetermined" if found.abstained else found.relationship.label
        counts[found.brand][label] += 1
    order = ("intimate", "friend", "love_hate", "distant", "enemy", "undetermined")
    made = table("Relationships", "brand", *order[:-1], "unsure", "customers")
    for brand, types in counts.items():
        made.add_row(printable(brand), *(str(types[label]) for label in order), str(types.total()))
    out.print(made)


def _list_profiles(
    engine: Engine, brand: str | None, relationship: str | None, *, json: bool
) -> None:
    if json:
        for found in engine.profiles(brand, relationship=relationship):
            emit(found.to_dict())
        return
    made = table("Profiles", "customer", "brand", "relationship", "confidence", "messages", "last")
    for found in engine.profiles(brand, relationship=relationship):
        sure = "unsure" if found.abstained else f"{found.confidence:.2f}"
        made.add_row(
            found.customer,
            printable(found.brand),
            typed(found.relationship.label),
            sure,
            str(found.messages),
            f"{found.last_at:%Y-%m-%d}",
        )
    out.print(made)


def _who(engine: Engine, customer: str) -> str:
    """Return name and id, on a line each where a table needs it."""
    name = printable(engine.name(customer))
    return customer if name == customer else f"{name} ({customer})"


def _quoted(text: str, most: int = 110) -> Text:
    """One line of a quote; control characters cannot reach the terminal."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return Text(f"“{line if len(line) <= most else line[: most - 1] + '…'}”", style="italic")
