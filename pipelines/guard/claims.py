"""Claims: promises and ingredients that a sentence makes, found by their idea; what of them a catalogue holds."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files

import yaml

from pipelines.guard.denial import denied, referred
from pipelines.guard.fold import fold, pattern
from pipelines.line import Lang

_NUMBER_WORDS = pattern(r"[0-9一二三四五六七八九十百千万几两多]")
_FRAME_ZH = pattern(r"(?<!不)(?<!没)(?<!没有)(?:含有?|添加了?|加了|加入了?|富含|蕴含|(?:成分|配料|原料|配方|料)(?:里|中|表)?(?:有|是|用的是)|放了|配了|拼配了?|里面有|主打)(?:的是)?([\u4e00-\u9fffa-z]{2,14})")
_FRAME_EN = pattern(
    r"\b(?:contains?|with added|made (?:with|from|of)|enriched with|infused with|rich in|formulated with|packed with|loaded with|"
    r"full of|ingredients? (?:is|are|include))\s+([a-z][a-z' -]{0,40}(?:(?:,| and) [a-z' -]{1,40}){0,4})(?=[.,;!?]| that| which| to | for | so | but |$)")
_FRAME_EN_IN = pattern(r"\b(?:has|have|there(?:'s| is| are)|with)\s+(?:some |a little |a touch of |a bit of |lots of |real )?([a-z][a-z' -]{1,24}?) (?:in it|inside|in the (?:formula|mix|blend|bottle|jar|box|tea))\b")
_FRAME_JA = pattern(r"([\u30a0-\u30ff\u4e00-\u9fffa-z]{2,14})(?:を|が)?(?:たっぷり|贅沢に|少し)?(?:配合|含ま|含ん|入って|入り)(?!ません|まれてい?ません)")
_PLACE = pattern(r"(?:产自|原产(?:地)?(?:是|于)?|产地是|来自|源自)([\u4e00-\u9fff]{2,4})|(?:made in|from) ([a-z]+)")
_EVER = pattern(r"终身|终生|永久|一辈子|lifetime|forever|生涯|永久")
_DAY = pattern(r"当天|当日|今天|今晚|今日|明天|明早|明晚|明日|后天|次日|隔天|隔日|翌日|本日|即日|马上|立刻|立马|立即|秒发|闪发|same.day|next.day|today|tonight|tomorrow|overnight|right away|immediately")
_SMALL = frozenset(
    "a an the of and our own pure real natural more very only just some plenty it in this that fine good quality added little bit touch "
    "mirror spoon lid cap seal picture sample surprise".split()
)
_NOT_ZH = pattern(r"不(?:含|添|加|使用|用(?!担)|放|带|存在|会?有)|没(?!想|事|错)|无(?!论|敌)|零|免(?!费)|未|非")
_NOT_EN = pattern(r"\b(?:no|without|free of|free from|zero|nor|never|(?:isn't|doesn't|don't|not)(?!\s+(?:give|eat|drink|take|mix|only|just|forget|for)\b))\b")
_NOT_AFTER = pattern(
    r"^.{0,10}(?:不使用|無添加|无添加|フリー|加え(?:ず|ていません|ておりません)|ゼロ|使っていません|使用していません|含まれ(?:て(?:い)?)?ません|入っていません|不添加)|^[- ]free\b|^\s*free\b"
    r"|^.{0,6}(?:都|也|一概|统统|全)?(?:没有|没加|没放|不加|不放|不含|不在成分)"
)


@dataclass(frozen=True, slots=True)
class Claims:
    """Promises (name -> pattern) and ingredients (each a tuple of its names), folded."""

    promises: Mapping[str, re.Pattern[str]]
    names: Mapping[str, dict[Lang, str]]
    ingredients: tuple[tuple[str, ...], ...]
    finder: re.Pattern[str]
    index: Mapping[str, int]


@functools.cache
def claims() -> Claims:
    """What `lists/claims.yaml` holds."""
    data = yaml.safe_load(files("pipelines.guard").joinpath("lists/claims.yaml").read_text(encoding="utf-8"))
    promises = {k: pattern(v["pattern"]) for k, v in data["promises"].items()}
    ingredients = tuple(tuple(fold(n).plain for n in names) for names in data["ingredients"])
    index = {n: i for i, names in enumerate(ingredients) for n in names}
    words = sorted(index, key=len, reverse=True)
    apart = {fold(k).plain: fold(v).plain for k, v in data["apart"].items()}
    finder = re.compile("|".join(_named(w, apart.get(w, "")) for w in words))
    return Claims(promises, {k: v["name"] for k, v in data["promises"].items()}, ingredients, finder, index)


def _named(word: str, apart: str) -> str:
    """The word, but where it is part of another: `apart` are those, a hyphen where the word itself stands."""
    form = rf"\b{re.escape(word)}" if word.isascii() else re.escape(word)
    looks = ""
    for other in apart.split():
        before, _, after = other.partition("-")
        looks += rf"(?<!{re.escape(before)})" if before else ""
        form += rf"(?!{re.escape(after)})" if after else ""
    return looks + form


def ingredients(plain: str) -> Iterable[tuple[int, bool, int, int]]:
    """Ingredients named in a folded text: which, whether it is said to be in, and where."""
    known = claims()
    for m in known.finder.finditer(plain):
        clause = re.split(r"[，,。.;；!！?？]", plain[: m.start()])[-1]
        latin = m[0].isascii()
        absent = bool(_NOT_EN.search(clause[-40:]) if latin else _NOT_ZH.search(clause[-10:]))
        absent |= bool(_NOT_AFTER.match(plain[m.end() :]))
        yield known.index[m[0]], not absent, m.start(), m.end()


def promises(plain: str) -> Iterable[tuple[str, int, int]]:
    """Promises that a folded sentence makes and doesn't take back: each once, and where."""
    away = referred(plain)
    for name, form in claims().promises.items():
        for m in form.finditer(plain):
            if not (away and name in ("returns", "warranty", "dispatch", "shipping_free")) and not denied(plain, *m.span()):
                yield name, m.start(), m.end()
                break


