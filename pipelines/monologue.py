"""Monologue: what the presenter says of her own accord, and the silence between one thing and the next.

What was written for the product that is on goes before the programme's own passage; of either only what the guard
lets through. A block begins when the rest after the one before is over, so that it can be voiced in the rest.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipelines.catalogue import Product
from pipelines.lately import Lately
from pipelines.line import Lang
from pipelines.news import PHRASES as NEWS
from pipelines.news import News
from pipelines.profile import RoomProfile
from pipelines.programme import Programme
from pipelines.running_order import Block, Cue, Rank, RunningOrder
from pipelines.scriptbook import FAQ, Passage
from pipelines.writer import Subject, Writer

WRITTEN = "writer"
"""The script id of what the writer wrote."""
MAX_REST_S = 2.5
"""Longest rest between two passages: with a line or a process that is late, silence stays under four seconds."""
PASSAGES = 6
"""Passages that are looked at for one that the guard lets through, before something harmless is said."""
STUCK_S = 1.0
"""When even that is held, the next attempt is made after so long."""


@dataclass(frozen=True, slots=True)
class Hands:
    """What a monologue needs of its show.

    `fill` gives a wording its figures and names (None: it can't), `passes` whether it can be filled and may be said,
    `soonest` the instant at which whatever is chosen now can be on air, `moment` the time of day in her words.
    """

    profile: Callable[[], RoomProfile]
    product: Callable[[str | None], Product | None]
    line_id: Callable[[], str]
    fill: Callable[[str, Lang, str | None], str | None]
    passes: Callable[[str, Lang, str | None], bool]
    soonest: Callable[[], float]
    moment: Callable[[], str]


class Monologue:
    """Every method returns at once."""

    def __init__(
        self, programme: Programme, order: RunningOrder, news: News, lately: Lately, writer: Writer | None,
        hands: Hands, *, clock: Callable[[], float], rng: random.Random,
    ) -> None:
        self._programme, self._order, self._news, self._lately = programme, order, news, lately
        self._writer, self._hands, self._clock, self._rng = writer, hands, clock, rng
        self._rest_until = self._stuck_until = 0.0
        self._rested: Block | None = None
        self._barren = 0

    # --- what the running order pulls ---

    def next(self) -> Block | None:
        """The next thing to say; None when nothing may be said now."""
        self.rest()
        now = self._clock()
        if now < self._stuck_until:
            return None
        at = self._rested_at()
        resumed = self._programme.resume(at)
        if resumed is not None:
            return self._rested_block(resumed)
        product, lang = self._programme.subject(at)
        written = self._written(product)
        if written is not None:
            return self._rested_block(written)
        passage = self._sayable(at)
        if passage is None:
            self._stuck_until = now + STUCK_S
            return None
        self._want(passage, lang if product is not None else self._hands.profile().lang)
        cues = [
            Cue(self._hands.line_id(), text, passage.lang, passage.source, Rank.SCRIPT, product_id=passage.product_id)
            for text in passage.texts
        ]
        item = self._programme.item()
        return self._rested_block(Block(
            cues, Rank.SCRIPT, script_id=passage.script_id, stamp=passage.stamp, rest_s=passage.rest_s,
            item_id=item.item_id if item is not None and passage.kept else "",
        ))

    def news(self) -> Block | None:
        """What has changed in the shop or on the clock, and is worth a word between two sentences."""
        news = self._news.pop()
        if news is None:
            return None
        change, product_id = news
        hands, lang, about = self._hands, self._hands.profile().lang, product_id or None
        wordings = (text.replace("{now}", hands.moment()) for text in NEWS[change][lang])
        able = [t for t in wordings if hands.passes(t, lang, about)]
        self._rng.shuffle(able)
        text = self._lately.freshest(able, lambda t: hands.fill(t, lang, about) or "")
        if text is None:
            return None
        cue = Cue(hands.line_id(), text, lang, "script", Rank.REPLY, product_id=about)
        return Block([cue], Rank.REPLY, interrupts=False)

    def transition(self) -> Cue | None:
        """Words that lead back after a reply."""
        script = self._order.script
        lang = script.cues[0].lang if script is not None else self._hands.profile().lang
        phrase = self._programme.book.go_on(lang)
        return Cue(self._hands.line_id(), phrase, lang, "transition", Rank.SCRIPT) if phrase is not None else None

    def turned(self) -> bool:
        """Whether another item is on by the time that something said now would be on air."""
        return self._programme.turned(self._hands.soonest())

    # --- what is told ---

    def rest(self) -> None:
        """Begin the silence after a block that has just ended."""
        script, ending = self._order.script, self._order.ending
        over = next((b for b in (script, ending) if b is not None and b.done), None)
        if over is None or over is self._rested:
            return
        self._rested = over
        if not over.begun:
            # Nothing of it could be said: no rest from nothing.
            self._barren += 1
            return
        self._barren = 0
        self._rest_until = self._clock() + self._rest_s(over)
        if over is ending and script is not None and not script.begun:
            script.cues[0].not_before = self._rest_until

    def hurry(self) -> None:
        """No silence any more: something else is to begin."""
        if self._order.ending is not None:
            self._order.ending.rest_s = 0.0
        self._rest_until = self._stuck_until = 0.0

    def drop(self) -> None:
        """Break off what was written, and forget what is being written."""
        if self._writer is not None:
            self._writer.drop()
        script = self._order.script
        if script is not None and script.script_id == WRITTEN:
            self._order.abandon_script()

    def due(self) -> Iterator[float]:
        """When it is worth asking again; some may be past."""
        yield from (self._rest_until, self._stuck_until)
        due = self._news.next_due()
        if due is not None:
            yield due

    # --- choosing ---

    def _written(self, product: Product | None) -> Block | None:
        written = self._writer.take() if self._writer is not None else None
        if written is None or self._hands.product(written.product_id) is None:
            return None
        # Whether the running order has this product on, or does not say.
        item = self._programme.item()
        if item is not None and (item.kind != "product" or product is None or product.product_id != written.product_id):
            return None
        cues = [
            Cue(
                self._hands.line_id(), t, written.lang, "writer", Rank.SCRIPT, product_id=written.product_id,
                literal=True, engine=written.engine,
            )
            for t in written.texts
        ]
        return Block(cues, Rank.SCRIPT, script_id=WRITTEN)

    def _want(self, passage: Passage, lang: Lang) -> None:
        """Have something written about the same product, for after this passage."""
        about = self._hands.product(passage.product_id)
        if self._writer is not None and about is not None and passage.source == "script":
            who = self._hands.profile()
            self._writer.want(Subject(who.prompt, lang, about, adapter=who.adapter, moment=self._hands.moment()))

    def _sayable(self, at: float) -> Passage | None:
        """A passage of which the guard lets something through; None when there is not even something harmless."""
        attempts: list[Callable[[], Passage | None]] = []
        if self._barren < PASSAGES:
            attempts += [lambda: self._programme.passage(at)] * PASSAGES
        if self._programme.book.filled:
            attempts += [self._programme.idle] * PASSAGES
        for attempt in attempts:
            passage = attempt()
            if passage is None:
                continue
            # An answer without its question is odd; of other passages something is better than nothing.
            enough = all if passage.script_id.startswith(FAQ) else any
            passes = self._hands.passes
            if passage.texts and enough(passes(t, passage.lang, passage.product_id) for t in passage.texts):
                return passage
        return None

    # --- silence ---

    def _rested_block(self, block: Block) -> Block:
        """A block that waits until the rest after the one before is over."""
        first = block.waiting
        if first is not None:
            first.not_before = self._rested_at()
        return block

    def _rested_at(self) -> float:
        """When the rest after what is on air will be over."""
        ending, soonest = self._order.ending, self._hands.soonest()
        if ending is None or ending.done:
            return max(soonest, self._rest_until)
        return soonest + self._rest_s(ending)

    def _rest_s(self, block: Block) -> float:
        return min(self._hands.profile().rest_s if block.rest_s is None else block.rest_s, MAX_REST_S)
