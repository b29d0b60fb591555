"""Answers: what is said to a viewer, from the catalogue and nothing else."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines import sentences
from pipelines.answer_phrases import CALL, COMPARE, LIST, PHRASES
from pipelines.catalogue import Product, in_lang
from pipelines.cluster import addressed
from pipelines.inbox import Pick, Wait
from pipelines.langid import detect, foreign
from pipelines.line import LANGS, Lang
from pipelines.retrieval import Found, Retrieval, asks, intent_of
from pipelines.scriptbook import ScriptBook

_AND: dict[Lang, str] = {"zh": "、", "en": ", ", "ja": "さん、"}
_STOP: dict[Lang, str] = {"zh": "。", "en": ".", "ja": "。"}
MAX_NAMES = 4
MAX_USED = 1024
"""Phrases of which is known when they were used."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Sentences with placeholders, addressed to `user` (a spoken name, or several); `found` is what they stand on."""

    texts: tuple[str, ...]
    lang: Lang
    user: str
    product_id: str | None = None
    found: Found | None = None


class Answers:
    """Answers from the catalogue alone; whatever it doesn't hold is said to be unknown.

    Who asks in one of the languages that are `spoken` is answered in it, anybody else in the room's.
    """

    def __init__(self, book: ScriptBook, rng: random.Random) -> None:
        self._book, self._rng = book, rng
        self._retrieval = Retrieval()
        self._used: dict[str, int] = {}
        self._turn = 0
        self.spoken: tuple[Lang, ...] = LANGS

    def set_products(self, products: Sequence[Product]) -> None:
        """Answer about these products from now on."""
        self._retrieval = Retrieval(products)

    def classify(self, text: str) -> Wait | None:
        """What a comment is: a question, a hello, or a remark that needs no answer (None)."""
        intent = intent_of(text)
        if intent == "hello" and not asks(text):
            return "hello"
        if intent == "thanks":
            return None
        return "question" if intent or asks(text) else None

    def tongue(self, pick: Pick, lang: Lang) -> Lang:
        """In which language `pick` is answered in a room of language `lang`."""
        asked = detect(pick.events[0].text, lang)
        return asked if pick.kind == "question" and asked in self.spoken else lang

    def facts(self, found: Found, text: str, lang: Lang, limit: int) -> list[tuple[str, float]]:
        """What is known of the product that is asked about, what answers the question first; with a score 0..1."""
        return self._retrieval.ranked(found, text, lang, limit)

    def reply(self, pick: Pick, lang: Lang, on_air: str | None) -> Reply | None:
        """The answer to `pick`."""
        first = pick.events[0]
        if pick.kind == "question" and foreign(first.text):
            user = addressed([e.user for e in pick.events], lang, pick.more)
            return Reply(tuple(sentences.split(self._say("foreign", lang))), lang, user)
        lang = self.tongue(pick, lang)
        user = addressed([e.user for e in pick.events], lang, pick.more)
        if pick.kind != "question":
            return self._courtesy(pick.kind, lang, user)
        found = self._retrieval.find(first.text, lang, on_air)
        text = self._answer(found, lang)
        greeting = found.intent in ("hello", "thanks") and found.faq is None and not found.fact
        call = "" if greeting else self._vary("call", CALL[lang])
        if not call.endswith((". ", "。")) or not call:
            said = call + text
        else:
            said = call + text[:1].upper() + text[1:]
        about = found.product if self._is_about(found) else None
        return Reply(tuple(sentences.split(said)), lang, user, about.product_id if about else None, found)

    def unknown(self, pick: Pick, lang: Lang) -> Reply:
        """That nothing can be said to it."""
        lang = self.tongue(pick, lang)
        user = addressed([e.user for e in pick.events], lang)
        return Reply(tuple(sentences.split(self._say("unknown", lang))), lang, user)

    def _courtesy(self, kind: Wait, lang: Lang, user: str) -> Reply:
        script = {"gift": "thanks", "follow": "thanks", "join": "greeting", "hello": "greeting"}.get(kind)
        own = self._book.pick_text(script, lang, user=True) if script else None  # type: ignore[arg-type]
        if own is None or self._rng.random() < 0.4:
            own = self._vary(kind, PHRASES[kind][lang])
        return Reply(tuple(sentences.split(own)), lang, user)

    def _is_about(self, found: Found) -> bool:
        known = bool(found.faq or found.fact) or found.intent in ("price", "discount", "stock")
        return found.product is not None and (known or found.named)

    def _answer(self, found: Found, lang: Lang) -> str:
        product = found.product
        if found.intent == "human":
            return self._say("human", lang)
        if found.intent == "price" and product is not None:
            text = self._say("price", lang)
            more = _dropped(product) and self._rng.random() < 0.6
            return text + (_space(lang) + self._say("was", lang) if more else "")
        if found.intent == "discount" and product is not None:
            if _dropped(product):
                return self._say("price", lang) + _space(lang) + self._say("was", lang)
            return self._say("no_deal", lang)
        if found.intent == "stock" and product is not None:
            kind = "uncounted" if product.stock is None else "stock" if product.stock else "sold_out"
            return self._say(kind, lang)
        if found.faq is not None:
            of = self._say("elsewhere", lang) if found.elsewhere else ""
            return of + _ended(in_lang(found.faq.answer, lang), lang)
        if found.fact:
            return _ended(found.fact, lang)
        return self._by_intent(found, lang)

    def _by_intent(self, found: Found, lang: Lang) -> str:
        if found.intent in ("list", "compare"):
            products = self._retrieval.products[:MAX_NAMES]
            if products:
                names = _AND["zh" if lang == "ja" else lang].join(in_lang(p.name, lang) for p in products)
                return (LIST if found.intent == "list" else COMPARE)[lang].format(names=names)
        if found.intent in ("buy", "hello", "thanks"):
            return self._say(found.intent, lang)
        if found.named and found.product is not None and not found.intent and not found.wants:
            facts = found.product.facts.get(lang, ())
            if facts:
                return _ended(self._vary(f"fact:{found.product.product_id}:{lang}", facts), lang)
        return self._say("unknown", lang)

    def _say(self, kind: str, lang: Lang) -> str:
        return self._vary(f"{kind}:{lang}", PHRASES[kind][lang])

    def _vary(self, key: str, phrases: Sequence[str]) -> str:
        """The phrase that was used longest ago, by chance among those that never were."""
        chosen = min(phrases, key=lambda p: (self._used.get(f"{key}/{p}", 0), self._rng.random()))
        self._turn += 1
        self._used[f"{key}/{chosen}"] = self._turn
        if len(self._used) > MAX_USED:
            self._used = dict(sorted(self._used.items(), key=lambda item: item[1])[MAX_USED // 2 :])
        return chosen


def _dropped(product: Product) -> bool:
    return product.price is not None and product.was_price is not None and product.was_price > product.price


def _space(lang: Lang) -> str:
    return " " if lang == "en" else ""


def _ended(text: str, lang: Lang) -> str:
    return text if text.rstrip()[-1:] in "。.!?！？" else text.rstrip() + _STOP[lang]
