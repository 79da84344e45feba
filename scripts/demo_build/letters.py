"""What a mail says below the words of its author: signature, footer, quoted mail; as plain text."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from demo_build.clients import HEADINGS, IPHONE, ORIGINAL, Client

_WIDTH: Final = {"gmail": 76, "thunderbird": 72, "bottom": 72}
FLOWED: Final = frozenset({"thunderbird", "bottom"})
_QUOTED_MARK: Final = "> "

_CONFIDENTIAL: Final = (
    "This message and anything attached to it is meant for the person it is addressed to. If it "
    "reached you by mistake, please tell us and delete it. Prices are quoted without VAT.",
    "Registered in Ireland. Orders are accepted on our terms of trade only, a copy of which we "
    "send on request.\nFrom September to Easter both shops open at seven.",
    "Diese Nachricht ist nur für die genannten Empfänger bestimmt. Sollten Sie sie irrtümlich "
    "erhalten haben, löschen Sie sie bitte und geben Sie uns kurz Bescheid.",
)
LEGAL: Final = {
    "w1-06": _CONFIDENTIAL[0],
    "w1-07": _CONFIDENTIAL[2],
    "w1-10": _CONFIDENTIAL[0],
    "w2-03": _CONFIDENTIAL[0],
    "w3-03": _CONFIDENTIAL[0],
    "w3-16": _CONFIDENTIAL[0],
    "w4-03": _CONFIDENTIAL[1],
    "w4-06": _CONFIDENTIAL[0],
}
"""Customers whose mail server adds a notice to every mail."""

FOOTER: Final = {
    "en": "Corvenna Care, every day from 7 to 22. Help pages: corvenna.example/help\n"
    "Your reference is {ticket}. Just reply to this mail to reach us again.",
    "de": "Corvenna Kundenbetreuung, täglich von 7 bis 22 Uhr. Hilfe: corvenna.example/hilfe\n"
    "Ihr Zeichen bei uns: {ticket}. Antworten Sie einfach auf diese Mail.",
    "es": "Atención al cliente de Corvenna, todos los días de 7 a 22. corvenna.example/ayuda\n"
    "Su referencia es {ticket}. Puede responder a este correo.",
    "pl": "Biuro obsługi Corvenna, codziennie od 7 do 22. Pomoc: corvenna.example/pomoc\n"
    "Numer sprawy: {ticket}. Wystarczy odpowiedzieć na tę wiadomość.",
    "ru": "Служба заботы Corvenna, ежедневно с 7 до 22. Помощь: corvenna.example/help\n"
    "Номер обращения: {ticket}. Можно просто ответить на это письмо.",
    "zh": "Corvenna 客户服务，每天 7 点至 22 点。帮助：corvenna.example/help\n"
    "您的服务编号：{ticket}。直接回复本邮件即可联系我们。",
    "lt": "Corvenna klientų tarnyba, kasdien nuo 7 iki 22 val. Pagalba: corvenna.example/pagalba\n"
    "Jūsų kreipinio numeris: {ticket}. Tiesiog atsakykite į šį laišką.",
}


@dataclass(frozen=True, slots=True)
class Quoted:
    """The mail that is answered, as the answering program shows it."""

    name: str
    address: str
    to: str
    subject: str
    ts: datetime
    message_id: str
    plain: str
    html: str


@dataclass(frozen=True, slots=True)
class Letter:
    """The parts of one mail before they are laid out.

    Attributes:
        signature: lines of the signature, without the delimiter.
        delimiter: whether a line "-- " stands above the signature.
        below: a notice under the signature (footer, legal text).
    """

    client: Client
    text: str
    signature: str | None
    delimiter: bool
    below: str | None
    quoted: Quoted | None


def plain_text(letter: Letter) -> str:
    r"""Lay the letter out as the client's plain text part, ``\n`` line ends."""
    kind = letter.client.kind
    own = "\n".join(_wrapped(letter.text, kind))
    tail = _tail(letter)
    if letter.quoted is None:
        return f"{own}{tail}\n"
    quote = _quote(letter.client, letter.quoted)
    if kind == "bottom":
        return f"{quote}\n\n{own}{tail}\n"
    return f"{own}{tail}\n\n{quote}\n"


def heading(client: Client, quoted: Quoted) -> list[tuple[str, str]]:
    """Return the rows of Outlook's block above a quote: label and value."""
    values = (
        f"{quoted.name} <{quoted.address}>",
        client.sent(quoted.ts),
        quoted.to,
        quoted.subject,
    )
    return list(zip(HEADINGS[client.lang], values, strict=True))


def _tail(letter: Letter) -> str:
    tail = ""
    if letter.signature:
        mark = "\n\n-- \n" if letter.delimiter else "\n\n"
        tail += mark + letter.signature
    if letter.client.kind == "iphone":
        tail += f"\n\n{IPHONE[letter.client.lang]}"
    if letter.below:
        tail += "\n\n" + "\n".join(_wrapped(letter.below, letter.client.kind))
    return tail


def _quote(client: Client, quoted: Quoted) -> str:
    if client.kind.startswith("outlook"):
        opening = [ORIGINAL[client.lang]] if client.kind == "outlook_old" else []
        if client.kind == "outlook_web":
            opening = ["_" * 32]
        rows = [f"{label}: {value}" for label, value in heading(client, quoted)]
        return "\n".join([*opening, *rows, "", quoted.plain.rstrip("\n")])
    line = client.attribution(quoted.ts, quoted.name, quoted.address)
    width = _WIDTH.get(client.kind)
    attribution = _fill(line, width) if client.kind == "gmail" and width else [line]
    marked = [_marked(line, client.kind) for line in quoted.plain.rstrip("\n").split("\n")]
    gap = [] if client.kind in FLOWED else [""]
    return "\n".join([*attribution, *gap, *marked])


def _marked(line: str, kind: str) -> str:
    """Put the mark of a quote before a line; Thunderbird sets no space between marks."""
    if not line.endswith("-- "):
        line = line.rstrip(" ")
    if not line:
        return ">"
    return f">{line}" if kind in FLOWED and line.startswith(">") else _QUOTED_MARK + line


def _wrapped(text: str, kind: str) -> Sequence[str]:
    width = _WIDTH.get(kind)
    lines: list[str] = []
    for line in text.split("\n"):
        pieces = _fill(line, width) if width else [line]
        if kind in FLOWED:
            pieces = [*(piece + " " for piece in pieces[:-1]), pieces[-1]]
        lines += [_stuffed(piece) if kind in FLOWED else piece for piece in pieces]
    return lines


def _fill(line: str, width: int) -> list[str]:
    return textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) or [""]


def _stuffed(line: str) -> str:
    """Guard a line that format=flowed would read as a quote or a From line (RFC 3676, 4.4)."""
    return f" {line}" if line.startswith((" ", ">", "From ")) else line
