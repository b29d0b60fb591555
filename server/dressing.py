"""Dressing: the demo's personas come to wear what its models make of them.

The show opens with drawn portraits within seconds. As soon as the studio's packages are there, each persona gets her
adapters; as soon as her portrait is painted and baked, it takes the drawn one's place, on air at the next boundary.
A portrait that can't be painted leaves the drawn one, and its look says in the panel what went wrong.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from server import demo_models
from server.context import Context
from server.demo import ROOM
from server.demo_models import DemoModels
from server.looks import NAMES
from server.wardrobe.documents import AdapterIn, PersonaIn
from streaming.errors import NightAnchorError

log = logging.getLogger("nightanchor.demo")

PAINT_LIMIT_S = 6 * 3600.0
ADAPTERS = ("visual_id", "language_id")


class Dressing:
    """`begin` may be called again at any time; personas that were changed by hand stay as they are."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._waiting: dict[str, asyncio.Task[None]] = {}

    def begin(self) -> None:
        """Do what can be done by now."""
        ctx = self._ctx
        models = demo_models.read() if ctx.settings.demo else None
        if models is None or ctx.studio.missing:
            return
        self._add(models)
        for persona_id, portrait in models.portraits.items():
            try:
                self._dress(persona_id, portrait)
            except NightAnchorError as e:
                log.warning("the demo's persona %s keeps her drawn picture: %s", persona_id, e)

    async def close(self) -> None:
        """Wait for nothing any more."""
        tasks = list(self._waiting.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _add(self, models: DemoModels) -> None:
        ctx = self._ctx
        for entry in models.adapters:
            # Somebody's own base has no use for an adapter of ours.
            if getattr(ctx.settings, entry["kind"]).path != str(getattr(models, entry["kind"])):
                continue
            body = AdapterIn(
                name=entry["name"], licence=entry["licence"], likeness="none",
                trigger_words=entry.get("trigger_words", ""),
            )
            try:
                ctx.adapters.add_shipped(entry["id"], entry["path"], body)
            except (NightAnchorError, OSError) as e:
                log.warning("the demo's adapter %s can't be used: %s", entry["id"], e)

    def _dress(self, persona_id: str, portrait: dict[str, Any]) -> None:
        ctx, look, visual = self._ctx, portrait["look"], portrait.get("visual")
        persona = ctx.personas.get(persona_id)
        if persona["look_id"] not in NAMES or persona["visual_id"] not in (None, visual):
            return
        there = {a["id"] for a in ctx.adapters.every()}
        offered = {"visual_id": visual, "language_id": portrait.get("language")}
        wanted = {k: persona[k] or (offered[k] if offered[k] in there else None) for k in ADAPTERS}
        if any(persona[k] != v for k, v in wanted.items()):
            ctx.personas.replace(persona_id, PersonaIn.model_validate({**persona, **wanted}))
        worn = ctx.activations.worn(ROOM)
        if worn.persona == persona_id and (worn.visual, worn.language) != tuple(wanted[k] for k in ADAPTERS):
            self._keep(f"show {persona_id}", self._show(persona_id))
        if visual not in there:
            return
        if not ctx.looks.usable(look):
            ctx.portraits.owe(look, portrait["name"], portrait["prompt"], portrait["seed"], portrait["visual"])
            if ctx.studio.running:
                ctx.portraits.resume()
        self._keep(persona_id, self._put_on(persona_id, look))

    def _keep(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Have something done in its own time, once at a time."""
        if name in self._waiting:
            work.close()
            return
        task = asyncio.get_running_loop().create_task(work)
        self._waiting[name] = task
        task.add_done_callback(lambda _: self._waiting.pop(name, None))

    async def _put_on(self, persona_id: str, look: str) -> None:
        """Once the portrait is there, it is hers."""
        ctx = self._ctx
        try:
            room = ctx.rooms.get(ROOM)
            await ctx.looks.baked(look, room["width"], room["height"], PAINT_LIMIT_S)
            persona = ctx.personas.get(persona_id)
            if persona["look_id"] in NAMES:
                ctx.personas.replace(persona_id, PersonaIn.model_validate({**persona, "look_id": look}))
                await self._show(persona_id)
        except NightAnchorError as e:
            log.warning("the demo's persona %s keeps her drawn picture: %s", persona_id, e)

    async def _show(self, persona_id: str) -> None:
        """Have what changed in a persona seen, when she is on air; a studio that comes up later shows it then."""
        # Whoever is being put on air by hand or by the schedule comes first and must not be superseded by this.
        await self._ctx.activations.settled(ROOM)
        worn = self._ctx.activations.worn(ROOM)
        if self._ctx.studio.running and worn.persona == persona_id:
            # She stays on by whatever put her on: nobody chose her by hand.
            self._ctx.activations.schedule(ROOM, persona_id, None, worn.source, prepare_s=0.0)
