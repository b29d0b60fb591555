"""Clean: dialogues without private data, doubles, empty answers and answers of a length that nobody speaks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rapidfuzz import fuzz, process

from adapters.training.dataset.finding import Finding
from adapters.training.dataset.privacy import mask
from adapters.training.dialogues import Dialogue

SHORTEST, LONGEST = 2, 600
"""Characters of an answer; the longest is three minutes of speech."""
ALIKE = 95.0
COMPARED = 300
"""Neighbours, by length, that each dialogue is compared with."""
_MARKUP = re.compile(r"<[a-zA-Z/][^<>]{0,80}>|https?://\S+|\[(?:图片|表情|语音|视频|动画表情|链接|文件)\]")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What is left, and what was found on the way."""

    items: tuple[Dialogue, ...]
    findings: tuple[Finding, ...]


def language_of(text: str) -> Literal["zh", "en", "ja", "other"]:
    """By the script that most of it is written in."""
    kana = len(re.findall(r"[\u3040-\u30ff]", text))
    han = len(re.findall(r"[\u4e00-\u9fff]", text))
    latin = len(re.findall(r"[A-Za-z]+", text))
    if not kana + han + latin:
        return "other"
    if kana > 0.1 * (kana + han) and kana:
        return "ja"
    return "zh" if han >= latin else "en"


def clean(dialogues: Sequence[Dialogue], *, private: Literal["mask", "drop"] = "mask") -> Cleaned:
    """In the order they came in."""
    gone: dict[str, list[str]] = {}
    masked: list[str] = []
    kept: list[Dialogue] = []
    seen: set[tuple[tuple[str, str], ...]] = set()
    for d in dialogues:
        chinese = language_of(" ".join(c for _, c in d.messages)) != "en"
        messages, hidden = [], False
        for role, text in d.messages:
            text = re.sub(r"[ \t]{2,}", " ", _MARKUP.sub("", text)).strip()
            text, found = mask(text, chinese=chinese)
            hidden = hidden or bool(found)
            messages.append((role, text))
        whole = tuple(messages)
        answer = whole[-1][1]
        key = tuple((r, re.sub(r"\W+", "", t).lower()) for r, t in whole)
        if hidden and private == "drop":
            gone.setdefault("pii", []).append(d.source)
        elif not re.search(r"\w", answer) or len(answer) < SHORTEST:
            gone.setdefault("too_short", []).append(d.source)
        elif len(answer) > LONGEST:
            gone.setdefault("too_long", []).append(d.source)
        elif key in seen:
            gone.setdefault("duplicate", []).append(d.source)
        else:
            seen.add(key)
            kept.append(replace(d, messages=whole))
            masked += [d.source] if hidden else []
    kept, alike = _apart(kept)
    gone["near_duplicate"] = alike
    return Cleaned(tuple(kept), tuple(_findings(gone, masked, kept)))


def _apart(dialogues: list[Dialogue]) -> tuple[list[Dialogue], list[str]]:
    """Those that say almost the same as one before them are left out."""
    texts = ["\n".join(t for _, t in d.messages) for d in dialogues]
    order = sorted(range(len(texts)), key=lambda n: len(texts[n]))
    out: set[int] = set()
    for at, n in enumerate(order):
        if n in out:
            continue
        near = [m for m in order[at + 1 : at + 1 + COMPARED] if len(texts[m]) <= 1.1 * len(texts[n])]
        others = {m: texts[m] for m in near if m not in out}
        hits = process.extract(texts[n], others, scorer=fuzz.ratio, score_cutoff=ALIKE, limit=None)
        # Numbers make the difference between two prices, however alike the rest.
        out |= {int(m) for _, _, m in hits if re.findall(r"\d+", texts[int(m)]) == re.findall(r"\d+", texts[n])}
    kept = [d for n, d in enumerate(dialogues) if n not in out]
    return kept, [dialogues[n].source for n in sorted(out)]


def _findings(gone: dict[str, list[str]], masked: list[str], kept: list[Dialogue]) -> list[Finding]:
    said = {
        "pii": ("with private data left out", "Nothing to do; see --pii mask to keep them without it."),
        "too_short": ("with an answer that is empty or of one character left out", "Complete the answers."),
        "too_long": (f"with an answer of over {LONGEST} characters left out", "Split them into spoken lines."),
        "duplicate": ("that are there twice left out", "Nothing to do."),
        "near_duplicate": ("that say almost the same as another left out", "Vary the wording, or nothing."),
    }
    out = [
        Finding("error" if code == "pii" else "warn", code, tuple(files), f"{len(files)} dialogues {said[code][0]}",
                said[code][1])
        for code, files in gone.items() if files
    ]
    if masked:
        out.append(Finding(
            "warn", "pii", tuple(masked), f"private data in {len(masked)} dialogues was put out of sight",
            "Look through them: no program finds everything.",
        ))
    languages: dict[str, list[str]] = {}
    for d in kept:
        languages.setdefault(language_of(d.messages[-1][1]), []).append(d.source)
    main = max(languages, key=lambda k: len(languages[k]), default="zh")
    other = [f for k, files in languages.items() if k != main for f in files]
    if other:
        out.append(Finding("info", "language", tuple(other), f"{len(other)} answers are not in {main} as most are",
                           "Good if the presenter speaks several languages; else leave them out."))
    return out
