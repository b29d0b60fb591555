"""Rundown: which item of a room's running order is on, by a clock that is handed in; a state machine without I/O.

An item is on until its minutes are over; paused time does not count. In each round every item is on once, in order,
except that the product that is pinned goes before the other products; a product that is sold out is kept short.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pipelines.catalogue import Product
from pipelines.line import Lang

ItemKind = Literal["opening", "product", "cta", "qa", "break", "transition", "closing"]
ITEM_KINDS: tuple[ItemKind, ...] = ("opening", "product", "cta", "qa", "break", "transition", "closing")
MIN_MINUTES, MAX_MINUTES, MAX_ITEMS, MAX_POINTS = 0.2, 240.0, 200, 40
SOLD_OUT_S = 25.0
"""Longest time for a product that is sold out: that it is, and what else there is."""
DERIVED = "auto"
"""Ids of items that were derived from catalogue and scripts begin so."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item: `points` are what is to be said in it, in order, per language; `lang` None is the presenter's."""

    item_id: str
    kind: ItemKind
    title: str = ""
    product_id: str | None = None
    minutes: float = 1.0
    lang: Lang | None = None
    points: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    enabled: bool = True

    @property
    def stamp(self) -> int:
        """Changes when what is to be said in it changes."""
        said = json.dumps([self.kind, self.product_id, self.lang, {k: list(v) for k, v in self.points.items()}])
        return zlib.crc32(said.encode())


@dataclass(frozen=True, slots=True)
class Plan:
    """A running order. Not `enabled`: the presenter sells freely, product after product."""

    items: tuple[Item, ...] = ()
    enabled: bool = True
    loop: bool = True


def derive(products: Sequence[Product], lang: Lang = "zh") -> Plan:
    """A sensible running order for a room that has none: every product in turn, calls and questions in between."""
    titles = _TITLES[lang]
    items = [Item(f"{DERIVED}-opening", "opening", titles["opening"], minutes=0.5)]
    for n, product in enumerate(products, 1):
        name = product.name.get(lang) or next((t for t in product.name.values() if t), product.product_id)
        items.append(Item(f"{DERIVED}-{product.product_id}", "product", name, product.product_id, 2.0))
        if n % 2 == 0 or n == len(products):
            items.append(Item(f"{DERIVED}-cta-{n}", "cta", titles["cta"], minutes=0.3))
            items.append(Item(f"{DERIVED}-qa-{n}", "qa", titles["qa"], minutes=1.0))
    if not products:
        items.append(Item(f"{DERIVED}-talk", "product", titles["talk"], minutes=3.0))
        items.append(Item(f"{DERIVED}-qa", "qa", titles["qa"], minutes=1.0))
    items.append(Item(f"{DERIVED}-closing", "closing", titles["closing"], minutes=0.5))
    return Plan(tuple(items))


_TITLES: dict[Lang, dict[str, str]] = {
    "zh": {"opening": "开场", "cta": "引导下单", "qa": "答疑", "talk": "闲聊与话术", "closing": "收尾"},
    "en": {"opening": "Opening", "cta": "Call to action", "qa": "Questions", "talk": "Talk", "closing": "Closing"},
    "ja": {"opening": "オープニング", "cta": "ご案内", "qa": "質問タイム", "talk": "トーク", "closing": "締め"},
}


