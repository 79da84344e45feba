"""From a collector's stream to the store: who wrote it, then one transaction a batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from relintel.collectors.base import Item
from relintel.customers.identity import Identity, Known
from relintel.customers.keys import Key, key_hash, keys_of
from relintel.records import Checkpoint, CollectReport, Message, Skipped
from relintel.store import Arrival, KeyRow, Store

BATCH: Final = 500
"""Messages committed together where a source gives no checkpoint before."""

Progress = Callable[[str, int, int], None]
"""Called with the stage ``collect``, how many messages were read, and 0 for an unknown total."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a stream is, to the store.

    Attributes:
        name: key of its cursor.
        settings: digest of the options it is read with; other options make its cursor void.
        join: whether its people may be joined to those of other sources.
    """

    name: str
    settings: str
    join: bool = True


class Ingest:
    """Brings one stream into the store; whatever is killed in between goes on at the cursor."""

    def __init__(
        self, store: Store, identity: Identity, origin: Origin, progress: Progress
    ) -> None:
        self._store = store
        self._identity = identity
        self._origin = origin
        self._progress = progress
        self._counts: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()

    def run(self, items: Iterable[Item]) -> CollectReport:
        """Read the stream to its end."""
        for batch, checkpoint in _batches(items, self._skip):
            self._commit(batch, checkpoint)
            self._progress("collect", self.report().read, 0)
        return self.report()

    def report(self) -> CollectReport:
        """Return the counts so far."""
        counts = self._counts
        read = counts["created"] + counts["updated"] + counts["unchanged"]
        return CollectReport(
            read=read,
            created=counts["created"],
            updated=counts["updated"],
            unchanged=counts["unchanged"],
            skipped=self._reasons.total(),
            reasons=dict(sorted(self._reasons.items())),
        )

    def _skip(self, item: Skipped) -> None:
        self._reasons[item.reason] += 1

    def _commit(self, batch: list[Message], checkpoint: Checkpoint | None) -> None:
        arrivals, merges = self._arrivals(batch)
        counts = self._store.commit_batch(
            self._origin.name,
            arrivals,
            checkpoint.cursor if checkpoint else None,
            self._origin.settings,
            merges=merges,
        )
        self._counts.update(
            created=counts.created, updated=counts.updated, unchanged=counts.unchanged
        )
        if counts.forgotten:
            self._reasons["forgotten"] += counts.forgotten

    def _arrivals(self, batch: list[Message]) -> tuple[list[Arrival], list[tuple[str, str]]]:
        """Find every author's customer; people met earlier in the batch are already known."""
        secret = self._store.key
        keys = {
            id(message): keys_of(message, join=self._origin.join)
            for message in batch
            if message.direction == "inbound"
        }
        hashes = [key_hash(secret, key) for group in keys.values() for key in group]
        known = {
            found: Known(owner.customer, owner.numbered)
            for found, owner in self._store.owners(hashes).items()
        }
        arrivals, merges = [], []
        for message in batch:
            group = keys.get(id(message))
            if group is None:
                arrivals.append(Arrival(message, None))
                continue
            assignment = self._identity.assign(group, known)
            fresh = [_key_row(secret, key, assignment.customer) for key in assignment.keys]
            merges += [(old, assignment.customer) for old in assignment.merges]
            if fresh or assignment.merges:
                _learn(known, fresh, assignment.customer, assignment.merges)
            rows = tuple(_key_row(secret, key, assignment.customer) for key in group)
            arrivals.append(Arrival(message, assignment.customer, rows))
        return arrivals, merges


def _learn(
    known: dict[str, Known], fresh: list[KeyRow], customer: str, merged: tuple[str, ...]
) -> None:
    """Add what a message told to `known`, so that the batch's next messages profit from it."""
    same = {customer, *merged}
    numbered = any(row.kind == "customer" for row in fresh) or any(
        owner.numbered for owner in known.values() if owner.customer in same
    )
    for row in fresh:
        known[row.key_hash] = Known(customer, numbered)
    for found, owner in known.items():
        if owner.customer in same:
            known[found] = Known(customer, numbered)


def _key_row(secret: bytes, key: Key, customer: str) -> KeyRow:
    return KeyRow(key_hash(secret, key), key.kind, customer)


def _batches(
    items: Iterable[Item], skip: Callable[[Skipped], None]
) -> Iterator[tuple[list[Message], Checkpoint | None]]:
    batch: list[Message] = []
    for item in items:
        if isinstance(item, Skipped):
            skip(item)
        elif isinstance(item, Checkpoint):
            yield batch, item
            batch = []
        else:
            batch.append(item)
            if len(batch) == BATCH:
                yield batch, None
                batch = []
    if batch:
        yield batch, None
