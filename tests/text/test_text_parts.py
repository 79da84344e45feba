"""Whole mails, each line marked: A(uthored), Q(uote), H(eader), S(ignature), F(ooter)."""

from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relintel.nlp.view import view
from relintel.text.normalise import normalise
from relintel.text.parts import authored_spans, split_parts
from relintel.text.unseen import BLANKS, INVISIBLE, LINE_ENDS

KINDS = {"A": "authored", "Q": "quote", "H": "header", "S": "signature", "F": "footer"}

GMAIL = """
A|Hi there,
.|
A|my kettle leaks again, can you send a new lid?
.|
H|On Tue, 4 Mar 2025 at 09:12, Kettle Care <care@kettle.example> wrote:
.|
Q|> Thanks for writing.
Q|>
Q|> On Mon, 3 Mar 2025 at 18:00, Mia Brook <mia@mail.example> wrote:
Q|>> It leaks.
"""

GMAIL_WRAPPED = """
A|Still waiting.
.|
H|On Tue, Mar 4, 2025 at 9:12 AM Kettle Care Customer Relations Department <
H|care-department-no-reply@kettle.example> wrote:
.|
Q|> We will call you.
"""

GMAIL_DE = """
A|Guten Tag,
A|der Deckel fehlt immer noch.
.|
H|Am Di., 4. März 2025 um 09:12 Uhr schrieb Kessel Service <
H|service@kessel.example>:
.|
Q|> Wir prüfen das.
"""

GMAIL_DE_NAME_FIRST = """
A|Danke, passt.
.|
H|Kessel Service <service@kessel.example> schrieb am Di., 4. März 2025, 09:12:
.|
Q|> Passt der Deckel?
"""

OUTLOOK = """
A|Please cancel my order.
.|
A|Kind regards,
S|Mia Brook
S|Head of Purchasing
S|Tel: +44 20 5550 0199
.|
H|From: Kettle Care <care@kettle.example>
H|Sent: Tuesday, March 4, 2025 9:12 AM
H|To: Mia Brook <mia@mail.example>
H|Subject: Your order
.|
Q|Dear Mia,
.|
Q|your order is on its way.
"""

OUTLOOK_DE = """
A|Hallo Frau Sommer,
A|bitte stornieren Sie die Bestellung.
.|
A|Mit freundlichen Grüßen
.|
S|Jonas Winter
S|Winter Bau GmbH
S|Geschäftsführer: Jonas Winter, Amtsgericht Köln, HRB 12345
.|
H|________________________________
H|Von: Kessel Service <service@kessel.example>
H|Gesendet: Dienstag, 4. März 2025 09:12
H|An: Jonas Winter <jonas@bau.example>
H|Betreff: Ihre Bestellung
.|
Q|Sehr geehrter Herr Winter,
Q|Ihre Bestellung ist unterwegs.
"""

OUTLOOK_OLD = """
A|See below.
.|
H|-----Original Message-----
H|From: Kettle Care
H|Sent: 04 March 2025 09:12
H|To: Mia Brook
H|Subject: RE: lid
.|
Q|We cannot find the order.
"""

OUTLOOK_OLD_DE = """
A|Siehe unten.
.|
H|-----Ursprüngliche Nachricht-----
H|Von: Kessel Service
H|Gesendet: Dienstag, 4. März 2025 09:12
H|An: Winter
H|Betreff: AW: Deckel
.|
Q|Wir finden die Bestellung nicht.
"""

APPLE = """
A|No, the blue one.
.|
S|Sent from my iPad
.|
H|> On 4 Mar 2025, at 09:12, Kettle Care <care@kettle.example> wrote:
"""

APPLE_UNMARKED = """
A|No, the blue one.
.|
H|On 4 Mar 2025, at 09:12, Kettle Care <care@kettle.example> wrote:
.|
Q|Do you want the red one?
.|
Q|Yours, Kettle Care
"""