class Rundown:
    """Where a room is in its running order. Every `now` is the same clock, in seconds."""

    def __init__(self, state: Mapping[str, Any] | None = None) -> None:
        state = state or {}
        self.plan = Plan(enabled=False)
        self._products: dict[str, Product] | None = None
        self._at: str | None = state.get("item")
        self._place = int(state.get("place", -1))
        self._had: set[str] = set(map(str, state.get("had", ())))
        self._before = float(state.get("elapsed", 0.0))
        self._since: float | None = None
        self._paused = False
        self._left: str | None = None
        self._over = bool(state.get("over", False))
        self.visit = int(state.get("visit", 0))
        """Rises whenever an item begins."""

    # --- what is told ---

    def set_plan(self, plan: Plan, now: float) -> None:
        """Follow another order; the item that is on stays on if it is in it."""
        ids = [item.item_id for item in plan.items]
        known = [item.item_id for item in self.plan.items]
        # After a restart, what was before is what the state says.
        self.plan, self._over = plan, self._over and (not known or ids == known)
        self._had &= set(ids)
        if self._at in ids:
            self._place = ids.index(self._at)
        elif self._at is not None and not known:
            self._leave()
        elif self._at is not None:
            # What came right before it and is still there: what follows that is next.
            gone = known.index(self._at) if self._at in known else 0
            left = [ids.index(i) for i in known[:gone] if i in ids]
            self._place = max(left, default=-1)
            self._leave()
        if self.current is not None and not self._usable(self.current):
            self._leave()

    def set_products(self, products: Sequence[Product]) -> None:
        """Use this catalogue: items of products that are gone are left out."""
        self._products = {p.product_id: p for p in products}
        if self.plan.items and self.current is not None and not self._usable(self.current):
            self._leave()

    def pause(self, on: bool, now: float) -> None:
        """Stop the clock of the item, or let it run."""
        if on and self._since is not None:
            self._before, self._since = self.elapsed(now), None
        self._paused = on

    def go(self, item_id: str, now: float) -> bool:
        """Begin an item now; False when there is none of this id that could be on."""
        item = next((i for i in self.plan.items if i.item_id == item_id), None)
        if item is None or not self._usable(item):
            return False
        self._begin(item, now, place=self.plan.items.index(item))
        return True

    def next(self, now: float) -> None:
        """Begin the item that follows now."""
        self._leave()
        self.at(now)

    # --- what is asked ---

    @property
    def current(self) -> Item | None:
        """The item that is on, as far as is known."""
        return next((i for i in self.plan.items if i.item_id == self._at), None)

    def at(self, now: float) -> Item | None:
        """The item that is on at `now`; None when the order is over, empty or off."""
        if not self.plan.enabled:
            return None
        item = self.current
        if item is not None:
            if self._since is None and not self._paused:
                self._since = now
            if self.elapsed(now) < self.planned_s(item):
                return item
            self._leave()
        follows = self._next()
        if follows is None:
            self._over = self._over or (bool(self._had) and not self.plan.loop)
            return None
        place, item, again = follows
        if again:
            self._had.clear()
        self._begin(item, now, place=place)
        return item

    def elapsed(self, now: float) -> float:
        """Seconds for which the item has been on."""
        return self._before + (max(0.0, now - self._since) if self._since is not None else 0.0)

    def heard(self, now: float) -> tuple[Item, float] | None:
        """The item that viewers hear, and for how long: the one before while its last sentence is still on air."""
        item = self.current
        if self._since is not None and now < self._since:
            left = next((i for i in self.plan.items if i.item_id == self._left), None)
            if left is not None:
                return left, self.planned_s(left)
        return (item, self.elapsed(now)) if item is not None else None

    def planned_s(self, item: Item) -> float:
        """Seconds for which an item is on."""
        product = (self._products or {}).get(item.product_id or "")
        limit = SOLD_OUT_S if item.kind == "product" and product is not None and product.stock == 0 else 1e9
        return min(item.minutes * 60.0, limit)

    def peek(self) -> Item | None:
        """The item that comes after this one."""
        follows = self._next() if self.plan.enabled else None
        return follows[1] if follows else None

    def state(self, now: float) -> dict[str, Any]:
        """What `__init__` takes after a restart."""
        return {
            "item": self._at, "place": self._place, "had": sorted(self._had), "over": self._over, "visit": self.visit,
            "elapsed": round(self.elapsed(now), 3),
        }

    # --- how it moves ---

    def _usable(self, item: Item) -> bool:
        known = self._products is None or item.product_id is None or item.product_id in self._products
        return item.enabled and known

    def _leave(self) -> None:
        if self._at is not None:
            self._had.add(self._at)
            self._left = self._at
        self._at, self._before, self._since = None, 0.0, None

    def _begin(self, item: Item, now: float, *, place: int) -> None:
        self._leave()
        self._at, self._since, self._over = item.item_id, None if self._paused else now, False
        self._had.discard(item.item_id)
        self._place = place
        self.visit += 1

    def _next(self) -> tuple[int, Item, bool] | None:
        """Place and item that come next, and whether a new round begins with it.

        The place stays where it was while the pinned product goes first.
        """
        usable = [(k, i) for k, i in enumerate(self.plan.items) if self._usable(i)]
        if not usable or self._over:
            return None
        had = self._had | ({self._at} if self._at is not None else set())
        left = [(k, i) for k, i in usable if k > self._place and i.item_id not in had]
        again = not left
        if again:
            if not self.plan.loop:
                return None
            left = usable
        place, item = left[0]
        if item.kind == "product" and self._products is not None:
            for _, other in left:
                product = self._products.get(other.product_id or "")
                if other.kind == "product" and product is not None and product.pinned and other is not item:
                    return (-1 if again else self._place), other, again
        return place, item, again
