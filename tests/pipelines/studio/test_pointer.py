"""The pointer tells where a text is copying from, and leaves alone what copies from nowhere or from two places."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from pipelines.brief import Brief, pair, sources
from pipelines.studio.language import LanguageBase, Sampling
from pipelines.studio.pointer import LONGEST, Pointer

NAME, FACT = "晨露玻尿酸精华液", "主要是玻尿酸和泛醇"


def pointed(said: str, *of: str) -> str:
    """What may come next, as characters."""
    pointer = Pointer([[ord(c) for c in text] for text in of])
    for c in said:
        pointer.follow(ord(c))
    return "".join(map(chr, pointer.next()[0]))


def test_the_longest_run_tells_the_place() -> None:
    assert pointed("这款晨露玻尿酸", NAME, FACT) == "精"
    assert pointed("是玻尿酸", NAME, FACT) == "和"
    assert set(pointed("，玻尿酸", NAME, FACT)) == {"精", "和"}, "both are as likely as the other"


@pytest.mark.parametrize("said", ["", "玻尿", "大家好呀", "主要是玻尿酸和泛醇", "露玻尿酸x"])
def test_nothing_is_pointed_at_without_a_run_or_at_the_end_of_a_source(said: str) -> None:
    assert pointed(said, NAME, FACT) == ""


def test_an_end_among_the_longest_leaves_the_model_free() -> None:
    assert pointed("用玻尿酸", "含玻尿酸", "是玻尿酸和泛醇") == ""
    assert pointed("用玻尿酸") == ""


def test_sources_do_not_run_into_each_other() -> None:
    assert pointed("玻尿酸精华", "玻尿酸", "精华液好") == ""


def test_a_longer_run_raises_more_and_nothing_else_is_touched() -> None:
    pointer = Pointer([list(range(1, 30))])
    raised = []
    for token in range(1, 16):
        pointer.follow(token)
        logits = torch.zeros(40)
        out = pointer.raised(logits, 2.0)
        assert not logits.any()
        assert out.count_nonzero() <= 1
        raised.append(float(out[token + 1]))
    assert raised[:4] == [0.0, 0.0, 2.0, 4.0]
    assert raised[-1] == max(raised) == 2.0 * (LONGEST - 2)


def test_of_a_brief_all_but_questions_may_be_copied() -> None:
    facts = (pair("成分有哪些？", "主要是玻尿酸。", "zh"), "净含量30毫升。")
    brief = Brief("answer", "zh", product="精华", price="99元", facts=facts, viewer="小雨", closest="主要是玻尿酸。",
                  question="孕妇可以用吗")
    assert sources(brief) == ("精华", "99元", "小雨", "主要是玻尿酸", "净含量30毫升", "主要是玻尿酸")
    assert sources(Brief("pitch", "en", facts=(pair("Is it oily?", "No. Q: is a letter", "en"),))) == ("No. Q: is a letter",)


def test_a_base_is_held_to_what_it_began_to_copy(language_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = LanguageBase.load(language_folder, device=torch.device("cpu"), dtype=torch.float32, rank=8, slots=2)
    asked = [{"role": "user", "content": "What is it?"}]

    greedy = Sampling(max_tokens=20, temperature=0.0, repetition_penalty=1.0)

    def write(copy_bias: float) -> list[int]:
        text = base.begin(asked, replace(greedy, copy_bias=copy_bias, sources=("a source",)))
        while not text.done:
            base.step(text)
        return text.out

    free = write(0.0)
    # A source that begins as this untrained base does and then goes another way.
    other = [t for t in range(5, 100) if t not in free][:3]
    monkeypatch.setattr(base, "_words", lambda _: [*free[:6], *other])
    assert write(0.0) == free, "without a bias sources change nothing"
    assert write(50.0)[:9] == [*free[:6], *other]
