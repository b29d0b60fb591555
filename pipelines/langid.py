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


def detect(text: str, default: Lang) -> Lang:
    """The language of `text`: kana are Japanese, Han is Chinese (or a Japanese room's own), letters English.

    Text without letters is taken for `default`; letters of any other script are answered in English.
    """
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
