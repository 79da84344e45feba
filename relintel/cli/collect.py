"""`relintel collect`."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from relintel.cli.options import DEFAULT_STORE, Brand, Configuration, Json, Store, opened
from relintel.cli.output import emit, out, printable, progress, table
from relintel.errors import ConfigError, PartlyCollected, Problem
from relintel.records import CollectReport

PARTIAL: Final = 3
ROUTINE: Final = frozenset(
    "auto_reply bot bounce calendar deleted empty_body empty_file filtered forgotten no_entries "
    "other_kind report system_message unsupported_format".split()
)
"""Reasons to skip an item that say nothing is wrong with the source."""


def collect(
    path: Annotated[
        str | None,
        typer.Argument(help="File, folder or configured source; default: all configured sources."),
    ] = None,
    store: Store = DEFAULT_STORE,
    config: Configuration = None,
    brand: Brand = None,
    own: Annotated[
        list[str] | None,
        typer.Option("--own", help="Address, @domain or handle of the company; may be repeated."),
    ] = None,
    channel: Annotated[
        str | None, typer.Option("--channel", help="Channel of the messages.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", help="Collector, instead of a guess.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="The source's name, part of its messages' ids.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", help="For tables: FIELD=COLUMN; may be repeated."),
    ] = None,
    json: Json = False,
) -> None:
    """Bring messages into the store. Doing it twice changes nothing."""
    options: dict[str, Any] = {"brand": brand, "channel": channel, "kind": kind, "name": name}
    options = {key: value for key, value in options.items() if value is not None}
    if own:
        options["own"] = tuple(own)
    if column:
        options["columns"] = dict(_assignment(pair) for pair in column)
    with opened(store, config, create=True) as engine, progress() as show:
        failed: PartlyCollected | None = None
        if path is not None:
            reports = {path: engine.ingest(path, progress=show, **options)}
        elif not engine.config.sources:
            told = "none are configured; name a file or folder"
            raise ConfigError([Problem("sources", told)])
        elif options:
            told = "goes with a file or folder; configured sources have their own"
            raise ConfigError([Problem(f"--{key}", told) for key in options])
        else:
            try:
                reports = engine.collect(progress=show)
            except PartlyCollected as error:
                reports, failed = error.reports, error
    _print(reports, json=json)
    if failed is not None:
        raise failed
    if any(set(report.reasons) - ROUTINE for report in reports.values()):
        raise typer.Exit(PARTIAL)


def _assignment(pair: str) -> tuple[str, str]:
    field, equals, name = pair.partition("=")
    if not equals:
        raise ConfigError([Problem("--column", "is not FIELD=COLUMN")])
    return field, name


def _print(reports: dict[str, CollectReport], *, json: bool) -> None:
    total = sum(reports.values(), CollectReport())
    if json:
        emit(total.to_dict())
        return
    made = table("Collected", "source", "read", "created", "updated", "unchanged", "skipped")
    for name, report in {**reports, **({"all": total} if len(reports) > 1 else {})}.items():
        numbers = (report.read, report.created, report.updated, report.unchanged, report.skipped)
        made.add_row(printable(name), *map(str, numbers))
    out.print(made)
    for reason, count in total.reasons.items():
        places = ", ".join(printable(place) for place in total.places.get(reason, ()))
        more = ", …" if count > len(total.places.get(reason, ())) else ""
        out.print(f"  skipped {count}: {reason}" + (f" ({places}{more})" if places else ""))
