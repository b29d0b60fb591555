"""Nights full of viewers: nothing is lost, nothing said twice, nobody waits in silence."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from pipelines.catalogue import Product
from pipelines.demo import load_demo
from pipelines.events import ChatEvent
from pipelines.profile import RoomProfile
from pipelines.rundown import Item, Plan
from pipelines.scriptbook import Script
from tests import virtual_clock
from tests.pipelines.show_fakes import Studio, now

NAMES = ("第一句先打个招呼。", "第二句说说质地如何。", "第三句今天价格实在。", "第四句告诉大家怎么用。", "第五句记得点关注哦。")
GOODS = Product("serum", {"zh": "晨露精华"}, Decimal("199"), stock=30)
PITCH = [Script("s1", "pitch", "zh", "".join(NAMES), "serum")]
_ids = itertools.count()


def event(text: str, user: str, kind: Any = "question") -> ChatEvent:
    return ChatEvent("test", f"v{next(_ids)}", kind, user, text, now())


def in_order(texts: Sequence[str], whole: Sequence[str]) -> bool:
    """Whether `texts` is `whole` over and over, cut off anywhere."""
    return all(text == whole[k % len(whole)] for k, text in enumerate(texts))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_hundred_interruptions_lose_and_repeat_no_line(seed: int) -> None:
    async def main() -> None:
        rng = random.Random(seed)
        async with Studio(seed=seed) as studio:
            studio.show.set_products([GOODS])
            studio.show.set_scripts(PITCH)
            for n in range(200):
                await asyncio.sleep(rng.uniform(0.3, 9.0))
                if rng.random() < 0.25:
                    studio.show.say(f"插播第{n}条消息通知", None, rng.choice(("now", "boundary")), override=True)
                else:
                    studio.show.on_chat(event(f"这款{n}号问题多少钱{rng.random()}", f"观众{n}"))
            await asyncio.sleep(120)
            heard = studio.stage.heard
            script = [h.text for h in heard if h.line.source == "script" and h.outcome == "played"]
            assert len(script) > 12
            assert in_order(script, NAMES), script
            spoken = [h.text for h in heard if h.line.source == "operator" and h.outcome == "played"]
            assert len(spoken) == len(set(spoken)) > 20
            for one, two in itertools.pairwise(heard):
                assert two.began - one.ended < 4.0, "silence"

    virtual_clock.run(main())


CREAM = Product("cream", {"zh": "云朵面霜"}, Decimal("88"), stock=30)
OTHERS = ("甲句先看看罐子。", "乙句再看看质地。", "丙句讲讲怎么搭配。", "丁句看看价格合不合适。")
TALK = ("子句聊聊换季的皮肤。", "丑句说说早晚的步骤。", "寅句讲讲挑选的习惯。")
ORDER = Plan((
    Item("a", "product", product_id="serum", minutes=0.5), Item("b", "product", product_id="cream", minutes=0.4),
    Item("c", "opening", minutes=0.3, points={"zh": TALK}), Item("q", "qa", minutes=0.2),
))


class Meddler:
    """Interrupts a show in every way there is."""

    def __init__(self, studio: Studio, rng: random.Random) -> None:
        self.studio, self.rng, self.skipped = studio, rng, set[str]()

    async def once(self, n: int) -> None:
        show, rng = self.studio.show, self.rng
        match rng.choice(("ask", "ask", "now", "boundary", "pause", "skip", "switch", "stage", "voice", "jump", "next", "join")):
            case "ask":
                show.on_chat(event(f"第{n}个问题{rng.random()}", f"观众{n}"))
            case "now" | "boundary" as when:
                show.say(f"插播第{n}条消息通知", None, when, override=True)  # type: ignore[arg-type]
            case "pause":
                show.pause(True)
                await asyncio.sleep(rng.uniform(0.1, 6.0))
                show.pause(False)
            case "skip":
                playing = show.snapshot()["now"]
                if playing is not None:
                    self.skipped.add(playing["line_id"])
                    show.skip()
            case "switch":
                async def commit() -> RoomProfile:
                    await asyncio.sleep(rng.random() * 0.1)
                    return RoomProfile("main", "测试直播间", voices={"zh": f"v{n}"})

                await show.switch(commit, patience_s=rng.choice((None, 0.5, 5.0)))
            case "stage":
                self.studio.stage.restart()
            case "voice":
                self.studio.voice.down = True
                await asyncio.sleep(rng.uniform(0.1, 2.0))
                self.studio.voice.down = False
                show.on_voice_restarted()
            case "jump":
                show.go_to(rng.choice(("a", "b", "c", "q")))
            case "next":
                show.next_item()
            case "join":
                show.on_chat(event("", f"新人{n}", "join"))


@pytest.mark.parametrize("seed", range(5))
def test_two_hundred_interruptions_of_every_kind_lose_and_repeat_no_line(seed: int) -> None:
    async def main() -> None:
        rng = random.Random(seed)
        async with Studio(seed=seed) as studio:
            studio.show.set_products([GOODS, CREAM])
            studio.show.set_scripts([*PITCH, Script("s2", "pitch", "zh", "".join(OTHERS), "cream")])
            studio.show.set_running_order(ORDER)
            meddler = Meddler(studio, rng)
            for n in range(200):
                await asyncio.sleep(rng.uniform(0.3, 7.0))
                await meddler.once(n)
            await asyncio.sleep(90)
            heard = studio.stage.heard
            for whole in (NAMES, OTHERS, TALK):
                # Points come back with another lead.
                said = [(h, w) for h in heard for w in whole if h.text.endswith(w) and h.line.source == "script"]
                played = [h.line.line_id for h, _ in said if h.outcome == "played"]
                assert len(played) == len(set(played)), "said twice"
                texts = {h.line.line_id: w for h, w in said if h.outcome == "played" or h.line.line_id in meddler.skipped}
                assert len(texts) > 12
                assert in_order(list(texts.values()), whole), texts
            spoken = [h.text for h in heard if h.line.source == "operator" and h.outcome == "played"]
            assert len(spoken) == len(set(spoken)) > 10

    virtual_clock.run(main())


def test_questions_come_before_gifts_greetings_and_likes() -> None:
    async def main() -> None:
        async with Studio() as studio:
            studio.show.set_products([GOODS])
            studio.show.pause(True)
            for kind, user, text in (
                ("like", "赞友", ""), ("comment", "路人", "大家好"), ("gift", "老板", "玫瑰"), ("question", "小月", "多少钱"),
            ):
                studio.show.on_chat(event(text, user, kind))
            await asyncio.sleep(1)
            studio.show.pause(False)
            await asyncio.sleep(25)
            marks = ("小月", "老板", "路人", "点赞")
            said = [mark for text in studio.texts for mark in marks if mark in text]
            assert list(dict.fromkeys(said)) == list(marks)

    virtual_clock.run(main())


def test_a_question_that_waited_too_long_is_let_go() -> None:
    async def main() -> None:
        async with Studio() as studio:
            studio.show.set_products([GOODS])
            studio.show.pause(True)
            assert studio.show.on_chat(event("精华多少钱", "早来的")).accepted
            await asyncio.sleep(200)
            assert studio.show.on_chat(event("还有货吗", "晚来的")).accepted
            studio.show.pause(False)
            await asyncio.sleep(20)
            said = "".join(studio.texts)
            assert "晚来的" in said and "早来的" not in said

    virtual_clock.run(main())


def test_one_viewer_cannot_take_the_show_over() -> None:
    async def main() -> None:
        async with Studio() as studio:
            studio.show.set_products([GOODS])
            asked = ("多少钱", "有货吗", "怎么用啊", "保质期多久", "能退货吗", "包邮吗", "哪里发货")
            verdicts = [studio.show.on_chat(event(q, "刷屏的")) for q in asked]
            assert [v.accepted for v in verdicts] == [True, True, True, False, False, False, False]
            assert {v.reason for v in verdicts[3:]} == {"rate_limited"}
            assert studio.show.on_chat(event("包邮吗", "别人")).accepted
            again = studio.show.on_chat(event("包邮吗", "别人"))
            assert (again.accepted, again.reason) == (False, "duplicate")

    virtual_clock.run(main())


def test_a_lost_take_is_said_again() -> None:
    async def main() -> None:
        async with Studio() as studio:
            lost = iter([True])
            studio.stage.fault = lambda call: "lose" if call == "play" and next(lost, False) else ""
            studio.show.set_products([GOODS])
            studio.show.set_scripts(PITCH)
            await asyncio.sleep(25)
            first = [h.outcome for h in studio.stage.heard if h.text == NAMES[0]][:2]
            assert first == ["lost", "played"]
            played = [h.text for h in studio.stage.heard if h.outcome == "played" and h.line.source == "script"]
            # The second sentence stood on the stage already; the first comes right after it.
            assert sorted(played[:5]) == sorted(NAMES)
            assert in_order(played[5:], NAMES)

    virtual_clock.run(main())


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>多少钱", "😀多少钱😀", "\u202e多少钱\u202c", "多\x00少\x07钱", "x" * 10_000, "加我微信abc12345"]
)
def test_hostile_words_are_not_repeated(text: str) -> None:
    async def main() -> None:
        async with Studio() as studio:
            studio.show.set_products([GOODS])
            studio.show.on_chat(event(text, "<b>\u202e坏人</b>"))
            await asyncio.sleep(10)
            for said in studio.texts:
                assert not any(bad in said for bad in ("<", "script", "\u202e", "\x00", "微信", "xxxx"))

    virtual_clock.run(main())


def test_an_hour_of_the_demo_is_lively_and_never_silent() -> None:
    async def main() -> None:
        demo = load_demo()
        rng = random.Random(5)
        async with Studio(seed=5) as studio:
            studio.show.set_products(demo.products)
            studio.show.set_scripts(demo.scripts)
            for n in range(120):
                await asyncio.sleep(30)
                studio.show.on_chat(event(rng.choice(("多少钱", "有货吗", "怎么用", "适合敏感肌吗")), f"观众{n}"))
            heard = studio.stage.heard
            assert all(two.began - one.ended < 4.0 for one, two in itertools.pairwise(heard))
            assert {h.line.product_id for h in heard} >= {p.product_id for p in demo.products}
            script = [h.text for h in heard if h.line.source == "script"]
            assert len(set(script)) > 80
            assert all(one != two for one, two in itertools.pairwise(script)), "said twice in a row"
            assert not any("{" in text or "[" in text or "|" in text for text in studio.texts)

    virtual_clock.run(main())


def test_sold_out_and_unpriced_goods_are_spoken_of_honestly() -> None:
    async def main() -> None:
        goods = [Product("a", {"zh": "空瓶子"}, None, stock=0, facts={"zh": ("瓶身是玻璃的",)})]
        async with Studio() as studio:
            studio.show.set_products(goods)
            studio.show.set_scripts([])
            studio.show.on_chat(event("空瓶子有货吗", "小月"))
            await asyncio.sleep(60)
            assert any("卖完" in text for text in studio.texts)
            assert not any("None" in text or "0元" in text for text in studio.texts)

    virtual_clock.run(main())
