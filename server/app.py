"""App: the API and the panel as one ASGI application."""

import time
from importlib import metadata
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from fastapi.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server import metrics, problems
from server.context import Context
from server.routes import (
    adapters,
    airlog,
    auth,
    chat,
    desk,
    guard,
    live,
    looks,
    outputs,
    products,
    rooms,
    running_order,
    takeover,
    training,
    wardrobe,
)
from server.routes.depends import VIEWER, Ctx

WEB = Path(__file__).parents[1] / "web"
FORM_BYTES = 1 << 20
"""What a form may hold beside its file."""
CSP = (
    "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self' ws: wss:; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
DOCS_CSP = (
    "default-src 'self'; img-src 'self' data: https://fastapi.tiangolo.com; "
    "script-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; "
    "style-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net"
)


class Headers:
    """Adds the headers that keep a browser from doing what the panel never needs, and bounds bodies."""

    def __init__(self, app: ASGIApp, max_body: int) -> None:
        self._app, self._max_body = app, max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = next((v for k, v in scope["headers"] if k == b"content-length"), b"0")
        if length.isdigit() and int(length) > self._max_body:
            answer = problems.problem(413, "the body is too large", code="too_large", next_step="send less")
            await answer(scope, receive, send)
            return
        path: str = scope["path"]
        policy = DOCS_CSP if path in ("/docs", "/redoc") else CSP

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = [
                    (b"content-security-policy", policy.encode()), (b"x-content-type-options", b"nosniff"),
                    (b"referrer-policy", b"no-referrer"), (b"cross-origin-opener-policy", b"same-origin"),
                    (b"cache-control", b"no-cache"),
                ]
                own = {k for k, _ in message["headers"]}
                message["headers"] = [*message["headers"], *((k, v) for k, v in extra if k not in own)]
            await send(message)

        await self._app(scope, receive, with_headers)


def make_app(context: Context) -> FastAPI:
    """The application over a context that has been made."""
    version = metadata.version("nightanchor")
    app = FastAPI(
        title="NightAnchor", version=version, summary="The presenter who never sleeps",
        description="Rooms, products, scripts, chat, outputs, presenters and adapters of a livestream server.",
        generate_unique_id_function=lambda route: f"{(route.tags or ['main'])[0]}_{route.name}",
    )
    app.state.context = context
    problems.install(app)
    limits = context.settings
    app.add_middleware(
        Headers, max_body=(max(
            limits.looks.max_upload_mb, limits.adapters.max_upload_mb, limits.training.max_upload_mb
        ) << 20) + FORM_BYTES,
    )

    @app.get("/health", tags=["health"], summary="Is it alive")
    async def health(ctx: Ctx) -> dict[str, Any]:
        """Open to everybody; `degraded` when a room that should be on air is not."""
        on_air = {room_id: ctx.rooms.status(room_id) for room_id in ctx.rooms.on_air}
        shown = {k: {"on_air": v["on_air"], "fps": v["playout"].get("fps") or 0.0} for k, v in on_air.items()}
        good = all(v["on_air"] for v in shown.values())
        uptime = round(time.monotonic() - ctx.started, 1)
        return {"status": "ok" if good else "degraded", "version": version, "uptime_s": uptime, "rooms": shown}

    @app.get("/metrics", dependencies=VIEWER, tags=["health"], summary="Prometheus metrics")
    async def scrape(ctx: Ctx) -> PlainTextResponse:
        """Text exposition format."""
        return PlainTextResponse(metrics.exposition(ctx).decode(), media_type=metrics.CONTENT_TYPE)

    # `wardrobe` before `looks`: /looks/portrait is no look's id.
    for part in (
        auth, rooms, running_order, takeover, products, chat, outputs, wardrobe, looks, adapters, training, airlog,
        guard, desk, live,
    ):
        app.include_router(part.router)
    if WEB.is_dir():
        app.mount("/", StaticFiles(directory=WEB, html=True), name="panel")

    return app
