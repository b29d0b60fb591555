"""Corpus: briefs and what a presenter says to them, without end and the same for the same seed.

What comes in groups has one beginning (the same product, the same facts) and several endings, so that the beginning is
computed once: several pitches of one product, several viewers' questions about it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from assets.demo_models.language.grammar import fill, fitting, fixed, slots
from assets.demo_models.language.products import Known, Sheet, name, sheet
from assets.demo_models.language.stock import Pieces, Stock, language, speech
from pipelines.brief import Brief, Kind, Message, messages
from pipelines.line import Lang

SHARES: dict[Lang, float] = {"zh": 0.46, "en": 0.27, "ja": 0.27}
KIND_SHARES: dict[Kind, float] = {
    "pitch": 0.44, "answer": 0.38, "greet": 0.05, "thank": 0.04, "transition": 0.04, "call": 0.05,
}
LONGER = 0.3
"""Share of answers that are two facts long."""
ENDINGS = 3
"""How many endings a group has."""


@dataclass(frozen=True, slots=True)
class Example:
    """A brief and one thing to say; `about` is the fact, price, stock or nothing (unknown) that a question is about."""

    brief: Brief
    text: str
    about: str = ""

    def dialogue(self) -> list[Message]:
        """As messages."""
        return [*messages(self.brief), {"role": "assistant", "content": self.text}]


def groups(seed: str, *, held_out: bool = False, ease: Callable[[int], float] = lambda _: 0.0, first: int = 0
           ) -> Iterator[list[Example]]:
    """Groups from the `first` on; `ease(index)` from 1 (short, a few facts) to 0 (as on air)."""
    index = first
    while True:
        yield group(random.Random(f"{seed}/{index}"), held_out=held_out, ease=ease(index))
        index += 1


def group(rng: random.Random, *, lang: Lang | None = None, kind: Kind | None = None, held_out: bool = False,
          ease: float = 0.0, endings: int = ENDINGS, style: str = "", pieces: Pieces | None = None) -> list[Example]:
    """Examples that differ in the end only, in the words of a style or in plain ones."""
    lang = lang or rng.choices(list(SHARES), list(SHARES.values()))[0]
    kind = kind or rng.choices(list(KIND_SHARES), list(KIND_SHARES.values()))[0]
    stock = Stock(lang, held_out, style=style, pieces=pieces)
    easy = rng.random() < ease
    persona = "" if easy or rng.random() < 0.3 else stock.fill(rng.choice(language(lang)["persona"]), rng, {})
    made = [_answers, _pitches, _others][0 if kind == "answer" else 1 if kind == "pitch" else 2]
    return made(stock, rng, kind, persona, easy, endings)


def _pitches(stock: Stock, rng: random.Random, kind: Kind, persona: str, easy: bool, endings: int) -> list[Example]:
    found = sheet(stock, rng, facts=rng.randint(1, 2) if easy else rng.randint(2, 6), paired=0.0, full=not easy)
    brief = _brief(kind, stock, persona, found)
    return [Example(brief, pitch(found, stock, rng)) for _ in range(endings)]


def pitch(found: Sheet, stock: Stock, rng: random.Random) -> str:
    """An opening, one to three facts, with or without the price."""
    said = speech(stock.lang, stock.style)["pitch"]
    facts = rng.sample([k.text for k in found.known], len(found.known))
    values = _values(found)
    fitting_facts = [t for t in said["fact"] if slots(t).count("fact") <= len(facts)]
    parts = [_say(said["open"], values, rng), _say(fitting_facts, values, rng, facts)]
    if found.price or found.stock:
        prices = fitting(said["price"], values)
        if prices and rng.random() < 0.5:
            parts.append(_say(prices, values, rng))
    if rng.random() < (0.6 if stock.style else 0.2):
        parts.append(_say(said["close"], values, rng))
    return _join(parts, stock.lang)


def _answers(stock: Stock, rng: random.Random, kind: Kind, persona: str, easy: bool, endings: int) -> list[Example]:
    facts = rng.randint(1, 3) if easy else rng.randint(2, 9)
    found = sheet(stock, rng, facts=facts, paired=rng.choice((0.0, 0.4, 0.7)), full=not easy)
    shared = _brief(kind, stock, persona, found)
    out = []
    for _ in range(endings):
        viewer = stock.value("viewer", rng) if rng.random() < 0.75 else ""
        ask, about, core = _question(found, stock, rng, easy)
        said = speech(stock.lang, stock.style)["answer"]
        ask = _say(said["asks"], {"ask": ask, "product": found.name}, rng)
        values = _values(found) | ({"viewer": viewer} if viewer else {})
        opens = [t for t in fitting(said["open"], values) if ("viewer" in slots(t)) == bool(viewer) or not t]
        parts = [_say(opens, values, rng), core]
        if rng.random() < 0.12:
            parts.append(_say(said["close"], values, rng))
        out.append(Example(_with(shared, viewer=viewer, closest=about, question=ask), _join(parts, stock.lang), about))
    return out


def _question(found: Sheet, stock: Stock, rng: random.Random, easy: bool) -> tuple[str, str, str]:
    """A question, what it is about, and the heart of the answer."""
    said = speech(stock.lang, stock.style)["answer"]
    values = _values(found)
    what = rng.choices(("fact", "price", "stock", "unknown"), (0.9, 0, 0, 0.1) if easy else (0.66, 0.1, 0.06, 0.18))[0]
    if what == "fact":
        known: Known = rng.choice(found.known)
        ask = known.asks[0] if rng.random() < 0.35 else rng.choice(known.asks)
        text = known.text
        if len(found.known) > 1 and rng.random() < LONGER:
            # Answers of a shop are often of more than one sentence.
            other = rng.choice([k for k in found.known if k is not known])
            text += (". " if stock.lang == "en" else "。") + other.text
        return ask, text, _say(said["fact"], values, rng, [text])
    if what == "unknown":
        return rng.choice(found.absent), "", _say(said["unknown"], values, rng)
    ask = _say(said[f"{what}_asks"], values, rng)
    amount = found.price if what == "price" else found.stock
    if not amount:
        return ask, "", _say(said[f"{what}_none"], values, rng)
    return ask, amount, _say(fitting(said[what], values), values, rng)


def _others(stock: Stock, rng: random.Random, kind: Kind, persona: str, easy: bool, endings: int) -> list[Example]:
    found = sheet(stock, rng, facts=rng.randint(1, 3), paired=0.0, full=kind == "call" or rng.random() < 0.3)
    said = speech(stock.lang, stock.style)[kind]
    named = kind in ("transition", "call") or rng.random() < 0.8
    shared = Brief(kind, stock.lang, persona, found.name if named else "")
    if kind == "transition":
        shared = _with(shared, next_product=name(stock, rng))
    if kind == "call" or (kind == "transition" and rng.random() < 0.3):
        shared = _with(shared, price=found.price, was_price=found.was_price, stock=found.stock)
    out = []
    for _ in range(endings if kind in ("greet", "thank") else endings - 1):
        viewer = stock.value("viewer", rng) if kind in ("greet", "thank") and rng.random() < 0.85 else ""
        brief = _with(shared, viewer=viewer)
        values = {k: v for k in ("product", "next_product", "price", "was_price", "stock", "viewer")
                  if (v := getattr(brief, k))}
        bare = kind in ("greet", "thank") and not viewer
        out.append(Example(brief, _say(fitting(said["bare" if bare else "text"], values), values, rng)))
    return out


def _brief(kind: Kind, stock: Stock, persona: str, found: Sheet) -> Brief:
    return Brief(kind, stock.lang, persona, found.name, found.price, found.was_price, found.stock,
                 tuple(k.line(stock) for k in found.known))


def _with(brief: Brief, **changed: str) -> Brief:
    return replace(brief, **changed)  # type: ignore[arg-type]


def _values(found: Sheet) -> dict[str, str]:
    values = {"product": found.name, "price": found.price, "was_price": found.was_price, "stock": found.stock}
    return {k: v for k, v in values.items() if v}


def _say(templates: Sequence[str], values: dict[str, str], rng: random.Random, facts: Sequence[str] = ()) -> str:
    left = list(facts)
    return fill(rng.choice(templates), rng, lambda slot: left.pop(0) if slot == "fact" else values[slot])


def _join(parts: Sequence[str], lang: Lang) -> str:
    return (" " if lang == "en" else "").join(p for p in parts if p)


def spoken(lang: Lang, style: str = "") -> set[str]:
    """Every run of words that an answer may have of its own, whatever the brief."""
    said = speech(lang, style)
    return fixed(t for kind in said.values() for part, ts in kind.items() if not part.endswith("asks") for t in ts)
