"""Rooms: on and off air, and the presenter's controls."""

from typing import Any

from fastapi import APIRouter

from server.documents import RoomIn, RoomPatch, Say, Switch
from server.routes.depends import OPERATOR, OWNER, PROBLEMS, VIEWER, Ctx, Operating

router = APIRouter(prefix="/rooms", tags=["rooms"], responses=PROBLEMS)


@router.get("", dependencies=VIEWER, summary="List rooms")
async def rooms(ctx: Ctx) -> list[dict[str, Any]]:
    """Every room; null format fields have been filled from the settings."""
    return ctx.rooms.every()


@router.post("", dependencies=OWNER, status_code=201, summary="Add a room")
async def create(body: RoomIn, ctx: Ctx) -> dict[str, Any]:
    """A new room is off air."""
    return ctx.rooms.create(body)


@router.get("/{room}", dependencies=VIEWER, summary="One room")
async def get(room: str, ctx: Ctx) -> dict[str, Any]:
    """The room's document."""
    return ctx.rooms.get(room)


@router.patch("/{room}", dependencies=OWNER, summary="Change a room")
async def patch(room: str, body: RoomPatch, ctx: Ctx) -> dict[str, Any]:
    """Title, language and look change on air; a new size or rate restarts the picture."""
    return ctx.rooms.patch(room, body)


@router.delete("/{room}", dependencies=OWNER, status_code=204, summary="Remove a room")
async def delete(room: str, ctx: Ctx) -> None:
    """With its products, scripts, outputs and chat."""
    await ctx.rooms.delete(room)


@router.post("/{room}/start", dependencies=OPERATOR, summary="Go on air")
async def start(room: str, ctx: Ctx) -> dict[str, Any]:
    """Start the room's processes."""
    return await ctx.rooms.start(room)


@router.post("/{room}/stop", dependencies=OPERATOR, summary="Go off air")
async def stop(room: str, ctx: Ctx) -> dict[str, Any]:
    """End the room's processes."""
    return await ctx.rooms.stop(room)


@router.post("/{room}/pause", dependencies=OPERATOR, summary="Pause or go on")
async def pause(room: str, body: Switch, ctx: Ctx) -> dict[str, Any]:
    """The sentence on air is finished first; the picture goes on."""
    return ctx.rooms.pause(room, body.on)


@router.post("/{room}/skip", dependencies=OPERATOR, summary="Skip the sentence on air")
async def skip(room: str, ctx: Ctx) -> dict[str, Any]:
    """The next one starts at once."""
    return ctx.rooms.skip(room)


@router.post("/{room}/say", status_code=202, summary="Say this")
async def say(room: str, body: Say, ctx: Ctx, caller: Operating) -> dict[str, str]:
    """Word for word: at the next sentence boundary, or breaking in at once."""
    show, by = ctx.rooms.need(room).show, caller.who()
    return {"line_id": show.say(body.text, body.lang, body.when, override=body.override, by=by)}


@router.get("/{room}/status", dependencies=VIEWER, summary="What the room is doing")
async def status(room: str, ctx: Ctx) -> dict[str, Any]:
    """The status document."""
    return ctx.rooms.status(room)
