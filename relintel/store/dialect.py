"""The one seam where databases differ: connecting, locking, upserts, errors, scrubbing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from relintel.errors import StoreBusy, StoreError

Row = Mapping[str, Any]
_T = TypeVar("_T")

_WRITES: Final = "relintel_writes"
_INSERTS: Final[Mapping[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_LOCKED: Final = frozenset({"SQLITE_BUSY", "SQLITE_LOCKED"})
_REMEDIES: Final[Mapping[str, tuple[str, str]]] = {
    "SQLITE_NOTADB": ("the file is not a database", "Give another folder, or restore a copy"),
    "SQLITE_CORRUPT": ("the database is damaged", "Restore a copy of the folder"),
    "SQLITE_FULL": ("the disk is full", "Free some space and run it again; nothing was changed"),
    "SQLITE_READONLY": ("the database cannot be written", "Check who owns the folder and its mode"),
    "SQLITE_CANTOPEN": ("the database cannot be opened", "Check who owns the folder and its mode"),
    "SQLITE_IOERR": ("the disk does not answer", "Check the disk; nothing was changed"),
}


def slices(items: Sequence[_T], size: int = 500) -> Iterator[Sequence[_T]]:
    """Cut a sequence into pieces small enough for the variables of one statement."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def sqlite_engine(path: Path, busy_timeout: float) -> Engine:
    """Prepare connections to a SQLite file.

    Args:
        path: the database file.
        busy_timeout: seconds to wait for another process's write lock.
    """
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        # Parameters are people's messages; they must not appear in an error's text.
        hide_parameters=True,
        connect_args={"timeout": busy_timeout, "isolation_level": None},
        max_overflow=-1,
    )
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: Any, _record: object) -> None:  # noqa: ANN401 - sqlite3.Connection
    for pragma in (
        # An acknowledged batch outlives a power cut.
        "synchronous = FULL",
        # What is updated or deleted is overwritten; sorting never spills messages to /tmp.
        "secure_delete = ON",
        "temp_store = MEMORY",
        "cache_size = -32000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # The lock is taken at the start: a transaction that reads and then writes could otherwise find
    # another writer in between and fail without waiting.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def reading(engine: Engine, place: Path) -> Iterator[Connection]:
    """Open one transaction that only reads: one consistent state of the store."""
    with translated(place), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine, place: Path) -> Iterator[Connection]:
    """Open one transaction that writes; it waits for the lock, and holds it to the end.

    Raises:
        StoreBusy: another process held the lock for longer than the engine's busy timeout.
    """
    with translated(place), engine.connect() as connection:
        with connection.execution_options(**{_WRITES: True}).begin():
            yield connection


@contextmanager
def translated(place: Path) -> Iterator[None]:
    """Turn the driver's errors into relintel's.

    The driver's own text is dropped on purpose: some drivers quote the values of a row in it.
    """
    try:
        yield
    except DBAPIError as error:
        raise _translation(error.orig, place) from None


def _translation(error: BaseException | None, place: Path) -> StoreError:
    code = getattr(error, "sqlite_errorname", type(error).__name__)
    primary = "_".join(code.split("_")[:2])
    if primary in _LOCKED:
        return busy(place)
    message, remedy = _REMEDIES.get(primary, (f"the database refused ({code})", ""))
    return StoreError(place, message, remedy)


def busy(place: Path, message: str = "another process is writing to the store") -> StoreBusy:
    """Say that someone else is using the store."""
    return StoreBusy(place, message, "Wait until it is done and run it again")


def insert_new(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows whose key is not there yet; leave the others as they are."""
    if rows:
        insert = _INSERTS[connection.dialect.name](table)
        connection.execute(insert.on_conflict_do_nothing(), list(rows))


def upsert(connection: Connection, table: Table, rows: Sequence[Row], key: Sequence[str]) -> None:
    """Insert rows, or overwrite the columns given where the key is there; ids stay."""
    if not rows:
        return
    insert = _INSERTS[connection.dialect.name](table)
    fresh = {name: insert.excluded[name] for name in rows[0] if name not in key}
    connection.execute(
        insert.on_conflict_do_update(index_elements=list(key), set_=fresh), list(rows)
    )


def use_wal(engine: Engine, place: Path) -> None:
    """Let readers and a writer work side by side; the file remembers it.

    Nothing is written when it does so already. Where it cannot be changed now, because somebody
    reads or the disk is read-only, the file stays as it is, and works as it is.
    """
    with translated(place):
        if _run(engine, "PRAGMA journal_mode") == ("wal",):
            return
        with suppress(DBAPIError):
            _run(engine, "PRAGMA journal_mode = WAL")


def scrub(engine: Engine, place: Path) -> None:
    """Rewrite the database from its living rows and empty its journal.

    Overwriting deleted cells is not enough: when SQLite moves rows between pages it leaves copies
    in the gaps, which `secure_delete` does not reach. Needs free space of twice the database.

    Raises:
        StoreBusy: someone still reads or writes, so that old pages could not be dropped.
    """
    if engine.dialect.name != "sqlite":
        raise NotImplementedError("scrubbing is written for SQLite only")
    with translated(place):
        # The copy would otherwise be held in memory.
        _run(engine, "PRAGMA temp_store = DEFAULT", "VACUUM", "PRAGMA temp_store = MEMORY")
        blocked, _, _ = _run(engine, "PRAGMA wal_checkpoint(TRUNCATE)")
    if blocked:
        raise busy(place, "the rows are deleted, but another reader keeps their old pages alive")


def _run(engine: Engine, *statements: str) -> Any:  # noqa: ANN401 - a row of the driver's
    """Run statements that no transaction may surround; return the last one's first row."""
    connection = engine.raw_connection()
    try:
        row = None
        for statement in statements:
            cursor = connection.cursor()
            try:
                row = cursor.execute(statement).fetchone()
            finally:
                cursor.close()
        return row
    except engine.dialect.loaded_dbapi.Error as error:
        connection.invalidate()
        raise DBAPIError(statement, None, error, hide_parameters=True) from None
    finally:
        connection.close()
