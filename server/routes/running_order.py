"""Running order: what a room's show consists of, and where it is."""

from typing import Any

from fastapi import APIRouter

from server.documents import RunningGo, RunningOrderIn
from server.routes.depends import OPERATOR, PROBLEMS, VIEWER, Ctx

router = APIRouter(prefix="/rooms/{room}/running-order", tags=["running order"], responses=PROBLEMS)


@router.get("", dependencies=VIEWER, summary="The running order")
async def get(room: str, ctx: Ctx) -> dict[str, Any]:
    """With the item that is on; `derived` when it was made from catalogue and scripts."""
    return ctx.running_orders.get(room)


@router.put("", dependencies=OPERATOR, summary="Replace the running order")
async def put(room: str, body: RunningOrderIn, ctx: Ctx) -> dict[str, Any]:
    """What is being said is said to its end; the item that is on stays on while it is in the order."""
    return ctx.running_orders.put(room, body)


@router.delete("", dependencies=OPERATOR, summary="Derive the running order again")
async def reset(room: str, ctx: Ctx) -> dict[str, Any]:
    """The room's own order is forgotten; it follows catalogue and scripts."""
    return ctx.running_orders.reset(room)


@router.post("/go", dependencies=OPERATOR, summary="Jump to an item")
async def go(room: str, body: RunningGo, ctx: Ctx) -> dict[str, Any]:
    """At the next sentence boundary; what was broken off goes on when its item is on again."""
    return ctx.running_orders.go(room, body.item_id)


@router.post("/next", dependencies=OPERATOR, summary="Go to the next item")
async def following(room: str, ctx: Ctx) -> dict[str, Any]:
    """At the next sentence boundary."""
    return ctx.running_orders.next(room)
