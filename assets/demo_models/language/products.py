"""Sheet: a synthetic product with its price, its facts and the questions that each of them answers."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, replace

from assets.demo_models.language.grammar import slots
from assets.demo_models.language.stock import Slots, Stock, amount, language
from pipelines.brief import pair

HELD_OUT_FACT = 4
"""Of topics with so many templates of facts or more, the last one is for judging."""
AKIN = 0.7
"""Share of products whose name takes up words of a fact, and of those whose facts take up each other's."""
_PIECES = re.compile(r"[，。、：,.:]\s*")


@dataclass(frozen=True, slots=True)
class Known:
    """One fact; `asks` are questions it answers, the first one that of a pair of question and answer."""

    topic: int
    text: str
    asks: tuple[str, ...]
    paired: bool = False

    def line(self, stock: Stock) -> str:
        """As it stands in the brief."""
        return pair(self.asks[0], self.text, stock.lang) if self.paired else self.text


@dataclass(frozen=True, slots=True)
class Sheet:
    """A product as its brief is made from; `absent` are questions that nothing in it answers."""

    name: str
    price: str
    was_price: str
    stock: str
    known: tuple[Known, ...]
    absent: tuple[str, ...]


def name(stock: Stock, rng: random.Random) -> str:
    """A product's name."""
    return stock.fill(rng.choice(language(stock.lang)["names"]), rng, {})


def sheet(stock: Stock, rng: random.Random, *, facts: int, paired: float, full: bool = True) -> Sheet:
    """A product with so many facts, a share of which are pairs; without `full` it has no price and no stock."""
    topics = language(stock.lang)["topics"]
    wild = len(topics) - 1
    order = rng.sample(range(len(topics)), min(len(topics), facts))
    order += [wild] * (facts - len(order))
    if facts > 1 and rng.random() < 0.35:
        order[-1] = wild
    rng.shuffle(order)
    known = tuple(_known(stock, rng, topic, rng.random() < paired) for topic in order)
    price = was = left = ""
    if full and rng.random() < 0.9:
        form = rng.choice(language(stock.lang)["money"])
        value = amount(rng)
        price = form.format(p=_grouped(value, stock))
        if rng.random() < 0.6:
            was = form.format(p=_grouped(amount(rng, int(float(value)) + 1), stock))
    if full and rng.random() < 0.6:
        count, unit = rng.choice((rng.randint(1, 20), rng.randint(1, 999))), stock.value("unit", rng)
        left = f"{count} {unit}" if stock.lang == "en" else f"{count}{unit}"
    if len(known) > 1 and rng.random() < AKIN:
        known = _akin(known, stock, rng)
    title = name(stock, rng)
    if known and rng.random() < AKIN:
        title = _with_run(title, _run(rng.choice(known).text, stock, rng), stock, rng)
    return Sheet(title, price, was, left, known, _absent(stock, rng, known))


def _run(text: str, stock: Stock, rng: random.Random) -> str:
    """A few characters or words out of a text, as names and facts of real goods share them."""
    pieces = [p for p in _PIECES.split(text) if p]
    piece = rng.choice(pieces or [text])
    if stock.lang == "en":
        words = piece.split()
        at = rng.randrange(len(words))
        return " ".join(words[at : at + rng.randint(1, 3)])
    at = rng.randrange(max(1, len(piece) - 1))
    return piece[at : at + rng.randint(2, 6)].strip()


def _with_run(title: str, run: str, stock: Stock, rng: random.Random) -> str:
    # In the middle of a name, too: what goes on after it there is told only by what stood before it.
    if stock.lang == "en":
        words = title.split()
        at = rng.randint(0, len(words))
        return " ".join((*words[:at], run.title(), *words[at:]))
    at = rng.choice((0, len(title), *range(1, len(title))))
    return title[:at] + run + title[at:]


def _akin(known: tuple[Known, ...], stock: Stock, rng: random.Random) -> tuple[Known, ...]:
    """One fact takes up a few words of another, so that what comes next is not told by the last word alone."""
    a, b = rng.sample(range(len(known)), 2)
    run, text = _run(known[a].text, stock, rng), known[b].text
    text = f"{text} with {run}" if stock.lang == "en" else rng.choice((run + text, text + run))
    return (*known[:b], replace(known[b], text=text), *known[b + 1 :])


def _known(stock: Stock, rng: random.Random, topic: int, paired: bool) -> Known:
    entry = language(stock.lang)["topics"][topic]
    kept: Slots = {}
    text = stock.fill(rng.choice(_templates(entry["facts"], stock.held_out)), rng, kept)
    asks = [_ask(a, kept, rng) for a in entry["asks"] if kept.keys() >= set(slots(a))]
    asks = asks or [stock.fill(rng.choice(entry["asks"]), rng, {})]
    rng.shuffle(asks)
    return Known(topic, text, tuple(asks), paired)


def _templates(facts: list[str], held_out: bool) -> list[str]:
    if len(facts) < HELD_OUT_FACT:
        return facts
    return facts[-2:] if held_out else facts[:-1]


def _ask(template: str, kept: Slots, rng: random.Random) -> str:
    for slot in slots(template):
        template = template.replace(f"{{{slot}}}", rng.choice(kept[slot]), 1)
    return template


def _absent(stock: Stock, rng: random.Random, known: tuple[Known, ...]) -> tuple[str, ...]:
    """Questions about what isn't there, and about something else of the same kind as what is."""
    words = language(stock.lang)
    there = {k.topic for k in known}
    asked = {a for k in known for a in k.asks}
    out = [stock.fill(rng.choice(words["speech"]["answer"]["pairs_asks"]), rng, {}) for _ in range(2)]
    for topic, entry in enumerate(words["topics"]):
        asks = entry["asks"] if topic not in there else [a for a in entry["asks"] if slots(a) and "n" not in slots(a)]
        usable = [a for a in asks if topic not in there or set(slots(a)) & {"who", "bad", "job", "x", "k"}]
        if usable:
            out.append(stock.fill(rng.choice(usable), rng, {}))
    rng.shuffle(out)
    return tuple(a for a in out if a not in asked)


def _grouped(value: str, stock: Stock) -> str:
    whole, dot, cents = value.partition(".")
    return f"{int(whole):,}{dot}{cents}" if stock.lang != "zh" else value
