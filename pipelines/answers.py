"""Answers: what is said to a viewer, from the catalogue and nothing else."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines import sentences
from pipelines.catalogue import Product, in_lang
from pipelines.cluster import addressed
from pipelines.inbox import Pick, Wait
from pipelines.langid import detect
from pipelines.line import Lang
from pipelines.retrieval import Found, Retrieval, asks, intent_of
from pipelines.scriptbook import ScriptBook

_AND: dict[Lang, str] = {"zh": "、", "en": ", ", "ja": "さん、"}
_STOP: dict[Lang, str] = {"zh": "。", "en": ".", "ja": "。"}
_CALL: dict[Lang, tuple[str, ...]] = {
    "zh": ("{user}，", "回复{user}，", "{user}问得好，", "好的{user}，"),
    "en": ("{user}, ", "To {user}: ", "Good question {user}. ", "Sure {user}, "),
    "ja": ("{user}さん、", "{user}さんのご質問ですね。", "はい、{user}さん。"),
}
_PHRASES: dict[str, dict[Lang, tuple[str, ...]]] = {
    "price": {
        "zh": ("{product}现在是{price}。", "{product}直播间价格{price}。", "今天{product}是{price}。"),
        "en": ("the {product} is {price}.", "the {product} costs {price} tonight."),
        "ja": ("{product}は{price}です。", "{product}の価格は{price}です。"),
    },
    "was": {
        "zh": ("平时是{was_price}。", "原价{was_price}。"), "en": ("It was {was_price} before.",),
        "ja": ("通常は{was_price}です。",),
    },
    "no_deal": {
        "zh": ("{product}现在是{price}，以商品卡上的价格为准。",),
        "en": ("the {product} is {price}, as the card shows.",),
        "ja": ("{product}は{price}で、商品カードの価格の通りです。",),
    },
    "stock": {
        "zh": ("{product}还有{stock}。", "有货的，{product}还剩{stock}。"),
        "en": ("yes, there are {stock} left of the {product}.", "the {product} is in stock, {stock} left."),
        "ja": ("{product}は残り{stock}です。",),
    },
    "sold_out": {
        "zh": ("{product}暂时卖完了，补货了会在直播间说。",), "en": ("the {product} is sold out for now.",),
        "ja": ("{product}は現在売り切れです。",),
    },
    "uncounted": {
        "zh": ("{product}现在可以下单，以商品卡为准。",), "en": ("you can order the {product} on the card below.",),
        "ja": ("{product}は商品カードからご注文いただけます。",),
    },
    "buy": {
        "zh": ("点屏幕下方的商品卡就可以下单。",), "en": ("tap the product card below to order.",),
        "ja": ("画面下の商品カードからご注文いただけます。",),
    },
    "human": {
        "zh": ("我是小店的AI数字人主播，不是真人，商品信息都来自店里的资料。",),
        "en": ("I am the shop's AI presenter, not a real person. What I tell you comes from the shop.",),
        "ja": ("私はお店のAI配信者で、人間ではありません。商品の情報はお店のものです。",),
    },
    "unknown": {
        "zh": (
            "这个问题我手上的资料里没有，已经帮你记下来，请店里的同事回复。",
            "这个我不敢乱说，先记下来，稍后请客服回复你。",
            "资料里没写到这一点，我记下来问一下店里。",
        ),
        "en": (
            "I don't have that in my notes. I have written it down for the shop.",
            "I don't want to guess. The shop will answer that one.",
        ),
        "ja": (
            "手元の資料にありませんので、お店に確認いたします。",
            "はっきり分からないので、お店の担当に伝えておきます。",
        ),
    },
    "hello": {
        "zh": ("{user}你好，欢迎来到{shop}。", "{user}来啦，随便看看，有问题就问我。"),
        "en": ("Hello {user}, welcome to {shop}.", "Hi {user}, ask me anything."),
        "ja": ("{user}さん、いらっしゃいませ。", "{user}さん、こんばんは。何でも聞いてください。"),
    },
    "join": {
        "zh": ("欢迎{user}。", "{user}来啦，欢迎欢迎。"), "en": ("Welcome {user}.",), "ja": ("{user}さん、ようこそ。",),
    },
    "gift": {
        "zh": ("谢谢{user}的礼物。", "感谢{user}的支持。"), "en": ("Thank you for the gift, {user}.",),
        "ja": ("{user}さん、ギフトをありがとうございます。",),
    },
    "follow": {
        "zh": ("谢谢{user}的关注。", "感谢{user}点了关注，常来坐坐。"), "en": ("Thanks for following, {user}.",),
        "ja": ("{user}さん、フォローありがとうございます。",),
    },
    "like": {
        "zh": ("谢谢{user}的点赞。", "看到大家的点赞了，谢谢。"), "en": ("Thanks for the likes, {user}.",),
        "ja": ("{user}さん、いいねをありがとうございます。",),
    },
    "thanks": {
        "zh": ("{user}不客气，有问题随时问。",), "en": ("You are welcome, {user}.",),
        "ja": ("{user}さん、どういたしまして。",),
    },
}
_LIST: dict[Lang, str] = {"zh": "今天有{names}。", "en": "Today we have {names}.", "ja": "本日は{names}がございます。"}
_COMPARE: dict[Lang, str] = {
    "zh": "这几款用处不一样，{names}都可以看看。", "en": "they are for different things: have a look at {names}.",
    "ja": "用途が違いますので、{names}をご覧ください。",
}
MAX_NAMES = 4


@dataclass(frozen=True, slots=True)
class Reply:
    """Sentences with placeholders, addressed to `user` (a spoken name, or several)."""

    texts: tuple[str, ...]
    lang: Lang
    user: str
    product_id: str | None = None


class Answers:
    """Answers from the catalogue alone; whatever it doesn't hold is said to be unknown."""

    def __init__(self, book: ScriptBook, rng: random.Random) -> None:
        self._book, self._rng = book, rng
        self._retrieval = Retrieval()
        self._last: dict[str, str] = {}

    def set_products(self, products: Sequence[Product]) -> None:
        """Answer about these products from now on."""
        self._retrieval = Retrieval(products)

    def classify(self, text: str) -> Wait | None:
        """What a comment is: a question, a hello, or a remark that needs no answer (None)."""
        intent = intent_of(text)
        if intent == "hello" and not asks(text):
            return "hello"
        if intent == "thanks":
            return None
        return "question" if intent or asks(text) else None

    def reply(self, pick: Pick, lang: Lang, on_air: str | None) -> Reply | None:
        """The answer to `pick`."""
        first = pick.events[0]
        if pick.kind == "question":
            lang = detect(first.text, lang)
        user = addressed([e.user for e in pick.events], lang, pick.more)
        if pick.kind != "question":
            return self._courtesy(pick.kind, lang, user)
        found = self._retrieval.find(first.text, lang, on_air)
        text = self._answer(found, lang)
        greeting = found.intent in ("hello", "thanks") and found.faq is None and not found.fact
        call = "" if greeting else self._vary("call", _CALL[lang])
        if not call.endswith((". ", "。")) or not call:
            said = call + text
        else:
            said = call + text[:1].upper() + text[1:]
        about = found.product if self._is_about(found) else None
        return Reply(tuple(sentences.split(said)), lang, user, about.product_id if about else None)

    def unknown(self, pick: Pick, lang: Lang) -> Reply:
        """That nothing can be said to it."""
        first = pick.events[0]
        if pick.kind == "question":
            lang = detect(first.text, lang)
        user = addressed([e.user for e in pick.events], lang)
        return Reply(tuple(sentences.split(self._say("unknown", lang))), lang, user)

    def _courtesy(self, kind: Wait, lang: Lang, user: str) -> Reply:
        script = {"gift": "thanks", "follow": "thanks", "join": "greeting", "hello": "greeting"}.get(kind)
        own = self._book.pick_text(script, lang, user=True) if script else None  # type: ignore[arg-type]
        if own is None or self._rng.random() < 0.4:
            own = self._vary(kind, _PHRASES[kind][lang])
        return Reply(tuple(sentences.split(own)), lang, user)

    def _is_about(self, found: Found) -> bool:
        known = bool(found.faq or found.fact) or found.intent in ("price", "discount", "stock")
        return found.product is not None and (known or found.named)

    def _answer(self, found: Found, lang: Lang) -> str:
        product = found.product
        if found.intent == "human":
            return self._say("human", lang)
        if found.intent == "price" and product is not None:
            text = self._say("price", lang)
            more = _dropped(product) and self._rng.random() < 0.6
            return text + (_space(lang) + self._say("was", lang) if more else "")
        if found.intent == "discount" and product is not None:
            if _dropped(product):
                return self._say("price", lang) + _space(lang) + self._say("was", lang)
            return self._say("no_deal", lang)
        if found.intent == "stock" and product is not None:
            kind = "uncounted" if product.stock is None else "stock" if product.stock else "sold_out"
            return self._say(kind, lang)
        if found.faq is not None:
            return _ended(in_lang(found.faq.answer, lang), lang)
        if found.fact:
            return _ended(found.fact, lang)
        return self._by_intent(found, lang)

    def _by_intent(self, found: Found, lang: Lang) -> str:
        if found.intent in ("list", "compare"):
            products = self._retrieval.products[:MAX_NAMES]
            if products:
                names = _AND["zh" if lang == "ja" else lang].join(in_lang(p.name, lang) for p in products)
                return (_LIST if found.intent == "list" else _COMPARE)[lang].format(names=names)
        if found.intent in ("buy", "hello", "thanks"):
            return self._say(found.intent, lang)
        if found.named and found.product is not None and not found.intent:
            facts = found.product.facts.get(lang, ())
            if facts:
                return _ended(self._vary(f"fact:{found.product.product_id}:{lang}", facts), lang)
        return self._say("unknown", lang)

    def _say(self, kind: str, lang: Lang) -> str:
        return self._vary(f"{kind}:{lang}", _PHRASES[kind][lang])

    def _vary(self, key: str, phrases: Sequence[str]) -> str:
        """One of the phrases, not the same as last time."""
        pool = [p for p in phrases if p != self._last.get(key)] or list(phrases)
        self._last[key] = chosen = self._rng.choice(pool)
        return chosen


def _dropped(product: Product) -> bool:
    return product.price is not None and product.was_price is not None and product.was_price > product.price


def _space(lang: Lang) -> str:
    return " " if lang == "en" else ""


def _ended(text: str, lang: Lang) -> str:
    return text if text.rstrip()[-1:] in "。.!?！？" else text.rstrip() + _STOP[lang]
