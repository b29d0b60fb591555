"""Judge: how often the model says only what its brief holds, how fast, how varied, and in whose diction.

    python -m assets.demo_models.language judge FOLDER [--adapters F] [--out F]

Answers are written as on air, by the same code and with the same sampling.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from adapters.convert import convert, sha256
from adapters.resident import BARE
from adapters.shelf import Shelf
from assets.demo_models.language.checks import faults
from assets.demo_models.language.corpus import Example, group, spoken
from assets.demo_models.language.dialogues import examples
from assets.demo_models.language.stock import styles
from pipelines.brief import Brief, Kind, messages, pair, sources
from pipelines.line import LANGS, Lang
from pipelines.studio.language import LanguageBase, Sampling
from pipelines.wording import money

DEMO = Path(__file__).parents[2] / "demo" / "catalogue.yaml"
SAMPLING = Sampling(max_tokens=120, temperature=0.3, top_p=0.9, repetition_penalty=1.0, copy_bias=3.0)
"""What the base wants on air: it is to copy, and its own sentences vary enough by themselves."""
COPYING = {"figure", "latin", "name", "phrase"}
SLOT = 1


@dataclass(frozen=True, slots=True)
class Said:
    """What was said to a brief; `about` is what a question is about, empty when unknown or no question."""

    brief: Brief
    text: str
    about: str
    faults: tuple[str, ...]


class Speaker:
    """A base on the CPU as the studio loads it, with or without an adapter."""

    def __init__(self, folder: Path) -> None:
        self.base = LanguageBase.load(folder, device=torch.device("cpu"), dtype=torch.float32, rank=16, slots=2)
        parts = {"model": self.base.resident}
        self._shelf = Shelf(parts, fingerprint=self.base.spec.fingerprint, budget_bytes=64 << 20)
        self.slot, self.tokens, self.seconds = BARE, 0, 0.0

    def wear(self, adapter: Path | None) -> None:
        """Speak in an adapter, of any layout that the catalogue takes, from now on; raises `Refused`."""
        self.slot = BARE
        if adapter is not None:
            with tempfile.TemporaryDirectory() as folder:
                kept = Path(folder) / "adapter.safetensors"
                convert(adapter, kept, [self.base.spec])
                self.base.swap(self._shelf.stage(kept, sha256(kept)).parts["model"], SLOT)
            self.slot = SLOT

    def say(self, brief: Brief, seed: int) -> str:
        """One text."""
        began = time.perf_counter()
        how = replace(SAMPLING, seed=seed, sources=sources(brief))
        text = self.base.begin(messages(brief), how, slot=self.slot)
        out = self.base.show(text)
        while not text.done:
            out += self.base.step(text)
        self.seconds += time.perf_counter() - began
        self.tokens += len(text.out)
        return out.strip()


def judged(speaker: Speaker, asked: Iterable[Example], style: str = "") -> list[Said]:
    """Every brief answered once and looked through."""
    own = {lang: spoken(lang) | (spoken(lang, style) if style else set()) for lang in LANGS}
    out = []
    for n, example in enumerate(asked):
        text = speaker.say(example.brief, n)
        wrong = tuple(faults(example.brief, text, own[example.brief.lang]))
        out.append(Said(example.brief, text, example.about, wrong))
    return out


def held_out(count: int) -> list[Example]:
    """Briefs of products in words that were never trained on."""
    return [random.Random(n).choice(group(random.Random(f"judge/{n}"), held_out=True)) for n in range(count)]


def demo(langs: Sequence[Lang] = LANGS) -> list[Example]:
    """Briefs of the demo shop: each product presented, each of its questions asked."""
    out = []
    products: list[dict[str, Any]] = yaml.safe_load(DEMO.read_text(encoding="utf-8"))["products"]
    for product in products:
        for lang in langs:
            facts = tuple(product["facts"].get(lang, ()))
            price = money(Decimal(product["price"]), "CNY", lang)
            common = {"product": product["name"][lang], "price": price}
            kinds: tuple[Kind, ...] = ("pitch", "pitch", "call")
            out += [Example(Brief(k, lang, facts=facts if k == "pitch" else (), **common), "") for k in kinds]
            pairs = [(q["q"][lang], q["a"][lang]) for q in product.get("faq", ())]
            known = (*facts[:3], *(pair(q, a, lang) for q, a in pairs))
            for q, a in pairs:
                asked = Brief("answer", lang, facts=known, viewer="小雨", closest=a, question=q, **common)
                out.append(Example(asked, "", a.rstrip("。. ")))
    return out


def summary(said: Sequence[Said]) -> dict[str, Any]:
    """Shares of good answers, all and by kind and language."""
    by: dict[str, list[bool]] = defaultdict(list)
    for s in said:
        good = not COPYING.intersection(s.faults)
        for name in ("all", s.brief.kind, s.brief.lang):
            by[name].append(good)
    asked = [s for s in said if s.about]
    unknown = [s for s in said if s.brief.kind == "answer" and not s.about]
    counted = Counter(f for s in said for f in s.faults)
    out: dict[str, Any] = {"texts": len(said), "copy": {k: _share(v) for k, v in by.items()}}
    out["well_formed"] = _share(["form" not in s.faults for s in said])
    out["fitting_answer"] = _share([s.about in s.text for s in asked]) if asked else None
    out["honest_unknown"] = _share([not _answered(s) for s in unknown]) if unknown else None
    out["faults"] = dict(counted)
    return out


def _answered(said: Said) -> bool:
    """Whether a fact was given to a question that no fact answers."""
    return any(fact.split("：")[-1].split(": ")[-1] in said.text for fact in said.brief.facts)


def _share(values: Sequence[bool]) -> float:
    return round(sum(values) / len(values), 4)


def distinct(speaker: Speaker, example: Example, seeds: int = 12) -> float:
    """Share of different texts among as many seeds for one brief."""
    return len({speaker.say(example.brief, 1000 + n) for n in range(seeds)}) / seeds


class Dictions:
    """Tells styles apart by the letters and pairs of letters of a text: a linear classifier."""

    SIZE = 2048

    def __init__(self, texts: dict[str, list[str]]) -> None:
        self.names = list(texts)
        x = np.stack([self._look(t) for name in self.names for t in texts[name]])
        y = np.repeat(np.arange(len(self.names)), [len(texts[name]) for name in self.names])
        self._w = np.zeros((self.SIZE, len(self.names)), np.float32)
        for _ in range(150):
            p = np.exp(x @ self._w)
            p /= p.sum(1, keepdims=True)
            p[np.arange(len(y)), y] -= 1
            self._w -= 4.0 * (x.T @ p / len(y) + 1e-4 * self._w)

    def _look(self, text: str) -> np.ndarray[Any, Any]:
        out = np.zeros(self.SIZE, np.float32)
        for n in (1, 2):
            for at in range(len(text) - n + 1):
                out[zlib.crc32(text[at : at + n].encode()) % self.SIZE] = 1.0
        return out / max(1.0, float(np.sqrt(out.sum())))

    def of(self, text: str) -> str:
        """The style it sounds like."""
        return self.names[int((self._look(text) @ self._w).argmax())]


def dictions(count: int = 400) -> Dictions:
    """Taught by the scripts' own sentences, so it has never seen a text of the model."""
    return Dictions({s: [e.text for e in islice(examples(s, "classifier"), count)] for s in styles()})


