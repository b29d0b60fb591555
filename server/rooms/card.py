"""Card: a product in the ready-made strings that playout draws."""

from __future__ import annotations

from decimal import Decimal

from pipelines.catalogue import Product, in_lang
from pipelines.line import Lang

SYMBOLS = {"CNY": "¥", "JPY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "HKD": "HK$", "TWD": "NT$", "KRW": "₩"}
_STOCK = {"zh": "库存 {n}{unit}", "en": "{n} in stock", "ja": "在庫 {n}{unit}"}
_LOW = {"zh": "仅剩 {n}{unit}", "en": "only {n} left", "ja": "残り {n}{unit}"}
_SOLD_OUT = {"zh": "已售罄", "en": "sold out", "ja": "売り切れ"}
_ASK = {"zh": "价格请咨询", "en": "ask for the price", "ja": "価格はお問い合わせください"}
_ON_SALE = {"zh": "热卖中", "en": "On sale", "ja": "販売中"}
_PINNED = {"zh": "主推", "en": "Featured", "ja": "おすすめ"}
LOW_STOCK = 10


def money(amount: Decimal | None, currency: str) -> str:
    """An amount with its symbol: `¥99.90`, `¥99`, `CHF 12.50`."""
    if amount is None:
        return ""
    text = f"{amount:,.2f}"
    if text.endswith(".00"):
        text = text[:-3]
    symbol = SYMBOLS.get(currency)
    return f"{symbol}{text}" if symbol else f"{currency} {text}"


def card(product: Product, lang: Lang) -> dict[str, str]:
    """The fields of a `card` message."""
    unit = in_lang(product.unit, lang) if lang != "en" else ""
    if product.stock is None:
        stock = ""
    elif product.stock == 0:
        stock = _SOLD_OUT[lang]
    else:
        form = _LOW if product.stock < LOW_STOCK else _STOCK
        stock = form[lang].format(n=product.stock, unit=unit)
    return {
        "name": in_lang(product.name, lang), "price": money(product.price, product.currency) or _ASK[lang],
        "was_price": money(product.was_price, product.currency), "stock": stock,
        "badge": (_PINNED if product.pinned else _ON_SALE)[lang], "picture": product.picture or "",
    }
