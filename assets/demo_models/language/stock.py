"""Stock: the words a language's synthetic products are made of, and words that nobody has ever read.

A seventh of each pool of words is held out for judging; random words (drawn hanzi, made-up Latin, kana) never come
twice, so that a name can only be copied.
"""

from __future__ import annotations

import functools
import hashlib
import random
import re
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from assets.demo_models.language.grammar import fill
from pipelines.line import Lang

HERE = Path(__file__).parent
HELD_OUT = 7
"""One word in so many is for judging."""
TWICE = 0.25
"""Share of a sentence's words that have been in it already."""
SIGNED = 0.06
"""Share of random words that are letters, figures and signs."""
WILD = 0.3
"""Share of words that are random in place of one of the pool."""
_ONSETS = "b c d f g h j k l m n p r s t v w z br cl dr fl gr pl st tr vel lu".split()
_NUCLEI = "a e i o u ai ea io ou y".split()
_CODAS = ["", "", "", "n", "r", "s", "l", "th", "x", "m", "ne", "que"]
_KATAKANA = [chr(c) for c in range(0x30A2, 0x30F3) if chr(c) not in "ァィゥェォッャュョヮヰヱヲ"]
_GLIDES = [f"{a}{b}" for a in "キシチニヒミリギジビピ" for b in "ャュョ"]
_GLIDES += "ファ フィ フェ フォ ティ ディ ウェ ウォ ヴィ シェ チェ ジェ デュ".split()
_SYLLABLES = (*_KATAKANA, *_GLIDES, *(f"{k}ー" for k in _KATAKANA), *(f"{k}ッ" for k in _KATAKANA))
_HIRAGANA = [chr(c) for c in range(0x3041, 0x3094)]
_WORD = re.compile(r"[a-z]{4,}")
_LATIN_TOKEN = re.compile(r" ?[A-Za-z][a-z]*")
_COUNTS = "零一二三四五六七八九十"
_SIGNS = ("+", "++", "+++", "-", "/", "&", "%", "°", "×", "'", "(S)", "(L)")
"""What stands beside letters and figures in names: SPF50+, B5, pH 5.5."""
_CONNECTING = {
    "zh": "的 和 在 就 也 用 里 有 更 再 不 会 要 跟 到 以后 的时候 ， 、 ， 可以 建议 请 需要 比较".split(),
    "en": "the a of and with to in for is it on not you your at or from that , , as by into can will".split(),
    "ja": "の は が を に で と も です ます 、 、 から まで より ください".split(),
}
Slots = dict[str, list[str]]
"""What the slots of one fact were filled with."""


@functools.cache
def hanzi() -> tuple[str, ...]:
    """The 3,755 most usual characters: the first level of GB 2312 (rows 16 to 55)."""
    out = []
    for row in range(16, 56):
        for cell in range(1, 95 if row < 55 else 90):
            out.append(bytes((row + 0xA0, cell + 0xA0)).decode("gb2312"))
    return tuple(out)


@functools.cache
def written() -> tuple[str, ...]:
    """Every character beyond ASCII in the languages' and the demo shop's files: no single one may be unknown on air."""
    files = [HERE / f"{lang}.yaml" for lang in ("zh", "en", "ja")]
    files += [HERE.parents[1] / "demo" / f"{n}.yaml" for n in ("catalogue", "personas", "scripts")]
    return tuple(sorted({c for path in files for c in path.read_text(encoding="utf-8") if ord(c) > 0x7F}))


@functools.cache
def _han() -> tuple[str, ...]:
    return tuple(c for c in written() if "\u4e00" <= c <= "\u9fff")


@functools.cache
def _fragments() -> tuple[str, ...]:
    """English words to cut pieces from; pieces hold the letters of words that are held out, never their sense."""
    words = _WORD.findall((HERE / "en.yaml").read_text(encoding="utf-8").lower())
    return tuple(sorted({*words, *(w for w in everyday("en") if len(w) > 3)}))


@functools.cache
def everyday(lang: Lang) -> tuple[str, ...]:
    """Words of every day that sentences are made of at random."""
    found: Mapping[str, str] = yaml.safe_load((HERE / "words.yaml").read_text(encoding="utf-8"))
    return tuple(found[lang].split())