APPLE_FORWARD = """
A|What is this about?
.|
H|Begin forwarded message:
.|
H|From: Kettle Care <care@kettle.example>
H|Subject: Invoice
H|Date: 4 March 2025 at 09:12:00 GMT
H|To: Mia Brook <mia@mail.example>
.|
Q|Please pay within 14 days.
"""

APPLE_FORWARD_DE = """
A|Was soll das?
.|
H|Anfang der weitergeleiteten Nachricht:
.|
H|Von: Kessel Service <service@kessel.example>
H|Betreff: Rechnung
H|Datum: 4. März 2025 um 09:12:00 MEZ
.|
Q|Bitte zahlen Sie binnen 14 Tagen.
"""

GMAIL_FORWARD = """
A|FYI
.|
H|---------- Forwarded message ---------
H|From: Kettle Care <care@kettle.example>
H|Date: Tue, 4 Mar 2025 at 09:12
H|Subject: Invoice
H|To: Mia Brook <mia@mail.example>
.|
.|
Q|Please pay within 14 days.
"""

THUNDERBIRD_INLINE = """
H|Am 04.03.25 um 09:12 schrieb Kessel Service:
Q|> Haben Sie den Deckel gereinigt?
.|
A|Ja, zweimal.
.|
Q|> Und entkalkt?
A|Auch das.
.|
S|--\x20
S|Jonas Winter
"""

THUNDERBIRD_FORWARD = """
A|Please have a look.
.|
H|-------- Forwarded Message --------
H|Subject: Invoice
H|Date: Tue, 4 Mar 2025 09:12:00 +0000
H|From: Kettle Care <care@kettle.example>
H|To: Mia Brook <mia@mail.example>
.|
Q|Please pay within 14 days.
"""

GMX = """
A|Das geht so nicht!
.|
H|Gesendet: Dienstag, 04. März 2025 um 09:12 Uhr
H|Von: "Kessel Service" <service@kessel.example>
H|An: jonas@bau.example
H|Betreff: Ihre Bestellung
Q|Wir prüfen das.
"""

PHONE_DE = """
A|Kommt das Paket heute noch?
.|
S|Von meinem iPhone gesendet
.|
H|> Am 04.03.2025 um 09:12 schrieb Kessel Service <service@kessel.example>:
"""

PHONE_ANDROID_DE = """
A|Kommt das Paket heute noch?
.|
S|Diese Nachricht wurde von meinem Android-Mobiltelefon mit WEB.DE Mail gesendet.
"""

PHONE_TYPOS = """
A|Where is it?
.|
S|Sent from my Galaxy, please excuse typos
"""

PHONE_CARRIER = """
A|Where is it?
.|
S|Sent from my Orange, Samsung Galaxy smartphone
"""

OUTLOOK_PHONE = """
A|Where is it?
.|
S|Get Outlook for Android<https://link.example/x>
H|________________________________
H|From: Kettle Care <care@kettle.example>
H|Sent: Tuesday, March 4, 2025 9:12:00 AM
H|To: Mia Brook <mia@mail.example>
H|Subject: lid
.|
Q|We sent it.
"""

YANDEX = """
A|Not yet.
.|
H|04.03.2025, 09:12, "Kettle Care" <care@kettle.example>:
.|
Q|> Has it come?
"""

HELPDESK = """
A|It is still broken.
.|
H|##- Please type your reply above this line -##
.|
Q|Your request has been updated.
"""

HELPDESK_OWN = """
H|##- Please type your reply above this line -##
.|
A|Your request has been updated.
"""

DISCLAIMER = """
A|Please send the invoice again.
.|
A|Regards
S|Mia
.|
F|This e-mail is confidential and intended solely for the addressee. If you are not the
F|intended recipient, notify the sender and delete it from your system.
"""

DISCLAIMER_DE = """
A|Bitte senden Sie die Rechnung noch einmal.
.|
F|Diese E-Mail enthält vertrauliche und/oder rechtlich geschützte Informationen. Wenn Sie nicht
F|der richtige Adressat sind, informieren Sie bitte sofort den Absender.
"""

