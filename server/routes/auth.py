"""Sign-in and tokens."""

from typing import Any

from fastapi import APIRouter, Request, Response

from server.auth.gate import COOKIE, Attempts
from server.documents import Login, TokenIn
from server.problems import Denied
from server.routes.depends import OWNER, PROBLEMS, Caller, Ctx

router = APIRouter(prefix="/auth", tags=["sign-in"], responses=PROBLEMS)
_attempts = Attempts()


@router.post("/login", summary="Sign a browser in with a token")
async def login(body: Login, request: Request, response: Response, ctx: Ctx) -> dict[str, Any]:
    """Set the panel's cookie; the CSRF token in the answer goes into `X-CSRF-Token` of every change."""
    address = request.client.host if request.client else ""
    _attempts.check(address)
    identity = ctx.tokens.by_token(body.token.strip())
    if identity is None:
        _attempts.failed(address)
        step = "make one: nightanchor token new --role owner"
        raise Denied(401, "this token is wrong or was revoked", next_step=step)
    cookie, csrf = ctx.tokens.open_session(identity)
    response.set_cookie(
        COOKIE, cookie, max_age=ctx.settings.server.session_hours * 3600, httponly=True, samesite="strict",
        secure=request.url.scheme == "https", path="/",
    )
    return {"role": identity.role, "name": identity.name, "csrf": csrf}


@router.post("/logout", summary="Sign this browser out")
async def logout(request: Request, response: Response, ctx: Ctx, caller: Caller) -> dict[str, Any]:
    """End the session of the cookie."""
    ctx.tokens.close_session(request.cookies.get(COOKIE, ""))
    response.delete_cookie(COOKIE, path="/")
    return {"role": None, "name": caller.name, "csrf": None}


@router.get("/me", summary="Who am I")
async def me(caller: Caller) -> dict[str, Any]:
    """The caller's role, and the CSRF token when signed in by cookie."""
    return {"role": caller.role, "name": caller.name, "csrf": caller.csrf or None}


@router.get("/tokens", dependencies=OWNER, summary="List tokens")
async def tokens(ctx: Ctx) -> list[dict[str, Any]]:
    """Every token, without its secret."""
    return ctx.tokens.every()


@router.post("/tokens", dependencies=OWNER, status_code=201, summary="Make a token")
async def create(body: TokenIn, ctx: Ctx) -> dict[str, Any]:
    """The secret is in the answer, and nowhere afterwards."""
    document, secret = ctx.tokens.create(body.name, body.role)
    return document | {"token": secret}


@router.delete("/tokens/{token_id}", dependencies=OWNER, status_code=204, summary="Revoke a token")
async def delete(token_id: int, ctx: Ctx) -> None:
    """Its sessions end, too."""
    ctx.tokens.delete(token_id)
