"""Brief: what the language model is asked to say, as the short labelled lines it was trained on.

One form for training and for the air: a model this small reads the labels, not the sense, so a line that is worded
differently on air is a line it has never seen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from pipelines.line import Lang

Message = dict[str, str]
Kind = Literal["pitch", "answer", "greet", "thank", "transition", "call"]
KINDS: tuple[Kind, ...] = ("pitch", "answer", "greet", "thank", "transition", "call")

MAX_QUESTION = 200
MAX_FACT = 160
MAX_FACTS = 12
MAX_SHORT = 80
MAX_PERSONA = 600

TASKS: dict[Lang, dict[Kind, str]] = {
    "zh": {"pitch": "介绍商品", "answer": "回答观众", "greet": "欢迎观众", "thank": "感谢观众",
           "transition": "换下一款", "call": "请大家看商品卡"},
    "en": {"pitch": "present the product", "answer": "answer the viewer", "greet": "welcome the viewer",
           "thank": "thank the viewer", "transition": "go on to the next product", "call": "point to the product card"},
    "ja": {"pitch": "商品の紹介", "answer": "質問への回答", "greet": "ごあいさつ", "thank": "お礼",
           "transition": "次の商品へ", "call": "商品カードのご案内"},
}
_LABELS: dict[Lang, dict[str, str]] = {
    "zh": {"task": "任务：", "product": "商品：", "price": "价格：", "was_price": "原价：", "stock": "库存：",
           "next_product": "下一款：", "facts": "事实：", "viewer": "观众：", "closest": "最相关：",
           "question": "问题："},
    "en": {"task": "Task: ", "product": "Product: ", "price": "Price: ", "was_price": "Was: ", "stock": "Stock: ",
           "next_product": "Next: ", "facts": "Facts:", "viewer": "Viewer: ", "closest": "Closest: ",
           "question": "Question: "},
    "ja": {"task": "課題：", "product": "商品：", "price": "価格：", "was_price": "通常価格：", "stock": "在庫：",
           "next_product": "次の商品：", "facts": "事実：", "viewer": "視聴者：", "closest": "近い内容：",
           "question": "質問："},
}
_PAIR: dict[Lang, str] = {"zh": "问：{}？答：{}", "en": "Q: {}? A: {}", "ja": "問：{}？答：{}"}
_ASKED: dict[Lang, re.Pattern[str]] = {
    lang: re.compile(".*?".join(re.escape(part) for part in form.removesuffix("{}").split("{}")))
    for lang, form in _PAIR.items()
}
_SPACE = re.compile(r"\s+")
_MARK = re.compile(r"<\|[^|<>]*\|>|<\||\|>")
"""What a chat template marks turns with; the tokenizer would take it for the real thing."""
_END = "。．.！!？?；; "


@dataclass(frozen=True, slots=True)
class Brief:
    """What to say and what is known; empty fields are left out.

    `product`, `next_product`, `price` (99.9元), `was_price` and `stock` (128瓶) are ready to be said. `facts` are short
    sentences, or pairs of question and answer as `pair` makes them; their order means nothing. `closest` is what the
    catalogue has to the question, empty when it has nothing: finding is the catalogue's task, wording the model's.
    `question` is the viewer's own words and trusted as little as `viewer`, the name.
    """

    kind: Kind
    lang: Lang
    persona: str = ""
    product: str = ""
    price: str = ""
    was_price: str = ""
    stock: str = ""
    facts: tuple[str, ...] = ()
    viewer: str = ""
    closest: str = ""
    question: str = ""
    next_product: str = ""


def pair(question: str, answer: str, lang: Lang) -> str:
    """A question that is often asked and its answer, as one of the facts."""
    return _PAIR[lang].format(question.rstrip(_END), answer.rstrip("。. "))


def answer_of(fact: str, lang: Lang) -> str:
    """The answer of a pair of question and answer; any other fact as it is."""
    asked = _ASKED[lang].match(fact)
    return (fact[asked.end() :].strip() or fact) if asked else fact


def sources(brief: Brief) -> tuple[str, ...]:
    """What may be copied of a brief: all that is known, of pairs the answers, and nothing of the question."""
    facts = (answer_of(_plain(fact, MAX_FACT), brief.lang) for fact in brief.facts[:MAX_FACTS])
    short = (brief.product, brief.price, brief.was_price, brief.stock, brief.next_product, brief.viewer)
    found = (*(_plain(s, MAX_SHORT) for s in short), *facts, _plain(brief.closest, MAX_FACT))
    return tuple(s.rstrip("。. ") for s in found if s.rstrip("。. "))


def messages(brief: Brief) -> list[Message]:
    """The conversation up to where the presenter speaks."""
    persona = _plain(brief.persona, MAX_PERSONA)
    system = [{"role": "system", "content": persona}] if persona else []
    return [*system, {"role": "user", "content": task(brief)}]


def task(brief: Brief) -> str:
    """The labelled lines.

    The question, which changes from one answer to the next, stands last: what was read of the product is kept.
    """
    labels = _LABELS[brief.lang]
    lines = [labels["task"] + TASKS[brief.lang][brief.kind]]
    for name in ("product", "price", "was_price", "stock", "next_product"):
        lines += _line(labels[name], getattr(brief, name), MAX_SHORT)
    facts = [f"- {fact}" for f in brief.facts[:MAX_FACTS] if (fact := _plain(f, MAX_FACT).rstrip("。. "))]
    if facts:
        lines += [labels["facts"], *facts]
    lines += _line(labels["viewer"], brief.viewer, MAX_SHORT)
    lines += _line(labels["closest"], brief.closest.rstrip("。. "), MAX_FACT)
    lines += _line(labels["question"], brief.question, MAX_QUESTION)
    return "\n".join(lines)


def _line(label: str, value: str, limit: int) -> list[str]:
    text = _plain(value, limit)
    return [label + text] if text else []


def _plain(text: str, limit: int) -> str:
    """One line without marks of turns and without what can't be printed."""
    text = _SPACE.sub(" ", _MARK.sub(" ", text[: limit * 4]))
    return "".join(c for c in text if c.isprintable()).strip()[:limit].rstrip()
