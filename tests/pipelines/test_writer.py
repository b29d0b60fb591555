"""What the language model writes goes on air only when it may, and only in the manner of her who is on air."""

from __future__ import annotations

import asyncio
import dataclasses
import random

import pytest

from pipelines.show import RoomProfile, RoomShow, Script
from pipelines.writer import Subject, Writer, brief, messages, sayable
from streaming.errors import ChildDown
from tests import virtual_clock
from tests.pipelines.show_fakes import FakeStage, FakeVoice, Studio, now
from tests.pipelines.test_show import SERUM

ANNA = RoomProfile("main", "店", voices={"zh": "anna"}, prompt="你是安娜。", rest_s=0.5)
BEA = RoomProfile("main", "店", voices={"zh": "bea"}, prompt="你是贝雅。", rest_s=0.5)


class Model:
    """Writes in the manner of the adapter that the studio wears."""

    def __init__(self) -> None:
        self.wears = "甲"
        self.delay = 2.0
        self.down = False
        self.asked: list[list[dict[str, str]]] = []
        self.gave_up = 0

    async def write(self, conversation: list[dict[str, str]]) -> str:
        self.asked.append(conversation)
        wears = self.wears
        try:
            await asyncio.sleep(self.delay)
        except asyncio.CancelledError:
            self.gave_up += 1
            raise
        if self.down:
            raise ChildDown("studio is not running")
        return f"用{wears}的口吻说这一句话。还有{wears}的第二句话也在这里。"


class Room(Studio):
    """A show with a writer."""

    def __init__(self) -> None:
        self.model = Model()
        self.voice, self.stage, self.events = FakeVoice(), FakeStage(), []
        self.writer = Writer(self.model.write, clock=now)
        self.show = RoomShow(
            ANNA, self.voice, self.stage, clock=now, rng=random.Random(1), on_event=self.events.append,
            writer=self.writer,
        )
        self.stage.show = self.show
        self.show.set_products([SERUM])
        self.show.set_scripts([Script("s1", "pitch", "zh", "第一句说说这瓶精华。第二句再说说它的好处。", "serum")])


def test_written_lines_come_between_the_scripts() -> None:
    async def main() -> None:
        async with Room() as room:
            await asyncio.sleep(30)
            written = [h for h in room.stage.heard if h.line.source == "writer"]
            assert written and written[0].text == "用甲的口吻说这一句话。" and written[0].line.product_id == "serum"
            assert any(h.line.source == "script" for h in room.stage.heard)
            assert room.model.asked[0][0] == {"role": "system", "content": "你是安娜。"}

    virtual_clock.run(main())


@pytest.mark.parametrize("at", [1.0, 4.0, 7.0, 10.0, 13.0, 16.0])
def test_after_a_change_every_line_is_in_the_new_manner(at: float) -> None:
    async def main() -> None:
        async with Room() as room:
            await asyncio.sleep(at)
            changed: list[float] = []

            async def commit() -> RoomProfile:
                room.model.wears = "乙"
                changed.append(now())
                return BEA

            await room.show.switch(commit)
            await asyncio.sleep(40)
            after = [h for h in room.stage.heard if h.began >= changed[0]]
            assert not [h.text for h in after if "甲" in h.text]
            assert [h.text for h in after if "乙" in h.text]
            assert {h.line.voice for h in after} == {"bea"}
            new = [c for c in room.model.asked if c[0]["content"] == "你是贝雅。"]
            assert new

    virtual_clock.run(main())


def test_the_show_never_waits_for_it() -> None:
    async def main() -> None:
        async with Room() as room:
            room.model.delay = 1e6
            await asyncio.sleep(30)
            gaps = [b.began - a.ended for a, b in zip(room.stage.heard, room.stage.heard[1:], strict=False)]
            assert len(gaps) > 4 and max(gaps) < 1.5 and len(room.model.asked) == 1
            room.writer.drop()
            await asyncio.sleep(0)
            assert room.model.gave_up == 1

    virtual_clock.run(main())


def test_a_studio_that_is_down_is_not_asked_all_the_time() -> None:
    async def main() -> None:
        async with Room() as room:
            room.model.down, room.model.delay = True, 0.0
            await asyncio.sleep(65)
            assert 2 <= len(room.model.asked) <= 4 and room.writer.counts["failed"] == len(room.model.asked)
            assert not [h for h in room.stage.heard if h.line.source == "writer"]

    virtual_clock.run(main())


def test_what_may_be_said() -> None:
    good = "这瓶精华质地很清爽，晚上用正合适。"
    cases = {
        good: [good],
        good + "现在只要99元。": [good], good + "今天打八折。": [good], good + "还剩3瓶": [good],
        good + "加微信领优惠。": [good], good + "This is English only text here.": [good],
        "": [], "\ufffd\ufffd乱码\x00。": [], good + "没有说完的半句": [good],
        "<b>" + good + "</b>": [good], "{price}很划算。": [],
    }
    for text, wanted in cases.items():
        assert sayable(text, "zh") == wanted, text
    assert sayable("It feels light on the skin. It costs 5 dollars.", "en") == ["It feels light on the skin."]
    assert len(sayable(good * 9, "zh")) == 4


def test_figures_are_said_only_as_the_catalogue_has_them() -> None:
    known = "商品：精华 2.0\n价格：99.9元\n库存：12瓶\n- 一瓶30毫升，防晒值是SPF50+"
    said = {
        "现在是99.9元。": True, "还有12瓶。": True, "一瓶30毫升呢。": True, "防晒值是SPF50+。": True, "这是精华2.0。": True,
        "现在是９９.９元。": True, "现在是9元。": False, "现在是99元。": False, "还有2瓶。": False, "一瓶300毫升呢。": False, "今天打八折。": False,
        "防晒值是SPF5。": False,
    }
    for sentence, wanted in said.items():
        assert bool(sayable(sentence, "zh", known)) == wanted, sentence


def test_the_conversation_holds_persona_facts_and_price() -> None:
    product = dataclasses.replace(SERUM, facts={"zh": ("含玻尿酸。", "清爽。")})
    told = messages(brief(Subject("你是安娜。", "zh", product)))
    assert [m["role"] for m in told] == ["system", "user"]
    assert "含玻尿酸" in told[1]["content"] and "199元" in told[1]["content"] and "晨露精华" in told[1]["content"]
    assert [m["role"] for m in messages(brief(Subject("", "en", product)))] == ["user"]
