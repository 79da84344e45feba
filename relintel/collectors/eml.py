"""One mail saved as a file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from relintel.collectors.base import Item, source_path
from relintel.collectors.mail import MAX_MAIL_BYTES, mail_source, read_mail
from relintel.config import SourceConfig
from relintel.errors import SourceError
from relintel.records import Checkpoint, Skipped


class EmlCollector:
    """Reads an ``.eml`` file; the cursor is its digest, so an unchanged file gives nothing new."""

    def __init__(self, config: SourceConfig) -> None:
        self.config = config

    @property
    def source(self) -> str:
        """Name in natural keys."""
        return mail_source(self.config)

    def collect(self, cursor: Mapping[str, Any] | None) -> Iterator[Item]:
        """Yield the mail, or why it is none, and a checkpoint.

        Raises:
            SourceError: the file is absent or unreadable.
        """
        path = source_path(self.config)
        try:
            if path.stat().st_size > MAX_MAIL_BYTES:
                yield Skipped(path.name, "too_large")
                yield Checkpoint({})
                return
            raw = path.read_bytes()
        except OSError as error:
            raise SourceError(str(path), error.strerror or "cannot be read") from None
        digest = hashlib.sha256(raw).hexdigest()
        if cursor is None or cursor.get("sha256") != digest:
            yield read_mail(raw, self.config, path.name)
        yield Checkpoint({"sha256": digest})
