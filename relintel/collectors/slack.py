"""Slack exports, as the zip file or unpacked: a folder per room, a file per day."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, Final

from relintel.collectors.archive import Archive
from relintel.collectors.base import Item, is_own, source_path
from relintel.collectors.dates import parse_date
from relintel.collectors.decoding import clean
from relintel.collectors.mrkdwn import mrkdwn_to_text
from relintel.collectors.sniffing import ROOM_FILES
from relintel.config import SourceConfig
from relintel.errors import InputError
from relintel.records import Checkpoint, Message, Party, Skipped

CHECKPOINT_EVERY: Final = 500
"""Items; a checkpoint stands only between files."""
_WORDS: Final = frozenset({None, "file_share", "thread_broadcast", "reply_broadcast", "me_message"})
"""Subtypes in which a person says something."""
_LISTINGS: Final = frozenset(
    {"users.json", "org_users.json", "integration_logs.json", "canvases.json", *ROOM_FILES}
)
_GONE: Final = frozenset({"message_deleted", "tombstone"})
_SLACKBOT: Final = "USLACKBOT"


@dataclass(frozen=True, slots=True)
class Directory:
    """Who and what the ids of an export stand for.

    Attributes:
        people: user id → party.
        bots: ids of users that are programs.
        rooms: folder name → channel id.
        titles: channel id → name.
        team: id of the workspace, where users carry one.
    """

    people: Mapping[str, Party] = field(default_factory=dict)
    bots: frozenset[str] = frozenset()
    rooms: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    team: str | None = None

    @property
    def names(self) -> Mapping[str, str]:
        """User id → display name."""
        return {key: party.name for key, party in self.people.items() if party.name}


class SlackExportCollector:
    """Reads an export; the cursor holds a fingerprint per day file, so only changed ones are read.

    An edited message keeps its id (channel and timestamp), so reading it again updates it.
    """

    def __init__(self, config: SourceConfig) -> None:
        self.config = config

    @cached_property
    def source(self) -> str:
        """Name in natural keys: ``slack:`` and the workspace's id; looks into the export."""
        if self.config.name:
            return self.config.name
        path = source_path(self.config)
        with Archive(path) as archive:
            team = read_directory(archive)[0].team or _team_in_messages(archive)
        return f"slack:{team or path.stem}"

    def collect(self, cursor: Mapping[str, Any] | None) -> Iterator[Item]:
        """Yield the messages of new and changed day files; see `Collector.collect`.

        Raises:
            SourceError: the export is absent or no readable zip file.
        """
        seen = dict((cursor or {}).get("files") or {})
        with Archive(source_path(self.config)) as archive:
            directory, skipped = read_directory(archive)
            yield from skipped
            waiting = 0
            for name in archive.names():
                mark = archive.fingerprint(name)
                if _is_listing(name) or seen.get(name) == mark:
                    continue
                for item in self._day(archive, name, directory):
                    waiting += 1
                    yield item
                seen[name] = mark
                if waiting >= CHECKPOINT_EVERY:
                    waiting = 0
                    yield Checkpoint({"files": dict(seen)})
        yield Checkpoint({"files": seen})

    def _day(self, archive: Archive, name: str, directory: Directory) -> Iterator[Item]:
        if not PurePosixPath(name).stem[:4].isdigit() or not name.endswith(".json"):
            yield Skipped(name, "unsupported_format")
            return
        try:
            entries = _load(archive.read(name))
        except InputError as error:
            yield Skipped(name, error.code)
            return
        if not isinstance(entries, list):
            yield Skipped(name, "bad_json")
            return
        folder = PurePosixPath(name).parent.name
        room = directory.rooms.get(folder, folder)
        for number, entry in enumerate(entries):
            yield self._item(entry, room, directory, f"{name}: item {number}")

    def _item(self, entry: object, room: str, directory: Directory, place: str) -> Item:
        if not isinstance(entry, dict):
            return Skipped(place, "bad_item")
        if entry.get("subtype") == "message_changed" and isinstance(entry.get("message"), dict):
            entry = {**entry["message"], "edited": True}
        reason = _not_words(entry, directory)
        if reason:
            return Skipped(place, reason)
        stamp = str(entry.get("ts") or "")
        when = parse_date(stamp)
        if when is None:
            return Skipped(place, "no_date")
        text = mrkdwn_to_text(str(entry.get("text") or ""), directory.names, directory.titles)
        body = clean(text).strip()
        if not body:
            return Skipped(place, "empty_body")
        author = _author(entry, directory)
        thread = clean(str(entry.get("thread_ts") or stamp))
        return Message(
            source=self.source,
            external_id=f"{room}/{stamp}",
            sent_at=when,
            author=author,
            channel=self.config.channel or "chat",
            body=body,
            direction="outbound" if is_own(author, self.config.own) else "inbound",
            brand=self.config.brand,
            thread=f"{room}/{thread}",
            in_reply_to=f"{room}/{thread}" if thread != stamp else None,
            facts=_facts(entry, directory.titles.get(room, room)),
        )


