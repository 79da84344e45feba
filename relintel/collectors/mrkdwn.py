"""Slack's message markup to the text its users see."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_TOKEN: Final = re.compile(r"<([^<>]*)>")
_ENTITY: Final = re.compile(r"&(amp|lt|gt);")
_CHARACTERS: Final = {"amp": "&", "lt": "<", "gt": ">"}


def mrkdwn_to_text(text: str, names: Mapping[str, str], rooms: Mapping[str, str]) -> str:
    """Resolve mentions, links and entities; formatting marks stay as typed.

    Args:
        text: as the export has it.
        names: user id → name, for ``<@U123>``.
        rooms: channel id → name, for ``<#C123>``.
    """

    def show(token: re.Match[str]) -> str:
        target, _, label = token[1].partition("|")
        if target.startswith("@"):
            return "@" + (label.removeprefix("@") or names.get(target[1:], target[1:]))
        if target.startswith("#"):
            return "#" + (label.removeprefix("#") or rooms.get(target[1:], target[1:]))
        if target.startswith("!"):
            word = label or target[1:].partition("^")[0]
            return word if label.startswith("@") or "^" in target else "@" + word
        return _link(target, label)

    return _ENTITY.sub(lambda found: _CHARACTERS[found[1]], _TOKEN.sub(show, text))


def _link(target: str, label: str) -> str:
    bare = target.removeprefix("mailto:")
    if not label or label == bare or bare.endswith("://" + label):
        return bare
    return f"{label} ({bare})"
