"""Who owns which key while a batch of messages is gone through, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from relintel.customers.identity import Known


class Directory:
    """Owners of keys; what one message tells is known to those after it.

    Args:
        known: what the store knows, by `key_hash`.
    """

    def __init__(self, known: Mapping[str, Known]) -> None:
        self._known = dict(known)
        self._keys: dict[str, set[str]] = {}
        for key, owner in known.items():
            self._keys.setdefault(owner.customer, set()).add(key)

    @property
    def known(self) -> Mapping[str, Known]:
        """Owners by `key_hash`; it changes with what is learned."""
        return self._known

    def learn(
        self, customer: str, keys: Iterable[str], *, numbered: bool, merged: Iterable[str] = ()
    ) -> None:
        """Give a customer keys, and everything of those who turned out to be the same.

        Args:
            customer: the id.
            keys: hashes of the fresh keys.
            numbered: whether one of them is a customer number.
            merged: ids that turned out to be this customer.
        """
        mine = self._keys.setdefault(customer, set())
        for old in merged:
            mine |= self._keys.pop(old, set())
        numbered = numbered or any(self._known[key].numbered for key in mine)
        mine.update(keys)
        self._known.update(dict.fromkeys(mine, Known(customer, numbered)))
