"""A two-hour show on a clock that jumps to the next event: what is repeated, how long it is silent, what gets lost.

The show, its guard and its inbox are the real ones; voice and playout are stand-ins that take the time a voice takes
(4.8 Han characters a second, as `sentences.MAX_UNITS` has it), so two hours pass in seconds. Sentences count as
repeated by the rule of `pipelines.lately`: the same but for spaces and marks, or 92 in 100 alike.

Interruptions: answers, operator's lines at once and at the boundary, pauses, skips, changes of the presenter, restarts
of playout and voice, jumps in the running order. Of every script and every point it is known which sentence must follow
which, so that a sentence that was left out or came again is seen.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import Counter

from bench.row import row
from pipelines import sentences
from pipelines.demo import load_demo
from pipelines.events import ChatEvent
from pipelines.lately import Lately
from pipelines.line import Line
from pipelines.rundown import Item, Plan
from pipelines.scriptbook import Script
from pipelines.stage import SpokenTake
from server.documents import RunningOrderIn
from server.running_orders import plan_of
from tests import virtual_clock
from tests.pipelines import test_interruptions as meddling
from tests.pipelines.show_fakes import TICK, FakeVoice, Heard, Studio, now

HOURS = 2.0
WINDOW_S = 1200.0
UNITS_PER_S = 4.8
CHAT_EVERY_S = 9.0
SEEDS = range(5)
INTERRUPTIONS = 200
ASKED = (
    "多少钱", "价格是多少", "怎么卖", "有货吗", "还有库存吗", "怎么用", "敏感肌可以用吗", "保质期多久", "包邮吗",
    "几天能到", "口红多少钱", "面霜会不会闷痘", "防晒泛白吗", "气垫怎么选色号", "你是真人吗", "都有什么",
    "How much is it?", "いくらですか", "枸杞茶怎么泡", "能送人吗", "孕妇可以用吗", "主播你好",
)
KINDS = ("question",) * 6 + ("join",) * 3 + ("follow", "gift", "like", "comment")


class PacedVoice(FakeVoice):
    """Speaks as fast as a voice does."""

    async def speak(self, line: Line) -> SpokenTake:
        """A take of the length that the line has on air."""
        made = await super().speak(line)
        seconds = max(0.8, sentences.units(line.text) / UNITS_PER_S)
        return SpokenTake(made.take_id, made.path, seconds, round(seconds / TICK))


def repeats(heard: list[Heard]) -> Counter[str]:
    """Sentences said again within the window, by source; the operator's do not count."""
    at = 0.0
    lately = Lately(WINDOW_S, clock=lambda: at)
    found: Counter[str] = Counter()
    for one in heard:
        at = one.began
        if one.outcome == "played" and one.line.source != "operator":
            found[one.line.source] += not lately.fresh(one.text)
            lately.note(one.text)
    return found


async def evening(seed: int) -> tuple[Studio, int, int]:
    """Two hours of the demo with chat: the show, questions taken in, and how many of them were marked as answered."""
    demo, rng = load_demo(), random.Random(seed)
    studio = Studio(seed=seed)
    studio.show._director._voice = PacedVoice(delay=0.15)
    async with studio:
        studio.show.set_products(demo.products)
        studio.show.set_scripts(demo.scripts)
        studio.show.set_running_order(plan_of(RunningOrderIn.model_validate(demo.running_order)))
        end, asked = now() + HOURS * 3600, set[str]()
        for n in itertools.count():
            await asyncio.sleep(rng.expovariate(1 / CHAT_EVERY_S))
            if now() >= end:
                break
            kind = rng.choice(KINDS)
            user, text = f"观众{rng.randrange(400)}", rng.choice(ASKED)
            event = ChatEvent("bench", f"e{n}", kind, user, text, now())  # type: ignore[arg-type]
            if studio.show.on_chat(event).accepted and kind == "question":
                asked.add(event.event_id)
        await asyncio.sleep(200)
        answered = {e["event_id"] for e in studio.events if e["type"] == "answered"}
    return studio, len(asked), len(asked & answered)


