"""A day and a night on the virtual clock: the material is not used up, no product is forgotten, nothing grows."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections import Counter

import pytest

from pipelines.demo import load_demo
from pipelines.lately import fold
from tests import virtual_clock
from tests.pipelines.show_fakes import Heard, Studio
from tests.pipelines.test_interruptions import event

DEMO = load_demo()
WINDOW_S = 1200.0
ASKED = ("多少钱", "价格是多少", "有货吗", "怎么用", "敏感肌能用吗", "保质期多久", "包邮吗", "大家好")
KINDS = ("question", "question", "join", "gift", "follow")


def repeated(heard: list[Heard]) -> list[Heard]:
    """Sentences of the presenter's own that were said within the window before."""
    last: dict[str, float] = {}
    out = []
    for one in heard:
        key = fold(one.text)
        if one.line.source in ("script", "transition") and one.began - last.get(key, -1e9) < WINDOW_S:
            out.append(one)
        last[key] = one.began
    return out


@pytest.mark.timeout(900)
@pytest.mark.parametrize("length", [8, pytest.param(24, marks=pytest.mark.soak)])
def test_hours_and_days_do_not_exhaust_the_show(length: int) -> None:
    async def main() -> None:
        rng = random.Random(3)
        sizes: list[tuple[int, int]] = []
        async with Studio(seed=3) as studio:
            studio.show.set_products(DEMO.products)
            studio.show.set_scripts(DEMO.scripts)
            studio.show.set_running_order(None)
            for hour in range(length):
                for n in range(30):
                    studio.show.on_chat(event(rng.choice(ASKED), f"观众{hour}-{n}", rng.choice(KINDS)))
                    await asyncio.sleep(120)
                saved = json.dumps(studio.show.state(), ensure_ascii=False)
                sizes.append((len(saved), len(studio.show._book.words.used)))
            heard = studio.stage.heard
            own = [h for h in heard if h.line.source in ("script", "transition")]
            again, said = repeated(heard), len(own)
            assert said > 330 * length
            # One sentence in a hundred may come back within twenty minutes.
            assert len(again) < 0.01 * said, Counter(h.text for h in again).most_common(9)
            silence = max(two.began - one.ended for one, two in itertools.pairwise(heard))
            assert silence < 4.0
            hours = [{h.line.product_id for h in heard if 0 <= h.began - 1000 - 3600 * k < 3600} for k in range(length)]
            forgotten = [{p.product_id for p in DEMO.products} - spoken for spoken in hours]
            assert not any(forgotten)
            assert all(size < 20_000 for size, _ in sizes) and sizes[-1][1] <= sizes[5][1] + 30, sizes

    virtual_clock.run(main())
