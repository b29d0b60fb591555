"""Traits: what presenters of the demo differ in, as words in Chinese and English and as ink for the illustrator.

A trait's value is one of a few named ones, so that a prompt can ask for it and a classifier can tell whether it came.
What has no name (the width of an eye, the exact hue of a cloth) varies a little around each value.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass, replace

from assets.illustrator.colour import Colour
from assets.illustrator.person import LIN, Person

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a trait with the phrases that ask for it; no phrases: it goes without saying."""

    name: str
    zh: Words = ()
    en: Words = ()


def _v(name: str, zh: str = "", en: str = "") -> Value:
    return Value(name, tuple(filter(None, zh.split("|"))), tuple(filter(None, en.split("|"))))


TRAITS: dict[str, tuple[Value, ...]] = {
    "hair": (
        _v("long", "长直发|直长发|披肩长发", "long straight hair|straight long hair"),
        _v("wavy", "长卷发|波浪长发|卷发", "long wavy hair|wavy hair|curls"),
        _v("bob", "齐肩短发|短发|波波头", "a bob|short hair|bob hair"),
        _v("ponytail", "侧马尾|马尾", "a side ponytail|ponytail"),
        _v("chignon", "丸子头|发髻", "a top knot|hair in a knot"),
        _v("bun", "高髻|云髻|唐式高髻", "a high bun|tang style bun"),
    ),
    "hair_colour": (
        _v("black", "黑发|黑色头发", "black hair"), _v("brown", "深棕发|棕色头发", "brown hair|dark brown hair"),
        _v("chestnut", "栗色头发|栗发", "chestnut hair"), _v("flaxen", "亚麻色头发|浅发", "flaxen hair|blonde hair"),
        _v("wine", "酒红色头发|红发", "wine red hair|red hair"),
    ),
    "fringe": (_v("none"), _v("fringe", "刘海|有刘海", "a fringe|bangs")),
    "hairpiece": (
        _v("none"), _v("band", "发箍|发带", "a hairband"),
        _v("flower", "鬓边花|簪花", "flowers in her hair|a hair flower"),
        _v("pin", "玉簪|发簪", "a jade hairpin|hairpin"),
        _v("comb", "金梳|金梳流苏", "a golden comb|gold comb with tassels"),
    ),
    "skin": (
        _v("fair", "白皙皮肤|皮肤白皙", "fair skin"), _v("natural", "自然肤色", "natural skin"),
        _v("honey", "蜜色皮肤|小麦色皮肤", "honey skin|tanned skin"),
    ),
    "eyes": (
        _v("brown", "棕色眼睛|褐色眼睛", "brown eyes"), _v("grey", "灰色眼睛|灰紫色眼睛", "grey eyes"),
        _v("amber", "琥珀色眼睛", "amber eyes"),
    ),
    "brows": (
        _v("soft", "柳叶眉|细眉", "soft brows|thin brows"), _v("straight", "平眉", "straight brows"),
        _v("bold", "浓眉|粗眉", "bold brows|thick brows"),
    ),
    "lips": (
        _v("nude", "裸粉唇|裸色口红", "nude lips"), _v("coral", "珊瑚唇|珊瑚色口红", "coral lips"),
        _v("rose", "玫瑰唇|玫瑰色口红", "rose lips|pink lips"), _v("red", "正红唇|正红色口红|红唇", "red lips"),
        _v("berry", "浆果唇|浆果色口红", "berry lips|dark lips"),
    ),
    "makeup": (
        _v("bare", "淡妆|素颜", "bare make-up|light make-up"), _v("peach", "桃花妆|腮红", "peach make-up|blush"),
        _v("pink", "粉色眼影", "pink eyeshadow"), _v("gold", "金棕眼影|金色眼影", "gold eyeshadow"),
        _v("mark", "花钿|眉心花钿", "a flower mark on the forehead|forehead mark"),
    ),
    "outfit": (
        _v("blouse", "衬衫", "blouse|shirt"), _v("jacket", "西装外套|西装", "jacket|suit"),
        _v("sweater", "毛衣|针织衫", "sweater|pullover"), _v("qipao", "旗袍", "qipao|cheongsam"),
        _v("hanfu", "唐装|汉服", "hanfu|tang dress"),
    ),
    "cloth": (
        _v("white", "白色", "white"), _v("cream", "米色|杏色", "cream|beige"), _v("pink", "粉色", "pink"),
        _v("red", "红色", "red"), _v("blue", "蓝色", "blue"), _v("green", "绿色", "green"),
        _v("lavender", "紫色|淡紫色", "lavender|purple"), _v("black", "黑色", "black"),
    ),
    "scene": (
        _v("studio", "置物架背景|护肤品货架背景", "shelves behind her|studio shelves"),
        _v("window", "窗边|窗边背景", "by the window|window"), _v("plain", "纯色背景|素色背景", "plain background"),
        _v("stage", "舞台灯光背景|舞台", "stage lights|on stage"),
        _v("lantern", "灯笼背景|灯笼", "lanterns behind her|lanterns"),
        _v("garden", "月夜竹影|竹林月色", "moon and bamboo|a moonlit garden"),
    ),
    "light": (
        _v("day", "日光|自然光", "daylight"), _v("warm", "暖光", "warm light"), _v("cool", "冷光", "cool light"),
        _v("rosy", "粉色灯光|柔粉光", "rosy light"),
    ),
}
SUBJECT = {
    "zh": ("主播肖像", "女主播", "正面半身像"),
    "en": ("portrait of a presenter", "a presenter", "a woman facing the camera"),
}
Choice = dict[str, str]
"""Trait -> name of the value."""

