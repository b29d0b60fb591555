"""News: what has changed and is worth a sentence at the next boundary: stock that runs low, ends or is back; the hour.

What is true is looked up when it is said, not when it happened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from pipelines.catalogue import Product
from pipelines.line import Lang

Change = Literal["low", "sold_out", "back", "hour"]
GAP_S = 20.0
"""Shortest time between two pieces of news, so that a big import doesn't become a list."""
STRUCK_S = 60.0
"""The hour is told only when it was looked at within so long before it struck."""
MAX_WAITING = 32
PHRASES: dict[Change, dict[Lang, tuple[str, ...]]] = {
    "low": {
        "zh": (
            "跟大家说一声，{product}还剩{stock}。", "{product}不多了，还有{stock}。",
            "提醒一下，{product}还有{stock}。",
        ),
        "en": (
            "Just so you know, there are {stock} left of the {product}.", "The {product} is running low, {stock} left.",
        ),
        "ja": ("お知らせです、{product}は残り{stock}です。", "{product}はあと{stock}になりました。"),
    },
    "sold_out": {
        "zh": (
            "{product}刚刚卖完了，补到货会在直播间说。", "跟大家说一声，{product}现在卖完了。",
            "{product}已经卖完，先看看别的。",
        ),
        "en": ("The {product} has just sold out.", "Just so you know, the {product} is sold out for now."),
        "ja": ("{product}は、ただいま売り切れました。", "お知らせです、{product}は売り切れとなりました。"),
    },
    "back": {
        "zh": (
            "{product}补到货了，想要的朋友可以看看商品卡。", "好消息，{product}又有货了。",
            "刚刚补了货，{product}又可以下单了。",
        ),
        "en": ("The {product} is back in stock.", "Good news, you can order the {product} again."),
        "ja": ("{product}が再入荷しました。", "お知らせです、{product}がまたご注文いただけます。"),
    },
    "hour": {
        "zh": ("现在是{now}，{shop}还在陪着大家。", "现在是{now}，谢谢大家还在。", "跟大家报个时，现在是{now}。"),
        "en": ("It is {now}, and {shop} is still here with you.", "It is {now}, good to have you here."),
        "ja": ("今は{now}です、{shop}は続いています。", "今は{now}です、いらしてくださってありがとうございます。"),
    },
}


class News:
    """Told of the catalogue and of the hour; `low` is the stock from which few are left, 0 for never."""

    def __init__(self, low: int, *, clock: Callable[[], float], hour: Callable[[], int] | None = None) -> None:
        self._low, self._clock, self._hour_of = low, clock, hour
        self._stock: dict[str, int | None] = {}
        self._waiting: dict[str, Change] = {}
        self._hour = hour() if hour is not None else None
        self._not_before, self._looked_at = 0.0, clock()
        self._known = False

    def products(self, products: Iterable[Product]) -> None:
        """The catalogue is this now; what it was first is no news."""
        stock = {p.product_id: p.stock for p in products}
        if self._known:
            for product_id, left in stock.items():
                change = self._change(self._stock.get(product_id, left), left)
                if change is not None and len(self._waiting) < MAX_WAITING:
                    self._waiting.pop(product_id, None)
                    self._waiting[product_id] = change
        self._waiting = {k: v for k, v in self._waiting.items() if not k or k in stock}
        self._stock, self._known = stock, True

    def _change(self, before: int | None, left: int | None) -> Change | None:
        if left is None or before is None or left == before:
            return None
        if left == 0:
            return "sold_out"
        if before == 0:
            return "back"
        return "low" if left <= self._low < before else None

    def pop(self) -> tuple[Change, str] | None:
        """What is still true of the oldest change, and of which product; None when nothing is due."""
        now = self._clock()
        if now < self._not_before:
            return None
        since, self._looked_at = now - self._looked_at, now
        if self._hour_of is not None and (hour := self._hour_of()) != self._hour:
            self._hour = hour
            # Who did not look when it struck doesn't know how long ago that was.
            if since <= STRUCK_S:
                self._not_before = now + GAP_S
                return "hour", ""
        while self._waiting:
            product_id = next(iter(self._waiting))
            change = self._waiting.pop(product_id)
            left = self._stock.get(product_id)
            true = {"low": bool(left) and (left or 0) <= self._low, "sold_out": left == 0, "back": bool(left)}
            if true[change]:
                self._not_before = now + GAP_S
                return change, product_id
        return None

    def next_due(self) -> float | None:
        """When something may be due that is not now."""
        return self._not_before if self._waiting else None


def moment(hour: int, lang: Lang) -> str:
    """The hour (0..23) as it is said."""
    if lang == "en":
        return f"{hour % 12 or 12} {'a.m.' if hour < 12 else 'p.m.'}"
    if lang == "ja":
        return f"{'午前' if hour < 12 else '午後'}{hour % 12}時"
    since = ((18, "晚上"), (13, "下午"), (12, "中午"), (9, "上午"), (5, "早上"), (0, "凌晨"))
    part = next(name for first, name in since if hour >= first)
    return f"{part}{hour if hour <= 12 else hour - 12}点"
