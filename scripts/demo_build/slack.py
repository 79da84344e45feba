"""community-slack.zip: the export of the company's community workspace."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from demo_build.source import Customer, Entry, Made, by_time, dice, digest

NAME: Final = "community-slack.zip"
_TEAM: Final = "T0CORVENNA"
_CHANNELS: Final = {
    "general": "Who we are, what we do all day.",
    "help": "Ask, and somebody who knows will answer.",
    "broadband": "Lines, routers, cabinets, Wi-Fi.",
}
_BROADBAND: Final = re.compile(
    r"broadband|router|wi-?fi|fibre|firmware|\bline\b|upload|outage|宽带|路由|glasfaser|fibra|роутер",
    re.I,
)
_HELPLESS: Final = re.compile(r"\?|？|¿")
_EMOJI: Final = {
    "❤️": ":heart:",
    "❤": ":heart:",
    "👍": ":+1:",
    "😱": ":scream:",
    "🙂": ":slightly_smiling_face:",
    "😂": ":joy:",
    "🔪": ":hocho:",
    "😄": ":smile:",
    "💛": ":yellow_heart:",
    "🎄": ":christmas_tree:",
    "👋": ":wave:",
    "💚": ":green_heart:",
}
_STATUS: Final = (
    (
        "2025-02-10T22:00:00",
        "Planned work tonight, 01:00 to 04:00, core network north. Short drops.",
    ),
    ("2025-03-15T16:45:00", "Cabinet fault reported, engineers are on their way."),
    ("2025-05-07T06:30:00", "Router firmware 7.4 is rolling out this week, in the small hours."),
    ("2025-08-31T19:15:00", "Storm: 14 masts run on battery. Updates follow every hour."),
    ("2025-10-21T22:00:00", "Planned work tonight, 00:30 to 02:00, number porting is paused."),
    ("2025-12-23T09:00:00", "Everything is up. The desk is staffed on all holidays."),
)
_BOT_ID: Final = "B0CVSTATUS"


def build(customers: Sequence[Customer]) -> Made:
    """Write the export."""
    by_id = {customer.id: customer for customer in customers}
    entries = by_time(customers, "slack")
    channels = _channels(entries)
    times = {_name(entry): _ts(entry) for entry in entries}
    days: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    joined: dict[str, dict[str, str]] = {channel: {} for channel in _CHANNELS}
    noise = _status(days)
    threads = _threads(entries)
    for entry in entries:
        channel = channels[entry.customer, entry.thread]
        user = _user_id(by_id[entry.customer], entry)
        if user not in joined[channel]:
            joined[channel][user] = _join(entry, user, channel, days, noise)
        item = _item(by_id[entry.customer], entry, threads[entry.customer, entry.thread], times)
        days[channel, f"{entry.ts:%Y-%m-%d}"].append(item)
    own = [entry for entry in entries if entry.agent is None]
    ids = {e.key: f"{_channel_id(channels[e.customer, e.thread])}/{_ts(e)}" for e in own}
    users = _users(customers, entries)
    people = {c.id: _person(c) for c in customers if c.on("slack")}
    data = _zip(_members(users, joined, days))
    return Made(NAME, data, ids, people, tuple(noise), len(entries) - len(own))


def _channels(entries: Sequence[Entry]) -> dict[tuple[str, str], str]:
    """Place each thread by what its first message is about."""
    placed: dict[tuple[str, str], str] = {}
    for entry in entries:
        key = (entry.customer, entry.thread)
        if key not in placed:
            asks = bool(_HELPLESS.search(entry.text)) or entry.labels["complaint"] != "none"
            about_lines = bool(_BROADBAND.search(entry.text))
            placed[key] = "broadband" if about_lines else "help" if asks else "general"
    return placed


def _threads(entries: Sequence[Entry]) -> dict[tuple[str, str], list[Entry]]:
    threads: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        threads[entry.customer, entry.thread].append(entry)
    return threads


def _item(
    customer: Customer, entry: Entry, thread: Sequence[Entry], times: Mapping[str, str]
) -> dict[str, Any]:
    user = _user_id(customer, entry)
    item: dict[str, Any] = {
        "client_msg_id": _uuid(_name(entry)),
        "type": "message",
        "text": _markup(entry.text),
        "user": user,
        "ts": times[_name(entry)],
        "team": _TEAM,
        "user_profile": _short_profile(customer, entry),
    }
    root = thread[0]
    if len(thread) > 1:
        item["thread_ts"] = times[_name(root)]
        if entry is root:
            replies = [
                {"user": _user_id(customer, reply), "ts": times[_name(reply)]}
                for reply in thread[1:]
            ]
            item |= {
                "reply_count": len(replies),
                "reply_users_count": len({reply["user"] for reply in replies}),
                "latest_reply": replies[-1]["ts"],
                "replies": replies,
                "subscribed": False,
            }
        else:
            item["parent_user_id"] = _user_id(customer, root)
    if entry.agent is None and dice(9, entry.key, "edited") == 0:
        later = entry.ts + timedelta(seconds=41)
        item["edited"] = {"user": user, "ts": f"{int(later.timestamp())}.000000"}
    if entry.agent is None and dice(5, entry.key, "reaction") == 0:
        item["reactions"] = [{"name": "+1", "users": [_staff_id("Maya")], "count": 1}]
    return item


def _join(
    entry: Entry,
    user: str,
    channel: str,
    days: dict[tuple[str, str], list[dict[str, Any]]],
    noise: list[str],
) -> str:
    at = entry.ts - timedelta(minutes=3 + dice(40, user, channel))
    ts = f"{int(at.timestamp())}.{dice(900, user, channel, 'join'):06d}"
    text = f"<@{user}> has joined the channel"
    item = {"subtype": "channel_join", "user": user, "text": text, "type": "message", "ts": ts}
    days[channel, f"{at:%Y-%m-%d}"].append(item)
    noise.append(f"{_channel_id(channel)}/{ts}")
    return ts


def _status(days: dict[tuple[str, str], list[dict[str, Any]]]) -> list[str]:
    ids = []
    for number, (time, text) in enumerate(_STATUS):
        at = datetime.fromisoformat(time).replace(tzinfo=UTC)
        ts = f"{int(at.timestamp())}.{number + 11:06d}"
        item = {
            "type": "message",
            "subtype": "bot_message",
            "text": text,
            "ts": ts,
            "username": "Corvenna Status",
            "bot_id": _BOT_ID,
        }
        days["broadband", f"{at:%Y-%m-%d}"].append(item)
        ids.append(f"{_channel_id('broadband')}/{ts}")
    return ids


def _users(customers: Sequence[Customer], entries: Sequence[Entry]) -> list[dict[str, Any]]:
    agents = sorted({entry.agent for entry in entries if entry.agent} | {"Maya"})
    staff = [
        _user(_staff_id(a), a.casefold(), f"{a} (Corvenna)", f"{a.casefold()}@corvenna.example")
        for a in agents
    ]
    guests = [
        _user(_guest_id(c), str(c.slack), _real_name(c), _person(c).get("address"))
        for c in customers
        if c.on("slack")
    ]
    return [*staff, *guests]


def _user(user: str, name: str, real_name: str, email: str | None) -> dict[str, Any]:
    profile = {"real_name": real_name, "display_name": name, "team": _TEAM}
    return {
        "id": user,
        "team_id": _TEAM,
        "name": name,
        "deleted": False,
        "real_name": real_name,
        "profile": profile | ({"email": email} if email else {}),
        "is_bot": False,
        "is_restricted": False,
    }


def _person(customer: Customer) -> dict[str, str]:
    person = {"handle": _guest_id(customer)}
    if customer.email and dice(2, customer.id, "slack email") == 0:
        person["address"] = customer.email
    return person


def _real_name(customer: Customer) -> str:
    """Two in three give their full name, the others only a nickname."""
    return customer.name if dice(3, customer.id, "slack name") else str(customer.slack)


def _short_profile(customer: Customer, entry: Entry) -> dict[str, str]:
    if entry.agent:
        return {"name": entry.agent.casefold(), "real_name": f"{entry.agent} (Corvenna)"}
    return {"name": str(customer.slack), "real_name": _real_name(customer)}


def _members(
    users: list[dict[str, Any]],
    joined: Mapping[str, Mapping[str, str]],
    days: Mapping[tuple[str, str], list[dict[str, Any]]],
) -> dict[str, object]:
    channels = [
        {
            "id": _channel_id(name),
            "name": name,
            "created": int(datetime(2024, 11, 4, 9, tzinfo=UTC).timestamp()),
            "creator": _staff_id("Maya"),
            "is_archived": False,
            "is_general": name == "general",
            "members": sorted(joined[name]),
            "topic": {"value": "", "creator": "", "last_set": 0},
            "purpose": {"value": purpose, "creator": _staff_id("Maya"), "last_set": 1730710800},
        }
        for name, purpose in _CHANNELS.items()
    ]
    members: dict[str, object] = {"channels.json": channels, "users.json": users}
    members["integration_logs.json"] = []
    for channel, day in sorted(days):
        found = days[channel, day]
        members[f"{channel}/{day}.json"] = sorted(found, key=lambda item: str(item["ts"]))
    return members


def _zip(members: Mapping[str, object]) -> bytes:
    """Pack without compression by zlib, whose bytes differ between builds of it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, date_time=(2026, 1, 2, 8, 0, 0))
            info.external_attr = 0o644 << 16
            info.create_system = 3
            text = json.dumps(content, ensure_ascii=False, indent=1)
            archive.writestr(info, text.encode("utf-8"))
    return buffer.getvalue()


def _markup(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for emoji, code in _EMOJI.items():
        text = text.replace(emoji, code)
    return text


def _user_id(customer: Customer, entry: Entry) -> str:
    return _staff_id(entry.agent) if entry.agent else _guest_id(customer)


def _guest_id(customer: Customer) -> str:
    return "U0" + digest(customer.id, "slack user")[:8].upper()


def _staff_id(agent: str) -> str:
    return "U9" + digest(agent, "slack staff")[:8].upper()


def _channel_id(channel: str) -> str:
    return "C0" + digest(channel, "slack channel")[:8].upper()


def _ts(entry: Entry) -> str:
    return f"{int(entry.ts.timestamp())}.{dice(999000, _name(entry), 'ts') + 100:06d}"


def _name(entry: Entry) -> str:
    return f"{entry.customer}/{entry.n}/{entry.agent or ''}"


def _uuid(name: str) -> str:
    code = digest(name, "client")
    return "-".join((code[:8], code[8:12], code[12:16], code[16:20], code[20:32]))
