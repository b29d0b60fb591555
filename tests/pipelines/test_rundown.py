"""Which item of a running order is on: a pure function of the order, the clock and what was told."""

from __future__ import annotations

import dataclasses
import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.catalogue import Product
from pipelines.rundown import SOLD_OUT_S, Item, Plan, Rundown, derive

A, B, C = (Product(p, {"zh": p.upper()}, Decimal("9")) for p in "abc")
GOODS = (A, B, C)
ITEMS = (
    Item("open", "opening", minutes=0.5), Item("a", "product", product_id="a", minutes=2),
    Item("b", "product", product_id="b", minutes=1), Item("ask", "qa", minutes=1),
    Item("c", "product", product_id="c", minutes=1), Item("end", "closing", minutes=0.5),
)


def rundown(plan: Plan | None = None, products: tuple[Product, ...] = GOODS) -> Rundown:
    made = Rundown()
    made.set_products(products)
    made.set_plan(plan or Plan(ITEMS), 0.0)
    return made


def walk(one: Rundown, until: float, step: float = 5.0, since: float = 0.0) -> list[str]:
    """Ids of the items that were on, in order."""
    out: list[str] = []
    visit, t = -1, since
    while t < until:
        item = one.at(t)
        if item is not None and one.visit != visit:
            out.append(item.item_id)
            visit = one.visit
        t += step
    return out


def test_items_are_on_for_their_minutes_and_round_again() -> None:
    one = rundown()
    assert walk(one, 360) == ["open", "a", "b", "ask", "c", "end"]
    assert [i.item_id for i in [one.at(t) for t in (361, 391, 511)] if i] == ["open", "a", "b"]


def test_without_a_loop_it_is_over_after_the_last() -> None:
    one = rundown(Plan(ITEMS[:2], loop=False))
    assert walk(one, 600) == ["open", "a"] and one.at(601) is None and one.peek() is None
    assert one.go("open", 700.0) and one.at(701) is ITEMS[0]


def test_the_pinned_product_goes_before_the_others_and_is_not_sold_twice() -> None:
    pinned = (A, B, dataclasses.replace(C, pinned=True))
    assert walk(rundown(products=pinned), 360) == ["open", "c", "a", "b", "ask", "end"]


def test_a_product_that_is_sold_out_is_kept_short() -> None:
    one = rundown(products=(dataclasses.replace(A, stock=0), B, C))
    assert walk(one, 35 + SOLD_OUT_S) == ["open", "a", "b"] and one.planned_s(ITEMS[1]) == SOLD_OUT_S


def test_what_cannot_be_on_is_passed_over() -> None:
    items = (ITEMS[0], dataclasses.replace(ITEMS[1], enabled=False), *ITEMS[2:])
    assert walk(rundown(Plan(items), (A, B)), 200) == ["open", "b", "ask", "end", "open"]
    assert rundown(Plan(items), ()).at(0.0) is ITEMS[0]
    assert rundown(Plan(())).at(0.0) is None and rundown(Plan(ITEMS, enabled=False)).at(0.0) is None


def test_a_jump_goes_on_from_there() -> None:
    one = rundown()
    one.at(0)
    assert one.go("ask", 10.0) and not one.go("nothing", 10.0)
    assert walk(one, 180, since=10.0) == ["ask", "c", "end", "open"]
    one.next(250.0)
    assert one.current is ITEMS[1]


def test_a_pause_does_not_count() -> None:
    one = rundown()
    one.at(0)
    one.pause(True, 20.0)
    assert one.at(500.0) is ITEMS[0] and one.elapsed(500.0) == 20.0
    one.pause(False, 500.0)
    assert one.at(500.0) is ITEMS[0] and one.at(509.0) is ITEMS[0] and one.at(511.0) is ITEMS[1]


def test_another_order_leaves_the_item_that_is_on() -> None:
    one = rundown()
    one.at(0), one.at(31)
    one.set_plan(Plan((ITEMS[4], ITEMS[1], ITEMS[5])), 40.0)
    assert one.at(41.0) is ITEMS[1] and one.at(152.0) is ITEMS[5]
    one.set_plan(Plan((ITEMS[4], ITEMS[1])), 160.0)
    assert one.at(161.0) is ITEMS[4], "after the last comes the first"


def test_a_product_that_is_deleted_while_on() -> None:
    one = rundown()
    one.at(0), one.at(31)
    one.set_products((B, C))
    assert one.at(32.0) is ITEMS[2]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_restart_changes_nothing(data: st.DataObject) -> None:
    plan = Plan(ITEMS, loop=data.draw(st.booleans()))
    one, now = rundown(plan), 0.0
    for _ in range(data.draw(st.integers(1, 12))):
        now += data.draw(st.integers(1, 100)) + 0.01
        match data.draw(st.sampled_from(("at", "at", "go", "next"))):
            case "at":
                one.at(now)
            case "go":
                one.go(data.draw(st.sampled_from([i.item_id for i in ITEMS])), now)
            case "next":
                one.next(now)
    two = Rundown(json.loads(json.dumps(one.state(now))))
    two.set_products(GOODS)
    two.set_plan(plan, 5.0)
    assert walk(one, now + 700, 1.0, since=now + 0.7)[:6] == walk(two, 705, 1.0, since=5.7)[:6]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=8), st.booleans())
def test_every_item_is_on_once_a_round(kinds: list[str], pinned: bool) -> None:
    items = tuple(Item(f"i{n}", "product", product_id=k, minutes=1) for n, k in enumerate(kinds))
    one = rundown(Plan(items), (dataclasses.replace(A, pinned=pinned), B, C))
    seen = walk(one, 60 * len(items) - 1)
    assert sorted(seen) == sorted(i.item_id for i in items)


@pytest.mark.parametrize("lang", ["zh", "en", "ja"])
def test_an_order_is_derived_from_the_catalogue(lang: str) -> None:
    plan = derive(GOODS, lang)  # type: ignore[arg-type]
    assert [i.product_id for i in plan.items if i.kind == "product"] == ["a", "b", "c"]
    assert plan.items[0].kind == "opening" and plan.items[-1].kind == "closing" and all(i.title for i in plan.items)
    assert len({i.item_id for i in plan.items}) == len(plan.items)
    assert any(i.kind == "qa" for i in derive((), lang).items)  # type: ignore[arg-type]