LIST = """
A|Has anybody got the lid off?
.|
F|_______________________________________________
F|kettle-owners mailing list
F|kettle-owners@lists.example
F|https://lists.example/kettle-owners
"""

POSTSCRIPT = """
A|Thank you for the quick help!
.|
A|Best wishes,
S|Mia
.|
A|P.S. The new lid is lovely.
"""

WRAPPED_QUOTE = """
A|Yes.
.|
Q|> do you still want us to send the replacement lid to the address we hold
Q|on file
Q|> or to another one?
.|
A|To my office please.
"""

DASHED_NAME = """
A|The lid does not fit.
.|
S|- Mia
"""

CONTACT_BLOCK = """
A|I can do Tuesday.
.|
S|Mia Brook
S|Brook & Sons Ltd
S|+44 20 5550 0199
S|mia@mail.example
"""

PROTON = """
A|Not yet.
.|
S|Sent with Proton Mail secure email.
.|
H|------- Original Message -------
Q|On Tuesday, March 4th, 2025 at 09:12, Kettle Care <care@kettle.example> wrote:
.|
Q|> Has it come?
"""

ONLY_FORWARD = """
H|---------- Forwarded message ---------
H|From: Kettle Care <care@kettle.example>
H|Date: Tue, 4 Mar 2025 at 09:12
H|Subject: Invoice
.|
Q|Please pay within 14 days.
"""
MAILS = {
    name.lower(): text
    for name, text in list(globals().items())
    if name.isupper() and isinstance(text, str) and "|" in text
}
MAILS["apple"] = APPLE.replace("H|>", "Q|>")
MAILS["phone_de"] = PHONE_DE.replace("H|>", "Q|>")


def read(marked: str) -> tuple[str, list[str]]:
    rows = [row.split("|", 1) for row in marked.strip("\n").split("\n")]
    return "\n".join(text for _, text in rows), [mark for mark, _ in rows]


def marks_of(body: str, line_end: str = "\n") -> list[str]:
    """Mark each line of a body by the part it lies in; blank lines with a dot."""
    letters = {kind: letter for letter, kind in KINDS.items()}
    marks = []
    for part in split_parts(body):
        for line in body[part.start : part.end].removesuffix(line_end).split(line_end):
            marks.append(letters[part.kind] if line.strip() else ".")
    return marks


@pytest.mark.parametrize("name", sorted(MAILS))
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_mail(name: str, line_end: str) -> None:
    body, expected = read(MAILS[name])
    assert marks_of(body.replace("\n", line_end), line_end) == expected


@pytest.mark.parametrize(
    "attribution",
    [
        "Le mar. 4 mars 2025 à 09:12, Service Bouilloire <service@b.example> a écrit :",
        "El mar, 4 mar 2025 a las 9:12, Servicio (<servicio@t.example>) escribió:",
        "Il giorno mar 4 mar 2025 alle ore 09:12 Servizio <servizio@t.example> ha scritto:",
        "Em ter., 4 de mar. de 2025 às 09:12, Serviço <servico@c.example> escreveu:",
        "Op di 4 mrt 2025 om 09:12 schreef Dienst <dienst@k.example>:",
        "Den tis 4 mars 2025 kl 09:12 skrev Tjänst <tjanst@k.example>:",
        "tir. 4. mar. 2025 kl. 09:12 skrev Tjeneste <tjeneste@k.example>:",
        "ti 4. maalisk. 2025 klo 9.12 Palvelu (palvelu@k.example) kirjoitti:",
        "вт, 4 мар. 2025 г. в 09:12, Сервис <servis@c.example>:",
        "4 марта 2025 г., в 09:12, Сервис <servis@c.example> написал(а):",
        "wt., 4 mar 2025 o 09:12 Serwis <serwis@c.example> napisał(a):",
        "2025-03-04, an, 09:12 Tarnyba <tarnyba@v.example> rašė:",
        "在 2025年3月4日,09:12,服务 <fuwu@s.example> 写道:",
        "于2025年3月4日周二 09:12写道：",
        "2025年3月4日(火) 9:12 サービス <service@s.example>:",
        "2025년 3월 4일 (화) 오전 9:12, 서비스 <service@s.example>님이 작성:",
        "Στις Τρί, 4 Μαρ 2025 στις 9:12 π.μ., Service <service@s.example> έγραψε:",
        "Service <service@s.example>, 4 Mar 2025 Sal, 09:12 tarihinde şunu yazdı:",
        "Thu, 4 Mar 2025 09:12:51 +0300 от Сервис <service@s.example>:",
        "Zitat von Kessel Service <service@kessel.example>:",
        "On 2025-03-04 09:12, Kettle Care wrote:",
        "---- On Tue, 04 Mar 2025 09:12:00 +0000 care@kettle.example wrote ----",
        "Kettle Care <notifications@kettle.example> writes:",
    ],
)
def test_attributions_in_many_languages(attribution: str) -> None:
    body = f"my own words\n\n{attribution}\n\n> what they wrote\n"
    assert marks_of(body) == ["A", ".", "H", ".", "Q"]


