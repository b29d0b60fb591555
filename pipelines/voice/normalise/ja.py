"""Japanese: kanji become kana by a morphological analyser, numbers become words."""

from __future__ import annotations

import functools
import re
from typing import Any

import fugashi
from num2words import num2words

from pipelines.voice.normalise.pieces import LATIN, NUMBER, PAUSES, Piece, latin, plain_number

_UNITS = {
    "ml": "ミリリットル", "mL": "ミリリットル", "l": "リットル", "L": "リットル", "g": "グラム", "kg": "キログラム",
    "mg": "ミリグラム", "cm": "センチ", "mm": "ミリ", "m": "メートル", "℃": "度", "°C": "度", "%": "パーセント",
    "％": "パーセント",
}
_NUMERIC = re.compile(
    r"(?P<url>https?://\S+)|(?<!\d)(?P<h>[01]?\d|2[0-4])[:：](?P<mi>[0-5]\d)(?!\d)"
    r"|(?<![\d/])(?P<fa>\d{1,2})/(?P<fb>\d{1,3})(?![\d/])|(?P<tel>0\d{1,3}-?\d{2,4}-?\d{3,4}(?!\d))"
    rf"|(?P<cur>[¥￥$€£])\s?(?P<pn>{NUMBER})"
    rf"|(?P<un>{NUMBER})\s?(?P<uu>ml|mL|kg|mg|cm|mm|℃|°C|[%％]|[gLlm](?![A-Za-z]))|(?P<n>{NUMBER})"
    r"|(?P<plus>[+＋]+)|(?P<and>[&＆])|(?P<to>(?<=[\d日時円元%％])[-~〜～–](?=[¥￥$€£]?\d))"
)
_DIGITS = "ゼロ イチ ニ サン ヨン ゴー ロク ナナ ハチ キュウ".split()
_MONEY = {"¥": "円", "￥": "円", "$": "ドル", "€": "ユーロ", "£": "ポンド"}


@functools.cache
def _tagger() -> Any:
    return fugashi.Tagger()


def number(text: str) -> str:
    """A number in kanji: 1,280 千二百八十, 99.9 九十九点九."""
    whole, _, part = plain_number(text).partition(".")
    said = str(num2words(int(whole), lang="ja"))
    return said + ("点" + "".join("零一二三四五六七八九"[int(d)] for d in part) if part else "")


def _words(m: re.Match[str]) -> str:
    if m["url"]:
        return "リンク"
    if m["h"]:
        minutes = f"{number(m['mi'])}分" if int(m["mi"]) else ""
        return f"{number(m['h'])}時{minutes}"
    if m["fa"]:
        return f"{number(m['fb'])}分の{number(m['fa'])}"
    if m["tel"]:
        return "、".join(_DIGITS[int(d)] for d in m["tel"] if d.isdigit())
    if m["to"]:
        return "から"
    if m["cur"]:
        return number(m["pn"]) + _MONEY[m["cur"]]
    if m["uu"]:
        return number(m["un"]) + _UNITS[m["uu"]]
    if m["plus"]:
        return "プラス" * min(len(m["plus"]), 4)
    return "アンド" if m["and"] else number(m["n"])


def read(text: str) -> list[Piece]:
    """Pieces of a Japanese text, each a word in kana."""
    whole: list[str] = []
    origin: list[tuple[int, int]] = []
    out: list[Piece] = []

    def close() -> None:
        if whole:
            out.extend(_readings("".join(whole), origin))
            whole.clear()
            origin.clear()

    at = 0
    while at < len(text):
        if m := _NUMERIC.match(text, at):
            said, end = _words(m), m.end()
        elif m := LATIN.match(text, at):
            close()
            out.append(Piece(latin(m[0]), at, m.end(), "en"))
            at = m.end()
            continue
        elif text[at] in PAUSES or text[at].isspace():
            close()
            pause = PAUSES.get(text[at], " ")
            out.append(Piece({",": "、", ".": "。"}.get(pause, pause), at, at + 1, "ja"))
            at += 1
            continue
        else:
            said, end = (text[at] if text[at].isalnum() or text[at] in "々ー" else ""), at + 1
        whole.append(said)
        origin += [(at, end)] * len(said)
        at = end
    close()
    return [p for p in out if p.spoken]


def _readings(text: str, origin: list[tuple[int, int]]) -> list[Piece]:
    out, at = [], 0
    for word in _tagger()(text):
        found = text.find(word.surface, at)
        at = found if found >= 0 else at
        end = min(at + len(word.surface), len(origin))
        if end <= at:
            continue
        # `pron` is how it is said (は as ワ); the analyser knows none for unknown words.
        reading = getattr(word.feature, "pron", None) or getattr(word.feature, "kana", None) or word.surface
        kana = "".join(c for c in reading if "\u3040" <= c <= "\u30ff")
        if kana:
            out.append(Piece(kana, origin[at][0], origin[end - 1][1], "ja"))
        at = end
    return out
