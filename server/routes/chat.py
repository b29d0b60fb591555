"""Chat: what viewers write, over REST and websocket."""

import asyncio
import contextlib
import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from server.documents import ChatIn
from server.routes.depends import PROBLEMS, VIEWER, Ctx, context_of
from server.routes.sockets import admitted, pump
from streaming.errors import NightAnchorError

router = APIRouter(tags=["chat"], responses=PROBLEMS)
FIRST = 50
BACKLOG = 256


@router.get("/chat", dependencies=VIEWER, summary="The newest chat lines")
async def latest(ctx: Ctx, room: str, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> list[dict[str, Any]]:
    """Oldest first."""
    ctx.rooms.get(room)
    return ctx.chats.latest(room, limit)


@router.post("/chat", dependencies=VIEWER, summary="Write as a viewer")
async def write(body: ChatIn, ctx: Ctx) -> dict[str, Any]:
    """What the inbox made of it: accepted, or the reason why not."""
    return ctx.rooms.chat(body)


@router.websocket("/rooms/{room}/chat")
async def feed(socket: WebSocket, room: str) -> None:
    """The chat as it comes; a text `{user, text, kind?}` writes."""
    ctx = context_of(socket)
    if await admitted(socket, room) is None:
        return
    queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(BACKLOG)

    def put(line: dict[str, Any]) -> None:
        if queue.full():
            queue.get_nowait()
        queue.put_nowait(line)

    for line in ctx.chats.latest(room, FIRST):
        put({"type": "chat", **line})
    end = ctx.rooms.feed(room, put)

    async def send() -> None:
        while True:
            await socket.send_text(json.dumps(await queue.get(), ensure_ascii=False))

    async def receive() -> None:
        while True:
            text = await socket.receive_text()
            try:
                said = json.loads(text)
                ctx.rooms.chat(ChatIn.model_validate({"kind": "comment", **said, "room": room}))
            except (ValueError, TypeError, ValidationError, NightAnchorError):
                put({"type": "error", "message": "send {user, text, kind}"})

    try:
        with contextlib.suppress(WebSocketDisconnect):
            await pump(ctx, send(), receive())
    finally:
        end()
