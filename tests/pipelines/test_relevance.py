"""A written sentence that does not answer, or says the opposite of a fact, is not said."""

from __future__ import annotations

import asyncio
import random

import pytest

from pipelines.answers import Answers
from pipelines.demo import load_demo
from pipelines.line import Lang
from pipelines.relevance import contradicts, point
from pipelines.retrieval import Retrieval
from pipelines.scriptbook import ScriptBook
from pipelines.writer import about
from tests import virtual_clock
from tests.pipelines.test_show import ask
from tests.pipelines.test_writer_answers import answering, replies, room

DEMO = load_demo()


@pytest.mark.parametrize(("question", "sentence", "what", "lang"), [
    ("精华多少钱", "小月，现在是99.9元。", "answers", "zh"), ("精华多少钱", "这款含玻尿酸和泛醇，两三下就能推开。", "beside", "zh"),
    ("精华多少钱", "小月问得好。", "opens", "zh"), ("敏感肌可以用吗", "可以的，建议先在耳后试一下。", "answers", "zh"),
    ("敏感肌可以用吗", "它含玻尿酸和泛醇，质地像清水一样，两三下就能推开。", "beside", "zh"),
    ("有小样吗", "这个我手上没有信息，已经记下来请店里回复。", "answers", "zh"), ("有小样吗", "它含玻尿酸和泛醇，质地像清水一样。", "beside", "zh"),
    ("How do I use the serum?", "Put two or three drops on a clean face.", "answers", "en"),
    ("How do I use the serum?", "Good question, Mo.", "opens", "en"),
    ("セラムの使い方は？", "朝晩二、三滴ずつお使いください。", "answers", "ja"),
])
def test_what_a_sentence_is_to_the_question(question: str, sentence: str, what: str, lang: Lang) -> None:
    retrieval = Retrieval(DEMO.products)
    answers = Answers(ScriptBook("zh", random.Random(1)), random.Random(1))
    answers.set_products(DEMO.products)
    found = retrieval.find(question, lang, "serum")
    facts = tuple(fact for fact, _ in answers.facts(found, question, lang, 8))
    told = about("answer", lang, found.product, viewer="小月", question=question, facts=facts)
    assert point(sentence, told, found) == what


@pytest.mark.parametrize(("question", "answered", "lang"), [
    ("Can I use it on sensitive skin?", "Is it suitable for sensitive skin", "en"),
    ("Can pregnant women use it?", "Can I use it while pregnant", "en"), ("how do i use it", "How do I use it", "en"),
    ("主播你好我想问一下这个敏感肌可以用吗谢谢啦", "敏感肌可以用吗", "zh"), ("敏感肌でも大丈夫ですか", "敏感肌でも使えますか", "ja"),
])
def test_what_is_asked_for_decides_not_the_words_that_every_question_has(
    question: str, answered: str, lang: Lang
) -> None:
    faq = Retrieval(DEMO.products).find(question, lang, "serum").faq
    assert faq is not None and faq.question[lang].strip() == answered


@pytest.mark.parametrize(("sentence", "facts", "lang", "wrong"), [
    ("这款上妆会搓泥。", ["质地清爽，不会搓泥"], "zh", True), ("放心，它不会搓泥。", ["质地清爽，不会搓泥"], "zh", False),
    ("这款含有酒精。", ["不含酒精和香精"], "zh", True), ("里面没有酒精。", ["不含酒精和香精"], "zh", False),
    ("油皮也能用。", ["油皮不太建议", "油皮太多可以少涂"], "zh", False),
    ("它不搓泥。", ["问：会搓泥吗？答：不搓泥"], "zh", False), ("It pills a bit.", ["It does not pill"], "en", True),
    ("It doesn't pill at all.", ["It does not pill"], "en", False), ("It is light.", ["It does not pill"], "en", False),
])
def test_a_fact_is_not_turned_round(sentence: str, facts: list[str], lang: Lang, wrong: bool) -> None:
    assert contradicts(sentence, facts, lang) is wrong


def test_an_opening_waits_for_the_answer_and_alone_it_is_none() -> None:
    async def main() -> None:
        async with room(answering("小月问得真好呀。它的质地清爽不黏，晚上用正合适。")) as studio:
            await asyncio.sleep(2)
            studio.show.on_chat(ask("这瓶精华黏不黏?", "小月"))
            await asyncio.sleep(25)
            assert replies(studio) == ["小月问得真好呀。", "它的质地清爽不黏，晚上用正合适。"]
        async with room(answering("小月问得真好呀。")) as studio:
            await asyncio.sleep(2)
            studio.show.on_chat(ask("这瓶精华黏不黏?", "小月"))
            await asyncio.sleep(25)
            assert replies(studio) and "问得真好呀" not in "".join(replies(studio))

    virtual_clock.run(main())


def test_who_asks_for_the_price_is_told_the_price() -> None:
    async def main() -> None:
        async with room(answering("它的质地清爽不黏，晚上用正合适。")) as studio:
            await asyncio.sleep(2)
            studio.show.on_chat(ask("这瓶精华多少钱?", "小月"))
            await asyncio.sleep(25)
            assert "199元" in "".join(replies(studio)) and "清爽" not in "".join(replies(studio))
            assert [e["reason"] for e in studio.told("skipped")] == ["beside"]

    virtual_clock.run(main())
