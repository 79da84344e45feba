"""relintel: what kind of relationship each customer has with each brand, read from what they write.

>>> import relintel as ri
>>> with ri.open("shop.relintel") as engine:  # doctest: +SKIP
...     engine.ingest("support.mbox", brand="Acme")
...     engine.score()
...     engine.profile("ann@example.org", brand="Acme").relationship.label

Importing this package is light: heavy libraries load with the first engine or scorer.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from relintel.errors import (
    ConfigError,
    InputError,
    MissingExtra,
    ModelError,
    PartlyCollected,
    RelintelError,
    SourceError,
    StoreBusy,
    StoreError,
    TryAgain,
    UnknownCustomer,
)
from relintel.records import (
    CollectReport,
    Evidence,
    ForgetReport,
    Judgement,
    Match,
    Message,
    Movement,
    Party,
    Profile,
    Quote,
    Reading,
)

if TYPE_CHECKING:
    from relintel.engine import Engine
    from relintel.engine import open_engine as open
    from relintel.nlp.scorer import Scorer

__version__ = "0.1.0"

__all__ = [
    "CollectReport",
    "ConfigError",
    "Engine",
    "Evidence",
    "ForgetReport",
    "InputError",
    "Judgement",
    "Match",
    "Message",
    "MissingExtra",
    "ModelError",
    "Movement",
    "PartlyCollected",
    "Party",
    "Profile",
    "Quote",
    "Reading",
    "RelintelError",
    "Scorer",
    "SourceError",
    "StoreBusy",
    "StoreError",
    "TryAgain",
    "UnknownCustomer",
    "open",
]

_LAZY = {
    "Engine": ("relintel.engine", "Engine"),
    "open": ("relintel.engine", "open_engine"),
    "Scorer": ("relintel.nlp.scorer", "Scorer"),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - module attribute hook
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _LAZY[name]
    return getattr(import_module(module), attribute)
