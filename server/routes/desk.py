"""Desk: the live view of what is written in a room, and why."""

import asyncio
import contextlib
import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect

from server.desk import KEPT
from server.routes.depends import PROBLEMS, VIEWER, Ctx, context_of
from server.routes.sockets import admitted, pump, until_gone

router = APIRouter(tags=["desk"], responses=PROBLEMS)
BACKLOG = 256


@router.get("/rooms/{room}/desk", dependencies=VIEWER, summary="What was written lately, and why")
async def latest(room: str, ctx: Ctx, limit: Annotated[int, Query(ge=1, le=KEPT)] = KEPT) -> list[dict[str, Any]]:
    """Questions, what was found for them, drafts, verdicts and what was said; oldest first."""
    ctx.rooms.get(room)
    return ctx.desk.latest(room, limit)


@router.websocket("/rooms/{room}/desk")
async def feed(socket: WebSocket, room: str) -> None:
    """The last records, then each as it comes."""
    ctx = context_of(socket)
    if await admitted(socket, room) is None:
        return
    queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(BACKLOG)

    def put(record: dict[str, Any]) -> None:
        if queue.full():
            queue.get_nowait()
        queue.put_nowait(record)

    for record in ctx.desk.latest(room):
        put(record)
    end = ctx.desk.feed(room, put)

    async def send() -> None:
        while True:
            await socket.send_text(json.dumps(await queue.get(), ensure_ascii=False))

    try:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await pump(ctx, send(), until_gone(socket))
    finally:
        end()
