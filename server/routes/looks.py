"""Looks and voices."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, UploadFile
from fastapi.responses import FileResponse

from server.documents import Activate, Landmarks
from server.routes.depends import OPERATOR, PROBLEMS, VIEWER, Ctx, read

router = APIRouter(responses=PROBLEMS)


@router.get("/looks", dependencies=VIEWER, tags=["looks"], summary="List presenters")
async def looks(ctx: Ctx) -> list[dict[str, Any]]:
    """Oldest first."""
    return ctx.looks.every()


@router.post("/looks", dependencies=OPERATOR, status_code=201, tags=["looks"], summary="Make a presenter")
async def create(file: UploadFile, ctx: Ctx, name: Annotated[str, Form(max_length=80)] = "") -> dict[str, Any]:
    """From a picture: front view, mouth closed. It is baked in the background; watch `state`."""
    data = await read(file, ctx.settings.looks.max_upload_mb << 20)
    return ctx.looks.add(name or (file.filename or "look").rpartition(".")[0], data)


@router.get("/looks/{look_id}", dependencies=VIEWER, tags=["looks"], summary="One presenter")
async def get(look_id: str, ctx: Ctx) -> dict[str, Any]:
    """The look's document."""
    return ctx.looks.get(look_id)


@router.put("/looks/{look_id}/landmarks", dependencies=OPERATOR, tags=["looks"], summary="Say where the face is")
async def landmarks(look_id: str, body: Landmarks, ctx: Ctx) -> dict[str, Any]:
    """Points in pixels of the source picture; the look is baked again."""
    return ctx.looks.set_landmarks(look_id, body.model_dump(mode="json"))


@router.post("/looks/{look_id}/activate", dependencies=OPERATOR, status_code=202, tags=["looks"], summary="Show it")
async def activate(look_id: str, ctx: Ctx, body: Activate) -> dict[str, Any]:
    """The room cross-fades to it."""
    ctx.rooms.activate_look(body.room, look_id)
    return ctx.looks.get(look_id)


@router.get("/looks/{look_id}/source", dependencies=VIEWER, tags=["looks"], summary="The picture it was made from")
async def source(look_id: str, ctx: Ctx) -> FileResponse:
    """As uploaded."""
    return FileResponse(ctx.looks.source(look_id))


@router.get("/looks/{look_id}/preview", dependencies=VIEWER, tags=["looks"], summary="How it looks")
async def preview(look_id: str, ctx: Ctx) -> FileResponse:
    """A picture of the baked look."""
    return FileResponse(ctx.looks.preview(look_id))


@router.delete("/looks/{look_id}", dependencies=OPERATOR, status_code=204, tags=["looks"], summary="Remove")
async def delete(look_id: str, ctx: Ctx) -> None:
    """Not while a room shows it."""
    ctx.looks.delete(look_id)


@router.get("/voices", dependencies=VIEWER, tags=["looks"], summary="List voices")
async def voices(ctx: Ctx) -> list[dict[str, Any]]:
    """The voices of every language."""
    answer = await ctx.bus.request("voice", "voices", timeout_s=5.0)
    return list(answer["voices"])
