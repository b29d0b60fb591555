"""Writer: one room's texts, by the best engine that is able; answers while they are spoken, the rest one ahead."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from pipelines.brief import Brief, Kind, task
from pipelines.catalogue import Product, in_lang
from pipelines.line import Lang
from pipelines.relevance import contradicts
from pipelines.wording import money, stock
from pipelines.writer.chain import Chain
from pipelines.writer.draft import Check, Draft, Limits, Reject
from pipelines.writer.engine import Request
from pipelines.writer.form import MAX_SENTENCES, fault

RETRY_S = 30.0
AHEAD_S = 60.0
"""What is written ahead of the show may take its time."""
ANSWER_SENTENCES = 3
KINDS: tuple[Kind, ...] = ("pitch", "pitch", "call")
"""What is written ahead, in turn."""
SURE_SHARE = 0.8
"""An engine whose first piece takes a larger share of the limit is not waited for when the catalogue is sure."""
FAULT = {
    "zh": "写词引擎不可用，暂时用资料模板回答：{}",
    "en": "The writing engine is away, the catalogue's wording is used: {}",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What to write ahead: about a product, in the manner of `prompt`, by the one who wears `adapter`."""

    prompt: str
    lang: Lang
    product: Product
    kind: Kind = "pitch"
    adapter: str | None = None
    moment: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """Sentences that may be said."""

    product_id: str
    lang: Lang
    texts: tuple[str, ...]
    engine: str = ""


class Writer:
    """All methods return at once, in one event loop.

    `may` says why a sentence about a product can't be said now (the guard's and the window's word), `lately` what was
    said last; `tell` is told what the desk shows.
    """

    def __init__(
        self, chain: Chain, room: str, *, clock: Callable[[], float], first_sentence_s: float = 2.5,
    ) -> None:
        self.chain, self.room, self.first_sentence_s = chain, room, first_sentence_s
        self.may: Callable[[str, Lang, str | None], Reject] = lambda text, lang, product_id: ""
        self.lately: Callable[[], tuple[str, ...]] = tuple
        self.tell: Callable[[dict[str, Any]], None] = lambda record: None
        self.counts = {"written": 0, "left_out": 0, "failed": 0}
        self._clock = clock
        self._jobs, self._turn = itertools.count(1), -1
        self._answer: Draft | None = None
        self._ahead: tuple[Subject, Draft] | None = None
        self._ready: Written | None = None
        self._not_before = 0.0

    # --- answers ---

    @property
    def able(self) -> bool:
        """Whether an engine may be asked now."""
        return bool(self.chain.able)

    @property
    def prompt_enough(self) -> bool:
        """Whether the engine is mostly ready well before the limit."""
        able = self.chain.able
        return bool(able) and (able[0].first_ms or 0.0) < self.first_sentence_s * 1000 * SURE_SHARE

    def answer(self, request: Request, *, check: Check, changed: Callable[[], None], event_id: str | None) -> Draft:
        """Have a reply written; what was being written ahead gives way to it."""
        if self._ahead is not None:
            self._ahead[1].cancel()
            self._ahead = None
        self._answer = Draft(
            self.chain, request, Limits(self.first_sentence_s, ANSWER_SENTENCES), check, changed, self.tell,
            self._clock, f"{self.room}-{next(self._jobs)}", event_id,
        ).start()
        return self._answer

    # --- between the scripts ---

    def want(self, subject: Subject) -> None:
        """Have something written, unless it is being done or has failed just now."""
        busy = self._ahead is not None or (self._answer is not None and not self._answer.done)
        if busy or self._ready is not None or not self.able or self._clock() < self._not_before:
            return
        if subject.kind == "pitch":
            self._turn += 1
            subject = replace(subject, kind=KINDS[self._turn % len(KINDS)])
        told = brief(subject)
        known = "\n".join((task(told), subject.moment))
        about = subject.product.product_id

        def check(sentence: str) -> Reject:
            if contradicts(sentence, told.facts, subject.lang):
                return "contradicts"
            return fault(sentence, subject.lang, known) or self.may(sentence, subject.lang, about)

        draft = Draft(
            self.chain, Request(self.room, told, subject.adapter, self.lately(), subject.moment),
            Limits(AHEAD_S, MAX_SENTENCES), check, self._settle, self.tell, self._clock,
            f"{self.room}-{next(self._jobs)}",
        )
        self._ahead = (subject, draft)
        draft.start()

    def _settle(self) -> None:
        if self._ahead is None or not self._ahead[1].done:
            return
        (subject, draft), self._ahead = self._ahead, None
        if draft.sentences:
            self.counts["written"] += 1
            self._ready = Written(subject.product.product_id, subject.lang, tuple(draft.sentences), draft.engine)
            return
        self.counts["left_out" if draft.rejects else "failed"] += 1
        self._not_before = self._clock() + RETRY_S

    def take(self) -> Written | None:
        """What is ready; given once."""
        ready, self._ready = self._ready, None
        return ready

    def drop(self) -> None:
        """Forget what was written ahead or is being written: somebody else speaks from now on.

        An answer is its asker's to give up.
        """
        self._ready, self._not_before = None, 0.0
        if self._ahead is not None:
            self._ahead[1].cancel()
        self._ahead = None

    # --- what is shown ---

    def document(self) -> dict[str, Any]:
        """For the status document."""
        return self.chain.document()

    def faults(self) -> list[dict[str, Any]]:
        """Engines that are left alone, as faults of the room."""
        return [
            {
                "code": "writer_down",
                "message": {lang: text.format(f"{b.engine.name}: {b.message}") for lang, text in FAULT.items()},
                "next_step": b.next_step,
            }
            for b in self.chain.faults()
        ]


def brief(subject: Subject) -> Brief:
    """What the model is told."""
    product, lang = subject.product, subject.lang
    return about(subject.kind, lang, product, persona=subject.prompt)


def about(kind: Kind, lang: Lang, product: Product | None, **fields: Any) -> Brief:
    """A brief with what is known of a product in a language; `fields` go over it."""
    if product is None:
        return Brief(kind, lang, **fields)
    price = money(product.price, product.currency, lang) if product.price is not None else ""
    known: dict[str, Any] = {
        "product": in_lang(product.name, lang), "price": price, "stock": stock(product, lang) or "",
        "facts": tuple(product.facts.get(lang, ())),
    }
    dropped = product.was_price is not None and product.price is not None and product.was_price > product.price
    if dropped and product.was_price is not None and kind != "pitch":
        known["was_price"] = money(product.was_price, product.currency, lang)
    return Brief(kind, lang, **(known | fields))
