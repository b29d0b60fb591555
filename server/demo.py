"""Demo: fills a new data folder with the demo room, its products, scripts, looks, personas and schedule.

Where the demo's own models can run, its personas wear them: portraits are painted by the resident base in each
persona's adapter, and only where they can't does a drawn picture stand in, which is said in the log.
"""

from __future__ import annotations

import logging
from typing import Any

from pipelines.demo import load_demo
from server import demo_models
from server.context import Context
from server.documents import ProductIn, RoomIn, ScriptIn
from server.looks import NAMES
from server.wardrobe.documents import AdapterIn, PersonaIn, ScheduleIn
from streaming.errors import NightAnchorError, NotFound

log = logging.getLogger("nightanchor.demo")

ROOM = "main"


def seed(ctx: Context) -> None:
    """Make the demo room when there is no room yet; looks that ship with the program are added at every start."""
    first_look = ctx.looks.add_demo()
    if not ctx.settings.demo:
        return
    if ctx.rooms.every():
        dress(ctx)
        return
    demo = load_demo()
    ctx.rooms.create(
        RoomIn(id=ROOM, title=demo.title, subtitle=demo.subtitle, lang="zh", look_id=first_look), on_air=True
    )
    for product in demo.products:
        body = ProductIn.model_validate(
            {
                "room": ROOM, "name": product.name, "price": product.price, "was_price": product.was_price,
                "currency": product.currency, "stock": product.stock, "unit": product.unit, "facts": product.facts,
                "aliases": product.aliases,
                "faq": [{"question": f.question, "answer": f.answer} for f in product.faq],
            }
        )
        ctx.catalogue.create(body, product_id=product.product_id, picture=product.picture or "")
    for script in demo.scripts:
        body_script = ScriptIn(
            room=ROOM, kind=script.kind, product_id=script.product_id, lang=script.lang, text=script.text
        )
        ctx.scripts.create(body_script, script_id=script.script_id)
    for persona in demo.personas:
        ctx.personas.create(PersonaIn.model_validate(persona))
    dress(ctx)
    schedule = demo.schedule | {"room": ROOM}
    if ctx.settings.show.time_zone:
        schedule["time_zone"] = ctx.settings.show.time_zone
    ctx.schedules.put(ScheduleIn.model_validate(schedule))
    ctx.schedules.open_with(ROOM)
    look = ctx.activations.worn(ROOM).look_id
    if look is not None and look in NAMES:
        # Hers is baked before the others'.
        ctx.looks.painted(look)


def dress(ctx: Context) -> None:
    """Give the demo's personas what its models make of them; those that were changed by hand stay as they are."""
    models = demo_models.read()
    if models is None or ctx.settings.visual.path != str(models.visual):
        return
    if ctx.studio.missing:
        log.warning("the demo shows drawn pictures: the studio needs %s; install them with: make studio",
                    ", ".join(ctx.studio.missing))
        return
    for entry in models.adapters:
        if entry["kind"] == "language" and ctx.settings.language.path != str(models.language):
            continue
        body = AdapterIn(
            name=entry["name"], licence=entry["licence"], likeness="none", trigger_words=entry.get("trigger_words", "")
        )
        try:
            ctx.adapters.add_shipped(entry["id"], entry["path"], body)
        except (NightAnchorError, OSError) as e:
            log.warning("the demo's adapter %s can't be used: %s", entry["id"], e)
    for persona_id, portrait in models.portraits.items():
        try:
            _paint(ctx, persona_id, portrait)
        except NightAnchorError as e:
            log.warning("the demo's persona %s keeps her drawn picture: %s", persona_id, e)


def _paint(ctx: Context, persona_id: str, portrait: dict[str, Any]) -> None:
    persona = ctx.personas.get(persona_id)
    look, ours = portrait["look"], (None, portrait["visual"])
    if persona["look_id"] not in (*NAMES, look) or persona["visual_id"] not in ours:
        return
    ctx.adapters.get(portrait["visual"])
    if not ctx.looks.usable(look):
        ctx.portraits.owe(look, portrait["name"], portrait["prompt"], portrait["seed"], portrait["visual"])
    if persona["look_id"] == look:
        return
    changed = {"look_id": look, "visual_id": portrait["visual"]}
    try:
        if portrait.get("language"):
            ctx.adapters.get(portrait["language"])
            changed["language_id"] = portrait["language"]
    except NotFound:
        log.warning("the demo's adapter %s is not there", portrait["language"])
    ctx.personas.replace(persona_id, PersonaIn.model_validate({**persona, **changed}))
