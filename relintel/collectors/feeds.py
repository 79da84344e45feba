"""RSS, Atom and RDF feeds, from a file or over the network."""

from __future__ import annotations

import calendar
import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Final
from urllib.parse import urlsplit

import feedparser

from relintel.collectors.base import Item, is_own, source_path
from relintel.collectors.decoding import clean
from relintel.config import SourceConfig
from relintel.errors import SourceError
from relintel.http import MAX_BYTES, Http
from relintel.records import Checkpoint, Message, Party, Skipped
from relintel.text.html import html_to_text

_FORUM: Final = re.compile(
    r"phpbb|discourse|vbulletin|mybb|discuz|xenforo|simple machines|nodebb|flarum|invision|"
    r"\bforums?\b|/viewtopic|/threads?/|showthread|\bcommunity\.",
    re.IGNORECASE,
)
_EPOCH: Final = datetime.fromtimestamp(0, UTC)


class FeedCollector:
    """Reads a feed; the cursor holds the validators of the last answer, or the file's digest.

    Args:
        config: with ``path`` or ``url``.
        http: client to use for ``url``; by default one of its own, for public addresses only.
    """

    def __init__(self, config: SourceConfig, http: Http | None = None) -> None:
        self.config = config
        self._http = http

    @property
    def source(self) -> str:
        """Name in natural keys: ``feed:`` and the address without query, or the file's name.

        Raises:
            SourceError: ``url`` is no address of the web.
        """
        if self.config.name:
            return self.config.name
        if self.config.url is None:
            return f"feed:{source_path(self.config).stem}"
        return _name_of(self.config.url)

    def collect(self, cursor: Mapping[str, Any] | None) -> Iterator[Item]:
        """Yield the entries, unless the feed is as it was; see `Collector.collect`.

        What is no feed is a `Skipped` (``not_a_feed``), a feed without entries another
        (``no_entries``): servers show error pages for a while, and the next run may read again.

        Raises:
            SourceError: the file is absent, or the server refuses.
            TryAgain: the server may answer later.
        """
        cursor = cursor or {}
        fetched = self._fetch(cursor) if self.config.url else self._load()
        if fetched is None:
            yield Checkpoint(dict(cursor))
            return
        data, validators = fetched
        digest = hashlib.sha256(data).hexdigest()
        if digest != cursor.get("sha256"):
            yield from self._entries(data)
        yield Checkpoint({"sha256": digest, **validators})

    def _fetch(self, cursor: Mapping[str, Any]) -> tuple[bytes, dict[str, str | None]] | None:
        client: AbstractContextManager[Http] = nullcontext(self._http) if self._http else Http()
        with client as http:
            answer = http.get(
                str(self.config.url), etag=cursor.get("etag"), modified=cursor.get("modified")
            )
        if answer.unchanged:
            return None
        validators = {"etag": answer.etag, "modified": answer.modified}
        # What is no ASCII could not be sent back.
        return answer.body, {
            name: value if value and value.isascii() else None for name, value in validators.items()
        }

    def _load(self) -> tuple[bytes, dict[str, str | None]]:
        path = source_path(self.config)
        try:
            if path.stat().st_size > MAX_BYTES:
                raise SourceError(str(path), f"is larger than {MAX_BYTES} bytes")
            return path.read_bytes(), {}
        except OSError as error:
            raise SourceError(str(path), error.strerror or "cannot be read") from None

    def _entries(self, data: bytes) -> Iterator[Item]:
        place = self.config.path.name if self.config.path else self.source
        try:
            # A stream, never a string: feedparser would open a string as an address or a file.
            parsed = feedparser.parse(BytesIO(data))
        except Exception:  # its parsers have raised many kinds on input that is no feed
            yield Skipped(place, "not_a_feed")
            return
        if not parsed.entries:
            yield Skipped(place, "no_entries" if parsed.get("version") else "not_a_feed")
            return
        for number, entry in enumerate(parsed.entries, 1):
            yield self._entry(entry, parsed.feed, f"{place}: entry {number}")

    def _entry(self, entry: Mapping[str, Any], feed: Mapping[str, Any], place: str) -> Item:
        when = _when(entry)
        if when is None:
            return Skipped(place, "no_date")
        body = _body(entry)
        if not body:
            return Skipped(place, "empty_body")
        author = _author(entry)
        answered = _answered(entry)
        link = _text(entry.get("link"))
        title = _detail_text(entry.get("title_detail")) or _text(entry.get("title"))
        key = _text(entry.get("id")) or link
        return Message(
            source=self.source,
            external_id=key or _hash(f"{when.isoformat()}\n{title}\n{body}"),
            sent_at=when,
            author=author,
            channel=self.config.channel or _channel(entry, feed, answered),
            body=body,
            direction="outbound" if is_own(author, self.config.own) else "inbound",
            brand=self.config.brand,
            thread=answered or _text(feed.get("id")) or _text(feed.get("link")) or self.source,
            in_reply_to=answered,
            subject=title,
            facts={"link": link} if link and link != key else {},
        )


def _name_of(url: str) -> str:
    """Name a feed without what may be secret; an address cut wrongly could show its password."""
    try:
        parts = urlsplit(url)
        host = parts.hostname if parts.scheme in {"http", "https"} else None
    except ValueError:  # its message may quote the address
        host = None
    if host is None:
        raise SourceError("address", "is not an http or https address")
    return f"feed:{host}{parts.path.rstrip('/')}"


def _when(entry: Mapping[str, Any]) -> datetime | None:
    """Time of publication, else of the last change; feedparser gives UTC."""
    for name in ("published_parsed", "updated_parsed", "created_parsed"):
        parts = entry.get(name)
        if not parts:
            continue
        try:
            when = datetime.fromtimestamp(calendar.timegm(parts), UTC)
        except (ValueError, OverflowError, OSError, TypeError):
            continue
        if when >= _EPOCH:
            return when
    return None


def _body(entry: Mapping[str, Any]) -> str:
    details = [*_list(entry.get("content")), entry.get("summary_detail")]
    texts = (_detail_text(detail) for detail in details)
    return next((text for text in texts if text), "")


def _detail_text(detail: object) -> str | None:
    if not isinstance(detail, Mapping):
        return None
    value = _text(detail.get("value"))
    if value and detail.get("type") != "text/plain":
        value = clean(html_to_text(value)).strip()
    return value or None


def _author(entry: Mapping[str, Any]) -> Party:
    detail = entry.get("author_detail")
    detail = detail if isinstance(detail, Mapping) else {}
    name = _text(detail.get("name")) or _text(entry.get("author"))
    email = _text(detail.get("email"))
    return Party(name=name, address=email if email and "@" in email else None, handle=name)


def _answered(entry: Mapping[str, Any]) -> str | None:
    """Id of the entry this one answers (RFC 4685)."""
    found = entry.get("thr_in-reply-to")
    if not isinstance(found, Mapping):
        return None
    return _text(found.get("ref")) or _text(found.get("href"))


def _channel(entry: Mapping[str, Any], feed: Mapping[str, Any], answered: str | None) -> str:
    hints = (feed.get("generator"), feed.get("link"), entry.get("link"))
    forum = answered or any(_FORUM.search(str(hint or "")[:500]) for hint in hints)
    return "forum" if forum else "blog"


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return (clean(value).strip() or None) if isinstance(value, str) else None


def _hash(content: str) -> str:
    return "sha256:" + hashlib.sha256(content.encode()).hexdigest()
