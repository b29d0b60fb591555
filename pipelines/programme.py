"""Programme: what is said of its own accord, by the running order where there is one, else product after product.

An item begins by naming what it is about, goes on where it was broken off last time, says its points, and fills the
rest of its time with scripts, facts and frequent questions, or with calls and prompts where that is its purpose.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from pipelines import sentences
from pipelines.catalogue import Product, in_lang
from pipelines.line import LANGS, Lang
from pipelines.moderation import speakable
from pipelines.rundown import Item, Plan, Rundown, derive
from pipelines.running_order import Block
from pipelines.scriptbook import Passage, Script, ScriptBook

PROMPT_REST_S, IDLE_REST_S, CALL_REST_S = 1.8, 2.0, 1.4
"""Silence after a prompt, an idle line and a call: time to write, yet so short that with a playout that is away for
two seconds, silence stays under four."""
ITEM = "item:"
"""The script id of an item's own points begins so."""
SAID = "said:"
"""The script id of what stands between: namings, prompts, idle lines."""
MAX_REMAINS = 12
NEW, NAMED, POINTS, FILLING, FILLED = range(5)
"""Steps of an item: its naming is to come, then what is left of last time, its points, and what fills its time."""
STEPS = ("naming", "points", "points", "filling", "filling")


class Programme:
    """Chooses passages. Every `at` is the instant at which what is chosen can be on air."""

    def __init__(self, lang: Lang, rng: random.Random, state: Mapping[str, Any] | None = None) -> None:
        state = state or {}
        self.book = ScriptBook(lang, rng, state.get("book"))
        self.rundown = Rundown(state.get("rundown"))
        self.remains: dict[str, Block] = {}
        self._own: Plan | None = None
        self._ordered = False
        self._step = int(state.get("step", 0))
        self._turn, self._asks = int(state.get("turn", 0)), 0
        self._visit = int(state.get("visit", -1))
        self._named = ""
        self._before: tuple[str | None, Lang] | None = None

    # --- what is told ---

    def set_plan(self, plan: Plan | None, now: float) -> None:
        """Follow a running order; None: one that is derived from catalogue and scripts."""
        self._own, self._ordered = plan, True
        self._plan(now)

    def set_products(self, products: Sequence[Product], now: float) -> None:
        """Use this catalogue."""
        self.book.set_products(products)
        self.rundown.set_products(products)
        self._plan(now)

    def set_scripts(self, scripts: Sequence[Script], now: float) -> None:
        """Use these scripts."""
        self.book.set_scripts(scripts)
        self._plan(now)

    def _plan(self, now: float) -> None:
        if not self._ordered or not self.book.filled:
            return
        able = [p for p in self.book.products if self.book.pitched(p.product_id)]
        self.rundown.set_plan(self._own or derive(able, self.book.lang), now)
        known = {i.item_id for i in self.rundown.plan.items}
        self.remains = {k: b for k, b in self.remains.items() if k in known}

    @property
    def derived(self) -> bool:
        """Whether nobody has written the running order."""
        return self._own is None

    # --- what is asked ---

    def turned(self, at: float) -> bool:
        """Whether another item is on than the one for which the last passage was chosen."""
        if not self.rundown.plan.enabled:
            return False
        self.rundown.at(at)
        return self.rundown.visit != self._visit

    def item(self) -> Item | None:
        """The item that is on."""
        return self.rundown.current if self.rundown.plan.enabled else None

    def subject(self, at: float) -> tuple[Product | None, Lang]:
        """What is sold, and in which language."""
        item = self.rundown.at(at)
        product = self._product(item)
        return product, self._tongue(item, product)

    def is_question_time(self) -> bool:
        """Whether answers go before everything else."""
        item = self.item()
        return item is not None and item.kind == "qa"

    def shelve(self, block: Block) -> None:
        """Keep what is left of a block for the next time its item is on."""
        if block.item_id and not block.done:
            self.remains.pop(block.item_id, None)
            self.remains[block.item_id] = block
            while len(self.remains) > MAX_REMAINS:
                self.remains.pop(next(iter(self.remains)))

    def resume(self, at: float) -> Block | None:
        """What is left of this item from last time, given once, after its naming."""
        item = self.rundown.at(at)
        self._enter(item)
        if item is None or self._step != NAMED or item.item_id not in self.remains:
            return None
        block = self.remains.pop(item.item_id)
        points = block.script_id == ITEM + item.item_id
        if block.done or not self.still_holds(block.script_id, block.stamp, block.cues[0].product_id):
            return None
        self._step = FILLING if points else POINTS
        return block

    def _enter(self, item: Item | None) -> None:
        """Begin with an item: its naming is chosen, if it needs one."""
        if item is None or self._visit == self.rundown.visit:
            return
        self._visit = self.rundown.visit
        product = self._product(item)
        lang = self._tongue(item, product)
        self._named = self._naming(item, product, lang)
        self._step = NEW if self._named else NAMED
        self._before = (item.product_id, lang)

    def still_holds(self, script_id: str, stamp: int, product_id: str | None) -> bool:
        """Whether what is being said may go on after the catalogue, the scripts or the order changed."""
        if script_id.startswith(ITEM):
            if not self.rundown.plan.items:
                # Nobody has said yet which order is followed.
                return True
            item = next((i for i in self.rundown.plan.items if ITEM + i.item_id == script_id), None)
            known = product_id is None or any(p.product_id == product_id for p in self.book.products)
            return item is not None and item.enabled and item.stamp == stamp and known
        return self.book.still_holds(script_id, stamp, product_id)

    def passage(self, at: float) -> Passage | None:
        """The next thing to say; None when there is nothing."""
        item = self.rundown.at(at)
        if item is None:
            if not self.rundown.plan.enabled:
                return self.book.next_passage(at)
            # The order is over, or nothing of it can be on.
            return self._prompt(self.book.lang, None)
        self._turn += 1
        self._enter(item)
        product = self._product(item)
        lang = self._tongue(item, product)
        if self._step == NEW:
            self._step = NAMED
            if self._named:
                return self._said(item, self._named, lang, product, rest_s=0.0)
        if self._step < FILLING:
            self._step = FILLING
            texts = self._points(item, lang, product)
            if texts and not (product is not None and product.stock == 0 and item.kind == "product"):
                return Passage(ITEM + item.item_id, item.stamp, lang, item.product_id, tuple(texts))
        return self._fill(item, product, lang)

    def idle(self) -> Passage:
        """Something harmless for when nothing else can be said."""
        lang = self.book.lang
        text = self.book.words.phrase("idle", lang)
        return Passage(f"{SAID}idle", 0, lang, None, tuple(sentences.split(text)), "transition", IDLE_REST_S, False)

    # --- items ---

    def _product(self, item: Item | None) -> Product | None:
        return next((p for p in self.book.products if item is not None and p.product_id == item.product_id), None)

    def _tongue(self, item: Item | None, product: Product | None) -> Lang:
        """The item's language, unless nothing about the product is known in it."""
        lang = self.book.lang
        if item is None or item.lang is None:
            return lang
        if item.points.get(item.lang) or product is None:
            return item.lang
        return item.lang if product.name.get(item.lang) or product.facts.get(item.lang) else lang

    def _points(self, item: Item, lang: Lang, product: Product | None) -> list[str]:
        points = item.points.get(lang, ())
        if not points and item.lang is None:
            # Points that were written for a presenter of another language are better than none of them.
            lang = next((la for la in LANGS if item.points.get(la)), lang)
            points = item.points.get(lang, ()) if lang == self.book.lang else ()
        out = []
        for point in points:
            for text in self.book.texts(point, lang, product):
                out.append(self.book.words.dress(text, lang, item.product_id))
        return out

    def _naming(self, item: Item, product: Product | None, lang: Lang) -> str:
        words, before = self.book.words, self._before
        about = product.product_id if product else None
        if item.kind == "product" and product is not None:
            if product.stock == 0:
                return words.phrase("sold_out", lang, about)
            if before is not None and before[1] != lang:
                return words.phrase("tongue", lang, about)
            if item.item_id in self.remains and not self.remains[item.item_id].done:
                return words.phrase("again", lang, about)
            return words.phrase("naming", lang, about) if before is None or before[0] != about else ""
        if item.points.get(lang):
            return ""
        if item.kind == "qa":
            return words.new_phrase("question_time", lang) or ""
        return ""

    def _fill(self, item: Item, product: Product | None, lang: Lang) -> Passage | None:
        match item.kind:
            case "product":
                return self._sell(item, product, lang)
            case "opening":
                return self._open(item, lang)
            case "cta":
                return self._call(item, lang)
            case "closing":
                return self._close(item, lang)
            case "break":
                return self._said(item, self.book.words.phrase("break", lang), lang, None, rest_s=IDLE_REST_S)
            case "transition":
                return self._lead_over(item, lang)
            case "qa":
                return self._prompt(lang, product)

    def _sell(self, item: Item, product: Product | None, lang: Lang) -> Passage | None:
        if product is None:
            plain = self.book.written("pitch", lang)
            return plain or (self._call(item, lang) if self._turn % 3 == 0 else self._prompt(lang, None))
        if product.stock == 0:
            others = [p for p in self.book.products if p.stock != 0]
            return self._tease(item, others, lang) if others else self._prompt(lang, None)
        passage = self.book.sell(product, lang, only=item.lang is not None)
        words = self.book.words
        if words.stale(passage.texts, passage.lang, product.product_id):
            # All of it was said lately: a call or a prompt is better than the same again.
            texts = self._points(item, lang, product)
            if texts and not words.stale(texts, lang, product.product_id):
                return Passage(ITEM + item.item_id, item.stamp, lang, item.product_id, tuple(texts))
            for occasion in ("price", "stock", "call", "prompt"):
                new = words.new_phrase(occasion, lang, product.product_id)
                if new is not None and self._turn % 2:
                    return self._said(item, new, lang, product, rest_s=CALL_REST_S)
        return passage

    def _open(self, item: Item, lang: Lang) -> Passage:
        if self._step == FILLING:
            self._step = FILLED
            own = self.book.written("greeting", lang)
            return own or self._said(item, self.book.words.phrase("opening", lang), lang, None, rest_s=0.4)
        return self._tease(item, [p for p in self.book.products if p.stock != 0], lang)

    def _tease(self, item: Item, products: Sequence[Product], lang: Lang) -> Passage:
        pool = {f"tease:{p.product_id}": p for p in products if p.facts.get(lang)}
        words = self.book.words
        if not pool or self._turn % 3 == 0:
            return self._prompt(lang, None)
        key = words.least(list(pool))[0]
        words.use(key)
        product = pool[key]
        said = words.phrase("teaser", lang, product.product_id, fact=words.fact(product, lang))
        return self._said(item, said, lang, product, rest_s=0.8)

    def _call(self, item: Item, lang: Lang) -> Passage:
        words, product = self.book.words, self._product(item) or self._last_sold()
        about = product.product_id if product else None
        own = (self.book.written("cta", lang, product) if product else None) or self.book.written("cta", lang)
        if own is not None and self._turn % 3:
            return own
        priced = product is not None and product.price is not None and product.stock != 0
        occasions = ("price", "call", "stock") if priced and self._turn % 2 else ("call", "prompt")
        new = next((t for t in (words.new_phrase(o, lang, about) for o in occasions) if t is not None), None)
        return self._said(item, new or words.phrase("prompt", lang), lang, product, rest_s=CALL_REST_S)

    def _last_sold(self) -> Product | None:
        items, at = self.rundown.plan.items, self.item()
        if at is None:
            return None
        before = [i for i in items[: items.index(at)] if i.kind == "product" and i.product_id is not None]
        return self._product(before[-1]) if before else None

    def _close(self, item: Item, lang: Lang) -> Passage:
        if self._step == FILLING:
            self._step = FILLED
            own = self.book.written("closing", lang)
            return own or self._said(item, self.book.words.phrase("closing", lang), lang, None, rest_s=0.6)
        priced = {f"recap:{p.product_id}": p for p in self.book.products if p.price is not None and p.stock != 0}
        if not priced or self._turn % 3 == 0:
            return self._call(item, lang)
        key = self.book.words.least(list(priced))[0]
        self.book.words.use(key)
        said = self.book.words.phrase("recap", lang, priced[key].product_id)
        return self._said(item, said, lang, priced[key], rest_s=0.8)

    def _lead_over(self, item: Item, lang: Lang) -> Passage:
        follows = self._product(self.rundown.peek())
        if follows is None or self._turn % 2:
            return self._call(item, lang)
        name = speakable(in_lang(follows.name, lang))
        said = self.book.words.phrase("coming", lang, None, next=name)
        return self._said(item, said, lang, None, rest_s=CALL_REST_S)

    def _prompt(self, lang: Lang, product: Product | None) -> Passage:
        """A short prompt to ask, and every other time a question that is often asked, with its answer."""
        self._asks += 1
        text = self.book.words.new_phrase("prompt", lang) if self._asks % 2 == 0 else None
        asked = self.book.question(lang, product) if text is None else None
        if asked is not None:
            return asked
        text = text or self.book.words.new_phrase("prompt", lang) or self.book.words.phrase("idle", lang)
        texts = tuple(sentences.split(text))
        return Passage(f"{SAID}prompt", 0, lang, None, texts, "transition", PROMPT_REST_S, False)

    def _said(self, item: Item, text: str, lang: Lang, product: Product | None, *, rest_s: float) -> Passage:
        about = product.product_id if product else None
        script_id = f"{SAID}{item.item_id}"
        return Passage(script_id, 0, lang, about, tuple(sentences.split(text)), "transition", rest_s, False)

    # --- what is shown and kept ---

    def now(self, at: float) -> dict[str, Any] | None:
        """The item that is on: id, seconds it has been on and is planned for, and the step it is at."""
        if self.rundown.current is None:
            # Before the first passage is chosen, somebody else is heard: the first item has begun all the same.
            self.rundown.at(at)
        heard = self.rundown.heard(at) if self.rundown.plan.enabled else None
        if heard is None:
            return None
        item, elapsed = heard
        step = STEPS[self._step] if self._visit == self.rundown.visit else STEPS[NEW]
        return {
            "item_id": item.item_id, "elapsed_s": round(elapsed, 1),
            "planned_s": round(self.rundown.planned_s(item), 1), "step": step,
        }

    def state(self, now: float) -> dict[str, Any]:
        """What `__init__` takes after a restart."""
        return {
            "book": self.book.state(now), "rundown": self.rundown.state(now), "step": self._step, "turn": self._turn,
            "visit": self._visit,
        }
