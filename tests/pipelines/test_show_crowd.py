"""Crowds: the same question from many is answered once, and who comes, gives or follows is thanked in proportion."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pipelines.cluster import Topics, addressed
from pipelines.demo import load_demo
from tests import virtual_clock
from tests.pipelines.show_fakes import Studio
from tests.pipelines.test_interruptions import event

DEMO = load_demo()
SAME = [
    ("多少钱", "价格是多少", "怎么卖", "这个什么价啊", "多少一瓶"), ("还有货吗", "库存还有多少", "卖完了吗", "没货了吗"),
    ("敏感肌可以用吗", "敏感肌能用吗？", "我是敏感肌可以用吗"), ("你是真人吗", "是不是机器人", "主播是AI吗"),
    ("How much is it?", "what's the price", "price please"), ("いくらですか", "値段を教えてください"),
    ("支持花呗分期付款吗", "支持花呗分期付款不"),
]
OTHER = [
    ("多少钱", "还有货吗"), ("口红多少钱", "面霜多少钱"), ("敏感肌可以用吗", "孕妇可以用吗"), ("多少钱", "How much is it?"),
    ("怎么用", "保质期多久"), ("有120号吗", "有130号吗"), ("支持花呗吗", "支持退货吗"),
]


def topics() -> Topics:
    made = Topics()
    made.set_products(DEMO.products)
    return made


@pytest.mark.parametrize("asked", SAME, ids=lambda a: a[0])
def test_questions_that_are_one(asked: tuple[str, ...]) -> None:
    made = [topics().of(text, "zh", "serum") for text in asked]
    assert all(made[0].same(other) for other in made[1:]), made


@pytest.mark.parametrize("asked", OTHER, ids=lambda a: "/".join(a))
def test_questions_that_are_two(asked: tuple[str, str]) -> None:
    one, two = (topics().of(text, "zh", "serum") for text in asked)
    assert not one.same(two) and not two.same(one)


def test_the_same_words_about_another_product_are_another_question() -> None:
    assert not topics().of("多少钱", "zh", "serum").same(topics().of("多少钱", "zh", "cream"))


@pytest.mark.parametrize(("users", "more", "zh", "en", "ja"), [
    (["Ann"], 0, "Ann", "Ann", "Ann"), (["Ann", "Bea"], 0, "Ann、Bea", "Ann, Bea", "Annさん、Bea"),
    (["Ann", "Bea", "Cat", "Dan"], 0, "Ann、Bea、Cat和其他1位朋友", "Ann, Bea, Cat and one other", "Annさん、Beaさん、Catさん、ほか1名の皆"),
    (["Ann", "Bea", "Cat", "Dan"], 197, "Ann、Bea、Cat和其他198位朋友", "Ann, Bea, Cat and 198 others", "Annさん、Beaさん、Catさん、ほか198名の皆"),
    (["Ann", "Ann"], 0, "Ann", "Ann", "Ann"), (["", "😀"], 0, "这位朋友", "friend", "お客様"),
])
def test_up_to_three_are_named_and_the_others_counted(users: list[str], more: int, zh: str, en: str, ja: str) -> None:
    assert [addressed(users, lang, more) for lang in ("zh", "en", "ja")] == [zh, en, ja]  # type: ignore[arg-type]


def test_a_rush_of_one_question_is_answered_once_and_all_are_marked() -> None:
    async def main() -> None:
        async with Studio() as studio:
            studio.show.set_products(DEMO.products)
            studio.show.set_scripts(DEMO.scripts)
            await asyncio.sleep(20)
            about = studio.show.snapshot()["on_air_product_id"]
            asked = [event(text, f"观众{n}") for n, text in enumerate(SAME[0])]
            for one in asked:
                assert studio.show.on_chat(one).accepted
            await asyncio.sleep(25)
            replies = [h for h in studio.stage.heard if h.line.source == "reply"]
            assert replies and len({h.line.reply_to for h in replies}) == 1
            said = "".join(h.text for h in replies)
            assert "观众0、观众1、观众2和其他2位朋友" in said and replies[0].line.product_id == about
            assert {e["event_id"] for e in studio.events if e["type"] == "answered"} >= {e.event_id for e in asked}

    virtual_clock.run(main())


def test_who_asks_the_same_while_a_sentence_lasts_is_named_with_the_others() -> None:
    async def main() -> None:
        async with Studio() as studio:
            studio.show.set_products(DEMO.products)
            studio.show.say("这句话特意说得长一些，" * 4, "zh", "now", override=True)
            await asyncio.sleep(1.0)
            for n, text in enumerate(SAME[1]):
                assert studio.show.on_chat(event(text, f"观众{n}")).accepted
                await asyncio.sleep(0.4)
            await asyncio.sleep(20)
            replies = [h for h in studio.stage.heard if h.line.source == "reply"]
            assert len({h.line.reply_to for h in replies}) == 1
            assert "观众0、观众1、观众2和其他1位朋友" in replies[0].text

    virtual_clock.run(main())


def test_a_question_is_answered_about_what_was_on_air_when_it_was_asked() -> None:
    async def main() -> None:
        async with Studio() as studio:
            studio.show.set_products(DEMO.products)
            studio.show.set_scripts(DEMO.scripts)
            studio.show.set_running_order(None)
            studio.show.go_to("auto-lipstick")
            await asyncio.sleep(8)
            studio.show.on_chat(event("这个多少钱", "小月"))
            studio.show.go_to("auto-cream")
            await asyncio.sleep(15)
            assert any("69.9元" in h.text and h.line.source == "reply" for h in studio.stage.heard)

    virtual_clock.run(main())


@pytest.mark.parametrize("kind", ["join", "follow", "gift", "like"])
def test_a_rush_does_not_crowd_out_selling(kind: Any) -> None:
    async def main() -> None:
        async with Studio() as studio:
            studio.show.set_products(DEMO.products)
            studio.show.set_scripts(DEMO.scripts)
            studio.show.set_running_order(None)
            for n in range(200):
                studio.show.on_chat(event("", f"观众{n}", kind))
                await asyncio.sleep(0.3)
            await asyncio.sleep(30)
            heard = studio.stage.heard
            thanks = [h for h in heard if h.line.source == "greeting"]
            spent = sum(h.ended - h.began for h in thanks if h.ended)
            assert thanks and spent < 0.4 * (heard[-1].began - heard[0].began)
            if kind != "like":
                assert any("和其他" in h.text for h in thanks), [h.text for h in thanks]

    virtual_clock.run(main())


def test_a_topic_that_comes_back_at_once_waits_for_company() -> None:
    async def main() -> None:
        async with Studio() as studio:
            studio.show.set_products(DEMO.products)
            studio.show.set_scripts(DEMO.scripts)
            for n in range(60):
                studio.show.on_chat(event(SAME[0][n % 5], f"观众{n}"))
                await asyncio.sleep(3)
            await asyncio.sleep(60)
            replies = [h for h in studio.stage.heard if h.line.source == "reply"]
            answers = {h.line.reply_to for h in replies}
            assert 4 <= len(answers) <= 20
            answered = {e["event_id"] for e in studio.events if e["type"] == "answered"}
            assert len(answered) == 60

    virtual_clock.run(main())
