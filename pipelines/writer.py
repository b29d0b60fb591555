"""Writer: lines of the language model between the scripts, written ahead so that the show never waits for them.

What it writes is said only if it can do no harm: sentences with figures (prices and stock come from the catalogue
alone), in another script than the room's language, or with words that are moderated, are left out.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pipelines import moderation, sentences
from pipelines.catalogue import Product, in_lang
from pipelines.line import Lang
from streaming.errors import NightAnchorError

log = logging.getLogger(__name__)

Message = dict[str, str]
Write = Callable[[list[Message]], Awaitable[str]]

MAX_SENTENCES = 4
RETRY_S = 30.0
_FIGURE = re.compile(r"[0-9０-９一二两三四五六七八九十百千万]+\s*(?:元|块|折|%|％|件|瓶|盒|支|毫升|克)|[0-9０-９]")
_OWN = {
    "zh": re.compile(r"[\u4e00-\u9fff]"), "ja": re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]"),
    "en": re.compile(r"[A-Za-z]"),
}
_SAYABLE = re.compile(r"[\w\s\u3000-\u303f\uff00-\uffef,.!?;:'\"“”‘’…—·-]+")
_TASK = {
    "zh": "用两三句口语向直播间的观众聊聊“{product}”。只说下面的事实，不提价格、数量和疗效。\n{facts}",
    "en": "Chat about “{product}” to the viewers in two or three spoken sentences. Use only these facts; no prices, "
          "no figures, no medical claims.\n{facts}",
    "ja": "視聴者に「{product}」を話し言葉で二、三文紹介してください。"
          "次の事実だけを使い、値段・数・効能には触れないこと。\n{facts}",
}


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
            text = await self._write(messages(subject))
            texts = sayable(text, subject.lang)
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


def messages(subject: Subject) -> list[Message]:
    """The conversation that the model goes on with."""
    facts = "\n".join(f"- {f}" for f in subject.product.facts.get(subject.lang, ())[:6])
    task = _TASK[subject.lang].format(product=in_lang(subject.product.name, subject.lang), facts=facts)
    system = [{"role": "system", "content": subject.prompt}] if subject.prompt else []
    return [*system, {"role": "user", "content": task}]


def sayable(text: str, lang: Lang) -> list[str]:
    """The sentences of a text that may be said; a cut-off last one is left out."""
    out = []
    for sentence in sentences.split(moderation.clean(text, 1000, fold=False)):
        whole = sentence.rstrip("”’」』）)\"'").endswith(("。", "！", "？", "!", "?", ".", "…"))
        own = len(_OWN[lang].findall(sentence))
        good = whole and own * 2 >= len(sentence.replace(" ", "")) and _SAYABLE.fullmatch(sentence)
        if good and not _FIGURE.search(sentence) and not moderation.finding(sentence):
            out.append(sentence)
    return out[:MAX_SENTENCES]
