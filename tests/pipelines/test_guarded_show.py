"""On air, no line goes past the guard; what it stops is told, and the show goes on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from pipelines.guard import Guard
from pipelines.profile import RoomProfile
from pipelines.scriptbook import Script
from streaming.errors import BadInput
from tests import virtual_clock
from tests.pipelines.show_fakes import Studio
from tests.pipelines.test_show import SERUM, ask

SCRIPT = Script("s", "pitch", "zh", "先看看这瓶精华。它是国家级的配方。能治好湿疹。最后再看一眼瓶身。", "serum")


def guarded(studio: Studio) -> list[dict[str, object]]:
    return [e for e in studio.events if e["type"] == "guarded"]


def test_a_forbidden_sentence_is_reworded_or_left_out_and_the_rest_is_said() -> None:
    async def main() -> None:
        async with Studio() as studio:
            studio.show.set_products([SERUM])
            studio.show.set_scripts([SCRIPT])
            for _ in range(10):
                studio.show.snapshot()
                await asyncio.sleep(1.5)
            assert studio.texts[:3] == ["先看看这瓶精华。", "它是用心做的配方。", "最后再看一眼瓶身。"]
            told = guarded(studio)[:2]
            assert [e["action"] for e in told] == ["rewrite", "hold"]
            assert told[1]["text"] == "能治好湿疹。"
            assert len({e["line_id"] for e in guarded(studio)}) == len(guarded(studio)), "each is told once"
            assert studio.show.snapshot()["counts"]["lines_hold"] >= 1
            meta = studio.stage.heard[1].line.meta
            assert meta == {"guard": "rewrite", "rule": "absolute:国家级", "written": "它是国家级的配方。"}

    virtual_clock.run(main())


def test_a_price_that_changed_is_not_said_as_it_was() -> None:
    async def main() -> None:
        async with Studio() as studio:
            studio.show.set_products([SERUM])
            studio.show.set_scripts([Script("s", "pitch", "zh", f"现在是{SERUM.price}元。", "serum")])
            await asyncio.sleep(3)
            studio.show.set_products([replace(SERUM, price=Decimal("88"), was_price=None)])
            await asyncio.sleep(12)
            assert studio.texts[-1] == "现在是88元。"

    virtual_clock.run(main())


def test_an_answer_that_may_not_be_given_is_not_silence() -> None:
    claims = replace(SERUM, facts={"zh": ("能治好湿疹",)}, faq=())
    guard = Guard()

    async def main() -> None:
        async with Studio() as studio:
            studio.show.set_products([claims])
            studio.show.on_chat(ask("这瓶精华能治好湿疹吗"))
            await asyncio.sleep(6)
            replies = [h.text for h in studio.stage.heard if h.line.source == "reply"]
            assert replies and not any("治好" in t for t in replies)
            assert guard.judge(replies[0], "zh").action == "allow"

    virtual_clock.run(main())


def test_an_operator_is_stopped_unless_he_answers_for_it() -> None:
    async def main() -> None:
        async with Studio() as studio:
            studio.show.set_products([SERUM])
            with pytest.raises(BadInput, match="顶级") as e:
                studio.show.say("这是顶级的精华。", "zh", "now")
            assert e.value.reason == "held" and "用心的的" not in e.value.next_step
            studio.show.say("这是顶级的精华。", "zh", "now", override=True)
            await asyncio.sleep(3)
            said = next(h.line for h in studio.stage.heard if h.line.source == "operator")
            assert (said.text, said.meta) == ("这是顶级的精华。", {"guard": "override", "rule": "absolute:顶级"})
            assert [e["action"] for e in guarded(studio)] == ["override"]

    virtual_clock.run(main())


def test_a_viewers_name_with_a_figure_is_no_invented_figure() -> None:
    async def main() -> None:
        async with Studio(rest_s=0.5) as studio:
            studio.show.set_products([SERUM])
            studio.show.on_chat(ask("多少钱", "阿花88元"))
            await asyncio.sleep(6)
            assert any("阿花88元" in t for t in studio.texts), studio.texts

    virtual_clock.run(main())


def test_a_greeting_of_a_persona_passes_the_guard_too() -> None:
    async def main() -> None:
        async with Studio() as studio:
            async def commit() -> RoomProfile:
                return RoomProfile("main", "店", greeting="我是全网第一的主播。大家好。")

            await studio.show.switch(commit)
            await asyncio.sleep(4)
            assert studio.texts == ["大家好。"]

    virtual_clock.run(main())
