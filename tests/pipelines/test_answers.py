"""Viewers are answered from the catalogue, in their language, and never with a guess."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

import pytest

from pipelines.answers import Answers, Reply
from pipelines.demo import load_demo
from pipelines.events import ChatEvent
from pipelines.inbox import Pick
from pipelines.scriptbook import ScriptBook
from pipelines.wording import Wording

DEMO = load_demo()
PRODUCTS = {p.product_id: p for p in DEMO.products}


@pytest.fixture
def answers() -> Answers:
    book = ScriptBook("zh", random.Random(1))
    book.set_scripts(DEMO.scripts)
    made = Answers(book, random.Random(2))
    made.set_products(DEMO.products)
    return made


def ask(answers: Answers, text: str, on_air: str | None = "serum", user: str = "小月") -> tuple[Reply, str]:
    event = ChatEvent("test", "1", "question", user, text, 0.0)
    reply = answers.reply(Pick("question", (event,)), "zh", on_air)
    assert reply is not None
    wording = Wording(PRODUCTS, DEMO.title)
    return reply, "".join(wording.fill(t, reply.lang, product_id=reply.product_id, user=reply.user) or "" for t in reply.texts)


@pytest.mark.parametrize(
    ("text", "product", "lang", "part"),
    [
        ("精华多少钱", "serum", "zh", "99.9元"), ("口红什么颜色", "lipstick", "zh", "玫瑰豆沙"),
        ("这个还有货吗", "serum", "zh", "128瓶"), ("面霜油皮能用不", "cream", "zh", "薄薄涂一层"),
        ("防晒要卸妆吗", "sunscreen", "zh", "洗面奶"), ("敏感肌能用吗", "serum", "zh", "耳后"),
        ("How much is the serum?", "serum", "en", "99.9 yuan"), ("Is the sunscrean waterproof?", "sunscreen", "en", "sweat"),
        ("what shade should I take for the cushion", "cushion", "en", "fair"),
        ("このクリームはいくらですか", "cream", "ja", "128元"), ("セラムの使い方は？", "serum", "ja", "洗顔後"),
        ("气垫适合油皮吗", "cushion", "zh", "散粉"), ("便宜点吗", "serum", "zh", "139元"),
        ("枸杞茶有功效吗", "goji-tea", "zh", "不是药"), ("what is in it", "serum", "en", "hyaluronic acid in three sizes"),
    ],
)
def test_questions_find_their_answer(answers: Answers, text: str, product: str, lang: str, part: str) -> None:
    reply, said = ask(answers, text)
    assert (reply.product_id, reply.lang) == (product, lang)
    assert part in said
    assert "小月" in said


@pytest.mark.parametrize(("text", "lang", "name"), [
    ("怎么用", "zh", "晨露玻尿酸精华"), ("保质期多久", "zh", "晨露玻尿酸精华"),
    ("Does it clog pores?", "en", "Cloud Ceramide Cream"), ("毛穴は詰まりませんか", "ja", "クリーム"),
])
def test_an_answer_of_another_product_names_it(answers: Answers, text: str, lang: str, name: str) -> None:
    reply, said = ask(answers, text, on_air="cushion")
    assert reply.lang == lang and reply.product_id != "cushion"
    assert name in said, "else it would be taken for the cushion's"
    assert name not in ask(answers, text, on_air=reply.product_id)[1]


def test_what_is_shown_answers_first_when_it_has_an_answer_to_the_same_point(answers: Answers) -> None:
    reply, said = ask(answers, "适合油皮吗", on_air="cream")
    assert reply.product_id == "cream" and "薄薄涂一层" in said
    reply, said = ask(answers, "油皮能用吗", on_air="serum")
    assert reply.product_id == "cream" and "云朵神经酰胺面霜" in said, "the serum's notes do not speak of oily skin"


@pytest.mark.parametrize("text", ["今天天气怎么样", "你们店在哪个城市", "帮我写个作业吧?", "Who won the game?"])
def test_what_the_catalogue_does_not_know_is_not_invented(answers: Answers, text: str) -> None:
    reply, said = ask(answers, text)
    assert reply.product_id is None
    assert any(word in said for word in ("记", "不敢", "资料", "shop", "guess"))


def test_a_product_that_is_named_is_no_leave_to_say_just_anything_about_it(answers: Answers) -> None:
    facts = [fact.rstrip("。") for fact in PRODUCTS["serum"].facts["zh"]]
    said = ask(answers, "精华黏不黏?")[1]
    assert not any(fact in said for fact in facts) and any(word in said for word in ("记", "不敢", "资料"))
    said = ask(answers, "介绍一下精华")[1]
    assert any(fact in said for fact in facts)


def test_it_never_claims_to_be_a_person(answers: Answers) -> None:
    assert "AI" in ask(answers, "你是真人吗")[1]
    assert "AI" in ask(answers, "are you a real person?")[1]


def test_the_price_is_the_price_of_the_moment(answers: Answers) -> None:
    reply, _ = ask(answers, "精华多少钱")
    cheaper = {**PRODUCTS, "serum": replace(PRODUCTS["serum"], price=Decimal("88"))}
    said = Wording(cheaper, "店").fill(reply.texts[0], "zh", product_id="serum", user="小月")
    assert said is not None and "88元" in said


def test_a_product_without_a_price_and_one_sold_out(answers: Answers) -> None:
    bare = replace(PRODUCTS["serum"], price=None, was_price=None, stock=0)
    answers.set_products([bare])
    reply, _ = ask(answers, "精华多少钱")
    said = Wording({"serum": bare}, "店").fill(reply.texts[0], "zh", product_id="serum", user="小月")
    assert said is not None and "商品卡" in said
    assert "卖完" in ask(answers, "精华还有货吗")[1]


def test_an_empty_catalogue_is_no_reason_to_fall_silent(answers: Answers) -> None:
    answers.set_products([])
    assert ask(answers, "精华多少钱", None)[1]
    assert ask(answers, "有什么产品", None)[1]


@pytest.mark.parametrize(
    ("text", "kind"),
    [("多少钱", "question"), ("你好", "hello"), ("666", None), ("哈哈哈", None), ("能用吗", "question"), ("谢谢主播", None),
     ("hello", "hello"), ("is it in stock", "question")],
)
def test_comments_are_told_apart(answers: Answers, text: str, kind: str | None) -> None:
    assert answers.classify(text) == kind
