"""Which of the presenter's languages a short text is in."""

from __future__ import annotations

import re

from pipelines.line import Lang

_KANA = re.compile(r"[\u3040-\u309f\u30a0-\u30ff]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[A-Za-z]{2,}")
_OTHER_LETTER = re.compile(r"[^\W\d_]")
_JA_ONLY = re.compile(r"円|送料|在庫|値段|何日|使い方|違い|対応|返品可")
_EN_ASK = re.compile(r"\b(?:how|what|when|where|which|why|who|is|are|can|do|does|did|will|price|much|the)\b", re.I)


_FOREIGN = re.compile(
    r"\b(?:qu[eé]|cu[aá]nto|cuesta|precio|tiene[ns]?|para|est[aá]|esto|c[oó]mo|hola|gracias|los|las|una|por|el|puedo"
    r"|combien|co[uû]te|prix|quel(?:le)?s?|bonjour|merci|les|des|une|pour|avec|est|c'est|je|vous"
    r"|wie|viel|kostet|preis|ist|das|der|ein|eine|f[uü]r|gibt|noch|hallo|danke|und|nicht|ich|haben"
    r"|quanto|custa|costa|pre[cç]o|prezzo|tem|ol[aá]|obrigad[oa]|ciao|grazie|uma|com|isso|quest[oa]"
    r"|berapa|harga|apa|ada|ini|yang|bao|nhi[eê]u|gi[aá]|kh[oô]ng|kadar|fiyat|magkano|ile|kosztuje)\b",
    re.I,
)
"""Words that are common in other languages written in Latin letters and are none in English."""
_ENGLISH = re.compile(
    r"\b(?:how|what|when|where|which|why|who|is|are|can|do|does|did|will|price|much|the|it|this|you|have|has|i|my|for"
    r"|and|hello|hi|thanks|please|buy|order|ship|shipping|stock|skin|use|good|any|your|there|in|of|to)\b",
    re.I,
)
_OURS = re.compile(r"[A-Za-z\u3040-\u30ff\u3400-\u9fff\uff10-\uff5a々ー]")
READ = 500
"""Characters that are looked at; no viewer's line is longer."""


def foreign(text: str) -> bool:
    """Whether a text is in none of the presenter's languages: mostly in another script, or in other Latin words."""
    text = text[:READ]
    letters, ours = len(_OTHER_LETTER.findall(text)), len(_OURS.findall(text))
    if letters == 0:
        return False
    if _KANA.search(text) or _HAN.search(text):
        return (letters - ours) * 2 > letters
    if ours * 2 < letters:
        return True
    return len(_FOREIGN.findall(text)) > len(_ENGLISH.findall(text))


def detect(text: str, default: Lang) -> Lang:
    """The language of `text`: kana are Japanese, Han is Chinese (or a Japanese room's own), letters English.

    Text without letters is taken for `default`; letters of any other script are answered in English.
    """
    text = text[:READ]
    kana, han = len(_KANA.findall(text)), len(_HAN.findall(text))
    words = _WORD.findall(text)
    if kana:
        return "ja"
    if han:
        if len(words) > han and len(_EN_ASK.findall(text)) >= 2:
            return "en"
        if _JA_ONLY.search(text) and default == "ja":
            return "ja"
        return "ja" if default == "ja" and not re.search(r"[吗呢么的了这你]", text) else "zh"
    if not _OTHER_LETTER.search(text):
        return default
    return "en"
