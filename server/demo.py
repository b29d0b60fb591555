"""Demo: fills a new data folder with the demo room, its products, scripts, looks, personas and schedule.

It goes on air with drawn portraits, which need no models; what its models make of the personas is dressing.py's.
"""

from __future__ import annotations

from pipelines.demo import load_demo
from server.context import Context
from server.documents import ProductIn, RoomIn, RunningOrderIn, ScriptIn
from server.looks import NAMES
from server.wardrobe.documents import PersonaIn, ScheduleIn

ROOM = "main"


def seed(ctx: Context) -> None:
    """Make the demo room when there is no room yet; looks that ship with the program are added at every start."""
    first_look = ctx.looks.add_demo()
    if not ctx.settings.demo:
        return
    if ctx.rooms.every():
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
    ctx.running_orders.put(ROOM, RunningOrderIn.model_validate(demo.running_order))
    for persona in demo.personas:
        ctx.personas.create(PersonaIn.model_validate(persona))
    schedule = demo.schedule | {"room": ROOM}
    if ctx.settings.show.time_zone:
        schedule["time_zone"] = ctx.settings.show.time_zone
    ctx.schedules.put(ScheduleIn.model_validate(schedule))
    ctx.schedules.open_with(ROOM)
    look = ctx.activations.worn(ROOM).look_id
    if look is not None and look in NAMES:
        # Hers is baked before the others'.
        ctx.looks.painted(look)