@functools.cache
def rare_hanzi() -> tuple[str, ...]:
    """The 3,008 of the second level, which the tokenizer has only bytes for."""
    return tuple(bytes((r + 0xA0, c + 0xA0)).decode("gb2312") for r in range(56, 88) for c in range(1, 95))


@functools.cache
def language(lang: Lang) -> Mapping[str, Any]:
    """A language's words and templates as they stand in its file."""
    found: Mapping[str, Any] = yaml.safe_load((HERE / f"{lang}.yaml").read_text(encoding="utf-8"))
    return found


@functools.cache
def speech(lang: Lang, style: str = "") -> Mapping[str, Any]:
    """What a presenter says around the facts: the language's own templates, or those of a style where it has some."""
    plain: Mapping[str, Any] = language(lang)["speech"]
    own = _styles()[style].get(lang, {}) if style else {}
    return {kind: {**parts, **own.get(kind, {})} for kind, parts in plain.items()}


def styles() -> tuple[str, ...]:
    """The dictions there are."""
    return tuple(_styles())


@functools.cache
def _styles() -> Mapping[str, Any]:
    found: Mapping[str, Any] = yaml.safe_load((HERE / "styles.yaml").read_text(encoding="utf-8"))
    return found


def is_held_out(word: str) -> bool:
    """Whether a word of a pool is for judging only."""
    return hashlib.sha256(word.encode()).digest()[0] % HELD_OUT == 0


@dataclass(frozen=True, slots=True)
class Pieces:
    """Latin tokens of a tokenizer: those that begin a word in capitals or not, and those that go on.

    A token that was never copied in training is never copied on air, so words are made of all there are.
    """

    upper: tuple[str, ...]
    lower: tuple[str, ...]
    inner: tuple[str, ...]

    @classmethod
    def of(cls, tokens: Iterable[str]) -> Pieces:
        """From tokens as text, a space in front of those that begin a word."""
        latin_ones = sorted({t for t in tokens if _LATIN_TOKEN.fullmatch(t)})
        begin = [t[1:] for t in latin_ones if t[0] == " "]
        return cls(
            tuple(t for t in begin if t[0].isupper()), tuple(t for t in begin if t[0].islower()),
            tuple(t for t in latin_ones if t[0] != " " and t.islower()),
        )

    def word(self, rng: random.Random, *, capital: bool) -> str:
        """A word of one to three tokens."""
        first = rng.choice(self.upper if capital else self.lower)
        return first + "".join(rng.choice(self.inner) for _ in range(rng.choice((0, 1, 1, 2))))


@dataclass(frozen=True, slots=True)
class Stock:
    """Draws words; with `held_out` those that are never trained on."""

    lang: Lang
    held_out: bool = False
    wild: float = WILD
    style: str = ""
    pieces: Pieces | None = None

    def value(self, name: str, rng: random.Random) -> str:
        """A word for a slot."""
        made = self._made(name, rng)
        if made is not None:
            return made
        if rng.random() < self.wild and name not in ("unit", "measure", "shop", "shop_mood"):
            return self.invented(rng)
        return rng.choice(self.pool(name))

    def fill(self, template: str, rng: random.Random, kept: Slots) -> str:
        """Fill a template; what a slot got is noted in `kept`."""
        def value(name: str) -> str:
            word = self.value(name, rng)
            if word in kept.get(name, ()):
                word = self.value(name, rng)
            kept.setdefault(name, []).append(word)
            return word

        return fill(template, rng, value)

    def pool(self, name: str) -> list[str]:
        """The words of a pool that may be drawn."""
        return _pool(self.lang, name, self.held_out)

    def invented(self, rng: random.Random) -> str:
        """A word that can't be known."""
        if rng.random() < SIGNED:
            return signed(rng)
        if rng.random() < 0.25:
            return rng.choice(everyday(self.lang))
        if self.lang == "en":
            return self._latin(rng, capital=False)
        if self.lang == "ja" and rng.random() < 0.6:
            kana = _HIRAGANA if rng.random() < 0.25 else _SYLLABLES
            return "".join(rng.choice(kana) for _ in range(rng.randint(2, 6)))
        if self.lang == "zh" and rng.random() < 0.08:
            return self._latin(rng, capital=True)
        shares = (0.0, 0.7, 0.3) if self.lang == "ja" else (0.02, 0.2, 0.78)
        stock = rng.choices((rare_hanzi(), _han(), hanzi()), shares)[0]
        return "".join(rng.choice(stock) for _ in range(rng.choice((1, 2, 2, 2, 3, 3, 4))))

    def _latin(self, rng: random.Random, *, capital: bool) -> str:
        if self.pieces is not None and rng.random() < 0.6:
            return self.pieces.word(rng, capital=capital)
        return latin(rng) if capital else latin(rng).lower()

    def sentence(self, rng: random.Random) -> str:
        """Words in a row that say nothing and can only be copied."""
        joints, out = _CONNECTING[self.lang], list[str]()
        for n in range(rng.randint(2, 6)):
            if n and rng.random() < 0.75:
                out.append(rng.choice(joints))
            word = self.invented(rng) if rng.random() < 0.3 else rng.choice(everyday(self.lang))
            # What comes twice goes on differently: only what stood further before tells how.
            out.append(rng.choice(out) if out and rng.random() < TWICE else word)
        if self.lang != "en":
            return "".join(out)
        text = " ".join(out).replace(" ,", ",")
        return text[:1].upper() + text[1:]

    def _made(self, name: str, rng: random.Random) -> str | None:
        match name:
            case "x" | "k":
                return self.invented(rng)
            case "s":
                return self.sentence(rng)
            case "w" | "W":
                return signed(rng) if rng.random() < SIGNED else self._latin(rng, capital=True)
            case "n":
                n = rng.choice((rng.randint(1, 12), rng.randint(1, 12), rng.randint(1, 99), 5 * rng.randint(1, 100)))
                if self.lang != "en" and rng.random() < 0.4:
                    return counted(n)
                return f"{n}.{rng.randint(1, 9)}" if rng.random() < 0.06 else str(n)
            case "d":
                return str(rng.randint(10, 9999))
            case "p":
                return amount(rng)
        return None


