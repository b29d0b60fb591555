"""Wording: placeholders filled from the catalogue at the instant a sentence is voiced."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from pipelines.catalogue import Product, in_lang
from pipelines.line import Lang
from pipelines.moderation import speakable, spoken_name

SLOT = re.compile(r"\{(product|price|was_price|stock|user|shop|fact)\}")
"""The placeholders a script may hold; other braces are left as they are."""

PRICE_ASK: dict[Lang, str] = {
    "zh": "这款的价格请看商品卡,也可以问一下客服。",
    "en": "For the price of this one, please see the product card or ask the shop.",
    "ja": "こちらの価格は商品カードをご覧いただくか、ショップにお問い合わせください。",
}
_MONEY: dict[Lang, dict[str, str]] = {
    "zh": {
        "CNY": "{}元", "USD": "{}美元", "EUR": "{}欧元", "JPY": "{}日元", "GBP": "{}英镑",
        "HKD": "{}港币", "TWD": "{}新台币",
    },
    "en": {"CNY": "{} yuan", "USD": "${}", "EUR": "€{}", "JPY": "{} yen", "GBP": "£{}", "HKD": "{} Hong Kong dollars"},
    "ja": {"CNY": "{}元", "USD": "{}ドル", "EUR": "{}ユーロ", "JPY": "{}円", "GBP": "{}ポンド", "HKD": "{}香港ドル"},
}
_CENTS = re.compile(r"[$€£]")


def money(amount: Decimal, currency: str, lang: Lang) -> str:
    """`amount` as it is written and said, such as 99.9元, $12.50 or 1,200円."""
    form = _MONEY[lang].get(currency, "{} " + currency)
    amount = amount.quantize(Decimal("0.01"))
    if _CENTS.search(form):
        text = f"{amount:,.2f}".removesuffix(".00")
    else:
        text = f"{amount:f}".rstrip("0").rstrip(".") if amount % 1 else f"{int(amount)}"
        if lang != "zh" and amount >= 1000:
            text = f"{Decimal(text):,}"
    return form.format(text)


class Wording:
    """Fills placeholders from `products`; `shop` is the room's title."""

    def __init__(self, products: Mapping[str, Product], shop: str) -> None:
        self._products, self._shop = products, shop

    def fill(self, text: str, lang: Lang, *, product_id: str | None = None, user: str = "") -> str | None:
        """The sentence as it will be said, or None when its product is gone or lacks what it speaks of.

        `user` is a spoken name, or several joined; empty for a general form of address.
        A sentence with the price of a product that has none becomes a hint where to ask.
        """
        product = self._products.get(product_id) if product_id else None
        if product_id and product is None:
            return None
        slots = set(SLOT.findall(text))
        if "price" in slots and product is not None and product.price is None:
            return PRICE_ASK[lang]
        values: dict[str, str | None] = {"user": user or spoken_name("", lang), "shop": speakable(self._shop)}
        if product is not None:
            values["product"] = speakable(in_lang(product.name, lang))
            values["price"] = money(product.price, product.currency, lang) if product.price is not None else None
            was = product.was_price
            dropped = was is not None and product.price is not None and was > product.price
            values["was_price"] = money(was, product.currency, lang) if was is not None and dropped else None
            values["stock"] = stock(product, lang)
        if any(not values.get(slot) for slot in slots):
            return None
        return SLOT.sub(lambda found: values[found[1]] or "", text)


def stock(product: Product, lang: Lang) -> str | None:
    """How many are left with their unit, such as 120瓶 or 120 bottles; None when not counted."""
    if product.stock is None:
        return None
    unit = product.unit.get(lang, "")
    if lang == "en":
        return f"{product.stock} {unit}".strip()
    return f"{product.stock}{unit or {'zh': '件', 'ja': '点'}[lang]}"
