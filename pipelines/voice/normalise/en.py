"""English: numbers, prices and units in words."""

from __future__ import annotations

import re
from collections.abc import Callable

from num2words import num2words

from pipelines.voice.normalise.pieces import HAN, LATIN, NUMBER, PAUSES, Piece, latin, plain_number

_UNITS = {
    "ml": "millilitres", "l": "litres", "g": "grams", "kg": "kilograms", "mg": "milligrams", "cm": "centimetres",
    "mm": "millimetres", "m": "metres", "km": "kilometres", "oz": "ounces", "min": "minutes", "h": "hours",
}
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)
_MONEY = {
    "$": ("dollar", "cent"), "€": ("euro", "cent"), "£": ("pound", "pence"), "¥": ("yuan", ""), "￥": ("yuan", ""),
    "yuan": ("yuan", ""), "yen": ("yen", ""),
}


def number(text: str) -> str:
    """A number in words: 1,280.5 one thousand, two hundred and eighty point five."""
    whole, _, part = plain_number(text).partition(".")
    said = str(num2words(int(whole)))
    return said + (" point " + " ".join(str(num2words(int(d))) for d in part) if part else "")


def money(text: str, currency: str) -> str:
    """An amount as said: $19.99 nineteen dollars and ninety-nine cents; 99.9 yuan ninety-nine point nine yuan."""
    unit, cent = _MONEY[currency]
    whole, _, part = plain_number(text).partition(".")
    if not cent:
        return f"{number(text.rstrip('0').rstrip('.') if part else text)} {unit}"
    amount = int(whole)
    said = f"{num2words(amount)} {unit}{'' if amount == 1 else 's'}"
    cents = int((part + "00")[:2]) if part else 0
    if not cents:
        return said
    tail = f"{num2words(cents)} {cent if cents == 1 or cent == 'pence' else cent + 's'}"
    return f"{said} and {tail}" if amount else tail


def _ordinal(m: re.Match[str]) -> str:
    return str(num2words(int(m["o"]), to="ordinal"))


def _date(m: re.Match[str]) -> str:
    month = _MONTHS[(int(m["mo"]) - 1) % 12]
    return f"{month} {num2words(int(m['d']), to='ordinal')}, {num2words(int(m['y']), to='year')}"


def _clock(m: re.Match[str]) -> str:
    hour, minute = str(num2words(int(m["h"]))), int(m["mi"])
    if not minute:
        return f"{hour} o'clock" if int(m["h"]) <= 12 else f"{hour} hundred"
    return f"{hour} {'oh ' if minute < 10 else ''}{num2words(minute)}"


def _unit(m: re.Match[str]) -> str:
    unit = _UNITS[m["uu"].lower()]
    return f"{number(m['un'])} {unit[:-1] if m['un'] == '1' else unit}"


_RULES: list[tuple[str, Callable[[re.Match[str]], str]]] = [
    (r"(?P<url>https?://\S+|www\.\S+)", lambda m: "link"),
    (r"(?P<y>\d{4})-(?P<mo>\d{1,2})-(?P<d>\d{1,2})(?!\d)", _date),
    (rf"(?P<cur>[¥￥$€£])\s?(?P<pn>{NUMBER})", lambda m: money(m["pn"], m["cur"])),
    (rf"(?P<yn>{NUMBER})\s(?P<yc>yuan|yen)\b", lambda m: money(m["yn"], m["yc"])),
    (r"(?<!\d)(?P<h>[01]?\d|2[0-3]):(?P<mi>[0-5]\d)(?!\d)", _clock),
    (rf"(?P<r1>{NUMBER})\s?[-–~]\s?(?P<r2>{NUMBER})(?![\d-])", lambda m: f"{number(m['r1'])} to {number(m['r2'])}"),
    (r"(?P<to>(?<=[%％\d])\s?[-–~]\s?(?=[¥￥$€£]?\d))", lambda m: " to "),
    (rf"(?P<pc>{NUMBER})\s?[%％]", lambda m: number(m["pc"]) + " percent"),
    (r"(?P<o>\d+)(?:st|nd|rd|th)\b", _ordinal),
    (rf"(?P<un>{NUMBER})\s?(?P<uu>ml|mL|kg|mg|cm|mm|km|min|oz|[gLlmh])\b", _unit),
    (rf"(?P<de>{NUMBER})\s?(?:℃|°C)", lambda m: number(m["de"]) + " degrees"),
    (r"(?<![\d/])1/2(?![\d/])", lambda m: "one half"),
    (r"(?P<sn>\d{7,})", lambda m: " ".join(str(num2words(int(d))) for d in m["sn"])),
    (rf"(?P<n>{NUMBER})", lambda m: number(m["n"])),
    (r"(?P<plus>[+＋]+)", lambda m: " ".join(["plus"] * min(len(m["plus"]), 4))),
    (r"(?P<and>[&＆])", lambda m: "and"),
    (r"(?P<at>@)", lambda m: "at"),
]
_NUMERIC = re.compile("|".join(rf"(?P<_{k}>{pattern})" for k, (pattern, _) in enumerate(_RULES)))


def read(text: str) -> list[Piece]:
    """Pieces of an English text."""
    out: list[Piece] = []
    at = 0
    while at < len(text):
        if (m := _NUMERIC.match(text, at)) and m.end() > at:
            rule = next(k for k in range(len(_RULES)) if m[f"_{k}"] is not None)
            out.append(Piece(_RULES[rule][1](m), at, m.end(), "en"))
            at = m.end()
        elif m := LATIN.match(text, at):
            word = m[0] if m[0] in ("I", "a", "A") else latin(m[0])
            out.append(Piece(word, at, m.end(), "en"))
            at = m.end()
        elif m := HAN.match(text, at):
            out += [Piece(text[k], k, k + 1, "zh") for k in range(at, m.end())]
            at = m.end()
        else:
            c = text[at]
            spoken = " " if c.isspace() or c in "-/_" else PAUSES.get(c, "")
            out.append(Piece(spoken, at, at + 1, "en"))
            at += 1
    return [p for p in out if p.spoken]
