"""Create, recognise and bring up to date the database of a store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, inspect, text

from relintel.errors import StoreError
from relintel.store import meta
from relintel.store.dialect import reading, sqlite_engine, use_wal, writing
from relintel.store.folder import DATABASE, KEY_VARIABLE, claim, key_check, publish, read_key
from relintel.store.schema import REVISION

_VERSION_TABLE: Final = "alembic_version"


def open_database(folder: Path, busy_timeout: float) -> tuple[Engine, bytes]:
    """Open the database of a store folder, creating it or migrating it when needed.

    Returns:
        The engine, and the store's key.

    Raises:
        StoreError: not a store, a newer one, a damaged one, or not this key's.
        StoreBusy: another process held the lock for longer than `busy_timeout` seconds.
    """
    path = folder / DATABASE
    exists = claim(folder)
    key = read_key(folder, create=not exists)
    if not exists:
        # Built aside and then named, so that nobody ever finds half a database here.
        publish(path, _builder(key), replace=False)
    engine = sqlite_engine(path, busy_timeout)
    try:
        with reading(engine, path) as connection:
            revision = _recognise(connection, path, key)
        if revision != REVISION:
            _migrate(engine, path, revision)
        # A copy that SQLite made by VACUUM INTO has lost it.
        use_wal(engine, path)
    except BaseException:
        engine.dispose()
        raise
    return engine, key


def _builder(key: bytes) -> Callable[[Path], None]:
    def build(draft: Path) -> None:
        # Alembic takes a while to import, and most openings find the newest schema.
        from relintel.store.migrate import upgrade

        engine = sqlite_engine(draft, busy_timeout=0)
        try:
            with writing(engine, draft) as connection:
                upgrade(connection)
                meta.put(connection, meta.KEY_CHECK, key_check(key))
            use_wal(engine, draft)
        finally:
            engine.dispose()

    return build


def _recognise(connection: Connection, path: Path, key: bytes) -> str:
    """Return the database's revision, once it is known to be ours and the key to be its key."""
    tables = set(inspect(connection).get_table_names())
    check = meta.get(connection, meta.KEY_CHECK) if "meta" in tables else None
    if check is None or _VERSION_TABLE not in tables:
        raise StoreError(
            path, "is a database, but not a relintel store", "Give another folder's path"
        )
    if check != key_check(key):
        raise StoreError(
            path,
            "was made with another key",
            f"Restore the file `key`, or set {KEY_VARIABLE} to the key it was made with",
        )
    revision: str = connection.scalar(text(f"SELECT version_num FROM {_VERSION_TABLE}"))
    return revision


def _migrate(engine: Engine, path: Path, revision: str) -> None:
    from relintel.store.migrate import known_revisions, upgrade

    if revision not in known_revisions():
        raise StoreError(
            path,
            f"was written by a newer relintel (schema {revision}, known is {REVISION})",
            "Install that version: pip install --upgrade relintel",
        )
    with writing(engine, path) as connection:
        upgrade(connection)
