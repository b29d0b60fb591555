"""Training: data sets and jobs."""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, UploadFile
from fastapi.responses import FileResponse, PlainTextResponse

from server.routes.depends import OPERATOR, PROBLEMS, VIEWER, Ctx
from server.training.documents import ItemIn, JobIn, PrepareIn
from server.wardrobe.documents import AdapterIn

router = APIRouter(prefix="/training", tags=["training"], responses=PROBLEMS)

REPORT_CSP = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'"


@router.get("/datasets", dependencies=VIEWER, summary="List data sets")
async def datasets(ctx: Ctx) -> list[dict[str, Any]]:
    """Newest first."""
    return ctx.datasets.every()


@router.post("/datasets", dependencies=OPERATOR, status_code=201, summary="Add a data set")
async def create_dataset(
    ctx: Ctx, files: list[UploadFile], name: Annotated[str, Form(min_length=1, max_length=60)],
    kind: Annotated[Literal["visual", "language"], Form()], trigger: Annotated[str, Form(max_length=60)] = "",
) -> dict[str, Any]:
    """Pictures, .csv, .jsonl, .txt or one .zip; captions and findings are made in the background, watch `state`."""
    given = [(f.filename or "file", f.file) for f in files]
    made = await asyncio.to_thread(ctx.datasets.add, name, kind, trigger, given)
    return ctx.datasets.prepare(made["id"], PrepareIn())


@router.get("/datasets/{key}", dependencies=VIEWER, summary="One data set")
async def dataset(key: str, ctx: Ctx) -> dict[str, Any]:
    """Its findings say what to mend."""
    return ctx.datasets.get(key)


@router.get("/datasets/{key}/items", dependencies=VIEWER, summary="What is in it")
async def items(
    key: str, ctx: Ctx, offset: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(ge=1, le=500)] = 60
) -> dict[str, Any]:
    """A page of pictures with prompts, or of dialogues."""
    return await asyncio.to_thread(ctx.datasets.items, key, offset, limit)


@router.put("/datasets/{key}/items/{name:path}", dependencies=OPERATOR, summary="Say what a picture shows")
async def caption(key: str, name: str, body: ItemIn, ctx: Ctx) -> dict[str, Any]:
    """Written into metadata.csv."""
    return await asyncio.to_thread(ctx.datasets.caption, key, name, body.prompt)


@router.get("/datasets/{key}/pictures/{name:path}", dependencies=VIEWER, summary="A picture")
async def picture(key: str, name: str, ctx: Ctx, size: Annotated[int, Query(ge=32, le=1600)] = 240) -> FileResponse:
    """Its longer side is at most `size` pixels."""
    return FileResponse(await asyncio.to_thread(ctx.datasets.picture, key, name, size))


@router.post("/datasets/{key}/prepare", dependencies=OPERATOR, status_code=202, summary="Put it in order again")
async def prepare(key: str, body: PrepareIn, ctx: Ctx) -> dict[str, Any]:
    """Captions, cleaning and findings, in the background."""
    return ctx.datasets.prepare(key, body)


@router.delete("/datasets/{key}", dependencies=OPERATOR, status_code=204, summary="Remove a data set")
async def delete_dataset(key: str, ctx: Ctx) -> None:
    """Not while a training uses it."""
    ctx.datasets.delete(key)


@router.get("/jobs", dependencies=VIEWER, summary="List trainings")
async def jobs(ctx: Ctx) -> list[dict[str, Any]]:
    """Newest first."""
    return ctx.jobs.every()


@router.post("/jobs", dependencies=OPERATOR, status_code=201, summary="Start a training")
async def create_job(body: JobIn, ctx: Ctx) -> dict[str, Any]:
    """One runs at a time, at the lowest priority; the others wait."""
    return ctx.jobs.create(body)


@router.post("/explain", dependencies=OPERATOR, summary="What a training would do")
async def explain(body: JobIn, ctx: Ctx) -> dict[str, Any]:
    """Steps, parameters and size; memory and time as an earlier training measured them, else null."""
    return ctx.jobs.explain(body)


@router.get("/jobs/{key}", dependencies=VIEWER, summary="One training")
async def job(key: str, ctx: Ctx) -> dict[str, Any]:
    """How far it is, or how it ended."""
    return ctx.jobs.get(key)


@router.get("/jobs/{key}/curve", dependencies=VIEWER, summary="Its losses")
async def curve(key: str, ctx: Ctx) -> dict[str, Any]:
    """By step, at most 600 points each."""
    return ctx.jobs.curve(key)


@router.get("/jobs/{key}/samples/{file}", dependencies=VIEWER, summary="A sample picture")
async def sample(key: str, file: str, ctx: Ctx) -> FileResponse:
    """As painted."""
    return FileResponse(ctx.jobs.sample(key, file))


@router.get("/jobs/{key}/report", dependencies=VIEWER, summary="Its report")
async def report(key: str, ctx: Ctx) -> FileResponse:
    """One page of HTML, when it has finished."""
    return FileResponse(ctx.jobs.report(key), headers={"content-security-policy": REPORT_CSP})


@router.get("/jobs/{key}/log", dependencies=VIEWER, summary="What its process printed")
async def log(key: str, ctx: Ctx, lines: Annotated[int, Query(ge=1, le=5000)] = 200) -> PlainTextResponse:
    """The end of it."""
    return PlainTextResponse(ctx.jobs.log(key, lines))


@router.post("/jobs/{key}/stop", dependencies=OPERATOR, status_code=202, summary="Stop")
async def stop(key: str, ctx: Ctx) -> dict[str, Any]:
    """After the step under way; what was learnt is kept."""
    return ctx.jobs.stop(key)


@router.post("/jobs/{key}/resume", dependencies=OPERATOR, status_code=202, summary="Go on")
async def resume(key: str, ctx: Ctx) -> dict[str, Any]:
    """Exactly where it was."""
    return ctx.jobs.resume(key)


@router.post("/jobs/{key}/publish", dependencies=OPERATOR, status_code=201, summary="Put the result into the catalogue")
async def publish(key: str, body: AdapterIn, ctx: Ctx) -> dict[str, Any]:
    """Returns the adapter."""
    return await ctx.jobs.publish(key, body)


@router.delete("/jobs/{key}", dependencies=OPERATOR, status_code=204, summary="Remove a training")
async def delete_job(key: str, ctx: Ctx) -> None:
    """With all it made, but for what was published."""
    ctx.jobs.delete(key)