def particular(name: str, plain: str, start: int, end: int, text: str) -> bool:
    """Whether the place or day of a promise is the one that `text`, all that is known, names."""
    if name == "origin":
        m = _PLACE.match(plain, start)
        return m is None or (m[1] or m[2])[:2] in text
    if name == "warranty":
        return all(m[0] in text for m in _EVER.finditer(plain))
    if name == "dispatch":
        return all(m[0] in text for m in _DAY.finditer(plain, start, end + 6))
    return True


def foreign(plain: str, text: str) -> Iterable[tuple[int, int]]:
    """Things that a folded sentence says are in a product and `text`, all that is known of it, never names."""
    for form in (_FRAME_EN, _FRAME_EN_IN):
        for m in form.finditer(plain):
            if _NOT_EN.search(plain[max(0, m.start() - 20) : m.start()]):
                continue
            for piece in re.finditer(r"[a-z'-]+", m[1]):
                word = piece[0].rstrip("s")
                stem = word[:-1] if len(word) > 5 else word
                if piece[0] not in _SMALL and len(word) > 2 and not re.search(rf"\b{re.escape(stem)}", text):
                    yield m.start(1) + piece.start(), m.start(1) + piece.end()
                    break
    for form in (_FRAME_JA if re.search(r"[\u3040-\u30ff]", plain) else _FRAME_ZH,):
        for m in form.finditer(plain):
            for piece in re.finditer(r"[^和与、及跟的に在到と]+", m[1]):
                part = re.sub(r"^(?:了|有|多种|三种|两种|少量|大量|一点|丰富|天然|一些|我们)+|(?:成分|精华|提取物|等等|等|在里面|里面|这些)$", "", piece[0])
                if len(part) >= 2 and not _known(part, text) and not _NUMBER_WORDS.match(part):
                    yield m.start(1) + piece.start(), m.start(1) + piece.end()
                    break


def _known(part: str, text: str) -> bool:
    """Whether most of a word stands in the catalogue in one piece."""
    need = max(2, -(-len(part) * 3 // 5))
    return any(part[i : i + need] in text for i in range(len(part) - need + 1))
