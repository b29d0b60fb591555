"""A room's running order as viewers hear it."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from decimal import Decimal
from typing import Any

import pytest

from pipelines.catalogue import Product
from pipelines.demo import load_demo
from pipelines.rundown import Item, Plan
from pipelines.scriptbook import Script
from server.documents import RunningOrderIn
from server.running_orders import plan_of
from streaming.errors import Conflict, NotFound
from tests import virtual_clock
from tests.pipelines.show_fakes import Heard, Studio
from tests.pipelines.test_interruptions import event

DEMO = load_demo()
SERUM = Product("serum", {"zh": "晨露精华", "en": "Morning Dew Serum", "ja": "朝露セラム"}, Decimal("199"), stock=30)
CREAM = Product("cream", {"zh": "云朵面霜", "en": "Cloud Cream"}, Decimal("88"), stock=3)
SCRIPTS = [
    Script("s", "pitch", "zh", "精华第一段说质地。精华第二段说用法。精华第三段说搭配。", "serum"),
    Script("c", "pitch", "zh", "面霜头一段说罐子。面霜后一段说香味。", "cream"),
]


async def begin(studio: Studio, *items: Item, loop: bool = True, products: Any = (SERUM, CREAM)) -> None:
    studio.show.set_products(products)
    studio.show.set_scripts(SCRIPTS)
    studio.show.set_running_order(Plan(items, loop=loop))


def test_points_are_said_in_order_then_the_time_is_filled() -> None:
    async def main() -> None:
        points = ("甲：先讲产地的故事。", "乙：再讲{product}的手感。", "丙：最后报价{price}。")
        async with Studio() as studio:
            await begin(studio, Item("a", "product", product_id="serum", minutes=1, points={"zh": points}), Item("b", "product", product_id="cream", minutes=1))
            await asyncio.sleep(110)
            texts = studio.texts
            assert "晨露精华" in texts[0] and studio.stage.heard[0].line.source == "transition"
            assert texts[1:4] == ["甲：先讲产地的故事。", "乙：再讲晨露精华的手感。", "丙：最后报价199元。"]
            assert "精华第一段说质地。" in texts[4:]
            named = next(h for h in studio.stage.heard if "云朵面霜" in h.text)
            # The item ends at the sentence boundary at which its minute is over.
            assert 1060 <= named.began < 1065 and named.line.product_id == "cream"
            assert any("面霜头一段" in t for t in texts)

    virtual_clock.run(main())


def test_one_product_is_sold_in_three_languages_by_the_order() -> None:
    async def main() -> None:
        async with Studio() as studio:
            studio.show.set_products(DEMO.products)
            studio.show.set_scripts(DEMO.scripts)
            items = [Item(la, "product", product_id="serum", minutes=1, lang=la) for la in ("zh", "en", "ja")]  # type: ignore[arg-type]
            studio.show.set_running_order(Plan(tuple(items)))
            await asyncio.sleep(178)
            langs = [h.line.lang for h in studio.stage.heard]
            assert list(dict.fromkeys(langs)) == ["zh", "en", "ja"] and langs == sorted(langs, key=["zh", "en", "ja"].index)
            assert {h.line.product_id for h in studio.stage.heard if h.line.source == "script"} == {"serum"}
            studio.show.on_chat(event("How much is it?", "Ann"))
            await asyncio.sleep(20)
            reply = next(h for h in studio.stage.heard if h.line.source == "reply")
            assert reply.line.lang == "en", "who asks in English is answered in English"

    virtual_clock.run(main())


def test_a_product_without_words_in_the_language_is_sold_in_the_presenters() -> None:
    async def main() -> None:
        async with Studio() as studio:
            await begin(studio, Item("a", "product", product_id="cream", minutes=1, lang="ja"))
            await asyncio.sleep(50)
            assert {h.line.lang for h in studio.stage.heard} == {"zh"}

    virtual_clock.run(main())


def test_a_jump_comes_at_the_sentence_boundary_and_what_was_broken_off_goes_on_later() -> None:
    async def main() -> None:
        async with Studio() as studio:
            await begin(studio, Item("a", "product", product_id="serum", minutes=5), Item("b", "product", product_id="cream", minutes=5))
            await asyncio.sleep(7)
            playing = studio.stage.heard[-1]
            studio.show.go_to("b")
            await asyncio.sleep(9)
            after = studio.stage.heard[studio.stage.heard.index(playing) + 1 :]
            assert playing.outcome == "played" and "云朵面霜" in after[0].text and after[0].began - playing.ended < 0.4
            studio.show.go_to("a")
            await asyncio.sleep(40)
            said = [h.text for h in studio.stage.heard if h.text.startswith("精华")]
            assert said[:3] == ["精华第一段说质地。", "精华第二段说用法。", "精华第三段说搭配。"]
            with pytest.raises(NotFound):
                studio.show.go_to("nothing")
            studio.show.set_running_order(Plan((), enabled=False))
            with pytest.raises(Conflict):
                studio.show.next_item()

    virtual_clock.run(main())


def test_a_restarted_server_goes_on_in_the_same_item_where_it_was() -> None:
    async def main() -> None:
        items = (
            Item("a", "product", product_id="serum", minutes=5, points={"zh": tuple(f"要点{c}说一说这里。" for c in "甲乙丙丁戊己")}),
            Item("b", "product", product_id="cream", minutes=5),
        )
        heard: list[Heard] = []
        state: Any = None
        for n in range(9):
            async with Studio(state=state) as studio:
                await begin(studio, *items)
                await asyncio.sleep(4.5)
                if n == 2:
                    studio.show.go_to("b")
                if n == 4:
                    studio.show.go_to("a")
                await asyncio.sleep(1.0)
                now = studio.show.snapshot()["running_order"]
                assert now["item_id"] == ("b" if n in (2, 3) else "a")
                state = json.loads(json.dumps(studio.show.state()))
                queued = [line.text for _, line in studio.stage.queue]
            heard += [h for h in studio.stage.heard if "要点" in h.text]
            # What plays and what waits on the stage goes on without the server.
            heard += [Heard(t, heard[0].line, 0) for t in queued if "要点" in t]
        assert [h.text for h in heard][:6] == [f"要点{c}说一说这里。" for c in "甲乙丙丁戊己"]

    virtual_clock.run(main())


def test_in_question_time_answers_come_first_and_only_prompts_between() -> None:
    async def main() -> None:
        async with Studio() as studio:
            await begin(studio, Item("q", "qa", minutes=2))
            for n in range(8):
                studio.show.on_chat(event(f"第{n}个人想问{'天地玄黄宇宙洪荒'[n]}字号的事情怎么办", f"观众{n}"))
            await asyncio.sleep(100)
            sources = [h.line.source for h in studio.stage.heard]
            first, last = sources.index("reply"), len(sources) - sources[::-1].index("reply")
            assert set(sources[first:last]) <= {"reply"}, "nothing comes between the answers"
            assert set(sources) <= {"reply", "transition"}

    virtual_clock.run(main())


def test_a_sold_out_product_is_said_to_be_so_and_left() -> None:
    async def main() -> None:
        async with Studio() as studio:
            gone = dataclasses.replace(SERUM, stock=0)
            await begin(studio, Item("a", "product", product_id="serum", minutes=5), Item("b", "product", product_id="cream", minutes=5), products=(gone, CREAM))
            await asyncio.sleep(60)
            assert any("卖完" in t or "没有货" in t or "缺货" in t for t in studio.texts[:2])
            assert not any(t.startswith("精华") for t in studio.texts)
            assert any("面霜头一段" in t for t in studio.texts), "five minutes are not spent on it"

    virtual_clock.run(main())


def test_a_changed_point_is_not_said_as_it_was() -> None:
    async def main() -> None:
        old, new = (Item("a", "product", product_id="serum", minutes=5, points={"zh": tuple(f"{v}说法{c}在这里。" for c in "甲乙丙丁")}) for v in "旧新")
        async with Studio() as studio:
            await begin(studio, old)
            await asyncio.sleep(7)
            studio.show.set_running_order(Plan((new,)))
            at = len(studio.stage.heard)
            await asyncio.sleep(60)
            assert not any("旧说法" in t for t in studio.texts[at:])

    virtual_clock.run(main())


def test_the_demo_shows_off_in_a_few_minutes() -> None:
    async def main() -> None:
        plan = plan_of(RunningOrderIn.model_validate(DEMO.running_order))
        async with Studio() as studio:
            studio.show.set_products(DEMO.products)
            studio.show.set_scripts(DEMO.scripts)
            studio.show.set_running_order(plan)
            await asyncio.sleep(240)
            heard = studio.stage.heard
            assert {h.line.lang for h in heard} == {"zh", "en", "ja"} and "AI" in "".join(h.text for h in heard[:2])
            await asyncio.sleep(60 * sum(i.minutes for i in plan.items) - 240 + 60)
            assert {h.line.product_id for h in heard} >= {p.product_id for p in DEMO.products}
            assert studio.show.snapshot()["running_order"]["item_id"] in ("opening", "serum")

    virtual_clock.run(main())
