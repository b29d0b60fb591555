"""The guard: what is forbidden is found however it is written, what is fine stays, what is wrong is put right."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bench.guard import goods, rates, sentences_of, stopped
from pipelines import sentences
from pipelines.catalogue import Faq, Product
from pipelines.demo import load_demo
from pipelines.guard import Guard
from pipelines.guard.fold import fold, read
from pipelines.guard.terms import LISTS, titles
from pipelines.line import LANGS
from pipelines.wording import Wording
from streaming.errors import BadInput

CUP = Product(
    "cup", {"zh": "山雾马克杯", "en": "Mist Mug"}, Decimal("45"), was_price=Decimal("60"), stock=30, unit={"zh": "只", "en": "mugs"},
    facts={"zh": ("容量是350毫升", "杯身是陶瓷的", "不含铅", "下单送杯垫", "能进微波炉三分钟")},
    faq=(Faq({"zh": "能放洗碗机吗"}, {"zh": "可以，建议放上层"}),),
)


@pytest.fixture(scope="module")
def guard() -> Guard:
    return Guard([CUP])


@pytest.mark.parametrize("text", [
    "国家级的杯子", "國家級的杯子", "国 家 级的杯子", "国·家·级的杯子", "国🔥家🔥级的杯子", "国家急的杯子", "guojiaji的杯子",
    "国jia级的杯子", "国\u200b家级的杯子",
])
def test_a_forbidden_word_is_found_however_it_is_written(guard: Guard, text: str) -> None:
    verdict = guard.judge(text, "zh", "cup")
    assert verdict.action == "rewrite"
    assert verdict.hits[0].rule == "absolute:国家级"
    assert verdict.text == "用心做的杯子"
    hit = verdict.hits[0]
    assert text[hit.start : hit.end] == hit.found and text[hit.end :] == "的杯子"
    assert "广告法" in hit.reason["zh"]


@pytest.mark.parametrize("text", [
    "第一次来的朋友", "最近降温了", "最后看一眼", "第一，洗干净；第二，擦干", "至于颜色，随你挑", "细细地一擦", "最好先烫一遍", "十分感谢",
    "这不是国家级的奖品", "它没有治疗作用", "绝对不要空烧",
])
def test_wordings_that_only_look_alike_are_fine(guard: Guard, text: str) -> None:
    assert guard.judge(text, "zh", "cup").action == "allow"


@pytest.mark.parametrize("text", ["不得不说它是国家级的", "不仅是国家级的", "没有人不说它是顶级的"])
def test_a_denial_that_denies_nothing_does_not_help(guard: Guard, text: str) -> None:
    assert guard.judge(text, "zh", "cup").action != "allow"


@pytest.mark.parametrize("text", ["现在四十五", "45元", "四十五块钱一只", "原价六十，现在四十五", "打七五折", "便宜十五块", "还有三十只",
                                  "容量三百五十毫升", "下单就送杯垫", "不到五十块", "两只一共九十元", "不含铅，放心喝水"])
def test_what_follows_from_the_catalogue_is_said(guard: Guard, text: str) -> None:
    verdict = guard.judge(text, "zh", "cup")
    assert verdict.action == "allow", verdict


@pytest.mark.parametrize(("text", "rule"), [
    ("现在三十九", "facts:"), ("原价九十九元", "facts:price"), ("打五折", "facts:discount"), ("还剩三只", "facts:stock"),
    ("容量500毫升", "facts:figure"), ("全国包邮", "facts:promise"), ("含铅，更透亮", "facts:ingredient"), ("现在六十元", "facts:price"),
    ("加了银离子涂层", "facts:ingredient"), ("11月11日涨回去", "facts:figure"), ("能进微波炉十分钟", "facts:figure"),
])
def test_what_does_not_follow_is_not(guard: Guard, text: str, rule: str) -> None:
    verdict = guard.judge(text, "zh", "cup")
    assert verdict.action != "allow"
    assert any(h.rule.startswith(rule) for h in verdict.hits), verdict


def test_a_wrong_price_and_a_wrong_stock_are_put_right(guard: Guard) -> None:
    assert guard.judge("今天只要39元。", "zh", "cup").text == "今天只要45元。"
    assert guard.judge("原价99元，现在45元。", "zh", "cup").text == "原价60元，现在45元。"
    assert guard.judge("还剩三只。", "zh", "cup").text == "还剩30只。"


def test_a_changed_catalogue_changes_the_verdict() -> None:
    guard = Guard([CUP])
    assert guard.judge("现在45元。", "zh", "cup").action == "allow"
    guard.set_products([replace(CUP, price=Decimal("50"))])
    assert guard.judge("现在45元。", "zh", "cup").text == "现在50元。"


def test_another_product_may_be_named_with_its_own_figures() -> None:
    bowl = replace(CUP, product_id="bowl", name={"zh": "云碗"}, price=Decimal("88"), was_price=None)
    guard = Guard([CUP, bowl])
    assert guard.judge("云碗是88元。", "zh", "cup").action == "allow"
    assert guard.judge("这只杯子是88元。", "zh", "cup").action != "allow"


@pytest.mark.parametrize(("text", "action"), [
    ("一共二百九十九块七，三瓶", "allow"), ("三瓶一共二百五", "hold"), ("精华加面霜一共两百二十七块九", "allow"), ("精华加面霜一共两百", "hold"),
    ("精华九十九块九，面霜一百二十八", "allow"), ("精华八十九块九，面霜一百二十八", "hold"), ("一百块找您一毛", "allow"), ("一百块找您五毛", "hold"),
])
def test_a_sum_is_derived_and_never_put_right_to_the_price_of_one(text: str, action: str) -> None:
    assert Guard(goods()).judge(text, "zh", "serum").action == action


@pytest.mark.parametrize("text", ["它能美白，别的我不敢说", "不要错过最好的精华", "要不要最好的精华", "不是不能治湿疹", "不仅美白，还补水"])
def test_what_is_denied_of_something_else_is_not_denied(text: str) -> None:
    assert Guard(goods()).judge(text, "zh", "serum").action != "allow"


@pytest.mark.parametrize(("product", "text", "action"), [
    ("kettle", "质保一年", "allow"), ("kettle", "终身质保", "hold"), ("kettle", "两年保修", "hold"), ("shirt", "48小时内发货", "allow"), ("shirt", "两天内发货", "allow"),
    ("shirt", "明天发货", "hold"), ("honey", "产自陕西", "allow"), ("honey", "产自云南", "hold"), ("honey", "买二送一", "allow"), ("honey", "买一送一", "hold"),
    ("serum", "开封后六个月用完", "allow"), ("serum", "一瓶能用六个月", "hold"), ("serum", "一瓶能用两个月", "allow"),
])
def test_a_figure_is_one_of_the_same_thing(product: str, text: str, action: str) -> None:
    assert Guard(goods()).judge(text, "zh", product).action == action


def test_a_brand_in_the_catalogue_may_be_named() -> None:
    assert Guard([CUP]).judge("戴森的杯子。", "zh", "cup").action != "allow"
    assert Guard([replace(CUP, name={"zh": "戴森马克杯"})]).judge("戴森的杯子。", "zh", "cup").action == "allow"


def test_a_viewers_name_may_hold_what_a_sentence_may_not(guard: Guard) -> None:
    assert guard.judge("欢迎用户500毫升。", "zh", "cup").action == "hold"
    assert guard.judge("欢迎用户500毫升。", "zh", "cup", names=["用户500毫升"]).action == "allow"


@pytest.mark.parametrize("text", [
    "电话13812345678", "一三八 一二三四 五六七八", "www.example.com", "她住在上海市徐汇区漕溪路12号", "给 a@b.com 写信", "",
])
def test_what_is_private_is_not_read_out(guard: Guard, text: str) -> None:
    verdict = guard.judge(text, "zh", "cup")
    assert verdict.action == ("hold" if text else "allow")
    assert any(h.category == "private" for h in verdict.hits) == bool(text)


def test_words_of_ones_own_and_words_taken_off_a_list() -> None:
    guard = Guard([CUP], own=[{"term": "老王家", "reason": "对手", "say": "别家"}, {"term": "acme"}], allowed=["极品"])
    assert guard.judge("比老王家的轻。", "zh", "cup").text == "比别家的轻。"
    assert guard.judge("比老-王-家的轻。", "zh", "cup").action == "rewrite"
    assert guard.judge("Acme mugs are heavier.", "en", "cup").action == "hold"
    assert guard.judge("Acmeology is a word.", "en", "cup").action == "allow"
    assert guard.judge("极品瓷土。", "zh", "cup").action == "allow"
    with pytest.raises(BadInput):
        guard.set_words([{"term": " "}], [])
    assert guard.judge("比老王家的轻。", "zh", "cup").action == "rewrite", "a refused change changes nothing"


@pytest.mark.parametrize("text", ["啊" * 5000, "Z\u0300\u0301\u0302\u0303a\u0300\u0301\u0302l\u0300\u0301\u0302g\u0300\u0301o" * 60, "🙂" * 300, "\x00\x00", "١٢٣ مرحبا"])
def test_nonsense_is_judged_without_harm(guard: Guard, text: str) -> None:
    assert guard.judge(text, "zh", "cup").action in ("allow", "hold")


def test_a_megabyte_is_held_at_once(guard: Guard) -> None:
    assert guard.judge("Z\u0300\u0301" * 500_000, "zh", "cup").rule == "form:long"


def test_folding_keeps_the_way_back() -> None:
    text = "最 *佳*，Ｎｏ．１！"
    folded = fold(text)
    assert folded.joined.startswith("最佳")
    assert text[slice(*folded.span(0, 2))] == "最 *佳"
    assert read(fold("zui佳")).sounds == ("zui", "jia")


def test_all_that_the_demo_says_is_allowed() -> None:
    demo = load_demo()
    guard = Guard(demo.products)
    wording = Wording({p.product_id: p for p in demo.products}, "晚安小店")
    said = [(f, lang, p.product_id) for p in demo.products for lang in LANGS for f in p.facts[lang]]
    said += [(q.answer[lang], lang, p.product_id) for p in demo.products for lang in LANGS for q in p.faq]
    for script in demo.scripts:
        for sentence in sentences.split(script.text):
            for variant in _variants(sentence):
                filled = wording.fill(variant.replace("{fact}", ""), script.lang, product_id=script.product_id, user="小雨")
                if filled:
                    said.append((filled, script.lang, script.product_id))
    assert len(said) > 300
    held = [(t, guard.judge(t, lang, p)) for t, lang, p in said if guard.judge(t, lang, p).action != "allow"]
    assert held == []


def _variants(text: str) -> list[str]:
    before, bracket, rest = text.partition("[")
    if not bracket:
        return [text]
    inside, _, after = rest.partition("]")
    return [before + choice + tail for choice in inside.split("|") for tail in _variants(after)]


@pytest.mark.parametrize("name", ["labelled", "outside", "outside2", "outside3", "outside4", "outside5"])
def test_nearly_all_violations_are_caught_and_clean_lines_pass(name: str) -> None:
    caught, false = rates(name)
    assert caught >= 0.97
    assert false <= 0.02


def test_what_a_presenter_says_by_the_way_passes() -> None:
    assert [line.text for line, found in stopped(sentences_of("spoken")) if found] == []


def test_the_sets_have_many_lines_of_both_sorts() -> None:
    lines = [line for name in ("labelled", "unseen", "outside", "outside2", "outside3", "outside4", "outside5") for line in sentences_of(name)]
    assert len(lines) == len({(line.product, line.text) for line in lines}), "a line stands in two sets"
    assert sum(line.kind == "ok" for line in lines) > 800 and sum(line.kind != "ok" for line in lines) > 1000


def test_most_violations_are_caught_that_no_rule_was_written_for() -> None:
    caught, false = rates("unseen")
    assert caught >= 0.8
    assert false <= 0.05


def test_every_list_has_a_title_and_a_reason() -> None:
    assert set(titles()) == set(LISTS)
    assert all(t["zh"] and t["en"] for t in titles().values())
