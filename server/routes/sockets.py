"""Websockets: who may open one, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect

from server.auth.gate import identify, same_origin
from server.auth.tokens import Identity
from server.context import Context
from server.routes.depends import context_of
from streaming.errors import NotFound

DENIED, UNKNOWN, GOING = 4401, 4404, 1012


async def admitted(socket: WebSocket, room: str) -> Identity | None:
    """Accept a websocket of a signed-in viewer to an existing room; None when it was closed instead."""
    identity = identify(socket, query=True)
    await socket.accept()
    if identity is None or not same_origin(socket):
        await socket.close(DENIED, "sign in first")
        return None
    try:
        context_of(socket).rooms.get(room)
    except NotFound:
        await socket.close(UNKNOWN, "no such room")
        return None
    return identity


async def pump(ctx: Context, *parts: Coroutine[Any, Any, None]) -> None:
    """Run the parts of one connection until one ends, the viewer leaves or the server closes."""
    tasks = [asyncio.ensure_future(p) for p in parts]
    closing = asyncio.ensure_future(ctx.closing.wait())
    try:
        done, _ = await asyncio.wait([*tasks, closing], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if task is not closing:
                task.result()
    finally:
        for task in [*tasks, closing]:
            task.cancel()
        await asyncio.gather(*tasks, closing, return_exceptions=True)


async def until_gone(socket: WebSocket) -> None:
    """Return when the viewer leaves; what is sent is ignored."""
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await socket.receive()