_HAIR = {"black": ("#241b1e", "#5f4c58"), "brown": ("#3a2822", "#94674c"), "chestnut": ("#5b3324", "#c58358"),
         "flaxen": ("#9a7650", "#e9cf9f"), "wine": ("#541c26", "#b45060")}
_SKIN = {"fair": "#fbe5d9", "natural": "#f6d9c4", "honey": "#e6bd9b"}
_IRIS = {"brown": "#5f3c2b", "grey": "#5f5870", "amber": "#8f6430"}
_LIP = {"nude": "#cf8579", "coral": "#e2705a", "rose": "#d8517a", "red": "#c2282f", "berry": "#8a2746"}
_CLOTH = {"white": "#fbf8f3", "cream": "#ecd9bd", "pink": "#f2b2c0", "red": "#b7342f", "blue": "#5d88b8",
          "green": "#7fa584", "lavender": "#b7a4d6", "black": "#3a363d"}
_TRIM = {"white": "#e3c9a8", "cream": "#fbf3e6", "pink": "#fff4f2", "red": "#e7b65c", "blue": "#f0ddb4",
         "green": "#f3ead2", "lavender": "#f8eefc", "black": "#e2c07a"}
_WALL = {"studio": ("#f0dfd0", "#e8b98a"), "window": ("#efe6da", "#e9d6bd"), "plain": ("#dcd3e4", "#f3dfe0"),
         "stage": ("#4b2f57", "#ff9fc0"), "lantern": ("#6b3a28", "#ffb25e"), "garden": ("#22344a", "#ffcf90")}
_LIGHT = {"day": ("#fff8ea", 0.07), "warm": ("#ffc98a", 0.20), "cool": ("#b9d6ff", 0.18), "rosy": ("#ffb2cc", 0.18)}
_LID = {"bare": ("#c58a77", 0.6, 0.7), "peach": ("#dc8f78", 1.0, 1.9), "pink": ("#d0608f", 2.2, 1.1),
        "gold": ("#a8702f", 2.2, 0.9), "mark": ("#c96f5c", 1.4, 1.3)}
_BROW = {"soft": (0.78, 2.0), "straight": (1.0, -6.0), "bold": (1.55, 0.0)}
_LED = {"outfit": {"zh": "穿着", "en": "wearing a "}, "hair": {"zh": "一头", "en": "with "},
        "hair_colour": {"zh": "", "en": "with "}, "hairpiece": {"zh": "戴着", "en": "wearing "}}
_SASH = ("#3f7a68", "#3d5f8a", "#8a4a5e", "#6b5a8f")


def choose(rng: random.Random) -> Choice:
    """A person at random; a comb is worn in a high bun alone, and a high bun wears no band."""
    out = {trait: rng.choice(values).name for trait, values in TRAITS.items()}
    if rng.random() < 0.45:
        out["hairpiece"] = "none"
    if rng.random() < 0.4:
        out["fringe"] = "none"
    if out["hair"] == "bun":
        out["hairpiece"] = rng.choice(("comb", "comb", "pin", "none", "flower"))
        out["fringe"] = "none"
    elif out["hairpiece"] == "comb":
        out["hairpiece"] = "none"
    return out