async def rush() -> tuple[int, int]:
    """One question by sixty viewers in three minutes: how often it was answered, and how many were told."""
    demo = load_demo()
    async with Studio(seed=1) as studio:
        studio.show.set_products(demo.products)
        studio.show.set_scripts(demo.scripts)
        studio.show.set_running_order(Plan((Item("one", "product", product_id="serum", minutes=10.0),)))
        for n in range(60):
            text = ("多少钱", "价格是多少", "怎么卖", "这个什么价啊", "多少一瓶")[n % 5]
            studio.show.on_chat(ChatEvent("bench", f"r{n}", "question", f"观众{n}", text, now()))
            await asyncio.sleep(3)
        await asyncio.sleep(60)
    answers = {h.line.reply_to for h in studio.stage.heard if h.line.source == "reply"}
    return len(answers), sum(e["type"] == "answered" for e in studio.events)


def astray(heard: list[Heard], whole: tuple[str, ...], skipped: set[str]) -> tuple[int, int, int]:
    """Sentences of a script that were said, left out, and said again."""
    said: dict[str, int] = {}
    again = 0
    for one in heard:
        place = next((k for k, text in enumerate(whole) if one.text.endswith(text)), None)
        if place is None or one.line.source != "script":
            continue
        if one.outcome == "played":
            again += one.line.line_id in said and one.line.line_id not in skipped
            said[one.line.line_id] = place
        elif one.line.line_id in skipped:
            said.setdefault(one.line.line_id, place)
    lost = 0
    for before, after in itertools.pairwise(said.values()):
        if after == before:
            again += 1
        else:
            lost += (after - before - 1) % len(whole)
    return len(said), lost, again


async def interrupted(seed: int) -> tuple[int, int, int]:
    """Two hundred interruptions of every kind: sentences of scripts that were said, lost, and said again."""
    rng = random.Random(seed)
    async with Studio(seed=seed) as studio:
        studio.show.set_products([meddling.GOODS, meddling.CREAM])
        studio.show.set_scripts([*meddling.PITCH, Script("s2", "pitch", "zh", "".join(meddling.OTHERS), "cream")])
        studio.show.set_running_order(meddling.ORDER)
        meddler = meddling.Meddler(studio, rng)
        for n in range(INTERRUPTIONS):
            await asyncio.sleep(rng.uniform(0.3, 7.0))
            await meddler.once(n)
        await asyncio.sleep(90)
    wholes = (meddling.NAMES, meddling.OTHERS, meddling.TALK)
    parts = [astray(studio.stage.heard, whole, meddler.skipped) for whole in wholes]
    said, lost, again = (sum(p[k] for p in parts) for k in range(3))
    return said, lost, again


def main() -> None:
    """One evening, then interruptions with several seeds."""
    began = time.process_time()
    studio, asked, answered = virtual_clock.run(evening(1))
    cpu = time.process_time() - began
    heard = studio.stage.heard
    found, own = repeats(heard), Counter(h.line.source for h in heard)
    chat = own["reply"] + own["greeting"]
    silence = max(two.began - one.ended for one, two in itertools.pairwise(heard))
    row("2-hour show: sentences said", len(heard), "sentences", f"{chat} of them to viewers; {cpu:.0f} s of CPU")
    of_her_own, named = f"of {own['script'] + own['transition']}", "beside the names"
    row("2-hour show: repeated within 20 min, her own", found["script"] + found["transition"], "sentences", of_her_own)
    row("2-hour show: repeated within 20 min, answers", found["reply"], "sentences", f"of {own['reply']}, {named}")
    row("2-hour show: repeated within 20 min, thanks", found["greeting"], "sentences", f"of {own['greeting']}, {named}")
    row("2-hour show: longest silence", float(silence), "s", "limit 4 s")
    counts = studio.show._inbox.counts
    row("2-hour show: questions answered", answered, "questions", f"of {asked} taken in")
    together = f"in {counts['clusters']} answers"
    row("2-hour show: questions answered together with another", counts["clustered"], "questions", together)
    answers, marked = virtual_clock.run(rush())
    row("one question about one product, 60 viewers in 3 min", answers, "answers", f"{marked} viewers answered")
    lines = [virtual_clock.run(interrupted(seed)) for seed in SEEDS]
    said, lost, again = (sum(line[k] for line in lines) for k in range(3))
    each = f"of {said} sentences, {len(SEEDS)} shows of {INTERRUPTIONS} interruptions"
    row("lines lost by interruptions", lost, "sentences", each)
    row("lines repeated after interruptions", again, "sentences", each)


if __name__ == "__main__":
    main()
