"""Guard: a room's own words, the lists that ship, and why a sentence is stopped."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, UploadFile
from fastapi.responses import PlainTextResponse

from server.documents import GuardAllow, GuardTry, GuardWords
from server.guarding import MAX_FILE
from server.routes.depends import OPERATOR, PROBLEMS, VIEWER, Ctx, read

router = APIRouter(prefix="/guard", tags=["guard"], responses=PROBLEMS)
Room = Annotated[str, Query(max_length=40)]


@router.get("/lists", dependencies=VIEWER, summary="The lists that ship")
async def lists(ctx: Ctx) -> list[dict[str, Any]]:
    """Category, title, reason and the names of its rules."""
    return await asyncio.to_thread(ctx.guarding.lists)


@router.post("/try", dependencies=VIEWER, summary="Why would this be stopped?")
async def try_out(body: GuardTry, ctx: Ctx) -> dict[str, Any]:
    """The verdict on a sentence with every rule that it breaks."""
    return await asyncio.to_thread(ctx.guarding.judge, body.room, body.text, body.lang, body.product_id)


@router.get("/findings", dependencies=VIEWER, summary="Where products contradict themselves")
async def findings(ctx: Ctx, room: Room) -> list[dict[str, Any]]:
    """A fact with another price than the price field, two shelf lives, an ingredient that is in and not in."""
    return await asyncio.to_thread(ctx.guarding.findings, room)


@router.get("/words", dependencies=VIEWER, summary="A room's own words")
async def words(ctx: Ctx, room: Room) -> GuardWords:
    """Forbidden of its own, and taken off a list."""
    return ctx.guarding.words(room)


@router.put("/words", dependencies=OPERATOR, summary="Replace a room's own words")
async def put(body: GuardWords, ctx: Ctx, room: Room) -> GuardWords:
    """Effective for the very next sentence."""
    return await asyncio.to_thread(ctx.guarding.put, room, body)


@router.post("/allow", dependencies=OPERATOR, summary="Let pass what a rule stops")
async def allow(body: GuardAllow, ctx: Ctx) -> GuardWords:
    """By the rule's name as a verdict gives it."""
    return await asyncio.to_thread(ctx.guarding.allow, body.room, body.rule)


@router.get("/words/export", dependencies=VIEWER, summary="A room's own words as CSV")
async def export(ctx: Ctx, room: Room) -> PlainTextResponse:
    """term, reason, say (what is said instead), fine (wordings that are none, split by |)."""
    headers = {"content-disposition": f'attachment; filename="words-{room}.csv"'}
    return PlainTextResponse(ctx.guarding.export(room), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/words/import", dependencies=OPERATOR, summary="Add words from a file")
async def load(file: UploadFile, ctx: Ctx, room: Room) -> GuardWords:
    """CSV as exported, or one word a line."""
    return await asyncio.to_thread(ctx.guarding.load, room, await read(file, MAX_FILE))
