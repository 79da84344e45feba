"""A store's folder held open: opening, closing, and its two kinds of transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine

from relintel.errors import StoreError
from relintel.store import dialect
from relintel.store.folder import INDEX, INDEX_STAMP, drop_drafts, unusable
from relintel.store.opening import open_database


class OpenFolder:
    """An open store without its methods: what `Store` stands on.

    Attributes:
        folder: where the store lives.
        key: 32 bytes, with which addresses and ids are hashed; kept outside the database.
    """

    def __init__(self, folder: Path, engine: Engine, key: bytes) -> None:
        self.folder = folder
        self.key = key
        self._engine: Engine | None = engine

    @classmethod
    def open(cls, folder: Path, *, busy_timeout: float = 10.0) -> Self:
        """Open a store; create it when missing, migrate it when it is older.

        Args:
            folder: the store's folder, by custom ``NAME.relintel``.
            busy_timeout: seconds to wait for another process's write lock.

        Raises:
            StoreError: not a store, a newer one, a damaged one, or the key is missing or not its.
        """
        folder = Path(folder)
        return cls(folder, *open_database(folder, busy_timeout))

    def close(self) -> None:
        """Close the store; closing twice is fine."""
        if self._engine is not None:
            self._engine.dispose()
        self._engine = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open_engine(self) -> Engine:
        if self._engine is None:
            raise StoreError(self.folder, "the store is closed", "Open it again")
        return self._engine

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with dialect.reading(self._open_engine(), self.folder) as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with dialect.writing(self._open_engine(), self.folder) as connection:
            yield connection

    def scrub(self) -> None:
        """Rewrite the files so that nothing deleted is left in them; takes time and space.

        The saved vector index goes too; it is rebuilt when it is opened.
        """
        dialect.scrub(self._open_engine(), self.folder)
        try:
            (self.folder / INDEX_STAMP).unlink(missing_ok=True)
            (self.folder / INDEX).unlink(missing_ok=True)
            drop_drafts(self.folder)
        except OSError as error:
            raise unusable(self.folder, error) from None
