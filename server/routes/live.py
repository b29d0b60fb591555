"""Live: status, preview and pull of what is on air, without a second encode."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse

from server.auth.gate import from_this_machine, identify
from server.problems import Denied
from server.ringtail import RingTail
from server.routes.depends import Ctx, context_of
from server.routes.sockets import admitted, pump, until_gone
from streaming.flv import Rebaser

router = APIRouter(tags=["live"])
STATUS_S = 0.5
SEND_LIMIT_S = 15.0


@router.websocket("/rooms/{room}/status")
async def status(socket: WebSocket, room: str) -> None:
    """The status document at once, then twice a second."""
    ctx = context_of(socket)
    if await admitted(socket, room) is None:
        return

    async def send() -> None:
        while True:
            await socket.send_text(json.dumps(ctx.rooms.status(room), ensure_ascii=False))
            await asyncio.sleep(STATUS_S)

    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        await pump(ctx, send(), until_gone(socket))


@router.websocket("/rooms/{room}/preview")
async def preview(socket: WebSocket, room: str) -> None:
    """Text `{mime}`, the init segment, then fragments from a key one on; anew after a restart of the encoder."""
    ctx = context_of(socket)
    if await admitted(socket, room) is None:
        return
    tail = RingTail(ctx.run_dir / f"{room}.fmp4.ring")

    async def send() -> None:
        async for config, data in tail.follow():
            async with asyncio.timeout(SEND_LIMIT_S):
                if config is not None:
                    mime, _, init = config.partition(b"\n")
                    await socket.send_text(mime.decode())
                    await socket.send_bytes(init)
                else:
                    await socket.send_bytes(data)

    with contextlib.suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
        await pump(ctx, send(), until_gone(socket))


@router.get("/rooms/{room}/live.flv", summary="Pull the stream (OBS media source, ffplay, VLC)")
async def live_flv(room: str, request: Request, ctx: Ctx) -> StreamingResponse:
    """An endless FLV; starts with an IDR at time 0. Open without a token for programs on this machine."""
    open_here = ctx.settings.server.open_live_flv and from_this_machine(request)
    if not open_here and identify(request, query=True) is None:
        raise Denied(401, "this address needs a token", next_step="append ?token=…")
    ctx.rooms.need(room)
    tail = RingTail(ctx.run_dir / f"{room}.flv.ring")

    async def body() -> AsyncIterator[bytes]:
        flow = Rebaser()
        async for config, data in tail.follow(ended=ctx.closing):
            yield flow.start(config) if config is not None else flow.feed(data)

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(body(), media_type="video/x-flv", headers=headers)
