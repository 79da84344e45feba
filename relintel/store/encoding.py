"""Records ↔ the columns of a row."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import RowMapping

from relintel.records import Message, Movement, Party
from relintel.store.rows import StoredMessage, Vector
from relintel.store.schema import instant

_PARTY_FIELDS: Final = tuple(field.name for field in fields(Party))
_PLAIN_FIELDS: Final = (
    "source",
    "external_id",
    "sent_at",
    "channel",
    "direction",
    "brand",
    "thread",
    "in_reply_to",
    "subject",
    "body",
    "product",
    "order_id",
)
_CONTENT: Final = (*_PLAIN_FIELDS, "customer", "rating", "author", "recipients", "facts")
_HALF_PAIR: Final = re.compile("[\ud800-\udfff]")


def message_values(message: Message, customer: str | None) -> dict[str, Any]:
    """Return the columns of a message without its id and stamp.

    Half surrogate pairs, which no database takes, become U+FFFD; offsets stay.
    """
    values = {name: _storable(getattr(message, name)) for name in _PLAIN_FIELDS}
    values["customer"] = customer
    # The column is a float, and a hash of what comes back must be the hash of what went in.
    values["rating"] = None if message.rating is None else float(message.rating)
    values["author"] = _party(message.author)
    values["recipients"] = [_party(party) for party in message.recipients]
    values["facts"] = dict(message.facts)
    values["content_hash"] = content_hash(values)
    return values


def content_hash(values: Mapping[str, Any]) -> str:
    """Hash everything a message says, and whose it is, as canonical JSON with SHA-256."""
    content = {name: values[name] for name in _CONTENT}
    content["sent_at"] = instant(content["sent_at"])
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def stored_message(row: RowMapping) -> StoredMessage:
    """Rebuild a message from its row."""
    message = Message(
        **{name: row[name] for name in _PLAIN_FIELDS},
        author=Party(**row["author"]),
        recipients=tuple(Party(**party) for party in row["recipients"]),
        rating=row["rating"],
        facts=row["facts"],
    )
    return StoredMessage(row["id"], row["customer"], message, row["content_hash"])


def message_export(row: RowMapping) -> dict[str, Any]:
    """Return a message's row as JSON-ready data without anything only this store knows."""
    return {name: row[name] for name in _CONTENT} | {"sent_at": instant(row["sent_at"])}


def movement_of(row: RowMapping) -> Movement:
    """Rebuild a movement from its row."""
    return Movement(**{field.name: row[field.name] for field in fields(Movement)})


def movement_values(movement: Movement) -> dict[str, Any]:
    """Return the columns of a movement without its id."""
    return {field.name: getattr(movement, field.name) for field in fields(Movement)}


def pack_vector(vector: Vector | None) -> bytes | None:
    """Pack a vector as little-endian half floats: half the space, cosine .999 and better."""
    return None if vector is None else np.asarray(vector, dtype="<f2").ravel().tobytes()


def unpack_vectors(blobs: Sequence[bytes], dimension: int) -> Vector:
    """Unpack vectors of one dimension.

    Returns:
        Shape (len(blobs), dimension); exactly the half floats, so unit length to about 0.001.
    """
    flat = np.frombuffer(b"".join(blobs), dtype="<f2").astype(np.float32)
    return flat.reshape(len(blobs), dimension)


def unit(vectors: Vector) -> Vector:
    """Scale the rows of a matrix to unit length; rows of zeros stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vector = (vectors / np.where(lengths == 0, 1, lengths)).astype(np.float32)
    return scaled


def pack_belief(belief: NDArray[np.float64] | None) -> bytes | None:
    """Pack a posterior exactly, as little-endian doubles."""
    return None if belief is None else np.asarray(belief, dtype="<f8").ravel().tobytes()


def unpack_belief(blob: bytes | None) -> NDArray[np.float64] | None:
    """Unpack a posterior; shape (n,)."""
    return None if blob is None else np.frombuffer(blob, dtype="<f8").astype(np.float64)


def _party(party: Party) -> dict[str, str]:
    named = ((name, getattr(party, name)) for name in _PARTY_FIELDS)
    return {name: value for name, value in named if value is not None}


def _storable(value: Any) -> Any:  # noqa: ANN401 - text, time or None
    if isinstance(value, str) and not value.isascii():
        return _HALF_PAIR.sub("\ufffd", value)
    return value
