"""Bring a database to the newest schema with Alembic."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

MIGRATIONS: Final = Path(__file__).with_name("migrations")

# Alembic keeps the running migration in a module-wide proxy, so one thread at a time.
_ONE_AT_A_TIME: Final = Lock()


def upgrade(connection: Connection, location: Path = MIGRATIONS) -> None:
    """Run every missing migration inside the transaction `connection` is in."""
    config = _config(location)
    config.attributes["connection"] = connection
    with _ONE_AT_A_TIME:
        command.upgrade(config, "head")


def known_revisions(location: Path = MIGRATIONS) -> frozenset[str]:
    """Name the revisions this version of relintel can read."""
    script = ScriptDirectory.from_config(_config(location))
    return frozenset(step.revision for step in script.walk_revisions())


def _config(location: Path) -> Config:
    config = Config()
    # The configuration expands % signs, and a path may hold one.
    config.set_main_option("script_location", str(location).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
