"""The same letters as the HTML that each mail program writes."""

from __future__ import annotations

from html import escape
from typing import Final

from demo_build.clients import IPHONE, Client
from demo_build.letters import Letter, Quoted, heading

_SIDE: Final = "margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex"


def page(letter: Letter) -> tuple[str, str]:
    """Return the whole document, and its inner part as a later mail will quote it."""
    kind = letter.client.kind
    layout = _outlook if kind.startswith("outlook") else _LAYOUTS[kind]
    inner = layout(letter)
    head = '<meta http-equiv="Content-Type" content="text/html; charset={charset}">'
    style = "<style>p.MsoNormal{margin:0cm;font-size:11pt}</style>" if kind == "outlook" else ""
    return f"<html><head>{head}{style}</head><body>{inner}</body></html>\n", inner


def from_plain(text: str) -> str:
    """Return plain text as HTML lines, as a program does that quotes a plain mail."""
    return "<br>\n".join(escape(line, quote=False) for line in text.rstrip("\n").split("\n"))


def _lines(text: str) -> str:
    return from_plain(text)


def _gmail(letter: Letter) -> str:
    own = "".join(f"<div>{_lines(p) or '<br>'}</div>" for p in letter.text.split("\n"))
    html = f'<div dir="ltr">{own}</div>'
    if letter.signature:
        mark = '<span class="gmail_signature_prefix">-- </span><br>' if letter.delimiter else ""
        html += (
            f'<br clear="all">{mark}<div dir="ltr" class="gmail_signature" '
            f'data-smartmail="gmail_signature">{_lines(letter.signature)}</div>'
        )
    html += _below(letter)
    if letter.quoted:
        line = escape(_attribution(letter.client, letter.quoted), quote=False)
        html += (
            f'<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">{line}<br></div>'
            f'<blockquote class="gmail_quote" style="{_SIDE}">{letter.quoted.html}</blockquote>'
            "</div>"
        )
    return html


def _apple(letter: Letter) -> str:
    html = _lines(letter.text)
    if letter.signature:
        mark = "-- <br>" if letter.delimiter else ""
        html += f'<br id="lineBreakAtBeginningOfSignature"><div><br>{mark}'
        html += f"{_lines(letter.signature)}</div>"
    html += _below(letter)
    if letter.quoted:
        line = escape(_attribution(letter.client, letter.quoted), quote=False)
        html += (
            f'<div><br><blockquote type="cite"><div>{line}</div>'
            f'<br class="Apple-interchange-newline"><div>{letter.quoted.html}</div>'
            "</blockquote></div><br>"
        )
    return html


def _iphone(letter: Letter) -> str:
    html = f'<div dir="ltr">{_lines(letter.text)}</div>'
    if letter.signature:
        html += f'<div dir="ltr"><br>{_lines(letter.signature)}</div>'
    html += f'<br id="lineBreakAtBeginningOfSignature"><div dir="ltr">{IPHONE[letter.client.lang]}'
    html += f"</div>{_below(letter)}"
    if letter.quoted:
        line = escape(_attribution(letter.client, letter.quoted), quote=False)
        html += (
            f'<div dir="ltr"><br><blockquote type="cite">{line}<br><br></blockquote></div>'
            f'<blockquote type="cite"><div dir="ltr">{letter.quoted.html}</div></blockquote>'
        )
    return html


def _thunderbird(letter: Letter) -> str:
    own = f"<p>{_lines(letter.text)}</p>"
    if letter.signature:
        mark = "-- <br>" if letter.delimiter else ""
        own += f'<div class="moz-signature">{mark}{_lines(letter.signature)}</div>'
    own += _below(letter)
    if not letter.quoted:
        return own
    line = escape(_attribution(letter.client, letter.quoted), quote=False)
    quote = (
        f'<div class="moz-cite-prefix">{line}<br></div>'
        f'<blockquote type="cite" cite="mid:{letter.quoted.message_id}">{letter.quoted.html}'
        "</blockquote>"
    )
    return quote + own if letter.client.kind == "bottom" else own + quote


def _outlook(letter: Letter) -> str:
    own = _paragraphs(letter.text)
    if letter.signature:
        mark = "-- \n" if letter.delimiter else ""
        own += _paragraphs("\n" + mark + letter.signature)
    own += _below(letter)
    if letter.quoted is None:
        return f'<div class="WordSection1">{own}</div>'
    rows = "<br>".join(
        f"<b>{label}:</b> {escape(value, quote=False)}"
        for label, value in heading(letter.client, letter.quoted)
    )
    if letter.client.kind == "outlook_web":
        return (
            f'<div class="elementToProof">{own}</div><div id="appendonsend"></div>'
            '<hr style="display:inline-block;width:98%" tabindex="-1">'
            f'<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif">{rows}</font>'
            f"<div>&nbsp;</div></div><div>{letter.quoted.html}</div>"
        )
    rule = "border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"
    return (
        f'<div class="WordSection1">{own}<div><div style="{rule}"><p class="MsoNormal">{rows}'
        f'</p></div></div><p class="MsoNormal">&nbsp;</p>{letter.quoted.html}</div>'
    )


def _desk(letter: Letter) -> str:
    """Lay out the company's own mails."""
    html = f'<div class="answer">{_paragraphs(letter.text)}{_paragraphs(letter.signature or "")}'
    html += (
        f'</div><div class="footer" style="color:#777;font-size:12px">{_lines(letter.below or "")}'
    )
    html += "</div>"
    if letter.quoted:
        line = escape(_attribution(letter.client, letter.quoted), quote=False)
        html += (
            f'<div class="history"><p>{line}</p><blockquote>{letter.quoted.html}</blockquote></div>'
        )
    return html


def _paragraphs(text: str) -> str:
    return "".join(
        f'<p class="MsoNormal">{escape(line, quote=False) or "&nbsp;"}</p>'
        for line in text.split("\n")
    )


def _below(letter: Letter) -> str:
    if not letter.below:
        return ""
    return f'<p style="font-size:8pt;color:gray">{_lines(letter.below)}</p>'


def _attribution(client: Client, quoted: Quoted) -> str:
    return client.attribution(quoted.ts, quoted.name, quoted.address)


_LAYOUTS: Final = {
    "gmail": _gmail,
    "apple": _apple,
    "iphone": _iphone,
    "thunderbird": _thunderbird,
    "bottom": _thunderbird,
    "desk": _desk,
}
