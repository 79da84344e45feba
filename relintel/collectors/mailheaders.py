"""Headers of mails, well formed or not, to names, addresses, ids and times.

The structured parser of `email.policy.default` raises on malformed headers, in places already while
the mail is parsed. Mails are therefore parsed with a policy that keeps headers as they came, and
read here; nothing in this module raises on any input.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from email.header import decode_header
from email.message import Message as Mail
from email.policy import Compat32
from email.utils import getaddresses
from typing import Final

from relintel.collectors.dates import AmbiguousDate, parse_date
from relintel.collectors.decoding import clean, decode_bytes
from relintel.records import Party

_LONGEST: Final = 100_000
"""Characters of a header that are read; longer ones are attacks or accidents."""
_LONGEST_WORDS: Final = 10_000
"""Characters up to which words are decoded and addresses looked for; both can take the square."""
_ID: Final = re.compile(r"<\s*([^<>\s]+)\s*>")
_ADDRESS: Final = re.compile(r"[^\s<>\"(),:;\[\]]+@[^\s<>\"(),:;\[\]]+")


class AsItCame(Compat32):
    """Parse like the old policy, but hand headers out untouched (8-bit bytes as surrogates)."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        """Return the stored value."""
        return value


def raw_headers(mail: Mail, name: str) -> list[str]:
    """Return every occurrence of a header, unfolded, with 8-bit bytes decoded."""
    values = [str(value)[:_LONGEST] for value in mail.get_all(name, [])]
    return [" ".join(_eight_bit(value).split()) for value in values]


def raw_header(mail: Mail, name: str) -> str:
    """Return the first occurrence of a header, or an empty string."""
    return next(iter(raw_headers(mail, name)), "")


def text_header(mail: Mail, name: str) -> str | None:
    """Return a header for readers, with its encoded words decoded; ``None`` when empty."""
    return decode_words(raw_header(mail, name)) or None


def decode_words(value: str) -> str:
    """Decode the ``=?charset?q?…?=`` words of a header; what is broken stays as it is."""
    if "=?" not in value or len(value) > _LONGEST_WORDS:
        return value
    try:
        chunks = decode_header(value)
    except Exception:  # binascii and email raise several kinds on broken words
        return value
    parts = [
        part if isinstance(part, str) else decode_bytes(part, charset or "utf-8")
        for part, charset in chunks
    ]
    return " ".join(clean("".join(parts)).split())


def parties(mail: Mail, *names: str) -> tuple[Party, ...]:
    """Return the people of address headers, in order, without repetition."""
    found: dict[Party, None] = {}
    for name in names:
        for value in raw_headers(mail, name):
            found.update(dict.fromkeys(_parties(value)))
    return tuple(found)


def ids(mail: Mail, name: str) -> list[str]:
    """Return the message ids a header names, without their angle brackets."""
    values = raw_headers(mail, name)
    found = [match for value in values for match in _ID.findall(value)]
    bare = [v for v in values if not found and "@" in v and " " not in v]
    return found or [value.strip("<>") for value in bare]


def date_of(mail: Mail, envelope: str = "") -> tuple[datetime | None, str]:
    """Find when a mail was sent, and which header said so.

    Args:
        mail: the mail.
        envelope: the ``From `` line of a mailbox, without its first word.

    Returns:
        The time and ``date``, ``received`` (the last hop, which stands first) or ``envelope``.
    """
    candidates = [("date", value) for value in raw_headers(mail, "Date")]
    hops = raw_headers(mail, "Received")
    candidates += [("received", value.rpartition(";")[2]) for value in hops]
    if envelope:
        candidates.append(("envelope", envelope.partition(" ")[2]))
    for origin, value in candidates:
        try:
            when = parse_date(value)
        except AmbiguousDate:
            continue
        if when is not None:
            return when, origin
    return None, ""


def _eight_bit(value: str) -> str:
    try:
        return clean(value.encode("ascii").decode("ascii"))
    except UnicodeEncodeError:
        return decode_bytes(value.encode("utf-8", "surrogateescape"))


def _parties(value: str) -> Iterator[Party]:
    try:
        pairs = getaddresses([value])
    except Exception:  # the old parser has raised IndexError and others on broken lists
        pairs = []
    good = [(name, address) for name, address in pairs if address.find("@") > 0]
    if not good:
        good = [("", address) for address in _ADDRESS.findall(value[:_LONGEST_WORDS])]
    if not good and value:
        yield Party(name=decode_words(value))
    for name, address in good:
        shown = decode_words(name).strip("\"' ")
        yield Party(name=shown or None, address=address.strip("<>'\" "))
