"""From a collector's stream to the store: who wrote it, then one transaction a batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial
from typing import Final

from relintel.collectors.base import Item
from relintel.customers.directory import Directory
from relintel.customers.identity import Identity, Known
from relintel.customers.keys import Key, key_hash, keys_of, natural_key, party_keys
from relintel.records import PLACES_TOLD, Checkpoint, CollectReport, Message, Skipped
from relintel.store import Arrangement, Arrival, KeyRow, Owner, Store

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
        self._places: dict[str, list[str]] = {}

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
            places={reason: tuple(places) for reason, places in self._places.items()},
        )

    def _skip(self, item: Skipped) -> None:
        self._reasons[item.reason] += 1
        places = self._places.setdefault(item.reason, [])
        if len(places) < PLACES_TOLD:
            places.append(item.place)

    def _commit(self, batch: list[Message], checkpoint: Checkpoint | None) -> None:
        letters = [_letter(self._store.key, message, self._origin.join) for message in batch]
        counts = self._store.commit_batch(
            self._origin.name,
            list(dict.fromkeys(key for letter in letters for key in letter.hashes())),
            partial(self._arrange, letters),
            checkpoint.cursor if checkpoint else None,
            self._origin.settings,
        )
        self._counts.update(
            created=counts.created, updated=counts.updated, unchanged=counts.unchanged
        )
        if counts.forgotten:
            self._reasons["forgotten"] += counts.forgotten

    def _arrange(
        self, letters: Sequence[_Letter], owners: Mapping[str, Owner], buried: Set[str]
    ) -> Arrangement:
        """Find every author's customer; people met earlier in the batch are already known."""
        directory = Directory(
            {key: Known(owner.customer, owner.numbered) for key, owner in owners.items()}
        )
        arrivals, merges = [], []
        for letter in letters:
            if not letter.keys or not buried.isdisjoint(letter.hashes()):
                # The company's, or one the store will refuse: it must not join people either.
                arrivals.append(Arrival(letter.message, None, refused_with=letter.hashes()))
                continue
            made = self._identity.assign(tuple(letter.keys), directory.known)
            merges += [(old, made.customer) for old in made.merges]
            if made.keys or made.merges:
                directory.learn(
                    made.customer,
                    [letter.keys[key] for key in made.keys],
                    numbered=any(key.kind == "customer" for key in made.keys),
                    merged=made.merges,
                )
            rows = (KeyRow(letter.keys[key], key.kind, made.customer) for key in letter.keys)
            arrivals.append(Arrival(letter.message, made.customer, tuple(rows), letter.barring))
        return arrivals, merges


@dataclass(frozen=True, slots=True)
class _Letter:
    """A message with the hashes of the keys that matter to it.

    Attributes:
        keys: the author's, the strongest first, each with its hash; none of the company's own.
        barring: hashes of further keys that keep it out when they have a tombstone.
    """

    message: Message
    keys: Mapping[Key, str]
    barring: tuple[str, ...]

    def hashes(self) -> tuple[str, ...]:
        return (*self.keys.values(), *self.barring)


def _letter(secret: bytes, message: Message, join: bool) -> _Letter:
    inbound = message.direction == "inbound"
    # Who was forgotten stays so in a source whose people are not joined, and as an addressee.
    people = (message.author,) if inbound else message.recipients
    barring = [natural_key(message.source, message.external_id)]
    barring += [key for person in people for key in party_keys(person, message.source)]
    keys = keys_of(message, join=join) if inbound else ()
    return _Letter(
        message,
        {key: key_hash(secret, key) for key in keys},
        tuple(key_hash(secret, key) for key in barring if key not in keys),
    )


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
