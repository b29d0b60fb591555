"""Takeover: an operator's own voice, ready lines, and the emergency slate."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, UploadFile

from pipelines.line import Lang
from pipelines.operator import MAX_SAY_CHARS
from server.documents import Emergency, LineIn, LineSay, Switch
from server.routes.depends import OPERATOR, PROBLEMS, VIEWER, Ctx, Operating, read
from server.takeover import MAX_VOICE_BYTES

router = APIRouter(tags=["takeover"], responses=PROBLEMS)


@router.post("/rooms/{room}/takeover", summary="Take over, or hand back")
async def takeover(room: str, body: Switch, ctx: Ctx, caller: Operating) -> dict[str, Any]:
    """From the next sentence boundary on only the operator's lines are said; questions wait."""
    return ctx.takeover.take(room, body.on, caller.who())


@router.post("/rooms/{room}/emergency", summary="Stop to a slate, or go on")
async def emergency(room: str, body: Emergency, ctx: Ctx, caller: Operating) -> dict[str, Any]:
    """Silence at once; the slate hides the picture, but not the AI label. Nothing that was to be said is lost."""
    return await ctx.takeover.emergency(room, body.on, body.text, caller.who())


@router.post("/rooms/{room}/voice", status_code=202, summary="Say what was spoken into a microphone")
async def voice(
    room: str, ctx: Ctx, caller: Operating, file: UploadFile, override: Annotated[bool, Form()] = False,
    text: Annotated[str, Form(max_length=MAX_SAY_CHARS)] = "", lang: Annotated[Lang | None, Form()] = None,
    when: Annotated[Literal["now", "boundary"], Form()] = "now", override_text: Annotated[bool, Form()] = False,
) -> dict[str, str]:
    """WebM, Ogg, WAV, MP3, M4A or FLAC of at most 60 s; the guard can't read it, so `override` must be true."""
    data = await read(file, MAX_VOICE_BYTES)
    line_id = await ctx.takeover.voice(
        room, data, text, lang, when, override=override, override_text=override_text, by=caller.who()
    )
    return {"line_id": line_id}


@router.get("/lines", dependencies=VIEWER, summary="Ready lines of a room")
async def lines(ctx: Ctx, room: Annotated[str, Query(max_length=40)]) -> list[dict[str, Any]]:
    """In their order."""
    return ctx.lines.every(room)


@router.post("/lines", dependencies=OPERATOR, status_code=201, summary="Add a ready line")
async def create(body: LineIn, ctx: Ctx) -> dict[str, Any]:
    """At the end, unless a position is given."""
    return ctx.lines.create(body)


@router.put("/lines/{line}", dependencies=OPERATOR, summary="Overwrite a ready line")
async def replace(line: str, body: LineIn, ctx: Ctx) -> dict[str, Any]:
    """The whole line."""
    return ctx.lines.replace(line, body)


@router.delete("/lines/{line}", dependencies=OPERATOR, status_code=204, summary="Remove a ready line")
async def delete(line: str, ctx: Ctx) -> None:
    """What was said stays in the record."""
    ctx.lines.delete(line)


@router.post("/lines/{line}/say", status_code=202, summary="Say a ready line")
async def say(line: str, body: LineSay, ctx: Ctx, caller: Operating) -> dict[str, str]:
    """It passes the guard like any other text."""
    return {"line_id": ctx.lines.say(line, body, caller.who())}
