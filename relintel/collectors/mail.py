"""Bytes of one mail to a `Message`, the same from a file, a mailbox or a server."""

from __future__ import annotations

import hashlib
import re
from email import message_from_bytes
from email.message import Message as Mail
from typing import Final

from relintel.collectors.base import is_own
from relintel.collectors.mailbody import attachments, body_of, part_types
from relintel.collectors.mailheaders import (
    AsItCame,
    date_of,
    ids,
    parties,
    raw_header,
    text_header,
)
from relintel.config import SourceConfig
from relintel.records import Message, Party, Skipped

MAX_MAIL_BYTES: Final = 64 * 2**20
_POLICY: Final = AsItCame()
_BOM: Final = b"\xef\xbb\xbf"
_HEADERS_END: Final = re.compile(rb"\n\r?\n")
_LOOSE_COLON: Final = re.compile(rb"^([A-Za-z][A-Za-z-]{0,60})[ \t]{1,20}:", re.MULTILINE)
_DAEMONS: Final = ("mailer-daemon", "mail-daemon", "maildaemon")
_LONGEST_ID: Final = 1000


def mail_source(config: SourceConfig) -> str:
    """Return the source's name: Message-IDs are global, so all mail shares ``mail``."""
    return config.name or "mail"


def read_mail(
    raw: bytes, config: SourceConfig, place: str, envelope: bytes = b""
) -> Message | Skipped:
    """Read one mail; never raises.

    Args:
        raw: the mail, headers first.
        config: gives name, channel, brand and the company's own addresses.
        place: where the mail stands, for a `Skipped`.
        envelope: the mailbox's ``From `` line, whose date is the last resort.

    Returns:
        The message, or why it is none: ``bounce``, ``auto_reply``, ``report``, ``calendar``,
        ``no_date``, ``empty_body`` or ``unreadable_mail``.
    """
    try:
        return _read(raw, config, place, envelope.decode("latin-1"))
    except RecursionError:  # parts nested thousands deep
        return Skipped(place, "unreadable_mail")


def _read(raw: bytes, config: SourceConfig, place: str, envelope: str) -> Message | Skipped:
    mail = message_from_bytes(_tidy(raw), policy=_POLICY)
    reason = _no_letter(mail)
    if reason:
        return Skipped(place, reason)
    sender = envelope.removeprefix("From ").strip()
    when, origin = date_of(mail, sender)
    if when is None:
        return Skipped(place, "no_date")
    body = body_of(mail)
    if not body:
        return Skipped(place, "calendar" if "text/calendar" in part_types(mail) else "empty_body")
    author = _author(mail)
    own_id = _own_id(mail, raw)
    references, answered = ids(mail, "References"), ids(mail, "In-Reply-To")
    return Message(
        source=mail_source(config),
        external_id=own_id,
        sent_at=when,
        author=author,
        channel=config.channel or "email",
        body=body,
        direction="outbound" if is_own(author, config.own) else "inbound",
        brand=config.brand,
        thread=next(iter([*references, *answered]), own_id),
        in_reply_to=next(iter([*answered, *references[-1:]]), None),
        recipients=parties(mail, "To", "Cc"),
        subject=text_header(mail, "Subject"),
        facts=_facts(mail, origin),
    )


def _tidy(raw: bytes) -> bytes:
    """Drop what stands before the headers, and blanks before their colons (old mailers)."""
    raw = raw.removeprefix(_BOM).lstrip(b"\r\n")
    end = _HEADERS_END.search(raw)
    at = end.start() if end else len(raw)
    return _LOOSE_COLON.sub(rb"\1:", raw[:at]) + raw[at:]


def _no_letter(mail: Mail) -> str | None:
    """Say why a mail was written by a machine about another mail, if it was."""
    types = part_types(mail)
    if "message/delivery-status" in types or raw_header(mail, "X-Failed-Recipients"):
        return "bounce"
    if _author_name(mail) in _DAEMONS:
        return "bounce"
    submitted = raw_header(mail, "Auto-Submitted").casefold()
    if (submitted and not submitted.startswith("no")) or _vacation(mail):
        return "auto_reply"
    if "message/disposition-notification" in types:
        return "auto_reply"
    return "report" if "multipart/report" in types else None


def _vacation(mail: Mail) -> bool:
    precedence = raw_header(mail, "Precedence").casefold().replace("-", "_")
    marks = ("X-Autoreply", "X-Autorespond", "X-Autoresponder")
    return precedence in {"auto_reply", "autoreply"} or any(
        raw_header(mail, name).casefold() not in {"", "no"} for name in marks
    )


def _author(mail: Mail) -> Party:
    people = parties(mail, "From") or parties(mail, "Sender") or parties(mail, "Reply-To")
    return people[0] if people else Party()


def _author_name(mail: Mail) -> str:
    return (_author(mail).address or "").partition("@")[0].casefold()


def _own_id(mail: Mail, raw: bytes) -> str:
    found = ids(mail, "Message-ID")
    own_id = found[0] if found else raw_header(mail, "Message-ID").strip("<> ")
    if own_id and len(own_id) <= _LONGEST_ID:
        return own_id
    return "sha256:" + hashlib.sha256(raw).hexdigest()


def _facts(mail: Mail, origin: str) -> dict[str, str | float | int | bool]:
    facts: dict[str, str | float | int | bool] = {}
    list_ids = ids(mail, "List-Id")
    if list_ids:
        facts["list_id"] = list_ids[0]
    attached = attachments(mail)
    if attached:
        facts["attachments"] = attached
    if origin != "date":
        facts["date_from"] = origin
    return facts
