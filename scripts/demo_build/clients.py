"""How mail programs of seven languages date, attribute and sign what they send."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from demo_build.source import Customer, dice

_SUMMER: Final = (datetime(2025, 3, 30, 1, tzinfo=UTC), datetime(2025, 10, 26, 1, tzinfo=UTC))
_HOURS: Final = {"de": 1, "es": 1, "pl": 1, "lt": 2}
_NO_SUMMER: Final = frozenset({-5, 3, 8})

_DAYS: Final = {
    "en": "Mon Tue Wed Thu Fri Sat Sun",
    "de": "Mo Di Mi Do Fr Sa So",
    "es": "lun mar mié jue vie sáb dom",
    "pl": "pon. wt. śr. czw. pt. sob. niedz.",
    "ru": "пн вт ср чт пт сб вс",
    "zh": "一 二 三 四 五 六 日",
    "lt": "pr an tr kt pn št sk",
}
_LONG_DAYS: Final = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
    "pl": "poniedziałek wtorek środa czwartek piątek sobota niedziela",
    "ru": "понедельник вторник среда четверг пятница суббота воскресенье",
}
_MONTHS: Final = {
    "en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "de": "Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.",
    "es": "ene feb mar abr may jun jul ago sept oct nov dic",
    "pl": "sty lut mar kwi maj cze lip sie wrz paź lis gru",
    "ru": "янв. февр. мар. апр. мая июн. июл. авг. сент. окт. нояб. дек.",
}
_LONG_MONTHS: Final = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października "
    "listopada grudnia",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
}

_ATTRIBUTION: Final = {
    ("gmail", "en"): "On {wd}, {d} {mon} {y} at {h2}:{mi}, {name} <{addr}> wrote:",
    ("gmail", "de"): "Am {wd}., {d}. {mon} {y} um {h2}:{mi} Uhr schrieb {name} <{addr}>:",
    ("gmail", "es"): "El {wd}, {d} {mon} {y} a las {h}:{mi}, {name} (<{addr}>) escribió:",
    ("gmail", "pl"): "{wd}, {d} {mon} {y} o {h2}:{mi} {name} <{addr}> napisał(a):",
    ("gmail", "ru"): "{wd}, {d} {mon} {y} г. в {h2}:{mi}, {name} <{addr}>:",
    ("gmail", "zh"): "{name} <{addr}> 于{y}年{m}月{d}日周{wd} {h2}:{mi}写道：",
    ("gmail", "lt"): "{y}-{m2}-{d2}, {wd}, {h2}:{mi} {name} <{addr}> rašė:",
    ("apple", "en"): "On {d} {mon} {y}, at {h2}:{mi}, {name} <{addr}> wrote:",
    ("apple", "de"): "Am {d2}.{m2}.{y} um {h2}:{mi} schrieb {name} <{addr}>:",
    ("apple", "es"): "El {d} {mon} {y}, a las {h}:{mi}, {name} <{addr}> escribió:",
    ("apple", "pl"): "Wiadomość napisana przez {name} <{addr}> w dniu {d} {mon} {y}, "
    "o godz. {h2}:{mi}:",
    ("apple", "ru"): "{d} {mon} {y} г., в {h2}:{mi}, {name} <{addr}> написал(а):",
    ("apple", "zh"): "在 {y}年{m}月{d}日，{h2}:{mi}，{name} <{addr}> 写道：",
    ("apple", "lt"): "{name} <{addr}> {y}-{m2}-{d2} {h2}:{mi} rašė:",
    ("thunderbird", "en"): "On {d2}/{m2}/{y} {h2}:{mi}, {name} wrote:",
    ("thunderbird", "de"): "Am {d2}.{m2}.{yy} um {h2}:{mi} schrieb {name}:",
    ("thunderbird", "es"): "El {d}/{m}/{yy} a las {h}:{mi}, {name} escribió:",
    ("thunderbird", "pl"): "W dniu {d2}.{m2}.{y} o {h2}:{mi}, {name} pisze:",
    ("thunderbird", "ru"): "{d2}.{m2}.{y} {h2}:{mi}, {name} пишет:",
    ("thunderbird", "zh"): "在 {y}/{m}/{d} {h}:{mi}, {name} 写道:",
    ("thunderbird", "lt"): "{y}-{m2}-{d2} {h2}:{mi}, {name} rašė:",
}
HEADINGS: Final = {
    "en": ("From", "Sent", "To", "Subject"),
    "de": ("Von", "Gesendet", "An", "Betreff"),
    "es": ("De", "Enviado", "Para", "Asunto"),
    "pl": ("Od", "Wysłano", "Do", "Temat"),
    "ru": ("От", "Отправлено", "Кому", "Тема"),
    "zh": ("发件人", "发送时间", "收件人", "主题"),
    "lt": ("Nuo", "Išsiųsta", "Kam", "Tema"),
}
_SENT: Final = {
    "en": "{d2} {month} {y} {h2}:{mi}",
    "de": "{wday}, {d}. {month} {y} {h2}:{mi}",
    "es": "{wday}, {d} de {month} de {y} {h}:{mi}",
    "pl": "{wday}, {d} {month} {y} {h2}:{mi}",
    "ru": "{wday}, {d} {month} {y} г. {h2}:{mi}",
    "zh": "{y}年{m}月{d}日 {h}:{mi}",
    "lt": "{y} m. {m2} {d2} d. {h2}:{mi}",
}
ORIGINAL: Final = {
    "en": "-----Original Message-----",
    "de": "-----Ursprüngliche Nachricht-----",
    "es": "-----Mensaje original-----",
    "pl": "-----Wiadomość oryginalna-----",
    "ru": "-----Исходное сообщение-----",
    "zh": "-----邮件原件-----",
    "lt": "-----Pradinis laiškas-----",
}
IPHONE: Final = {
    "en": "Sent from my iPhone",
    "de": "Von meinem iPhone gesendet",
    "es": "Enviado desde mi iPhone",
    "pl": "Wysłane z iPhone'a",
    "ru": "Отправлено с iPhone",
    "zh": "从我的 iPhone 发送",
    "lt": "Išsiųsta iš mano iPhone",
}
_CLIENTS: Final = {
    "en": "gmail outlook apple thunderbird iphone outlook_web gmail bottom outlook_old iphone",
    "de": "outlook thunderbird gmail iphone outlook_old",
    "es": "gmail outlook thunderbird iphone apple",
    "pl": "thunderbird outlook gmail",
    "ru": "thunderbird gmail outlook iphone",
    "zh": "apple gmail outlook iphone",
    "lt": "thunderbird gmail outlook",
}
_CHARSETS: Final = {
    "en": "us-ascii utf-8 iso-8859-1 windows-1252 utf-8",
    "de": "iso-8859-1 utf-8 windows-1252 utf-8",
    "es": "utf-8 iso-8859-1 windows-1252",
    "pl": "iso-8859-2 utf-8 windows-1250",
    "ru": "koi8-r windows-1251 utf-8 windows-1251",
    "zh": "utf-8 gb18030 gb18030 big5",
    "lt": "windows-1257 utf-8",
}


@dataclass(frozen=True, slots=True)
class Client:
    """A customer's mail program.

    Attributes:
        kind: gmail, apple, iphone, thunderbird, bottom (Thunderbird answering below the quote),
            outlook, outlook_web or outlook_old (with a line "Original Message").
        charset: preferred; UTF-8 where the text does not permit it.
        hours: zone offset in winter.
    """

    kind: str
    lang: str
    charset: str
    hours: int

    def local(self, ts: datetime) -> datetime:
        """Return a moment in the client's zone, with summer time where it is kept."""
        summer = self.hours not in _NO_SUMMER and _SUMMER[0] <= ts < _SUMMER[1]
        return ts.astimezone(timezone(timedelta(hours=self.hours + summer)))

    def attribution(self, ts: datetime, name: str, address: str) -> str:
        """Return the line before a quote."""
        kind = {"iphone": "apple", "bottom": "thunderbird", "desk": "apple"}.get(
            self.kind, self.kind
        )
        pattern = _ATTRIBUTION[kind, self.lang]
        return pattern.format(name=name, addr=address, **self._parts(ts))

    def sent(self, ts: datetime) -> str:
        """Return a time as Outlook writes it above a quote."""
        return _SENT[self.lang].format(**self._parts(ts))

    def reply_prefix(self) -> str:
        """Return what the client puts before the subject of a reply."""
        if self.kind.startswith("outlook"):
            return {"de": "AW: ", "pl": "Odp: ", "zh": "答复: ", "lt": "RE: "}.get(
                self.lang, "RE: "
            )
        return "Aw: " if (self.kind, self.lang) == ("iphone", "de") else "Re: "

    def _parts(self, ts: datetime) -> dict[str, object]:
        at = self.local(ts)
        numbers = {"y": at.year, "yy": at.year % 100, "m": at.month, "d": at.day, "h": at.hour}
        padded = {"m2": at.month, "d2": at.day, "h2": at.hour, "mi": at.minute}
        words = {
            "wd": (_DAYS, at.weekday()),
            "wday": (_LONG_DAYS, at.weekday()),
            "mon": (_MONTHS, at.month - 1),
            "month": (_LONG_MONTHS, at.month - 1),
        }
        named = {k: t[self.lang].split()[i] for k, (t, i) in words.items() if self.lang in t}
        return {**numbers, **{k: f"{v:02d}" for k, v in padded.items()}, **named}


def choose(customer: Customer, place: int) -> Client:
    """Give a customer a client: `place` counts the mail writers of the customer's language."""
    kinds = _CLIENTS[customer.lang].split()
    charsets = _CHARSETS[customer.lang].split()
    hours = _HOURS.get(customer.lang)
    if hours is None:
        zones = {"en": (0, 0, 0, 1, -5), "ru": (2, 3), "zh": (1, 0, 8)}[customer.lang]
        hours = zones[dice(len(zones), customer.id, "zone")]
    return Client(kinds[place % len(kinds)], customer.lang, charsets[place % len(charsets)], hours)