@pytest.mark.parametrize(
    "header",
    [
        ("De : Service <s@b.example>", "Envoyé : mardi 4 mars 2025 09:12", "Objet : couvercle"),
        ("De: Servicio <s@t.example>", "Enviado: martes, 4 de marzo de 2025", "Asunto: tapa"),
        ("Od: Serwis <s@c.example>", "Wysłano: wtorek, 4 marca 2025", "Temat: pokrywka"),
        ("От: Сервис <s@c.example>", "Отправлено: 4 марта 2025 г.", "Тема: крышка"),
        ("发件人: 服务 <s@s.example>", "发送时间: 2025年3月4日 09:12", "主题: 盖子"),
        ("*From:* Care <s@k.example>", "*Date:* 4 March 2025", "*To:* Mia", "*Subject:* lid"),
    ],
)
def test_header_fields_in_many_languages(header: tuple[str, ...]) -> None:
    body = "\n".join(["my own words", "", *header, "", "what they wrote"])
    assert marks_of(body) == ["A", ".", *"H" * len(header), ".", "Q"]


@pytest.mark.parametrize(
    "body",
    [
        "On Monday I wrote:\n\nplease send me a new lid.\n\nNobody answered.",
        "On 3 March 2025 your agent wrote:\n\nWe will refund you.\n\nYou did not.",
        "Am Montag schrieb ich:\n\nder Deckel fehlt.\n\nKeine Antwort.",
        "Am 3. März 2025 hat Ihr Mitarbeiter mir geschrieben:\n\nSie bekommen Ihr Geld.",
        "From: London\nTo: Paris\nDate: 12 May\n\nThis flight was late.",
        "Von: Köln\nAn: Mainz\nDatum: 3. Mai\n\nDer Zug fiel aus.",
        "From: Mia Brook\nEmail: mia@mail.example\nSubject: lid\nMessage: it leaks",
        "It was sent from my office last week.\n\nSent from Berlin it should take two days.",
        "Von meinem Konto wurden 50 Euro abgebucht.\n\nWarum?",
        "Von meinem Konto wurde zweimal abgebucht\n\nWarum?",
        "Sent via courier on Monday\n\nNever arrived.",
        "Here is the list:\n-- the lid\n-- the base\n\nBoth are missing.",
        "Thanks for nothing.\n\nI want my money back.",
        "Thank you\n\nfor the lid, it fits.",
        "Pros\n----\nIt looks nice.\n\nCons\n----\nIt leaks all over the table.",
        "> 30 minutes on hold, and then they hung up.",
        ">:( never again",
        "He told me that\nthe original message was lost.",
        "My subject: I am angry.\nDate: today.",
        "I signed up to your mailing list and want to unsubscribe.",
        "You said it was confidential. It was not.",
        "To unsubscribe I clicked the button ten times. Nothing happened.",
        "My order:\n\nBlue Kettle\nRed Lid\nboth are missing",
        "Please answer me at\n\nmia@mail.example",
        "Best kettle ever.\n\nLove it.",
    ],
)
def test_false_friends_are_the_authors_own(body: str) -> None:
    assert set(marks_of(body)) <= {"A", "."}


