"""Products and scripts."""

from typing import Any

from fastapi import APIRouter, UploadFile
from fastapi.responses import FileResponse

from server.documents import Pin, ProductIn, ProductPatch, ScriptIn
from server.routes.depends import OPERATOR, PROBLEMS, VIEWER, Ctx, read

router = APIRouter(responses=PROBLEMS)
MAX_PICTURE = 20 << 20


@router.get("/products", dependencies=VIEWER, tags=["products"], summary="List products")
async def products(ctx: Ctx, room: str | None = None) -> list[dict[str, Any]]:
    """In the order in which they are sold."""
    return ctx.catalogue.every(room)


@router.post("/products", dependencies=OPERATOR, status_code=201, tags=["products"], summary="Add a product")
async def create(body: ProductIn, ctx: Ctx) -> dict[str, Any]:
    """It joins the show at once."""
    return ctx.catalogue.create(body)


@router.get("/products/{product_id}", dependencies=VIEWER, tags=["products"], summary="One product")
async def get(product_id: str, ctx: Ctx) -> dict[str, Any]:
    """The product's document."""
    return ctx.catalogue.get(product_id)


@router.put("/products/{product_id}", dependencies=OPERATOR, tags=["products"], summary="Overwrite a product")
async def replace(product_id: str, body: ProductIn, ctx: Ctx) -> dict[str, Any]:
    """All fields but picture and pin."""
    return ctx.catalogue.replace(product_id, body)


@router.patch("/products/{product_id}", dependencies=OPERATOR, tags=["products"], summary="Change a product")
async def patch(product_id: str, body: ProductPatch, ctx: Ctx) -> dict[str, Any]:
    """A changed price is on the card and in the presenter's mouth at once."""
    return ctx.catalogue.patch(product_id, body)


@router.delete("/products/{product_id}", dependencies=OPERATOR, status_code=204, tags=["products"], summary="Remove")
async def delete(product_id: str, ctx: Ctx) -> None:
    """With its scripts."""
    ctx.catalogue.delete(product_id)


@router.post("/products/{product_id}/pin", dependencies=OPERATOR, tags=["products"], summary="Keep on the card")
async def pin(product_id: str, body: Pin, ctx: Ctx) -> dict[str, Any]:
    """At most one product of a room is pinned."""
    return ctx.catalogue.pin(product_id, body.pinned)


@router.post("/products/{product_id}/picture", dependencies=OPERATOR, tags=["products"], summary="Upload a picture")
async def set_picture(product_id: str, file: UploadFile, ctx: Ctx) -> dict[str, Any]:
    """PNG, JPEG or WebP, at most 20 MB."""
    return ctx.catalogue.set_picture(product_id, await read(file, MAX_PICTURE))


@router.get("/products/{product_id}/picture", dependencies=VIEWER, tags=["products"], summary="The picture")
async def picture(product_id: str, ctx: Ctx) -> FileResponse:
    """A PNG."""
    return FileResponse(ctx.catalogue.picture(product_id), headers={"Cache-Control": "private, max-age=60"})


@router.get("/scripts", dependencies=VIEWER, tags=["scripts"], summary="List scripts")
async def scripts(ctx: Ctx, room: str | None = None, product_id: str | None = None) -> list[dict[str, Any]]:
    """Of a room, or of one product."""
    return ctx.scripts.every(room, product_id)


@router.post("/scripts", dependencies=OPERATOR, status_code=201, tags=["scripts"], summary="Add a script")
async def create_script(body: ScriptIn, ctx: Ctx) -> dict[str, Any]:
    """`{product}`, `{price}`, `{stock}`, `{fact}`, `{user}` are filled in when spoken; `[a|b]` varies."""
    return ctx.scripts.create(body)


@router.get("/scripts/{script_id}", dependencies=VIEWER, tags=["scripts"], summary="One script")
async def get_script(script_id: str, ctx: Ctx) -> dict[str, Any]:
    """The script's document."""
    return ctx.scripts.get(script_id)


@router.put("/scripts/{script_id}", dependencies=OPERATOR, tags=["scripts"], summary="Overwrite a script")
async def replace_script(script_id: str, body: ScriptIn, ctx: Ctx) -> dict[str, Any]:
    """Effective from the next sentence on."""
    return ctx.scripts.replace(script_id, body)


@router.delete("/scripts/{script_id}", dependencies=OPERATOR, status_code=204, tags=["scripts"], summary="Remove")
async def delete_script(script_id: str, ctx: Ctx) -> None:
    """One that is being said stops at the next sentence."""
    ctx.scripts.delete(script_id)