def styled(speaker: Speaker, adapter: Path, style: str, ears: Dictions, count: int) -> tuple[list[Said], list[bool]]:
    """What is said in an adapter's diction, and which of it sounds like it."""
    speaker.wear(adapter)
    said = judged(speaker, islice(examples(style, "judge-style", held_out=True), count), style)
    return said, [ears.of(s.text) == style for s in said]


def judge(folder: Path, adapters: Path | None, count: int) -> dict[str, Any]:
    """All figures of a base and, if given, of its dictions (`adapters`/STYLE/*.safetensors or STYLE.safetensors)."""
    speaker = Speaker(folder)
    found = judged(speaker, held_out(count))
    shown = [s for s in found if s.faults][:12]
    out: dict[str, Any] = {"held_out": summary(found)}
    shop = judged(speaker, demo())
    shown += [s for s in shop if s.faults][:12]
    out["demo_shop"] = summary(shop)
    out["tokens_per_s"] = round(speaker.tokens / speaker.seconds, 1)
    out["different_texts"] = round(float(np.mean([distinct(speaker, e) for e in demo(("zh",))[:6:2]])), 3)
    if adapters is not None:
        ears, right, all_of = dictions(), [], {}
        for style in styles():
            said, heard = styled(speaker, _file(adapters, style), style, ears, count // 3)
            shown += [s for s in said if s.faults][:6]
            right += heard
            all_of[style] = {**summary(said), "recognised": _share(heard)}
        out["styles"], out["told_apart"] = all_of, _share(right)
    for s in shown:
        print(s.faults, s.brief, "->", s.text, flush=True)
    return out


def _file(adapters: Path, style: str) -> Path:
    folder = adapters / style
    inside = sorted(p for p in folder.glob("*.safetensors") if "kohya" not in p.name) if folder.is_dir() else []
    return inside[0] if inside else adapters / f"{style}.safetensors"


def run(folder: Path, out: Path, adapters: Path | None, count: int) -> None:
    """Judge, print and keep the figures."""
    found = judge(folder, adapters, count)
    out.write_text(json.dumps(found, indent=1, ensure_ascii=False), encoding="utf-8")
    print(json.dumps(found, indent=1, ensure_ascii=False))
