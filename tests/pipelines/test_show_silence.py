"""Nobody waits in silence for more than four seconds, whatever there is to say, and whoever is away for a moment."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import random
from decimal import Decimal
from typing import Any

import pytest

from pipelines.catalogue import Product
from pipelines.demo import load_demo
from pipelines.rundown import Item, Plan
from pipelines.scriptbook import Script
from tests import virtual_clock
from tests.pipelines.show_fakes import Studio, now
from tests.pipelines.test_interruptions import event

LIMIT_S = 4.0
DEMO = load_demo()
HELD = Product("bad", {"zh": "神奇药水"}, None, facts={"zh": ("能治好湿疹", "全网第一", "加微信更便宜")})
LOST_CAUSE = [Script("x", "pitch", "zh", "能治好失眠。它是全网第一。加微信更便宜。", "bad")]


def longest_silence(studio: Studio) -> float:
    heard = studio.stage.heard
    assert heard, "nothing was said"
    gaps = [two.began - one.ended for one, two in itertools.pairwise(heard)]
    last = heard[-1]
    return max([*gaps, heard[0].began - 1000.0, now() - last.ended if last.ended else 0.0])


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("rest_s", [0.0, 1.2, 60.0])
@pytest.mark.parametrize(("products", "scripts"), [
    ((), ()), (DEMO.products, ()), (DEMO.products, [dataclasses.replace(s, enabled=False) for s in DEMO.scripts]),
    ((), DEMO.scripts[:8]), ((HELD,), LOST_CAUSE), ((HELD,), ()),
    ([dataclasses.replace(p, stock=0) for p in DEMO.products], DEMO.scripts),
], ids=["nothing", "no scripts", "scripts off", "no products", "all held", "facts held", "sold out"])
def test_whatever_there_is_to_say(products: Any, scripts: Any, rest_s: float, ordered: bool) -> None:
    async def main() -> None:
        async with Studio(rest_s=rest_s) as studio:
            studio.show.set_products(list(products))
            studio.show.set_scripts([s for s in scripts if products or s.product_id is None])
            if ordered:
                studio.show.set_running_order(None)
            await asyncio.sleep(400)
            assert longest_silence(studio) < LIMIT_S
            assert not any("治好" in t or "全网" in t or "微信" in t or "None" in t or "{" in t for t in studio.texts)

    virtual_clock.run(main())


@pytest.mark.parametrize("kind", ["product", "opening", "cta", "qa", "break", "transition", "closing"])
@pytest.mark.parametrize("lang", ["zh", "en", "ja"])
def test_in_every_kind_of_item(kind: Any, lang: Any) -> None:
    async def main() -> None:
        async with Studio(lang=lang) as studio:
            studio.show.set_products(DEMO.products)
            studio.show.set_scripts(DEMO.scripts)
            studio.show.set_running_order(Plan((Item("only", kind, minutes=240.0),)))
            await asyncio.sleep(600)
            assert longest_silence(studio) < LIMIT_S
            assert {h.line.lang for h in studio.stage.heard} == {lang}
            assert all(len(set(studio.texts[k : k + 8])) == 8 for k in range(len(studio.texts) - 8)), "soon again"

    virtual_clock.run(main())


@pytest.mark.parametrize("seed", range(3))
def test_voice_and_stage_are_away_for_a_moment_now_and_then(seed: int) -> None:
    async def main() -> None:
        rng = random.Random(seed)
        async with Studio(seed=seed) as studio:
            studio.show.set_products(DEMO.products)
            studio.show.set_scripts(DEMO.scripts)
            studio.show.set_running_order(None)
            for n in range(150):
                await asyncio.sleep(rng.uniform(2, 12))
                # A rest that is cut short by nobody adds to the time for which the stage is away.
                away, limit = (studio.voice, 3.2) if rng.random() < 0.5 else (studio.stage, 1.8)
                away.down = True
                studio.show.on_chat(event(f"多少钱{n}", f"观众{n}"))
                await asyncio.sleep(rng.uniform(0.2, limit))
                away.down = False
            assert longest_silence(studio) < LIMIT_S

    virtual_clock.run(main())


def test_own_words_that_forbid_everything_do_not_hang_the_show() -> None:
    async def main() -> None:
        async with Studio() as studio:
            studio.show.set_products(DEMO.products)
            studio.show.set_scripts(DEMO.scripts)
            studio.show.set_running_order(None)
            everyday = "的我你是有点看在大问来这不说"
            studio.show.set_words([{"term": c, "reason": "", "say": None, "fine": []} for c in everyday], ())
            await asyncio.sleep(60)
            said = len(studio.texts)
            studio.show.set_words([], ())
            await asyncio.sleep(20)
            assert len(studio.texts) > said, "it goes on when it may"

    virtual_clock.run(main())


def test_after_the_last_item_she_stays_and_answers() -> None:
    async def main() -> None:
        async with Studio() as studio:
            studio.show.set_products([Product("serum", {"zh": "晨露精华"}, Decimal("199"))])
            studio.show.set_scripts([])
            studio.show.set_running_order(Plan((Item("c", "closing", minutes=0.3),), loop=False))
            await asyncio.sleep(90)
            assert studio.show.snapshot()["running_order"] is None
            studio.show.on_chat(event("精华多少钱", "小月"))
            await asyncio.sleep(30)
            assert any("199元" in t and "小月" in t for t in studio.texts)
            assert longest_silence(studio) < LIMIT_S

    virtual_clock.run(main())
