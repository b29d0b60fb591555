"""Adapters: the catalogue, and what each room wears of it."""

import asyncio
import os
import shutil
import tempfile
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, Header, Query, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse
from pydantic import ValidationError

from adapters.errors import NoSpace
from server.problems import TooLarge
from server.routes.depends import OPERATOR, PROBLEMS, VIEWER, Ctx
from server.wardrobe.documents import ActivateIn, AdapterIn, AdapterPatch, RollbackIn
from streaming.errors import Unavailable

router = APIRouter(prefix="/adapters", tags=["adapters"], responses=PROBLEMS)

CHUNK = 1 << 20
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=100)]


@router.get("", dependencies=VIEWER, summary="List adapters")
async def adapters(ctx: Ctx) -> list[dict[str, Any]]:
    """Newest first."""
    return ctx.adapters.every()


@router.post("", dependencies=OPERATOR, status_code=201, summary="Add an adapter")
async def create(
    ctx: Ctx, file: UploadFile,
    name: Annotated[str, Form()] = "", licence: Annotated[str, Form()] = "",
    likeness: Annotated[str, Form()] = "unknown", consent_by: Annotated[str, Form()] = "",
    consent_note: Annotated[str, Form()] = "", trigger_words: Annotated[str, Form()] = "",
    config: UploadFile | None = None,
) -> dict[str, Any]:
    """One .safetensors file of diffusers, PEFT (with its adapter_config.json as `config`) or kohya.

    It is inspected without being run, refused with a `reason`, and kept in one canonical form.
    """
    try:
        body = AdapterIn.model_validate({
            "name": name, "licence": licence, "likeness": likeness, "consent_by": consent_by,
            "consent_note": consent_note, "trigger_words": trigger_words,
        })
    except ValidationError as e:
        raise RequestValidationError(e.errors()) from e
    if not ctx.studio.wanted:
        raise Unavailable(
            "this installation has no base model to judge adapters by",
            next_step="Set visual.path or language.path in nightanchor.yaml.",
        )
    settings = await config.read(CHUNK) if config is not None else None
    limit = ctx.settings.adapters.max_upload_mb << 20
    part = await asyncio.to_thread(_spool, file, ctx.adapters.folder, limit)
    try:
        return await ctx.adapters.add(part, body, file.filename or "adapter.safetensors", settings)
    finally:
        await asyncio.to_thread(part.unlink, missing_ok=True)


def _spool(file: UploadFile, folder: Path, limit: int) -> Path:
    """The upload as a file of its own; raises `TooLarge` or `NoSpace` and leaves nothing behind."""
    if file.size is not None and file.size > limit:
        raise TooLarge(
            f"the file is over {limit >> 20} MB", next_step="use a lower rank, or raise adapters.max_upload_mb"
        )
    part: Path | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(".upload", dir=folder)
        part = Path(name)
        with os.fdopen(handle, "wb") as out:
            shutil.copyfileobj(file.file, out, CHUNK)
    except OSError as e:
        if part is not None:
            part.unlink(missing_ok=True)
        raise NoSpace("no_disk", f"the file can't be kept: {e.strerror}", next_step="Free some space.") from e
    return part


@router.post("/activate", dependencies=OPERATOR, status_code=202, summary="Change who is on air")
async def activate(body: ActivateIn, ctx: Ctx, key: Key = None) -> dict[str, Any]:
    """Prepared beside the show, committed at a sentence boundary; watch the activation or the status socket."""
    return ctx.activations.ask(body, key)


@router.post("/rollback", dependencies=OPERATOR, status_code=202, summary="Go back to who was on air before")
async def rollback(body: RollbackIn, ctx: Ctx, key: Key = None) -> dict[str, Any]:
    """An activation like any other."""
    return ctx.activations.rollback(body.room, key)


@router.get("/active", dependencies=VIEWER, summary="Who is on air")
async def active(ctx: Ctx, room: str | None = None) -> list[dict[str, Any]]:
    """One entry a room."""
    ids = [room] if room is not None else [r["id"] for r in ctx.rooms.every()]
    return [ctx.active(r) for r in ids]


@router.get("/activations", dependencies=VIEWER, summary="List activations")
async def activations(
    ctx: Ctx, room: str | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 20
) -> list[dict[str, Any]]:
    """Newest first."""
    return ctx.activations.record.every(room, limit)


@router.get("/activations/{activation_id}", dependencies=VIEWER, summary="One activation")
async def activation(activation_id: str, ctx: Ctx) -> dict[str, Any]:
    """How far it is, or why it failed and who stayed on air."""
    return ctx.activations.record.get(activation_id)


@router.delete("/activations/{activation_id}", dependencies=OPERATOR, summary="Give one up")
async def cancel(activation_id: str, ctx: Ctx) -> dict[str, Any]:
    """Until it is committed."""
    return ctx.activations.cancel(activation_id)


@router.get("/{adapter_id}", dependencies=VIEWER, summary="One adapter")
async def get(adapter_id: str, ctx: Ctx) -> dict[str, Any]:
    """The adapter's document."""
    return ctx.adapters.get(adapter_id)


@router.patch("/{adapter_id}", dependencies=OPERATOR, summary="Change what is said of it")
async def patch(adapter_id: str, body: AdapterPatch, ctx: Ctx) -> dict[str, Any]:
    """Name, licence, likeness and consent, trigger words."""
    return ctx.adapters.patch(adapter_id, body)


@router.get("/{adapter_id}/preview", dependencies=VIEWER, summary="What it paints")
async def preview(adapter_id: str, ctx: Ctx) -> FileResponse:
    """A picture made at import."""
    return FileResponse(ctx.adapters.preview(adapter_id))


@router.delete("/{adapter_id}", dependencies=OPERATOR, status_code=204, summary="Remove")
async def delete(adapter_id: str, ctx: Ctx) -> None:
    """Not while a persona uses it or a room wears it."""
    await ctx.adapters.delete(adapter_id)
