"""Who wrote a message: the interface of identity, and the exact-key form of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from relintel.customers.keys import Key, key_hash, new_customer


@dataclass(frozen=True, slots=True)
class Assignment:
    """The customer a set of keys belongs to.

    Attributes:
        customer: the id.
        keys: keys to remember for this customer.
        merges: ids that turned out to be this customer.
    """

    customer: str
    keys: tuple[Key, ...]
    merges: tuple[str, ...] = ()


class Identity(Protocol):
    """Assigns customers to keys; evidence-weighted matching will stand behind it too."""

    def assign(self, keys: Sequence[Key], known: Mapping[str, Known]) -> Assignment:
        """Decide whose keys these are.

        Args:
            keys: a message's keys, the strongest first, at least one.
            known: what the store knows of them, by `key_hash`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Known:
    """A customer found by a key; `numbered` when the company has given them a number."""

    customer: str
    numbered: bool


class ExactKeys:
    """One shared key makes one customer, unless two different customer numbers speak against it.

    Ids are stable once given, so the order of arrival matters: an id follows the key by which the
    customer was met first, and where numbers speak against each other a shared address or handle
    stays with whom it was met first. The same order gives the same customers.

    Args:
        secret: the store's secret, from which ids and key hashes are made.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def assign(self, keys: Sequence[Key], known: Mapping[str, Known]) -> Assignment:
        """See `Identity.assign`. The strongest known key names the customer."""
        found = {key: known.get(key_hash(self._secret, key)) for key in keys}
        owners = [owner for owner in found.values() if owner is not None]
        if not owners:
            return Assignment(new_customer(self._secret, keys[0]), tuple(keys))
        first = owners[0]
        numbered = first.numbered or keys[0].kind == "customer"
        if keys[0].kind == "customer" and found[keys[0]] is None and first.numbered:
            # A number never seen before, beside a key of somebody who has another number.
            fresh = tuple(key for key in keys if found[key] is None)
            return Assignment(new_customer(self._secret, keys[0]), fresh)
        merges = []
        for other in owners[1:]:
            if other.customer != first.customer and not (numbered and other.numbered):
                merges.append(other.customer)
        fresh = tuple(key for key in keys if found[key] is None)
        return Assignment(first.customer, fresh, tuple(dict.fromkeys(merges)))
