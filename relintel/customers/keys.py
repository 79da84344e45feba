"""Exact keys by which a person is recognised: number, address, handle within its source."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b32encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from relintel.records import Message, Party

KeyKind = Literal["customer", "address", "handle", "message"]


@dataclass(frozen=True, slots=True)
class Key:
    """One thing by which a person can be recognised.

    Attributes:
        kind: ``customer`` (the company's number), ``address``, ``handle``, or ``message`` for an
            author without any name, who is known by this one message alone.
        value: normalised; handles carry their source, since names repeat between sources.
    """

    kind: KeyKind
    value: str


def keys_of(message: Message, *, join: bool = True) -> tuple[Key, ...]:
    """Return the author's keys, the strongest first; never empty.

    Args:
        message: whose author is asked for.
        join: false when the source's terms forbid joining its people to others: then only keys
            that exist inside the source are used.
    """
    author = message.author
    keys = party_keys(author, message.source) if join else _own_handle(author, message.source)
    return keys or (natural_key(message.source, message.external_id),)


def natural_key(source: str, external_id: str) -> Key:
    """Return the key of a message itself, by which nobody but its author is told."""
    return Key("message", f"{source}/{external_id}")


def party_keys(party: Party, source: str) -> tuple[Key, ...]:
    """Return the keys of a person as a source names them, the strongest first."""
    keys = []
    if party.customer and party.customer.strip():
        keys.append(Key("customer", party.customer.strip()))
    if party.address and (address := normal_address(party.address)):
        keys.append(Key("address", address))
    return (*keys, *_own_handle(party, source))


def asked_keys(asked: str, sources: Iterable[str]) -> tuple[Key, ...]:
    """Return the keys that a number, address or handle typed by a person can stand for.

    Args:
        asked: what was typed.
        sources: names of the sources in which it may be a handle.
    """
    keys = [Key("customer", asked.strip())]
    if address := normal_address(asked):
        keys.append(Key("address", address))
    for source in sources:
        keys.extend(_own_handle(Party(handle=asked.lstrip("@")), source))
    return tuple(keys)


def normal_address(address: str) -> str | None:
    """Normalise a mail address: trimmed, lower case, domain in its ASCII form; else ``None``.

    Dots and tags in the local part are kept: whether they matter is the provider's rule.
    """
    local, at, domain = address.strip().strip("<>").rpartition("@")
    if not (at and local and domain):
        return None
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        ascii_domain = domain
    return f"{local}@{ascii_domain}".casefold()


def key_hash(secret: bytes, key: Key) -> str:
    """Return the keyed hash under which a store knows a key (HMAC-SHA256, 32 hex digits)."""
    message = f"{key.kind}\0{key.value}".encode(errors="surrogatepass")
    return hmac.new(secret, message, hashlib.sha256).hexdigest()[:32]


def new_customer(secret: bytes, key: Key) -> str:
    """Mint a customer's id from their first key: ``c-`` and 13 letters or digits.

    The same key gives the same id in the same store and tells nothing without its secret.
    """
    message = f"customer id\0{key.kind}\0{key.value}".encode(errors="surrogatepass")
    digest = hmac.new(secret, message, hashlib.sha256).digest()
    return "c-" + b32encode(digest)[:13].decode().lower()


def _own_handle(party: Party, source: str) -> tuple[Key, ...]:
    if party.handle and party.handle.strip():
        return (Key("handle", f"{source}\0{party.handle.strip().casefold()}"),)
    return ()
