"""Problem documents (RFC 9457): every error the API gives has this one form."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from adapters.errors import AdapterError, BadConfig, BadTimetable, NoSpace, Refused
from streaming.errors import BadInput, Conflict, NightAnchorError, NotFound, Unavailable

log = logging.getLogger("nightanchor.problems")

_TITLES = {
    400: "Bad request", 401: "Not signed in", 403: "Not allowed", 404: "Not found", 405: "Method not allowed",
    409: "Conflict", 413: "Too large", 415: "Unsupported media", 422: "Invalid input", 429: "Too many attempts",
    500: "Internal fault", 503: "Not available now", 507: "No space left",
}
_REASONS = {"unknown": 404, "deleted": 404, "consent": 409, "incompatible": 422, "studio_down": 503}
"""Reasons of an activation that say more than the kind of error."""


class Denied(NightAnchorError):
    """The caller is not signed in (401), may not do this (403), or tries too often (429)."""

    code = "denied"

    def __init__(self, status: int, message: str, *, next_step: str) -> None:
        super().__init__(message, next_step=next_step)
        self.status = status


class TooLarge(BadInput):
    """A body over its limit."""

    code = "too_large"


def status_of(error: NightAnchorError) -> int:
    """The HTTP status for one of our errors."""
    if isinstance(error, Denied):
        return error.status
    if error.reason in _REASONS:
        return _REASONS[error.reason]
    for kind, status in ((TooLarge, 413), (BadInput, 422), (NotFound, 404), (Conflict, 409), (Unavailable, 503)):
        if isinstance(error, kind):
            return status
    return 500


def problem(status: int, detail: str, *, code: str, next_step: str = "", **extra: Any) -> JSONResponse:
    """A problem document as a response."""
    body = {
        "type": f"about:blank#{code}", "title": _TITLES.get(status, "Error"), "status": status, "detail": detail,
        "code": code, "next_step": next_step, **extra,
    }
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def _place(error: RequestValidationError) -> dict[str, Any]:
    """The list and the entries in it that are wrong, where the body has lists: as the errors of services name them."""
    places = [e["loc"][1:3] for e in error.errors() if e["loc"][:1] == ("body",) and len(e["loc"]) > 2]
    found = [(what, at) for what, at in places if isinstance(what, str) and isinstance(at, int)]
    return {"what": found[0][0], "at": sorted({at for what, at in found if what == found[0][0]})} if found else {}


def install(app: FastAPI) -> None:
    """Have every error of `app` answered by a problem document."""

    @app.exception_handler(NightAnchorError)
    async def known(_request: Request, error: NightAnchorError) -> JSONResponse:
        extra = {"reason": error.reason} if error.reason else {}
        extra |= getattr(error, "extra", {})
        return problem(status_of(error), error.message, code=error.code, next_step=error.next_step, **extra)

    @app.exception_handler(AdapterError)
    async def adapter(_request: Request, error: AdapterError) -> JSONResponse:
        extra: dict[str, Any] = {}
        status, code = 422, "bad_input"
        if isinstance(error, Refused | NoSpace):
            extra["reason"] = error.reason
        if isinstance(error, BadConfig):
            extra["reason"] = error.field
        if isinstance(error, NoSpace):
            status, code = 507, "spent"
        if isinstance(error, BadTimetable):
            status, code = 409, "conflict"
            extra |= {"at": list(error.at), "what": error.what}
        return problem(status, error.message, code=code, next_step=error.next_step, **extra)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        faults = [
            {"field": ".".join(str(p) for p in e["loc"] if p != "body"), "message": e["msg"]} for e in error.errors()
        ]
        first = faults[0] if faults else {"field": "", "message": "invalid"}
        return problem(
            422, f"{first['field']}: {first['message']}".lstrip(": "), code="bad_input",
            next_step="correct the fields named in `errors`", errors=faults, **_place(error),
        )

    @app.exception_handler(HTTPException)
    async def http(_request: Request, error: HTTPException) -> JSONResponse:
        code = {401: "denied", 403: "denied", 404: "not_found", 405: "method", 413: "too_large"}
        return problem(error.status_code, str(error.detail), code=code.get(error.status_code, "http"))

    @app.exception_handler(Exception)
    async def unknown(request: Request, error: Exception) -> JSONResponse:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return problem(
            500, "something failed inside the server", code="internal", next_step="see data/logs/server.log"
        )
