"""Reads corpora/demo with the standard library and feedparser, without relintel's collectors."""

from __future__ import annotations

import csv
import email
import email.policy
import html
import json
import re
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import feedparser

SEPARATOR = re.compile(rb"(?m)^From (\S+) \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}\n")
SHORTCODES = {
    ":heart:": "❤️",
    ":+1:": "👍",
    ":scream:": "😱",
    ":slightly_smiling_face:": "🙂",
    ":joy:": "😂",
    ":hocho:": "🔪",
    ":smile:": "😄",
    ":yellow_heart:": "💛",
    ":christmas_tree:": "🎄",
    ":wave:": "👋",
    ":green_heart:": "💚",
}


@dataclass(frozen=True)
class Found:
    """An item as read back: its text, who wrote it, when."""

    text: str
    keys: frozenset[tuple[str, str]]
    at: datetime
    ours: bool = False


def squeezed(text: str) -> str:
    return "".join(text.replace("️", "").split())


def mails(folder: Path) -> list[EmailMessage]:
    raw = (folder / "support.mbox").read_bytes()
    bodies = SEPARATOR.split(raw)[2::2]
    unstuffed = [re.sub(rb"(?m)^>(>*From )", rb"\1", body) for body in bodies]
    parsed = [email.message_from_bytes(body, policy=email.policy.default) for body in unstuffed]
    return [message for message in parsed if isinstance(message, EmailMessage)]


def mail_text(message: EmailMessage) -> str:
    body = message.get_body(("plain", "html"))
    assert body is not None
    text = str(body.get_content())
    if body.get_content_subtype() == "html":
        text = html.unescape(re.sub(r"<[^>]*>", " ", text)).replace("\xa0", " ")
    return text


def read_mail(folder: Path) -> dict[str, Found]:
    found = {}
    for message in mails(folder):
        sender = message["From"].addresses[0].addr_spec
        found[message["Message-ID"].strip("<>")] = Found(
            mail_text(message),
            frozenset({("address", sender)}),
            message["Date"].datetime.astimezone(UTC),
            ours=sender == "care@corvenna.example",
        )
    return found


def read_slack(folder: Path) -> dict[str, Found]:
    found = {}
    with zipfile.ZipFile(folder / "community-slack.zip") as archive:
        users = {user["id"]: user for user in json.loads(archive.read("users.json"))}
        channels = {c["name"]: c["id"] for c in json.loads(archive.read("channels.json"))}
        for name in archive.namelist():
            channel, slash, day = name.partition("/")
            if not slash:
                continue
            for item in json.loads(archive.read(name)):
                at = datetime.fromtimestamp(float(item["ts"]), UTC).replace(microsecond=0)
                assert day == f"{at:%Y-%m-%d}.json"
                if "subtype" in item:
                    continue
                address = users[item["user"]]["profile"].get("email", "")
                keys = {("handle", item["user"])} | ({("address", address)} if address else set())
                text = html.unescape(item["text"])
                for code, emoji in SHORTCODES.items():
                    text = text.replace(code, emoji)
                ours = address.endswith("@corvenna.example")
                found[f"{channels[channel]}/{item['ts']}"] = Found(text, frozenset(keys), at, ours)
    return found


def read_survey(folder: Path) -> dict[str, Found]:
    with (folder / "survey.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        row["response_id"]: Found(
            row["comment"],
            frozenset(
                {("address", row["email"].lower()), ("customer", row["customer_no"])}
                - {("address", ""), ("customer", "")}
            ),
            datetime.fromisoformat(row["submitted_at"]).replace(tzinfo=UTC),
        )
        for row in rows
        if row["comment"]
    }


def read_forum(folder: Path) -> dict[str, Found]:
    feed = feedparser.parse((folder / "forum.xml").read_bytes())
    assert not feed.bozo
    return {
        entry.id: Found(
            html.unescape(re.sub(r"<[^>]*>", " ", entry.content[0].value)),
            frozenset({("handle", entry.author)}),
            datetime(*entry.published_parsed[:6], tzinfo=UTC),
            ours=entry.author == "Corvenna Team",
        )
        for entry in feed.entries
    }


def read_chat(folder: Path) -> dict[str, Found]:
    rows = map(json.loads, (folder / "chat.jsonl").read_text(encoding="utf-8").splitlines())
    return {
        row["id"]: Found(
            row["text"],
            frozenset(
                (key, row[column])
                for key, column in (("address", "email"), ("customer", "customer_no"))
                if row[column]
            ),
            datetime.fromisoformat(row["ts"]),
            ours=row["role"] == "agent",
        )
        for row in rows
    }


READERS = {
    "support.mbox": read_mail,
    "community-slack.zip": read_slack,
    "survey.csv": read_survey,
    "forum.xml": read_forum,
    "chat.jsonl": read_chat,
}
