"""What the commands print: JSON and tables to stdout, everything else to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from relintel.errors import ConfigError, Problem

PIPED_WIDTH: Final = 120

# Names and paths come from outside: no markup in them is obeyed.
out: Final = Console(
    highlight=False, markup=False, width=None if sys.stdout.isatty() else PIPED_WIDTH
)
err: Final = Console(stderr=True, highlight=False, markup=False)

COLOURS: Final = {
    "friend": "green",
    "intimate": "magenta",
    "love_hate": "yellow",
    "enemy": "red",
    "distant": "blue",
    "undetermined": "bright_black",
}
_STAGES: Final = {"collect": "collecting", "read": "reading", "fold": "profiling"}


def emit(data: Any) -> None:  # noqa: ANN401 - any JSON-ready data
    """Print one JSON document on a line of its own."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False) + "\n")


def say(message: str) -> None:
    """Tell a person something, on stderr."""
    err.print(printable(message))


def complain(message: str) -> None:
    """Tell of an error, on stderr."""
    err.print(Text("error: ", style="bold red") + Text(printable(message)))


def printable(text: str) -> str:
    """Drop what a terminal would obey, such as escapes; keep line breaks."""
    return "".join(c for c in text if c.isprintable() or c == "\n")


@contextmanager
def published(path: Path | None) -> Iterator[IO[str]]:
    """Open where data go: stdout, or a file that appears under its name only when it is whole.

    Args:
        path: ``None`` or ``-`` for stdout; a pipe or device is written to as it is.

    Raises:
        ConfigError: it cannot be written.
    """
    if path is None or str(path) == "-":
        yield sys.stdout
        return
    try:
        if path.exists() and not path.is_file():
            with path.open("w", encoding="utf-8", newline="\n") as sink:
                yield sink
            return
        partial = path.with_name(path.name + ".part")
        with partial.open("w", encoding="utf-8", newline="\n") as sink:
            try:
                yield sink
            except BaseException:
                partial.unlink()
                raise
        partial.replace(path)
    except OSError as error:
        problem = Problem("--output", f"{path} cannot be written: {error.strerror}")
        raise ConfigError([problem]) from None


def typed(label: str) -> Text:
    """Return a relationship type as people read it, coloured."""
    return Text(label.replace("_", "-"), style=COLOURS.get(label, ""))


def table(title: str, *columns: str) -> Table:
    """Return an empty table in the house style."""
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in columns:
        made.add_column(column)
    return made


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """Give a progress callback that draws on stderr, on a terminal only."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bars:
        tasks: dict[str, Any] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(_STAGES.get(stage, stage), total=None)
            bars.update(tasks[stage], completed=done, total=total or None)

        yield show
