"""What viewers of a room hear."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import json
from decimal import Decimal
from typing import Any

import pytest

from pipelines.catalogue import Product
from pipelines.events import ChatEvent
from pipelines.scriptbook import Script
from streaming.errors import BadInput
from tests import virtual_clock
from tests.pipelines.show_fakes import Studio, now

SERUM = Product("serum", {"zh": "晨露精华", "en": "Morning Dew Serum", "ja": "朝露セラム"}, Decimal("199"), stock=30)
PITCH = "第一句先打个招呼。第二句说说质地如何。第三句今天只要{price}。第四句告诉大家怎么用。"
SCRIPTS = [Script("s1", "pitch", "zh", PITCH, "serum")]
FOUR = ["第一句先打个招呼。", "第二句说说质地如何。", "第三句今天只要199元。", "第四句告诉大家怎么用。"]
_ids = itertools.count()


def ask(text: str, user: str = "小明", kind: Any = "question") -> ChatEvent:
    return ChatEvent("test", f"e{next(_ids)}", kind, user, text, now())


def test_a_script_is_said_in_order_without_gaps() -> None:
    async def main() -> None:
        async with Studio() as studio:
            studio.show.set_products([SERUM])
            studio.show.set_scripts(SCRIPTS)
            await asyncio.sleep(14)
            assert studio.texts[:4] == FOUR
            for one, two in itertools.pairwise(studio.stage.heard[:4]):
                assert two.began - one.ended < 0.05
            kinds = [e["type"] for e in studio.events if e["type"] != "allowed"]
            assert kinds[0] == "said" and {"type": "card", "product_id": "serum"} in studio.events

    virtual_clock.run(main())


def test_a_reply_comes_at_the_next_boundary_and_the_script_goes_on_where_it_was() -> None:
    async def main() -> None:
        async with Studio() as studio:
            studio.show.set_products([SERUM])
            studio.show.set_scripts(SCRIPTS)
            await asyncio.sleep(0.6)
            assert studio.show.on_chat(ask("精华多少钱?")).accepted
            await asyncio.sleep(20)
            sources = [h.line.source for h in studio.stage.heard[:7]]
            first_reply = sources.index("reply")
            assert first_reply == 1 and "小明" in studio.texts[1]
            after = sources.index("transition")
            assert set(sources[1:after]) == {"reply"}
            assert studio.texts[after + 1 : after + 4] == FOUR[1:]
            assert [h.outcome for h in studio.stage.heard[:6]] == ["played"] * 6

    virtual_clock.run(main())


def test_an_idle_presenter_answers_at_once() -> None:
    async def main() -> None:
        async with Studio() as studio:
            studio.show.set_products([SERUM])
            studio.show.set_scripts([dataclasses.replace(s, enabled=False) for s in SCRIPTS])
            await asyncio.sleep(30)
            assert studio.texts and {h.line.source for h in studio.stage.heard} == {"transition"}
            for _ in range(100):
                await asyncio.sleep(0.1)
                if studio.show.snapshot()["now"] is None:
                    break
            asked = now()
            studio.show.on_chat(ask("精华多少钱?"))
            await asyncio.sleep(5)
            reply = next(h for h in studio.stage.heard if h.line.source == "reply")
            assert reply.began - asked < 0.1
            assert reply.line.asked_ts == asked
            answered = [e["event_id"] for e in studio.events if e["type"] == "answered"]
            assert answered == [reply.line.reply_to]

    virtual_clock.run(main())


def test_a_price_change_is_in_the_very_next_sentence() -> None:
    async def main() -> None:
        async with Studio() as studio:
            studio.show.set_products([SERUM])
            studio.show.set_scripts(SCRIPTS)
            await asyncio.sleep(2.5)
            assert "199" in studio.stage.queue[0][1].text, "the old price waits on the stage"
            studio.show.set_products([dataclasses.replace(SERUM, price=Decimal("149.50"))])
            await asyncio.sleep(5)
            assert "第三句今天只要149.5元。" in studio.texts
            assert not any("199" in text for text in studio.texts)

    virtual_clock.run(main())


def test_say_now_breaks_in_and_the_sentence_is_said_again_whole() -> None:
    async def main() -> None:
        async with Studio() as studio:
            studio.show.set_products([SERUM])
            studio.show.set_scripts(SCRIPTS)
            await asyncio.sleep(0.8)
            line_id = studio.show.say("现在插播一条重要通知", None, "now")
            asked = now()
            await asyncio.sleep(16)
            heard = studio.stage.heard
            assert [h.outcome for h in heard[:2]] == ["stopped", "played"]
            assert heard[1].line.line_id == line_id and heard[1].text == "现在插播一条重要通知"
            assert heard[1].began - asked < 0.4
            assert heard[2].line.source == "script" and heard[2].text == heard[0].text
            assert [h.text for h in heard[2:6]] == FOUR

    virtual_clock.run(main())


def test_skip_drops_the_sentence_and_goes_on() -> None:
    async def main() -> None:
        async with Studio() as studio:
            studio.show.set_products([SERUM])
            studio.show.set_scripts(SCRIPTS)
            await asyncio.sleep(0.8)
            studio.show.skip()
            await asyncio.sleep(9)
            assert [(h.text[:3], h.outcome) for h in studio.stage.heard[:3]] == [
                ("第一句", "stopped"), ("第二句", "played"), ("第三句", "played"),
            ]

    virtual_clock.run(main())


def test_pause_finishes_the_sentence_and_holds_replies_too() -> None:
    async def main() -> None:
        async with Studio() as studio:
            studio.show.set_products([SERUM])
            studio.show.set_scripts(SCRIPTS)
            await asyncio.sleep(0.8)
            studio.show.pause(True)
            studio.show.on_chat(ask("精华多少钱?"))
            await asyncio.sleep(30)
            assert [(h.text[:3], h.outcome) for h in studio.stage.heard] == [("第一句", "played")]
            assert studio.show.snapshot()["state"] == "paused" and studio.show.snapshot()["chat_waiting"] == 1
            studio.show.pause(False)
            await asyncio.sleep(20)
            assert studio.stage.heard[1].line.source == "reply"
            assert "第二句说说质地如何。" in studio.texts

    virtual_clock.run(main())


def test_the_show_outlives_voice_and_stage() -> None:
    async def main() -> None:
        async with Studio() as studio:
            studio.show.set_products([SERUM])
            studio.show.set_scripts(SCRIPTS)
            await asyncio.sleep(0.8)
            studio.voice.down = True
            await asyncio.sleep(30)
            assert [f["code"] for f in studio.show.snapshot()["faults"]] == ["voice_down"]
            studio.voice.down = False
            studio.show.on_voice_restarted()
            studio.stage.down = True
            await asyncio.sleep(10)
            studio.stage.down = False
            studio.stage.restart()
            await asyncio.sleep(20)
            played = [h.text for h in studio.stage.heard if h.outcome == "played"]
            assert played[:4] == FOUR
            assert studio.show.snapshot()["faults"] == []

    virtual_clock.run(main())


def test_a_restarted_server_goes_on_at_the_next_sentence() -> None:
    async def main() -> None:
        async with Studio() as studio:
            studio.show.set_products([SERUM])
            studio.show.set_scripts(SCRIPTS)
            await asyncio.sleep(2.5)
            state = json.loads(json.dumps(studio.show.state()))
            queued = [t.take_id for t, _ in studio.stage.queue]
        assert len(queued) == 1 and len(json.dumps(state)) < 4000
        async with Studio(state=state) as again:
            again.show.set_products([SERUM])
            again.show.set_scripts(SCRIPTS)
            await asyncio.sleep(6)
            assert again.texts[:1] == ["第四句告诉大家怎么用。"], "what the first run had sent is taken as heard"

    virtual_clock.run(main())


@pytest.mark.parametrize("text", ["", " \u200b\u202e ", "!!!", "😀", "长" * 1001])
def test_nothing_to_say_is_refused(text: str) -> None:
    async def main() -> None:
        async with Studio() as studio:
            with pytest.raises(BadInput) as refused:
                studio.show.say(text, None, "now")
            assert refused.value.next_step

    virtual_clock.run(main())
