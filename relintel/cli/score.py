"""`relintel score`: a file of lines without a store, or what is new in a store."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Annotated

import typer

from relintel.batch.lines import LinesReport, score_lines
from relintel.cli.collect import PARTIAL
from relintel.cli.options import DEFAULT_STORE, Configuration, Json, Store, opened
from relintel.cli.output import emit, out, progress, published, say
from relintel.errors import ConfigError, Problem
from relintel.nlp.scorer import Scorer


def score(
    file: Annotated[
        Path | None,
        typer.Argument(help="JSON lines with `text`; `-` is stdin. Without it, score the store."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where readings go; default: stdout.")
    ] = None,
    store: Store = DEFAULT_STORE,
    config: Configuration = None,
    model: Annotated[
        str, typer.Option("--model", help="Model name or folder, for lines.")
    ] = "base",
    brand: Annotated[
        list[str] | None,
        typer.Option("--brand", help="For lines: a brand to look for; may be repeated."),
    ] = None,
    all_brands: Annotated[
        bool, typer.Option("--all-brands", help="For lines: one reading for every brand.")
    ] = False,
    batch_size: Annotated[int, typer.Option("--batch-size", min=1, max=4096)] = 64,
    json: Json = False,
) -> None:
    """Read messages: every line of FILE, or whatever is new or changed in the store."""
    if file is None:
        _score_store(store, config, json=json)
        return
    report = _score_file(
        file, output, Scorer.load(model, brands=brand or ()), all_brands, batch_size
    )
    say(f"{report.lines} lines: {report.scored} scored, {report.failed} unreadable")
    if report.failed:
        raise typer.Exit(PARTIAL)


def _score_store(store: Path, config: Path | None, *, json: bool) -> None:
    with opened(store, config) as engine, progress() as show:
        report = engine.score(progress=show)
        unbranded = bool(report.readings) and not engine.brands()
    if unbranded:
        say("No message has a brand: collect with --brand, or describe brands in relintel.toml.")
    if json:
        emit(report.to_dict())
    else:
        out.print(
            f"{report.messages} messages read, {report.readings} readings "
            f"({report.abstained} abstain), {report.profiles} profiles brought up to date"
        )


def _score_file(
    file: Path, output: Path | None, scorer: Scorer, all_brands: bool, batch_size: int
) -> LinesReport:
    with ExitStack() as stack:
        show = stack.enter_context(progress())
        source: IO[bytes]
        if str(file) == "-":
            source = sys.stdin.buffer
        elif output is not None and output.exists() and file.exists() and output.samefile(file):
            raise ConfigError([Problem("--output", f"{output} is the file that is read")])
        elif file.exists() and not file.is_dir():
            source = stack.enter_context(file.open("rb"))
        else:
            raise ConfigError([Problem("FILE", f"{file} is not a file")])
        return score_lines(
            source,
            stack.enter_context(published(output)).write,
            scorer,
            batch_size=batch_size,
            all_brands=all_brands,
            progress=lambda lines: show("read", lines, 0),
        )
