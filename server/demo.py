"""Demo: fills a new data folder with the demo room, its products, scripts, looks, personas and schedule.

It goes on air with drawn portraits, which need no models; what its models make of the personas is dressing.py's.
"""

from __future__ import annotations

from pipelines.demo import load_demo
from pipelines.line import Lang
from server.context import Context
from server.documents import LineIn, ProductIn, RoomIn, RunningOrderIn, ScriptIn
from server.looks import NAMES
from server.wardrobe.documents import PersonaIn, ScheduleIn

ROOM = "main"
LINES: tuple[tuple[str, Lang, str], ...] = (
    ("欢迎", "zh", "欢迎新来的朋友，想了解哪一款，直接打在公屏上就可以。"),
    ("稍等", "zh", "大家稍等一下，我去确认一下，马上回来告诉你们。"),
    ("换人", "zh", "现在由店里的同事来回答大家的问题。"),
    ("Welcome", "en", "Welcome to everybody who has just come in. Tell me in the chat what you would like to see."),
    ("ようこそ", "ja", "今いらっしゃった皆さん、ようこそ。気になる商品があれば、コメントで教えてください。"),
)
"""Ready lines of the demo: title, language, text."""


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
    for title, lang, text in LINES:
        ctx.lines.create(LineIn(room=ROOM, title=title, text=text, lang=lang))
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
