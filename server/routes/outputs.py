"""Outputs: where the stream goes."""

from typing import Any

from fastapi import APIRouter

from server.context import Context
from server.documents import OutputIn, OutputPatch
from server.routes.depends import OPERATOR, OWNER, PROBLEMS, VIEWER, Ctx
from streaming.platforms import PLATFORMS

router = APIRouter(prefix="/outputs", tags=["outputs"], responses=PROBLEMS)


def _with_state(ctx: Context, output: dict[str, Any]) -> dict[str, Any]:
    return output | {"state": ctx.rooms.sink(output)}


@router.get("/platforms", dependencies=VIEWER, summary="What to know of each platform")
async def platforms() -> list[dict[str, Any]]:
    """Names and notes in Chinese and English."""
    return list(PLATFORMS)


@router.get("", dependencies=VIEWER, summary="List destinations")
async def outputs(ctx: Ctx, room: str | None = None) -> list[dict[str, Any]]:
    """With what each is doing; keys are never shown."""
    return [_with_state(ctx, o) for o in ctx.outputs.every(room)]


@router.post("", dependencies=OWNER, status_code=201, summary="Add a destination")
async def create(body: OutputIn, ctx: Ctx) -> dict[str, Any]:
    """It connects at once when the room is on air, and disturbs no other."""
    return _with_state(ctx, ctx.outputs.create(body))


@router.get("/{output_id}", dependencies=VIEWER, summary="One destination")
async def get(output_id: int, ctx: Ctx) -> dict[str, Any]:
    """The destination's document."""
    return _with_state(ctx, ctx.outputs.get(output_id))


@router.patch("/{output_id}", dependencies=OWNER, summary="Change a destination")
async def patch(output_id: int, body: OutputPatch, ctx: Ctx) -> dict[str, Any]:
    """It reconnects; an absent key stays as it is."""
    return _with_state(ctx, ctx.outputs.patch(output_id, body))


@router.delete("/{output_id}", dependencies=OWNER, status_code=204, summary="Remove a destination")
async def delete(output_id: int, ctx: Ctx) -> None:
    """Its connection is closed."""
    ctx.outputs.delete(output_id)


@router.post("/{output_id}/pause", dependencies=OPERATOR, summary="Stop sending here")
async def pause(output_id: int, ctx: Ctx) -> dict[str, Any]:
    """Until it is resumed."""
    return _with_state(ctx, ctx.outputs.patch(output_id, OutputPatch(paused=True)))


@router.post("/{output_id}/resume", dependencies=OPERATOR, summary="Send here again")
async def resume(output_id: int, ctx: Ctx) -> dict[str, Any]:
    """It connects at once."""
    return _with_state(ctx, ctx.outputs.patch(output_id, OutputPatch(paused=False)))
