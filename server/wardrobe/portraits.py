"""Portraits: presenters painted by the studio, then baked like any other picture."""

from __future__ import annotations

import asyncio
import itertools
import logging
from pathlib import Path
from typing import Any

from server.looks import Looks
from server.settings import Settings
from server.wardrobe.catalogue import AdapterCatalogue
from server.wardrobe.documents import PortraitIn
from server.wardrobe.studio import PAINT_LIMIT_S, Studio
from streaming.errors import NightAnchorError, Unavailable

log = logging.getLogger("nightanchor.portraits")

PROMPT = "portrait of a presenter, front view, facing the camera, upper body, mouth closed, soft studio light"
NEGATIVE = "open mouth, teeth, profile view, hands, text, watermark, cropped head, deformed"
INIT_STRENGTH = 0.6
TRIES = 4
"""Seeds that are tried for a portrait that nobody waits in front of."""


class Portraits:
    """Paints one at a time; the show goes on meanwhile with the look it has."""

    def __init__(self, settings: Settings, looks: Looks, studio: Studio, adapters: AdapterCatalogue) -> None:
        self._visual, self._looks, self._studio, self._adapters = settings.visual, looks, studio, adapters
        self._jobs = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy: set[str] = set()

    def make(self, body: PortraitIn) -> dict[str, Any]:
        """Begin a portrait; returns its look, which is `baking`. Raises `Unavailable` without a visual base."""
        if not self._studio.has("visual"):
            raise Unavailable("this installation has no visual base", next_step="Set visual.path in nightanchor.yaml.")
        if not self._studio.running:
            raise Unavailable("the studio is not up", next_step="Try again when GET /studio says it is running.")
        if body.visual_id:
            self._adapters.get(body.visual_id)
        init = self._looks.source(body.init_look) if body.init_look else None
        look = self._looks.add_painted(body.name or body.prompt[:40])
        seed = body.seed if body.seed is not None else int.from_bytes(look["id"].encode()[-4:])
        order = self._order(
            body.prompt, body.negative, seed, body.visual_id, body.weight, init, body.strength, body.steps
        )
        self._looks.keep_order(look["id"], order)
        self._begin(look["id"], order)
        return look

    def owe(self, look_id: str, name: str, prompt: str, seed: int, visual_id: str | None) -> None:
        """Have a portrait painted as soon as the studio is there."""
        order = self._order(prompt, "", seed, visual_id, 1.0, None, 1.0, None)
        self._looks.add_painted(name, look_id, order | {"tries": TRIES})

    def resume(self) -> None:
        """The studio is up: paint what is owed."""
        for look_id, order in self._looks.orders().items():
            if look_id not in self._busy:
                self._begin(look_id, order)

    async def worn(self, adapter: dict[str, Any], weight: float, over: str | None) -> str:
        """The look that shows an adapter: over the picture of a look, painted once. Raises what the studio raises."""
        look_id = f"worn-{adapter['sha256'][:12]}-{round(weight * 100)}-{over or ''}"[:40].rstrip("-")
        if not self._looks.usable(look_id):
            init = self._looks.source(over) if over else None
            seed = int(adapter["sha256"][:8], 16)
            order = self._order(PROMPT, NEGATIVE, seed, adapter["id"], weight, init, INIT_STRENGTH, None)
            self._looks.add_painted(adapter["name"], look_id)
            await self._paint(look_id, order)
        return look_id

    def _order(
        self, prompt: str, negative: str, seed: int, visual_id: str | None, weight: float, init: Path | None,
        strength: float, steps: int | None,
    ) -> dict[str, Any]:
        return {
            "visual": visual_id, "weight": weight, "brief": {
                "prompt": prompt, "negative": negative, "seed": seed, "steps": steps or self._visual.steps,
                "guidance": self._visual.guidance, "init": str(init.absolute()) if init else None,
                "strength": strength,
            },
        }

    def _begin(self, look_id: str, order: dict[str, Any]) -> None:
        self._busy.add(look_id)
        task = asyncio.get_running_loop().create_task(self._in_background(look_id, order))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Give up what is being painted."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _in_background(self, look_id: str, order: dict[str, Any]) -> None:
        try:
            await self._paint(look_id, order)
        except NightAnchorError as e:
            log.info("look %s was not painted: %s", look_id, e)
        finally:
            self._busy.discard(look_id)

    async def _paint(self, look_id: str, order: dict[str, Any]) -> None:
        out = str(self._looks.canvas(look_id).absolute())
        job = f"paint-{next(self._jobs)}"
        try:
            adapter = self._adapters.get(order["visual"]) if order["visual"] else None
            key = (await self._adapters.stage(adapter, order["weight"]))["key"] if adapter else None
            brief = {**order["brief"], "prompt": _prompt(adapter, order["brief"]["prompt"])}
            painted = await self._paint_well(brief, order.get("tries", 1), visual=key, out=out, job=job)
        except NightAnchorError as e:
            if not (e.code == "child_down" and look_id in self._looks.orders()):
                self._looks.fail(look_id, " ".join(filter(None, (e.message, e.next_step))))
            raise
        except asyncio.CancelledError:
            self._studio.give_up(job)
            if look_id not in self._looks.orders():
                self._looks.fail(look_id, "the painting was given up")
            raise
        self._looks.painted(look_id, painted.get("landmarks"))


    async def _paint_well(self, brief: dict[str, Any], tries: int, **fields: Any) -> dict[str, Any]:
        """Paint, with the next seed when the one before made no presenter; raises what the last try raised."""
        for n in range(tries):
            try:
                return await self._studio.ask(
                    "paint", PAINT_LIMIT_S, brief={**brief, "seed": brief["seed"] + n}, **fields
                )
            except NightAnchorError as e:
                if e.reason != "canary" or n == tries - 1:
                    raise
        raise AssertionError("at least one try")


def _prompt(adapter: dict[str, Any] | None, prompt: str) -> str:
    words = adapter["trigger_words"] if adapter else []
    return ", ".join([*(w for w in words if w.lower() not in prompt.lower()), prompt])
