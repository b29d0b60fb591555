"""Personas, the schedule and the studio."""

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Query

from server.routes.depends import OPERATOR, PROBLEMS, VIEWER, Ctx
from server.wardrobe.documents import PersonaIn, PortraitIn, ScheduleIn

router = APIRouter(responses=PROBLEMS)


@router.get("/personas", dependencies=VIEWER, tags=["personas"], summary="List personas")
async def personas(ctx: Ctx) -> list[dict[str, Any]]:
    """Oldest first."""
    return ctx.personas.every()


@router.post("/personas", dependencies=OPERATOR, status_code=201, tags=["personas"], summary="Add a persona")
async def create(body: PersonaIn, ctx: Ctx) -> dict[str, Any]:
    """A look, a voice, manners, and adapters."""
    return ctx.personas.create(body)


@router.get("/personas/{persona_id}", dependencies=VIEWER, tags=["personas"], summary="One persona")
async def get(persona_id: str, ctx: Ctx) -> dict[str, Any]:
    """The persona's document."""
    return ctx.personas.get(persona_id)


@router.put("/personas/{persona_id}", dependencies=OPERATOR, tags=["personas"], summary="Change a persona")
async def replace(persona_id: str, body: PersonaIn, ctx: Ctx) -> dict[str, Any]:
    """Effective with her next activation."""
    return ctx.personas.replace(persona_id, body)


@router.delete("/personas/{persona_id}", dependencies=OPERATOR, status_code=204, tags=["personas"], summary="Remove")
async def delete(persona_id: str, ctx: Ctx) -> None:
    """Not while she is on air or in a schedule."""
    ctx.personas.delete(persona_id)


@router.get("/schedule", dependencies=VIEWER, tags=["schedule"], summary="A room's schedule")
async def schedule(room: str, ctx: Ctx) -> dict[str, Any]:
    """With who is due now and next."""
    return ctx.schedules.get(room)


@router.put("/schedule", dependencies=OPERATOR, tags=["schedule"], summary="Replace a room's schedule")
async def put(body: ScheduleIn, ctx: Ctx) -> dict[str, Any]:
    """Slots of one priority may not overlap; `at` of the problem says which do."""
    return ctx.schedules.put(body)


@router.get("/schedule/week", dependencies=VIEWER, tags=["schedule"], summary="Who is due over a week")
async def week(room: str, ctx: Ctx, start: Annotated[dt.date | None, Query()] = None) -> list[dict[str, Any]]:
    """Seven local days from `start`, this week's Monday unless told."""
    today = ctx.activations.clock().date()
    return ctx.schedules.week(room, start or today - dt.timedelta(days=today.weekday()))


@router.get("/studio", dependencies=VIEWER, tags=["studio"], summary="The resident bases")
async def studio(ctx: Ctx) -> dict[str, Any]:
    """Whether the studio runs, on what, and how much memory it takes."""
    return await ctx.studio.document()


@router.post("/looks/portrait", dependencies=OPERATOR, status_code=202, tags=["looks"], summary="Paint a presenter")
async def portrait(body: PortraitIn, ctx: Ctx) -> dict[str, Any]:
    """By the visual base, from a prompt or over another look; then baked like any picture. Watch its `state`."""
    return ctx.portraits.make(body)