def person(choice: Choice, rng: random.Random, spread: float = 1.0) -> Person:
    """The person as the illustrator draws one; `spread` 0 leaves out what varies around the values."""

    def about(text: str, hue: float = 0.012, tone: float = 0.05) -> Colour:
        k = spread
        return Colour.hex(text).turn(
            hue=rng.uniform(-hue, hue) * k, saturation=1 + rng.uniform(-0.10, 0.10) * k,
            value=1 + rng.uniform(-tone, 0.3 * tone) * k,
        )

    def near(value: float, by: float) -> float:
        return value + rng.uniform(-by, by) * spread

    hair, shine = _HAIR[choice["hair_colour"]]
    wall, accent = _WALL[choice["scene"]]
    hue = 0.06 if choice["scene"] in ("plain", "stage") else 0.02
    glow, strength = _LIGHT[choice["light"]]
    lid, shadow, blush = _LID[choice["makeup"]]
    width, arch = _BROW[choice["brows"]]
    return replace(
        LIN, name="", skin=about(_SKIN[choice["skin"]], 0.004, 0.02), lip=about(_LIP[choice["lips"]], 0.006, 0.04),
        iris=about(_IRIS[choice["eyes"]]), hair=about(hair, 0.008), hair_light=about(shine, 0.008),
        hair_style=choice["hair"],
        brow=Colour.hex(hair).mix(Colour.hex("#6b4a3a"), 0.5), lid=Colour.hex(lid),
        outfit=choice["outfit"], cloth=about(_CLOTH[choice["cloth"]], 0.02, 0.06),
        trim=Colour.hex(_TRIM[choice["cloth"]]), scene=choice["scene"], wall=about(wall, hue, 0.08),
        accent=about(accent, 0.02), sash=Colour.hex(rng.choice(_SASH)), light=Colour.hex(glow), glow=strength,
        ornament="gold" if choice["outfit"] == "hanfu" else rng.choice(("pearl", "drop")),
        hairpiece=choice["hairpiece"],
        fringe=choice["fringe"] == "fringe", forehead_mark=choice["makeup"] == "mark", blush_strength=near(blush, 0.2),
        shadow_strength=near(shadow, 0.2), brow_width=near(width, 0.06), brow_arch=near(arch, 1.0), jaw=near(1.0, 0.05),
        eye_width=near(85.0, 3.0), eye_height=near(54.0, 4.0), eye_tilt=near(6.0, 2.5), smile=near(8.0, 2.0),
    )


def caption(
    choice: Choice, rng: random.Random, lang: str, keep: float = 0.85, hidden: Collection[str] = (),
) -> str:
    """A prompt that asks for most of it, in any order and with any of its words; never for what is `hidden`."""
    parts = []
    for trait in TRAITS:
        if trait == "cloth" or trait in hidden or rng.random() >= keep:
            continue
        words = _words(trait, choice[trait], lang)
        if not words:
            continue
        phrase = rng.choice(words)
        if trait == "outfit" and rng.random() < 0.92:
            phrase = _join(rng.choice(_words("cloth", choice["cloth"], lang)), phrase, lang)
        if trait in _LED and rng.random() < 0.3:
            phrase = _LED[trait][lang] + phrase
        parts.append(phrase)
    rng.shuffle(parts)
    if rng.random() < 0.7:
        parts.insert(0, rng.choice(SUBJECT[lang]))
    return ("，" if lang == "zh" else ", ").join(parts)


def plain_caption(choice: Choice, lang: str = "zh") -> str:
    """The prompt that names every trait once, in order."""
    parts = [SUBJECT[lang][0]]
    for trait in TRAITS:
        words = _words(trait, choice[trait], lang)
        if words and trait not in ("cloth", "outfit"):
            parts.append(words[0])
    cloth, outfit = _words("cloth", choice["cloth"], lang)[0], _words("outfit", choice["outfit"], lang)[0]
    parts.insert(-2, _join(cloth, outfit, lang))
    return ("，" if lang == "zh" else ", ").join(parts)


def _join(cloth: str, outfit: str, lang: str) -> str:
    return cloth + outfit if lang == "zh" else f"{cloth} {outfit}"


def _words(trait: str, name: str, lang: str) -> Words:
    value = next(v for v in TRAITS[trait] if v.name == name)
    return value.zh if lang == "zh" else value.en