def read_directory(archive: Archive) -> tuple[Directory, list[Skipped]]:
    """Read the lists of users and rooms; one that cannot be read is skipped and names are lost."""
    skipped: list[Skipped] = []
    lists: dict[str, list[dict[str, Any]]] = {}
    for name in archive.names():
        base = name.rpartition("/")[2]
        if base not in {"users.json", *ROOM_FILES}:
            continue
        try:
            loaded = _load(archive.read(name))
        except InputError as error:
            skipped.append(Skipped(name, error.code))
            continue
        entries = loaded if isinstance(loaded, list) else []
        lists[base] = [e for e in entries if isinstance(e, dict) and isinstance(e.get("id"), str)]
    users = lists.pop("users.json", [])
    rooms = [room for entries in lists.values() for room in entries]
    teams = Counter(user["team_id"] for user in users if isinstance(user.get("team_id"), str))
    directory = Directory(
        people={user["id"]: _person(user) for user in users},
        bots=frozenset(user["id"] for user in users if user.get("is_bot") is True) | {_SLACKBOT},
        rooms={str(room.get("name") or room["id"]): room["id"] for room in rooms},
        titles={room["id"]: str(room["name"]) for room in rooms if room.get("name")},
        team=teams.most_common(1)[0][0] if teams else None,
    )
    return directory, skipped


def _is_listing(name: str) -> bool:
    """Say whether a file is one of the lists, logs and settings beside the room folders."""
    return PurePosixPath(name).name in _LISTINGS


def _person(user: Mapping[str, Any]) -> Party:
    profile = user.get("profile")
    profile = profile if isinstance(profile, dict) else {}
    names = (user.get("real_name"), profile.get("real_name"), profile.get("display_name"))
    name = next((n for n in (*names, user.get("name")) if isinstance(n, str) and n.strip()), None)
    email = profile.get("email")
    return Party(
        name=clean(name) if name else None,
        address=clean(email) if isinstance(email, str) and "@" in email else None,
        handle=clean(str(user["id"])),
    )


def _author(entry: Mapping[str, Any], directory: Directory) -> Party:
    user = str(entry.get("user") or "")
    known = directory.people.get(user)
    if known is not None:
        return known
    profile = entry.get("user_profile")
    return _person(
        {"id": user, "profile": profile, **(profile if isinstance(profile, dict) else {})}
    )


def _not_words(entry: Mapping[str, Any], directory: Directory) -> str | None:
    """Say why an entry is nothing that a person said."""
    kind, subtype, user = entry.get("type"), entry.get("subtype"), entry.get("user")
    if not isinstance(subtype, str | None) or kind != "message":
        return "system_message"
    user = user if isinstance(user, str) else ""
    if subtype in _GONE or entry.get("hidden") is True:
        return "deleted"
    if subtype == "bot_message" or user in directory.bots:
        return "bot"
    if entry.get("bot_id") and (not user or user not in directory.people):
        return "bot"
    if subtype not in _WORDS:
        return "system_message"
    return None if user else "no_author"


def _facts(entry: Mapping[str, Any], room: str) -> dict[str, str | float | int | bool]:
    facts: dict[str, str | float | int | bool] = {"room": clean(room)}
    if entry.get("edited"):
        facts["edited"] = True
    if isinstance(entry.get("files"), list):
        facts["attachments"] = len(entry["files"])
    return facts


def _team_in_messages(archive: Archive) -> str | None:
    for name in archive.names():
        if _is_listing(name) or not name.endswith(".json"):
            continue
        try:
            entries = _load(archive.read(name))
        except InputError:
            continue
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict) and isinstance(entry.get("team"), str):
                return str(entry["team"])
    return None


def _load(data: bytes) -> object:
    try:
        return json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise InputError("invalid_utf8", "is not UTF-8") from None
    except (ValueError, RecursionError):
        raise InputError("bad_json", "is not JSON") from None
