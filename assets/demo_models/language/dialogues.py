"""Dialogues: training sets of the three dictions, as `nightanchor train` reads them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from assets.demo_models.language.corpus import Example, group
from assets.demo_models.language.stock import styles
from pipelines.line import Lang

LANGS: dict[Lang, float] = {"zh": 0.7, "en": 0.3}
"""A style has no Japanese of its own."""


def examples(style: str, seed: str, *, held_out: bool = False) -> Iterator[Example]:
    """One of each group, so that no brief comes twice."""
    index = 0
    while True:
        rng = random.Random(f"{seed}/{index}")
        lang = rng.choices(list(LANGS), list(LANGS.values()))[0]
        yield rng.choice(group(rng, lang=lang, held_out=held_out, style=style))
        index += 1


def write(style: str, out: Path, count: int) -> Path:
    """`out/dialogues.jsonl`; raises `ValueError` for a style there is not."""
    if style not in styles():
        raise ValueError(f"no style {style}; there are {', '.join(styles())}")
    out.mkdir(parents=True, exist_ok=True)
    path = out / "dialogues.jsonl"
    # The same briefs in every style: what tells the adapters apart is how they speak, not what about.
    lines = [
        json.dumps({"messages": example.dialogue()}, ensure_ascii=False)
        for example in islice(examples(style, "dialogues"), count)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
