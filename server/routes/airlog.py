"""Air log: what was spoken, to read, to export and to prove."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from server.airlog import verify
from server.airlog.export import Format, export
from server.routes.depends import OPERATOR, PROBLEMS, Ctx

router = APIRouter(prefix="/airlog", tags=["airlog"], responses=PROBLEMS, dependencies=OPERATOR)
TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl", "srt": "application/x-subrip"}
Instant = Annotated[datetime | None, Query(description="ISO 8601 with a time zone")]


@router.get("", summary="The newest records")
async def latest(ctx: Ctx, room: str, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[dict[str, Any]]:
    """Oldest first."""
    ctx.rooms.get(room)
    return await asyncio.to_thread(ctx.airlog.latest, room, limit)


@router.get("/verify", summary="Whether the record is untouched")
async def check(ctx: Ctx, room: str) -> dict[str, Any]:
    """Follows the whole chain; `fault` says where it breaks."""
    ctx.rooms.get(room)
    return (await asyncio.to_thread(verify, ctx.airlog.folder / room)).document()


@router.get("/export", summary="As a file")
async def download(
    ctx: Ctx, room: str, form: Annotated[Format, Query(alias="format")] = "csv", since: Instant = None,
    until: Instant = None, recording: Annotated[str, Query(max_length=200, description="Name of its file")] = "",
) -> StreamingResponse:
    """CSV for a spreadsheet, JSON lines for a program, SRT for subtitles of a recording."""
    ctx.rooms.get(room)
    name = f"airlog-{room}.{form}"
    return StreamingResponse(
        export(ctx.airlog.records(room, since, until), form, recording), media_type=TYPES[form],
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )
