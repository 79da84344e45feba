"""How mail programs set off quotes, headers and signatures, language by language, read from data.

Every ``conventions/<code>.toml`` is read and all are merged: replies mix languages, since the
program's differs from its user's. Another language is another file; every table and key in it is
optional. Phrases are matched without regard to case.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Final, Literal

FieldKind = Literal["from", "sent", "date", "to", "subject", "other"]

FIELD_KINDS: Final[tuple[FieldKind, ...]] = ("from", "sent", "date", "to", "subject", "other")
_SHORTEST_PREFIX: Final = 3
_UNSPACED: Final = re.compile(r"[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]")


@dataclass(frozen=True, slots=True)
class Conventions:
    """All languages' conventions, ready to match; phrases are casefolded.

    Attributes:
        openers: matches a word that opens an attribution line (``On``, ``Am``), at its start.
        verbs: finds a verb of writing (``wrote``, ``a écrit``).
        quoting: matches an opener that needs no verb (``Zitat von``).
        date_words: names of days and months, whole and cut to three or more letters.
        strangers: words that do not occur in the name of a quoted author.
        fields: name of a header field → its kind.
        ruled: phrases that part messages when set between dashes.
        bare: phrases that part messages as they stand.
        reply_above: finds a request to answer above a line.
        mobile: matches the start of a mail program's own closing line (``Sent from``).
        mobile_own: the same, of phrases that nothing else begins with (``Sent from my``).
        mobile_app: the same, of phrases that also begin sentences: a device or program must follow.
        devices: names of devices and mail programs.
        closings: closing formulas, as whole lines.
        postscripts: what a postscript begins with.
        contact: labels of contact details (``Tel``).
        company: finds what only the details of a company contain.
        disclaimers: finds phrases of confidentiality notices.
        lists: matches the start of a mailing list's or newsletter's footer.
        notices: matches the start of a virus scanner's line.
    """

    openers: re.Pattern[str]
    verbs: re.Pattern[str]
    quoting: re.Pattern[str]
    date_words: frozenset[str]
    strangers: frozenset[str]
    fields: Mapping[str, FieldKind]
    ruled: frozenset[str]
    bare: frozenset[str]
    reply_above: re.Pattern[str]
    mobile: re.Pattern[str]
    mobile_own: re.Pattern[str]
    mobile_app: re.Pattern[str]
    devices: frozenset[str]
    closings: frozenset[str]
    postscripts: frozenset[str]
    contact: frozenset[str]
    company: re.Pattern[str]
    disclaimers: re.Pattern[str]
    lists: re.Pattern[str]
    notices: re.Pattern[str]


@lru_cache(maxsize=1)
def load_conventions() -> Conventions:
    """Read and merge all conventions; the result is kept."""
    return merge(_files())


def merge(files: Iterable[Mapping[str, Any]]) -> Conventions:
    """Merge the contents of several convention files."""
    tables = list(files)

    def words(table: str, key: str) -> list[str]:
        return [str(w).casefold() for data in tables for w in data.get(table, {}).get(key, ())]

    fields = {name: kind for kind in reversed(FIELD_KINDS) for name in words("fields", kind)}
    return Conventions(
        openers=_pattern(words("attribution", "openers")),
        verbs=_pattern(words("attribution", "verbs")),
        quoting=_pattern(words("attribution", "quoting")),
        date_words=frozenset(_cut(words("dates", "words"))),
        strangers=frozenset(words("attribution", "strangers")),
        fields=fields,
        ruled=frozenset(words("separators", "ruled")),
        bare=frozenset(words("separators", "bare")),
        reply_above=_pattern(words("separators", "reply_above")),
        mobile=_pattern(words("signature", "mobile")),
        mobile_own=_pattern(words("signature", "mobile_own")),
        mobile_app=_pattern(words("signature", "mobile_app")),
        devices=frozenset(words("signature", "devices")),
        closings=frozenset(words("signature", "closings")),
        postscripts=frozenset(words("signature", "postscripts")),
        contact=frozenset(words("signature", "contact")),
        company=_pattern(words("signature", "company")),
        disclaimers=_pattern(words("footer", "disclaimers")),
        lists=_pattern(words("footer", "lists")),
        notices=_pattern(words("footer", "notices")),
    )


def _files() -> Iterable[Mapping[str, Any]]:
    folder = resources.files("relintel.text") / "conventions"
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".toml"):
            yield tomllib.loads(entry.read_text(encoding="utf-8"))


def _cut(words: Iterable[str]) -> Iterable[str]:
    for word in words:
        yield word
        yield from (word[:n] for n in range(_SHORTEST_PREFIX, len(word)))


def _pattern(phrases: Iterable[str]) -> re.Pattern[str]:
    """Alternation of literal phrases, longest first, so that matching stays linear."""
    ordered = sorted(set(phrases), key=lambda p: (-len(p), p))
    if not ordered:
        return re.compile(r"(?!)")
    alternatives = "|".join(_bounded(phrase) for phrase in ordered)
    # Most places in a text are within a word, where few phrases begin: those are passed over first.
    within = "".join(sorted({re.escape(p[0]) for p in ordered if not _is_spaced(p[0])}))
    place = rf"(?:(?<!\w)|(?=[{within}]))" if within else r"(?<!\w)"
    return re.compile(f"{place}(?:{alternatives})")


def _bounded(phrase: str) -> str:
    before = r"(?<!\w)" if _is_spaced(phrase[0]) else ""
    after = r"(?!\w)" if _is_spaced(phrase[-1]) else ""
    return before + re.escape(phrase) + after


def _is_spaced(character: str) -> bool:
    """Say whether a phrase with this at its end must end there with a word.

    East Asian phrases may begin and end within a run of letters.
    """
    return character.isalnum() and not _UNSPACED.match(character)