@functools.cache
def _pool(lang: Lang, name: str, held_out: bool) -> list[str]:
    words: list[str] = language(lang)["pools"][name]
    if name in ("unit", "measure", "shop", "shop_mood"):
        return words
    chosen = [w for w in words if is_held_out(w) == held_out]
    return chosen or words


def _fragment(rng: random.Random) -> str:
    word = rng.choice(_fragments())
    size = rng.randint(2, 5)
    at = rng.randint(0, max(0, len(word) - size))
    return word[at : at + size]


def counted(n: int) -> str:
    """A number below 1,000 in Chinese characters."""
    if n <= 10:
        return _COUNTS[n]
    hundreds, rest = divmod(n, 100)
    tens, ones = divmod(rest, 10)
    text = f"{_COUNTS[hundreds]}百" if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else _COUNTS[tens]) + "十"
    elif hundreds and ones:
        text += "零"
    return text + (_COUNTS[ones] if ones else "")


def amount(rng: random.Random, least: int = 1) -> str:
    """A price, from a few coins to some thousands; over `least`."""
    whole = least + rng.choice((rng.randint(1, 99), rng.randint(1, 400), rng.randint(1, 3000)))
    cents = rng.choice(("", "", ".9", ".5", ".8", ".99", f".{rng.randint(1, 9)}", f".{rng.randint(11, 99)}"))
    return f"{whole}{cents}"


def signed(rng: random.Random) -> str:
    """SPF50+, B5, X-200 or the like."""
    letters = "".join(rng.choice(string.ascii_letters) for _ in range(rng.randint(1, 3)))
    if rng.random() < 0.5:
        letters = letters.upper()
    figures = str(rng.choice((rng.randint(1, 9), rng.randint(10, 99), 5 * rng.randint(20, 400))))
    sign = rng.choice(_SIGNS)
    forms = ("{l}{f}{s}", "{l}{s}{f}", "{f}{s}", "{l}{s}", "{l}{f}")
    return rng.choice(forms).format(l=letters, f=figures, s=sign)


def latin(rng: random.Random) -> str:
    """A made-up brand: Velora, Trune, KX or the like."""
    if rng.random() < 0.12:
        return "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(rng.randint(2, 4)))
    if rng.random() < 0.45:
        return "".join(_fragment(rng) for _ in range(rng.choice((1, 2, 2, 3)))).capitalize()
    parts = [rng.choice(_ONSETS) + rng.choice(_NUCLEI) for _ in range(rng.choice((1, 2, 2, 3)))]
    return ("".join(parts) + rng.choice(_CODAS)).capitalize()
