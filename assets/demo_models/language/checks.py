"""What is wrong with an answer: a figure, a name or a phrase that its brief doesn't hold, or a form that can't be said.

An answer is derivable when it can be cut without rest into what stands in the brief (fields, facts, whole clauses of
facts, answers of pairs) and the words that a presenter may have of her own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from pipelines.brief import Brief, answer_of

Fault = Literal["figure", "latin", "name", "phrase", "form"]
FIELDS = ("product", "price", "was_price", "stock", "next_product", "viewer")
MAX_LENGTH = 320
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
_LATIN = re.compile(r"[A-Za-z]+")
_CLAUSE = re.compile(r"[，,。.;；]\s*")
_ENDS = ("。", "！", "？", ".", "!", "?")
_BROKEN = re.compile(r"[\ufffd\n\r]|<\||\|>|[。，、]{2}")


def faults(brief: Brief, text: str, own: Iterable[str]) -> list[Fault]:
    """What is wrong; `own` are the words that need not stand in the brief."""
    found: list[Fault] = []
    given = "\n".join(_given(brief))
    if any(n not in _FIGURE.findall(given) for n in _FIGURE.findall(text)):
        found.append("figure")
    words = set(_LATIN.findall(given)).union(*(_LATIN.findall(o) for o in own)) if brief.lang != "en" else None
    if words is not None and any(w not in words for w in _LATIN.findall(text)):
        found.append("latin")
    if any(name not in text for name in _named(brief)):
        found.append("name")
    if not derivable(brief, text, own):
        found.append("phrase")
    if not text or not text.endswith(_ENDS) or len(text) > MAX_LENGTH or _BROKEN.search(text):
        found.append("form")
    return found


def derivable(brief: Brief, text: str, own: Iterable[str]) -> bool:
    """Whether the answer can be cut into pieces of the brief and words of the presenter's own."""
    pieces = {p for p in (*own, *units(brief), " ", "。", ". ") if p}
    longest = max(map(len, pieces))
    reached = [True] + [False] * len(text)
    for end in range(1, len(text) + 1):
        starts = range(max(0, end - longest), end)
        reached[end] = any(reached[s] and text[s:end] in pieces for s in starts)
    return reached[-1]


def units(brief: Brief) -> set[str]:
    """Every piece of the brief that can be said as it is."""
    out = {value for name in FIELDS if (value := getattr(brief, name))}
    for fact in brief.facts:
        said = answer_of(fact, brief.lang)
        out |= {said, *_CLAUSE.split(said)}
    return out - {""}


def _named(brief: Brief) -> list[str]:
    names = [brief.product] if brief.kind in ("pitch", "call") else []
    if brief.kind == "transition":
        names = [brief.next_product]
    if brief.kind in ("greet", "thank") and brief.viewer:
        names = [brief.viewer]
    return names


def _given(brief: Brief) -> list[str]:
    return [*(getattr(brief, name) for name in FIELDS), *brief.facts, brief.question]
