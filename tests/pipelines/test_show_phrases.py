"""Every wording of every phrase of the presenter's own passes the guard, and so does all that the demo has to say."""

from __future__ import annotations

import dataclasses
import itertools
import random
import re

import pytest

from pipelines import sentences
from pipelines.demo import load_demo
from pipelines.guard import Guard
from pipelines.line import LANGS, Lang
from pipelines.phrases import PHRASES, hello
from pipelines.scriptbook import ScriptBook
from pipelines.wording import SLOT, Wording

DEMO = load_demo()
PRODUCT = DEMO.products[1]
_CHOICE = re.compile(r"\[([^\[\]|]*(?:\|[^\[\]|]*)+)\]")


def wordings(phrase: str) -> list[str]:
    choices = [found[1].split("|") for found in _CHOICE.finditer(phrase)]
    out = []
    for chosen in itertools.product(*choices):
        words = iter(chosen)
        out.append(_CHOICE.sub(lambda found, words=words: next(words), phrase))  # type: ignore[misc]
    return out


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("occasion", PHRASES)
def test_every_phrase_may_be_said(occasion: str, lang: Lang) -> None:
    product = dataclasses.replace(PRODUCT, stock=0) if occasion == "sold_out" else PRODUCT
    guard, wording = Guard([product]), Wording({product.product_id: product}, "晚安小店")
    fact = product.facts[lang][0]
    fill = {"hello": hello(lang, 20), "fact": fact, "question": product.faq[1].question[lang], "next": product.name[lang]}
    seen = set()
    for phrase in PHRASES[occasion][lang]:
        for text in wordings(phrase):
            for slot, value in fill.items():
                text = text.replace("{" + slot + "}", value)
            text += fact if occasion == "lead" else ""
            for sentence in sentences.split(text):
                said = wording.fill(sentence, lang, product_id=product.product_id)
                assert said is not None and not SLOT.search(said) and "[" not in said and "{" not in said
                verdict = guard.judge(said, lang, product.product_id)
                assert verdict.action == "allow", (said, verdict.rule)
                seen.add(said)
    assert len(seen) > 1, "it is always the same"


def test_the_demos_scripts_may_be_said_in_every_wording_that_comes_up() -> None:
    by_id = {p.product_id: p for p in DEMO.products}
    guard, wording = Guard(DEMO.products), Wording(by_id, DEMO.title)
    book = ScriptBook("zh", random.Random(1))
    book.set_products(DEMO.products)
    held = set()
    for script in DEMO.scripts:
        for _ in range(6):
            for text in book.texts(script.text, script.lang, by_id.get(script.product_id or "")):
                said = wording.fill(text, script.lang, product_id=script.product_id, user="小月")
                verdict = guard.judge(said or "", script.lang, script.product_id, names=("小月",))
                if verdict.action != "allow":
                    held.add((said, verdict.rule))
    assert not held
