"""Writer: lines of the language model between the scripts, written ahead so that the show never waits for them.

What it writes is said only if it can do no harm: sentences with a figure that the catalogue does not have, in another
script than the room's language, or with words that are moderated, are left out.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pipelines import moderation, sentences
from pipelines.brief import Brief, Message, messages, task
from pipelines.catalogue import Product, in_lang
from pipelines.line import Lang
from pipelines.wording import money, stock
from streaming.errors import NightAnchorError

log = logging.getLogger(__name__)

Write = Callable[[list[Message]], Awaitable[str]]

MAX_SENTENCES = 4
RETRY_S = 30.0
_FIGURE = re.compile(r"[0-9]+(?:[.,][0-9]+)*|[一二两三四五六七八九十百千万]+\s*(?:元|块|折|[%％]|件|瓶|盒|支|毫升|克)")
_WIDE = str.maketrans("０１２３４５６７８９．", "0123456789.")
_OWN = {
    "zh": re.compile(r"[\u4e00-\u9fff]"), "ja": re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]"),
    "en": re.compile(r"[A-Za-z]"),
}
_SAYABLE = re.compile(r"[\w\s\u3000-\u303f\uff00-\uffef,.!?;:'\"“”‘’…—·+$€£-]+")


@dataclass(frozen=True, slots=True)
class Subject:
    """What to write: about a product, in the manner of `prompt`."""

    prompt: str
    lang: Lang
    product: Product


@dataclass(frozen=True, slots=True)
class Written:
    """Sentences that may be said."""

    product_id: str
    lang: Lang
    texts: tuple[str, ...]


class Writer:
    """One text ahead; all methods but the writing itself return at once, in one event loop."""

    def __init__(self, write: Write, *, clock: Callable[[], float]) -> None:
        self._write, self._clock = write, clock
        self._ready: Written | None = None
        self._task: asyncio.Task[None] | None = None
        self._not_before = 0.0
        self.counts = {"written": 0, "left_out": 0, "failed": 0}

    def want(self, subject: Subject) -> None:
        """Have something written, unless it is being done or has failed just now."""
        if self._task is None and self._ready is None and self._clock() >= self._not_before:
            self._task = asyncio.get_running_loop().create_task(self._go(subject))

    def take(self) -> Written | None:
        """What is ready; given once."""
        ready, self._ready = self._ready, None
        return ready

    def drop(self) -> None:
        """Forget what was written or is being written: somebody else speaks from now on."""
        self._ready, self._not_before = None, 0.0
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _go(self, subject: Subject) -> None:
        me = asyncio.current_task()
        try:
            told = brief(subject)
            text = await self._write(messages(told))
            texts = sayable(text, subject.lang, task(told))
        except NightAnchorError as e:
            log.info("nothing was written: %s", e)
            texts = None
        finally:
            mine = self._task is me
            if mine:
                self._task = None
        if not mine:
            return
        if texts is None:
            self.counts["failed"] += 1
        elif not texts:
            self.counts["left_out"] += 1
        else:
            self.counts["written"] += 1
            self._ready = Written(subject.product.product_id, subject.lang, tuple(texts))
            return
        self._not_before = self._clock() + RETRY_S


def brief(subject: Subject) -> Brief:
    """What the model is told."""
    product, lang = subject.product, subject.lang
    price = money(product.price, product.currency, lang) if product.price is not None else ""
    return Brief(
        "pitch", lang, persona=subject.prompt, product=in_lang(product.name, lang), price=price,
        stock=stock(product, lang) or "", facts=tuple(product.facts.get(lang, ())),
    )


def sayable(text: str, lang: Lang, known: str = "") -> list[str]:
    """The sentences of a text that may be said; a cut-off last one is left out, and figures that `known` has not."""
    out = []
    figures = set(_FIGURE.findall(known.translate(_WIDE)))
    for sentence in sentences.split(moderation.clean(text, 1000, fold=False)):
        whole = sentence.rstrip("”’」』）)\"'").endswith(("。", "！", "？", "!", "?", ".", "…"))
        own, letters = len(_OWN[lang].findall(sentence)), sum(c.isalpha() for c in sentence)
        good = whole and letters and own * 2 >= letters and _SAYABLE.fullmatch(sentence)
        invented = set(_FIGURE.findall(sentence.translate(_WIDE))) - figures
        if good and not invented and not moderation.finding(sentence):
            out.append(sentence)
    return out[:MAX_SENTENCES]