def test_inline_answers_are_authored() -> None:
    body, _ = read(THUNDERBIRD_INLINE)
    assert [body[start:end] for start, end in authored_spans(body)] == ["Ja, zweimal.", "Auch das."]


def test_nothing_authored_gives_no_span() -> None:
    assert authored_spans("") == ()
    assert authored_spans(" \n\n") == ()
    assert authored_spans("> only\n> quoted") == ()


def authored(body: str) -> list[str]:
    return [body[start:end] for start, end in authored_spans(body)]


UNSEEN = [
    *(
        "",
        "\u200f",
        "\u202b",
        "\ufeff",
        "\u200b",
        "\xa0",
        "\0",
        "\xad",
        "\u2066",
        "\u2060",
        "\u3000",
    ),
    *("\u202f", "\ufe0f", "\x1b", "\x7f", "\u2800", "\u200e \u200b\t\u202a"),
]


@pytest.mark.parametrize("unseen", UNSEEN)
@pytest.mark.parametrize("marks", ["> ", ">", ">> ", ">\u200b> ", "\u200f>\xa0> "])
def test_a_mark_nobody_sees_does_not_hide_a_quote(unseen: str, marks: str) -> None:
    body = f"I agree.\n{unseen}{marks}I hate them\nSo do I.\n{unseen}{marks}really\n"
    assert authored(body) == ["I agree.", "So do I."]
    assert [part.kind for part in split_parts(body)] == ["authored", "quote"] * 2
    read = view(body)
    assert read.text == "I agree.\nSo do I."
    at = read.text.index("So")
    start, end = read.to_body(at, at + 8)
    assert body[start:end] == "So do I."


@pytest.mark.parametrize("unseen", ["", "\ufeff", "\u200f", "\u2060\u200b"])
@pytest.mark.parametrize("line", [">:( never again", "> 30 minutes on hold", "one > two"])
def test_a_mark_nobody_sees_makes_no_quote(unseen: str, line: str) -> None:
    assert authored(unseen + line) == [unseen + line]


@pytest.mark.parametrize(
    ("before", "header"),
    [
        ("\u200e", "On Tue, 4 Mar 2025 at 09:12, Kettle Care <care@kettle.example> wrote:"),
        ("\ufeff", "-----Original Message-----"),
        ("\u200f", "From: care@kettle.example\nSent: today\nSubject: lid"),
    ],
)
def test_a_header_behind_a_mark_nobody_sees_opens_a_quote(before: str, header: str) -> None:
    assert authored(f"my own words\n\n{before}{header}\n\nwhat they wrote") == ["my own words"]


@pytest.mark.parametrize("end", [*LINE_ENDS, "\r\n"])
def test_whatever_ends_a_line_begins_one(end: str) -> None:
    assert authored(f"I agree.{end}> I hate them{end}So do I.") == ["I agree.", "So do I."]
    assert authored(f"> I hate them{end}So do I.\n") == ["So do I."]
    assert authored(f"I agree.{end}> I hate them\n") == ["I agree."]
    assert authored(f"I agree.\nTruly.{end}> I hate them") == ["I agree.\nTruly."]
    assert authored(f"Yes.{end}{end}-- {end}Mia Brook") == ["Yes."]
    assert normalise(f"a{end}b").text == "a\nb"


@pytest.mark.parametrize("soft", sorted(set(LINE_ENDS) - {"\r", "\n"}))
def test_a_soft_break_in_a_quoted_line_does_not_end_the_quote(soft: str) -> None:
    assert authored(f"I agree.\n> I hate{soft}them all\nSo do I.") == ["I agree.", "So do I."]
    assert authored(f"I agree.\n> I hate{soft}> them all{soft}So do I.") == ["I agree.", "So do I."]


