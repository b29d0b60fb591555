"""What routes depend on."""

from typing import Annotated, Any, cast

from fastapi import Depends, Request, UploadFile
from starlette.requests import HTTPConnection

from server.auth.gate import needs
from server.auth.tokens import Identity
from server.context import Context
from server.documents import Problem
from server.problems import TooLarge


def context_of(connection: HTTPConnection) -> Context:
    """The server's context, for requests and websockets."""
    return cast(Context, connection.app.state.context)


def _context(request: Request) -> Context:
    return context_of(request)


Ctx = Annotated[Context, Depends(_context)]
Caller = Annotated[Identity, needs("viewer")]
Operating = Annotated[Identity, needs("operator")]
VIEWER, OPERATOR, OWNER = [needs("viewer")], [needs("operator")], [needs("owner")]
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": text, "content": {"application/problem+json": {}}}
    for status, text in (
        (401, "Not signed in"), (403, "Not allowed"), (404, "Not found"), (409, "Conflict"), (422, "Invalid input"),
        (503, "Not available now"),
    )
}


async def read(file: UploadFile, limit: int) -> bytes:
    """A file's bytes; raises `TooLarge` without reading more than the limit."""
    data = await file.read(limit + 1)
    if len(data) > limit:
        raise TooLarge(f"the file is over {limit >> 20} MB", next_step="make it smaller")
    return data
