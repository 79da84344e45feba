"""Everything relintel raises on purpose.

::

    RelintelError
    ├── ConfigError      a configuration or a call's options are wrong; carries every problem found
    ├── MissingExtra     an optional package is not installed; carries the command that installs it
    ├── InputError       one item cannot be read; carries the place and a short code
    ├── SourceError      a whole source cannot be read (file absent, not that format, server silent)
    │   ├── TryAgain     the source may answer later (time-out, 429, 5xx); carries seconds to wait
    │   └── PartlyCollected  some of several sources failed; carries the others' reports
    ├── ModelError       a model folder is absent, damaged or foreign
    ├── StoreError       the store cannot be opened or used
    │   └── StoreBusy    another process holds the store's write lock
    └── UnknownCustomer  no customer has that id, address or handle

Messages name the place and the remedy; they never contain message text, addresses or tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class RelintelError(Exception):
    """Base of all errors that relintel raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a configuration: the dotted key where it stands and what is wrong."""

    key: str
    message: str


class ConfigError(RelintelError):
    """A configuration is wrong. All mistakes are reported together.

    Attributes:
        problems: every mistake found, in the order of the file.
        path: the file, where there is one.
    """

    def __init__(self, problems: Sequence[Problem], path: Path | None = None) -> None:
        self.problems = tuple(problems)
        self.path = path
        where = f" in {path}" if path else ""
        lines = "".join(f"\n  {p.key}: {p.message}" for p in self.problems)
        count = len(self.problems)
        super().__init__(f"{count} mistake{'s' if count != 1 else ''}{where}:{lines}")


class MissingExtra(RelintelError):
    """An optional package is needed and not installed."""

    def __init__(self, extra: str, package: str, purpose: str) -> None:
        self.extra = extra
        self.package = package
        self.command = f"pip install 'relintel[{extra}]'"
        super().__init__(f"{purpose} needs the package {package}; install it with: {self.command}")


class InputError(RelintelError):
    """One item (a line, a mail, a row) cannot be read; the rest of the batch goes on.

    Attributes:
        code: short machine-readable reason, e.g. ``invalid_utf8``.
        place: where the item stands, e.g. ``line 17`` or ``byte 20480``.
    """

    def __init__(self, code: str, message: str, place: str = "") -> None:
        self.code = code
        self.place = place
        self.message = message
        super().__init__(f"{place}: {message}" if place else message)


class SourceError(RelintelError):
    """A source as a whole cannot be read."""

    def __init__(self, source: str, message: str, remedy: str = "") -> None:
        self.source = source
        self.remedy = remedy
        super().__init__(f"{source}: {message}" + (f". {remedy}" if remedy else ""))


class TryAgain(SourceError):
    """A source did not answer now but may later."""

    def __init__(self, source: str, message: str, after: float | None = None) -> None:
        self.after = after
        remedy = "Try again later" if after is None else f"Try again in {after:.0f} s"
        super().__init__(source, message, remedy)


class PartlyCollected(SourceError):
    """Some of several sources failed; the others were collected.

    Attributes:
        reports: source → `CollectReport`, of those that were collected.
        failures: source → what went wrong.
    """

    def __init__(self, reports: Mapping[str, Any], failures: Mapping[str, RelintelError]) -> None:
        self.reports = dict(reports)
        self.failures = dict(failures)
        told = "; ".join(f"{name}: {error}" for name, error in self.failures.items())
        super().__init__("sources", f"{len(failures)} failed: {told}")


class ModelError(RelintelError):
    """A model folder is absent, damaged or not one of ours."""

    def __init__(self, path: Path, message: str, remedy: str) -> None:
        self.path = path
        self.remedy = remedy
        super().__init__(f"{path}: {message}. {remedy}")


class StoreError(RelintelError):
    """A store cannot be opened or used."""

    def __init__(self, path: Path | str, message: str, remedy: str = "") -> None:
        self.path = path
        self.remedy = remedy
        super().__init__(f"{path}: {message}" + (f". {remedy}" if remedy else ""))


class StoreBusy(StoreError):
    """Another process is writing to the store."""


class UnknownCustomer(RelintelError):
    """No customer has the given id, address or handle.

    The value asked for is kept as an attribute but not in the message: it may be an address.
    """

    def __init__(self, asked: str) -> None:
        self.asked = asked
        super().__init__(
            "no customer has that id, number, address or handle, or none with that brand by that "
            "time; see `relintel profile --list`"
        )
