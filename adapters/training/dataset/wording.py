"""Wording: what is wrong with a caption."""

from __future__ import annotations

import re

VAGUE = frozenset(
    "beauty|beautiful|beautiful woman|beautiful girl|pretty|pretty girl|nice|good|girl|woman|lady|person|people|face|"
    "portrait|photo|picture|image|style|art|model|presenter|anchor|"
    "美女|美|漂亮|好看|女生|女孩|女人|人|人物|人像|头像|照片|图片|风格|模特|主播|小姐姐|仙女|美丽|精致".split("|")
)
"""Captions that could stand under any picture."""

_IDENTITY = re.compile(
    r"\b(oval|round|square|heart[- ]shaped|v[- ]shaped|long|slim) face\b|\bmole\b|\bdimples?\b|\bfreckles?\b|"
    r"\b(black|brown|blue|green|hazel|almond|big|round|phoenix) eyes?\b|\bdouble eyelids?\b|\b(high|straight|small) nose\b|"
    r"\b(full|thin|cherry) lips?\b|\bhigh cheekbones?\b|\bpointed chin\b|"
    r"瓜子脸|鹅蛋脸|圆脸|方脸|国字脸|尖下巴|丹凤眼|杏眼|桃花眼|大眼睛|双眼皮|单眼皮|高鼻梁|樱桃小嘴|厚嘴唇|薄嘴唇|酒窝|雀斑|泪痣|美人痣|颧骨",
    re.I,
)


def is_vague(prompt: str, trigger: str) -> bool:
    """Whether nothing is said beside the trigger and words that fit any picture."""
    parts = [p.strip(" .。!！").lower() for p in re.split(r"[,，、;；]", prompt)]
    own = [p for p in parts if p and p != trigger.lower()]
    return all(re.sub(r"^(a|an|the) ", "", p) in VAGUE for p in own)


def identity_words(prompt: str) -> list[str]:
    """Words that describe a face: the trigger shall stand for those, so they are better left out."""
    return [m[0] for m in _IDENTITY.finditer(prompt)]
