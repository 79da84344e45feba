"""Which column of a table means what, by the headers that help desks and surveys export."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from relintel.errors import SourceError

SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "id": (
        "id", "message_id", "external_id", "comment_id", "tweet_id", "review_id", "response_id",
        "respondent_id", "complaint_id", "ticket_id", "conversation_id", "case_number",
        "case_id", "post_id", "uuid", "row_id",
    ),
    "text": (
        "text", "body", "comment", "message", "verbatim", "answer", "content", "description",
        "plain_body", "body_text", "description_text", "comment_body", "message_body",
        "conversation_message_body", "source_body", "review", "review_text", "review_body",
        "reviewtext", "review_content", "feedback", "full_text", "tweet", "complaint",
        "narrative", "consumer_complaint_narrative", "open_answer", "response", "remarks",
        "notes", "transcript", "utterance", "post",
    ),
    "sent_at": (
        "sent_at", "created_at", "sent", "date", "timestamp", "time", "datetime", "created",
        "created_time", "created_date", "creation_date", "date_created", "submitted_at",
        "submit_date", "end_date", "recorded_date", "response_date", "review_date",
        "reviewed_at", "posted_at", "published_at", "date_received", "received_at", "date_sent",
        "at", "ts", "date_unixtime", "timestamp_ms", "created_utc", "unixreviewtime",
        "updated_at", "start_date",
    ),
    "brand": ("brand", "brand_name", "company", "company_name", "merchant", "airline", "app"),
    "customer": ("customer", "customer_id", "customer_number", "customer_no", "crm_id"),
    "name": (
        "name", "customer_name", "author_name", "full_name", "requester_name", "requester",
        "from_name", "user_name", "reviewer_name", "reviewername", "sender_name", "contact_name",
        "contacts_name", "author",
    ),
    "address": (
        "address", "email", "email_address", "e_mail", "customer_email", "requester_email",
        "author_email", "from_email", "from_address", "user_email", "contact_email",
        "contacts_email", "sender_email", "recipient_email", "from",
    ),
    "handle": (
        "handle", "username", "author_id", "user_id", "user", "screen_name", "twitter_handle",
        "user_screen_name", "reviewer_id", "reviewerid", "nickname", "requester_id", "sender_id",
        "contact_id", "client_id", "account_id",
    ),
    "channel": ("channel", "via_channel", "source_channel", "via", "medium", "ticket_channel"),
    "direction": (
        "direction", "inbound", "incoming", "outbound", "outgoing", "author_type", "sender_type",
        "author_role", "from_agent", "is_agent", "is_staff", "role", "comment_type", "part_type",
    ),
    "thread": (
        "thread", "thread_id", "conversation_id", "ticket_id", "case_id", "case_number",
        "ticket", "conversation", "parent_ticket_id", "thread_ts",
    ),
    "in_reply_to": (
        "in_reply_to", "in_response_to_tweet_id", "in_reply_to_status_id", "parent_id",
        "reply_to_id", "reply_to",
    ),
    "subject": ("subject", "title", "summary", "review_title", "headline", "topic"),
    "rating": (
        "rating", "score", "stars", "star_rating", "overall", "nps", "nps_score", "csat",
        "csat_score", "satisfaction_score", "review_rating", "likelihood_to_recommend",
    ),
    "product": (
        "product", "product_name", "product_id", "sku", "asin", "item", "model", "product_title",
    ),
    "order_id": (
        "order_id", "order", "order_number", "order_no", "booking_id", "invoice_number",
    ),
}  # fmt: skip
"""Field of a message → headers that mean it, compared in snake case; the first present wins.

``customer`` joins people across sources, so only headers that say it is the company's own number
mean it; a platform's ids of users, contacts and accounts count within their source, as handles.
"""
FIELDS: Final = tuple(SYNONYMS)
STRONG_IDS: Final = frozenset({"id", "message_id", "external_id", "uuid", "row_id"})
"""Headers that name a row; the other synonyms of ``id`` may name a ticket with many rows."""
_LONGEST_NAME: Final = 60
"""Characters; a longer one is content, which must not show in an error."""
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OTHER: Final = re.compile(r"\W+|_+")


def map_columns(
    columns: Sequence[str], given: Mapping[str, str], *, source: str, sparse: bool = False
) -> dict[str, str]:
    """Decide which column feeds which field.

    Fields that `given` names are taken from there (an empty name switches a field off); the others
    are guessed among the columns left. A ticket's or conversation's id is the message's id only
    when no other column is, and then the thread's too.

    Args:
        columns: headers as they stand in the table.
        given: field → column, as configured.
        source: named in errors.
        sparse: true when absent columns are normal (JSON lines).

    Raises:
        SourceError: a configured column is absent, or text or time cannot be found; the message
            lists the columns and says how to map them.
    """
    absent = [c for c in given.values() if c and c not in columns]
    needed = {given.get("text"), given.get("sent_at")}
    if [c for c in absent if not sparse or c in needed]:
        raise SourceError(source, f"has no column {', '.join(absent)}", _remedy(columns))
    chosen = {field: column for field, column in given.items() if column in columns}
    spellings: dict[str, str] = {}
    for column in columns:
        spellings.setdefault(snake(column), column)
    for field, synonyms in SYNONYMS.items():
        if field in given:
            continue
        taken = {c for f, c in chosen.items() if (f, field) != ("id", "thread")}
        found = (spellings[s] for s in synonyms if s in spellings)
        guess = next((c for c in found if c not in taken), None)
        if guess is not None:
            chosen[field] = guess
    missing = [field for field in ("text", "sent_at") if field not in chosen]
    if missing:
        message = f"no column is known to hold {' or '.join(missing)}"
        raise SourceError(source, message, _remedy(columns))
    return chosen


def snake(header: str) -> str:
    """Spell a header in snake case: ``Requester email`` and ``requesterEmail`` become one."""
    return _OTHER.sub("_", _CAMEL.sub("_", header.strip())).strip("_").casefold()


def _remedy(columns: Sequence[str]) -> str:
    if any("@" in column or len(column) > _LONGEST_NAME for column in columns):
        return "The first row holds data, no column names; add a line of names"
    seen = ", ".join(columns[:40]) or "none"
    return f'Columns seen: {seen}. Map them: columns = {{ text = "…", sent_at = "…" }}'