def test_all_that_normalising_removes_hides_no_quote() -> None:
    # Signs before Arabic and Syriac numbers are removed too, but a reader sees them.
    signs = re.compile("[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd]")
    letters = [chr(code) for code in (*range(0x20000), *range(0xE0000, 0xE0200))]
    removed = [c for c in letters if not normalise(f"1{c}").text[1:].strip()]
    unseen = [c for c in removed if not signs.match(c)]
    assert len(unseen) > 400
    assert [f"{ord(c):x}" for c in unseen if authored(f"a\n{c}> b") != ["a"]] == []
    known = re.compile(f"[{BLANKS}{INVISIBLE}{LINE_ENDS}]")
    assert all(known.match(c) for c in unseen)


def check_cover(body: str) -> None:
    parts = split_parts(body)
    edges = [0, *(part.end for part in parts)]
    assert [part.start for part in parts] == edges[:-1]
    assert edges[-1] == len(body)
    assert all(before.kind != after.kind for before, after in pairwise(parts))
    assert all(body[end - 1] in LINE_ENDS for end in edges[1:-1])
    for start, end in authored_spans(body):
        assert body[start:end] == body[start:end].strip() != ""


PIECES = st.sampled_from(
    [
        "> quoted",
        ">",
        "",
        "--",
        "-- ",
        "____________",
        "On 4 Mar 2025 at 09:12, Mia <m@x.example> wrote:",
        "wrote:",
        "From: m@x.example",
        "Subject: lid",
        "Sent: today",
        "-----Original Message-----",
        "Sent from my iPhone",
        "Kind regards,",
        "Mia Brook",
        "tel: 0123 456789",
        "plain words of the author, in a sentence.",
        "confidential, intended recipient",
        "please reply above this line",
    ]
)


@given(st.lists(PIECES, max_size=40), st.sampled_from(["\n", "\r\n", "\r"]))
@settings(max_examples=150, deadline=None)
def test_parts_cover_mails_made_of_conventions(lines: list[str], line_end: str) -> None:
    check_cover(line_end.join(lines))


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_parts_cover_any_text(body: str) -> None:
    check_cover(body)


@pytest.mark.parametrize(
    "body",
    [
        "a" * 1_000_000,
        ">" * 1_000_000,
        "> " * 500_000,
        "On 1 Jan 2020 wrote:" * 50_000,
        "a@" * 500_000,
        "[" * 1_000_000,
        "http://" * 150_000,
        " " * 1_000_000 + "\n" + "-" * 1_000_000,
        "wrote:\n" * 20_000,
        "From: a@b.example\n" * 10_000,
        "\nSent from my iPhone x y\n" * 10_000,
        "Thanks\n\n" * 20_000,
        "--\n" * 30_000,
        "\u200b" * 1_000_000 + "a" + "\u200f" * 1_000_000,
        "\u200b> " * 300_000,
        "> a\u2028" * 100_000 + "\nb",
        "\x0b" * 200_000,
    ],
    ids=lambda body: repr(body[:10]),
)
def test_hostile_text_takes_linear_time(body: str) -> None:
    began = time.process_time()
    check_cover(body)
    assert time.process_time() - began < 8


@pytest.mark.parametrize(
    ("author", "last", "signed"),
    [
        ("Priya Sandhu-Weiss", "Priya", True),
        ("Tuffnell, Gordon", "G. Tuffnell\nAcct 156002", True),
        ("Fenella Kaye", "Fen", True),
        ("Leonor Quist", "L.", True),
        ("maciag.z", "Z. Maciąg", True),
        ("Marguerite Oyelowo-Shaw", "M. O-S", True),
        ("", "Priya", False),
        ("Gordon Tuffnell", "Ask for Priya.", False),
        ("Mark Will", "I will wait until you mark it as paid, and then I will pay.", False),
        ("Grace Long", "Not long now!", False),
    ],
)
def test_a_last_paragraph_with_the_authors_name_is_a_signature(
    author: str, last: str, signed: bool
) -> None:
    body = f"Where is my parcel?\n\n{last}"
    kinds = [part.kind for part in split_parts(body, author)]
    assert kinds == (["authored", "signature"] if signed else ["authored"])
    assert split_parts(last, author)[0].kind == "authored"
