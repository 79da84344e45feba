"""`Store`: the one face of the database. Every method is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from relintel.records import ForgetReport, Movement, Observation
from relintel.store import identity, messages, meta, pending, profiles, readings
from relintel.store.export import export
from relintel.store.forgetting import forget
from relintel.store.lifecycle import OpenFolder
from relintel.store.pending import Pair
from relintel.store.rows import (
    Arrange,
    Counts,
    FoldedPair,
    MessageReadings,
    ProfileRow,
    ProfileVectors,
    StoredMessage,
    Vector,
    VectorChange,
)


class Store(OpenFolder):
    """An open store. Threads may share it; close it, or use it as a context manager.

    Every method raises `StoreBusy` when another process holds the write lock for longer than the
    time-out, and `StoreError` when the database cannot be used; then nothing was changed. Times
    without a zone and vectors of the wrong length raise `ValueError`.
    """

    def __init__(self, folder: Path, engine: Engine, key: bytes) -> None:
        super().__init__(folder, engine, key)
        self._handed: dict[Pair, int] = {}

    # Messages and identity

    def commit_batch(
        self,
        source: str,
        hashes: Sequence[str],
        arrange: Arrange,
        cursor: Mapping[str, Any] | None,
        settings: str,
    ) -> Counts:
        """Commit messages, their authors' keys and the source's cursor together.

        A message is known by its natural key and changed when any field or its customer is: then
        its readings and vector go, and it waits to be read again. Arrivals with a forgotten key
        are dropped and counted; of a message given twice the last counts.

        Args:
            source: under which the cursor is kept.
            hashes: of every key that `arrange` must know about.
            arrange: called once, holding the write lock, with what the store knows of `hashes`, so
                that nobody can bind a key between question and answer; it must not use the store.
                Arrivals may still name customers that its merges say are others.
            cursor: JSON-ready; ``None`` leaves the old one.
            settings: of the source; a cursor counts only under the same settings.
        """
        with self._writing() as connection:
            arrivals, merges = arrange(
                identity.owners(connection, hashes), messages.forgotten_keys(connection, hashes)
            )
            for old, new in merges:
                identity.merge(connection, old, new)
            counts = messages.commit_batch(connection, identity.renamed(arrivals, merges))
            if cursor is not None:
                messages.put_cursor(connection, source, settings, cursor)
            return counts

    def cursor(self, source: str, settings: str) -> Mapping[str, Any] | None:
        """Return how far a source was read, or ``None`` when never or under other settings."""
        with self._reading() as connection:
            return messages.get_cursor(connection, source, settings)

    def customers_of(self, key_hashes: Sequence[str]) -> dict[str, str]:
        """Return the customers that keys are bound to; unknown keys are left out."""
        with self._reading() as connection:
            return identity.customers_of(connection, key_hashes)

    def has_customer(self, customer: str) -> bool:
        """Say whether a customer has that id."""
        with self._reading() as connection:
            return identity.has_customer(connection, customer)

    def is_forgotten(self, key_hashes: Sequence[str]) -> set[str]:
        """Return those of the keys that have a tombstone."""
        with self._reading() as connection:
            return messages.forgotten_keys(connection, key_hashes)

    def merge_customers(self, old: str, new: str) -> None:
        """Give everything of `old` to `new`; profiles of `old` go, and both are folded anew."""
        with self._writing() as connection:
            identity.merge(connection, old, new)

    def message(self, number: int) -> StoredMessage | None:
        """Return a message by its id."""
        with self._reading() as connection:
            return messages.one(connection, number)

    def messages_of(self, customer: str) -> list[StoredMessage]:
        """Return a customer's messages in the order of time."""
        with self._reading() as connection:
            return messages.of_customer(connection, customer)

    def message_brands(self) -> list[str]:
        """Return the brands that sources say messages are about, in order."""
        with self._reading() as connection:
            return messages.brands(connection)

    def message_sources(self) -> list[str]:
        """Return the sources that messages came from, in order."""
        with self._reading() as connection:
            return messages.sources(connection)

    def newest_message_at(self, until: datetime | None = None) -> datetime | None:
        """Return the time of the newest message, of those not later than `until` if given."""
        with self._reading() as connection:
            return messages.newest_at(connection, until)

    # Readings

    def pending_messages(self, stamp: str, limit: int) -> list[StoredMessage]:
        """Return the first `limit` inbound messages, by id, not read yet under this stamp."""
        with self._reading() as connection:
            return messages.waiting(connection, stamp, limit)

    def count_pending(self, stamp: str) -> int:
        """Count the inbound messages not read yet under this stamp."""
        with self._reading() as connection:
            return messages.count_waiting(connection, stamp)

    def commit_readings(self, stamp: str, encoder: str, results: Sequence[MessageReadings]) -> int:
        """Replace the readings and vectors of messages and queue the pairs they touch.

        A message that changed or went since it was handed out is passed over: it stays pending.
        Another encoder than the last one's drops all profile vectors; folding brings them back.

        Returns:
            How many messages were committed.
        """
        with self._writing() as connection:
            return readings.commit(connection, stamp, encoder, results)

    def observations(self, customer: str, brand: str) -> list[Observation]:
        """Return a pair's readings by time, then by message id; brand is empty for none."""
        with self._reading() as connection:
            return readings.observations(connection, customer, brand)

    def message_vectors(self, customer: str, brand: str) -> Vector:
        """Return the vectors of a pair's messages in the same order: shape (n, d), unit length.

        Messages that have no vector of the store's present encoder are left out.
        """
        with self._reading() as connection:
            return readings.message_vectors(connection, customer, brand)

    # Profiles

    def pending_pairs(self, limit: int) -> list[Pair]:
        """Hand out up to `limit` customer×brand pairs to fold, by customer, then brand.

        A pair queued again after this stays queued when its fold is committed, since that fold may
        not have seen all. So one thread at a time hands out, reads observations and commits.
        """
        with self._reading() as connection:
            handed = pending.first(connection, limit)
        self._handed |= handed
        return list(handed)

    def commit_profiles(self, rows: Sequence[FoldedPair]) -> VectorChange:
        """Replace profiles and movements of pairs and take the pairs off the queue.

        A pair that was handed out but is off the queue by now was forgotten, or folded by another
        process, and is passed over.

        Returns:
            What an index of the profile vectors must follow.
        """
        with self._writing() as connection:
            change = profiles.commit(connection, rows, self._handed)
        for row in rows:
            self._handed.pop((row.customer, row.brand), None)
        return change

    def profile_row(self, customer: str, brand: str) -> ProfileRow | None:
        """Return a pair's profile."""
        with self._reading() as connection:
            return profiles.one(connection, customer, brand)

    def iter_profiles(
        self, brand: str | None = None, relationship: str | None = None
    ) -> Iterator[ProfileRow]:
        """Yield profiles by customer, then brand, as they were at the first one."""
        with self._reading() as connection:
            yield from profiles.every(connection, brand, relationship)

    def profile_ids(self, brand: str) -> list[int]:
        """Return the ids of a brand's profiles, ascending."""
        with self._reading() as connection:
            return profiles.ids_of(connection, brand)

    def profiles_by_id(self, ids: Sequence[int]) -> dict[int, ProfileRow]:
        """Return profiles by their ids; unknown ones are left out."""
        with self._reading() as connection:
            return profiles.by_id(connection, ids)

    def brands(self) -> list[str]:
        """Return the brands that have profiles, in order."""
        with self._reading() as connection:
            return profiles.brands(connection)

    def brands_of(self, customer: str) -> list[str]:
        """Return the brands a customer has profiles with, in order."""
        with self._reading() as connection:
            return profiles.brands_of(connection, customer)

    def movements(
        self,
        brand: str | None = None,
        source: str | None = None,
        target: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        customer: str | None = None,
    ) -> list[Movement]:
        """Return movements by time; `since` and `until` are included."""
        with self._reading() as connection:
            return profiles.find_movements(
                connection,
                since,
                until,
                brand=brand,
                source=source,
                target=target,
                customer=customer,
            )

    def profile_vectors(self) -> ProfileVectors:
        """Return every profile vector, to build an index from."""
        with self._reading() as connection:
            return profiles.vectors(connection)

    def vector_state(self) -> tuple[str, int, int]:
        """Return the encoder, the dimension and the generation of the profile vectors."""
        with self._reading() as connection:
            return (
                meta.get(connection, meta.ENCODER) or "",
                meta.number(connection, meta.PROFILE_DIMENSION),
                meta.number(connection, meta.GENERATION),
            )

    # The whole

    def counts(self) -> dict[str, int]:
        """Count messages, inbound messages, customers, readings, profiles and movements."""
        with self._reading() as connection:
            return profiles.counts(connection)

    def export_rows(self) -> Iterator[dict[str, Any]]:
        """Yield everything observable as JSON-ready data, the same for the same content."""
        with self._reading() as connection:
            yield from export(connection)

    def forget(
        self,
        customer: str,
        natural_key: Callable[[str, str], str],
        *,
        scrub: bool = True,
    ) -> ForgetReport:
        """Delete everything of a customer and the company's answers to nobody else.

        The customer's keys are buried against coming back, and so are those of the answers: their
        author is the company, whose own keys bar nothing. No other customer's key is touched.

        Args:
            customer: whose messages, readings, profiles, movements and keys go.
            natural_key: gives the hash under which to bury an answer's source and external id.
            scrub: rewrite the files at once; pass false to do it later.

        Raises:
            StoreBusy: as ever, and also when the rows are gone but another reader keeps their
                old pages in the files; `scrub` later.
        """
        with self._writing() as connection:
            report = forget(connection, customer, natural_key)
        if scrub:
            self.scrub()
        return report
