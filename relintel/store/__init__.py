"""The store: messages, readings, profiles and movements in a database, vectors beside it."""

from relintel.store.database import Store
from relintel.store.rows import (
    Arrange,
    Arrangement,
    Arrival,
    Counts,
    FoldedPair,
    KeyRow,
    MessageReadings,
    Owner,
    ProfileRow,
    ProfileVectors,
    StoredMessage,
    VectorChange,
    profile_from_dict,
)
from relintel.store.vectors import VectorIndex, open_index

__all__ = [
    "Arrange",
    "Arrangement",
    "Arrival",
    "Counts",
    "FoldedPair",
    "KeyRow",
    "MessageReadings",
    "Owner",
    "ProfileRow",
    "ProfileVectors",
    "Store",
    "StoredMessage",
    "VectorChange",
    "VectorIndex",
    "open_index",
    "profile_from_dict",
]
