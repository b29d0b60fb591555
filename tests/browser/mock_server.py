"""The API of docs/api.md over data in memory, and the panel, for tests of the panel alone."""

from __future__ import annotations

import asyncio
import contextlib
import io
import itertools
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import uvicorn
from fastapi import Depends, FastAPI, Form, HTTPException, Request, Response, UploadFile, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from PIL import Image, ImageDraw

from server.app import CSP, WEB
from tests.browser import shop
from tests.browser.clip import FRAGMENT_S, Clip
from tests.browser.mock_desk import Desk, add_desk
from tests.browser.mock_training import Training, add_training
from tests.browser.mock_wardrobe import Wardrobe, add_wardrobe

TOKEN = "na_test_owner"
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#1d2747"/>'
    '<circle cx="16" cy="16" r="7" fill="#f7ae3d"/></svg>'
)


def _portrait() -> bytes:
    picture = Image.new("RGB", (360, 640), (38, 52, 98))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((110, 130, 250, 320), fill=(246, 214, 190))
    for x in (150, 210):
        draw.ellipse((x - 9, 205, x + 9, 215), fill=(40, 30, 30))
    draw.ellipse((160, 268, 200, 280), fill=(190, 80, 90))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


class Mock:
    """What the panel did to the API, and the data it sees."""

    def __init__(self, clip: Clip) -> None:
        self.clip = clip
        self.products = shop.products()
        self.scripts = shop.scripts()
        self.outputs = shop.outputs()
        self.looks = shop.looks()
        self.room = shop.room()
        self.tokens: list[dict[str, Any]] = [
            {"id": 1, "name": "owner", "role": "owner", "created": "2026-01-01T00:00:00Z"}
        ]
        self.chat = shop.chat()
        self.skips = 0
        self.keys: list[str] = []
        self.landmarks: dict[str, Any] = {}
        self.paused = False
        self.pinned: str | None = "serum"
        self.listeners: set[asyncio.Queue[dict[str, Any]]] = set()
        self.numbers = itertools.count(100)
        self.portrait = _portrait()
        self.started = time.monotonic()
        self.wardrobe = Wardrobe()
        self.training = Training()
        self.desk = Desk()
        self.said = self.desk.said
        self.role = "owner"

    def status(self) -> dict[str, Any]:
        """The status document."""
        shown = shop.status(self.room, self.outputs, self.paused, self.pinned, time.monotonic() - self.started)
        return shown | self.wardrobe.status() | self.desk.status()


def _find(rows: list[dict[str, Any]], key: Any) -> dict[str, Any]:
    for row in rows:
        if str(row["id"]) == str(key):
            return row
    raise HTTPException(404, f"there is no {key}")


def make_app(mock: Mock) -> FastAPI:
    """The application."""
    app = FastAPI()

    @app.middleware("http")
    async def policy(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers["Content-Security-Policy"] = CSP + "; style-src 'self'; script-src 'self'"
        response.headers["Cache-Control"] = "no-cache"
        return response

    @app.exception_handler(HTTPException)
    async def problem(_request: Request, error: HTTPException) -> JSONResponse:
        body = {
            "title": "Error",
            "status": error.status_code,
            "detail": error.detail,
            "code": "x",
            "next_step": "look it up",
        }
        return JSONResponse(body, error.status_code, media_type="application/problem+json")

    def signed_in(request: Request) -> None:
        if request.cookies.get("na_session") != "s1":
            raise HTTPException(401, "sign in first")
        if request.method != "GET" and request.headers.get("X-CSRF-Token") != "c1":
            raise HTTPException(403, "the CSRF token is missing")

    safe = [Depends(signed_in)]

    def me() -> dict[str, str]:
        return {"role": mock.role, "name": "Lin", "csrf": "c1"}

    @app.post("/auth/login")
    async def login(body: dict[str, str], response: Response) -> Any:
        if body["token"] != TOKEN:
            raise HTTPException(401, "this token is wrong or was revoked")
        response.set_cookie("na_session", "s1", httponly=True)
        return me()

    @app.get("/auth/me", dependencies=safe)
    async def who() -> Any:
        return me()

    @app.post("/auth/logout", dependencies=safe)
    async def logout(response: Response) -> Any:
        response.delete_cookie("na_session")
        return me()

    @app.get("/health")
    async def health() -> Any:
        return {
            "status": "ok",
            "version": "0.1.0",
            "uptime_s": 4242.0,
            "rooms": {"main": {"on_air": True, "fps": 25.0}},
        }

    @app.get("/auth/tokens", dependencies=safe)
    async def tokens() -> Any:
        return mock.tokens

    @app.post("/auth/tokens", dependencies=safe, status_code=201)
    async def make_token(body: dict[str, str]) -> Any:
        row = {"id": next(mock.numbers), "created": "2026-02-02T00:00:00Z", **body}
        mock.tokens.append(row)
        return row | {"token": "na_secret_once"}

    @app.delete("/auth/tokens/{key}", dependencies=safe, status_code=204)
    async def revoke(key: str) -> None:
        mock.tokens.remove(_find(mock.tokens, key))

    @app.get("/rooms", dependencies=safe)
    async def rooms() -> Any:
        return [mock.room]

    @app.get("/rooms/main", dependencies=safe)
    async def room() -> Any:
        return mock.room

    @app.patch("/rooms/main", dependencies=safe)
    async def patch_room(body: dict[str, Any]) -> Any:
        mock.room.update(body)
        return mock.room

    add_desk(app, mock.desk, safe)

    @app.post("/rooms/main/{verb}", dependencies=safe)
    async def act(verb: str, body: dict[str, Any]) -> Any:
        if verb == "skip":
            mock.skips += 1
        elif verb == "pause":
            mock.paused = body["on"]
        else:
            mock.room["on_air"] = verb == "start"
        return mock.status()

    @app.get("/products", dependencies=safe)
    async def products() -> Any:
        return [p | {"pinned": p["id"] == mock.pinned} for p in mock.products]

    @app.get("/guard/findings", dependencies=safe)
    async def findings() -> Any:
        wrong = [p for p in mock.products if p["was_price"] and float(p["was_price"]) <= float(p["price"])]
        message = {"zh": "原价不高于现价，没有折扣可说。", "en": "The price before is not above the price now."}
        return [{"product_id": p["id"], "kind": "was_price", "texts": [], "message": message} for p in wrong]

    @app.post("/products", dependencies=safe, status_code=201)
    async def add_product(body: dict[str, Any]) -> Any:
        row = {"id": f"p{next(mock.numbers)}", "position": 9, "has_picture": False, "pinned": False, **body}
        mock.products.append(row)
        return row

    @app.put("/products/{key}", dependencies=safe)
    @app.patch("/products/{key}", dependencies=safe)
    async def change_product(key: str, body: dict[str, Any]) -> Any:
        if body.get("price") == "abc":
            raise HTTPException(422, "price: not a number")
        row = _find(mock.products, key)
        row.update(body)
        return row

    @app.delete("/products/{key}", dependencies=safe, status_code=204)
    async def delete_product(key: str) -> None:
        mock.products.remove(_find(mock.products, key))

    @app.post("/products/{key}/pin", dependencies=safe)
    async def pin(key: str, body: dict[str, bool]) -> Any:
        mock.pinned = key if body["pinned"] else None
        return _find(mock.products, key)

    @app.post("/products/{key}/picture", dependencies=safe)
    async def set_picture(key: str, file: UploadFile) -> Any:
        row = _find(mock.products, key)
        row["has_picture"] = bool(await file.read())
        return row

    @app.get("/products/{key}/picture", dependencies=safe)
    async def picture(key: str) -> Response:
        return Response(shop.picture(key), media_type="image/png")

    @app.get("/scripts", dependencies=safe)
    async def scripts() -> Any:
        return mock.scripts

    @app.post("/scripts", dependencies=safe, status_code=201)
    async def add_script(body: dict[str, Any]) -> Any:
        mock.scripts.append({"id": f"s{next(mock.numbers)}", **body})
        return mock.scripts[-1]

    @app.put("/scripts/{key}", dependencies=safe)
    async def put_script(key: str, body: dict[str, Any]) -> Any:
        row = _find(mock.scripts, key)
        row.update(body)
        return row

    @app.delete("/scripts/{key}", dependencies=safe, status_code=204)
    async def delete_script(key: str) -> None:
        mock.scripts.remove(_find(mock.scripts, key))

    @app.post("/chat", dependencies=safe)
    async def write(body: dict[str, Any]) -> Any:
        line = {"type": "chat", "id": next(mock.numbers), "ts": "2026-01-01T20:00:00Z", "answered": False, **body}
        mock.chat.append(line)
        for queue in mock.listeners:
            queue.put_nowait(line)
        return {"id": line["id"], "accepted": True, "reason": ""}

    @app.get("/outputs/platforms", dependencies=safe)
    async def platforms() -> Any:
        return shop.PLATFORMS

    @app.get("/outputs", dependencies=safe)
    async def outputs() -> Any:
        return mock.outputs

    @app.post("/outputs", dependencies=safe, status_code=201)
    async def add_output(body: dict[str, Any]) -> Any:
        key = body.pop("key", "")
        mock.keys.append(key)
        row = {
            "id": next(mock.numbers),
            "has_key": bool(key),
            "paused": False,
            "url": "",
            "refresh_url": "",
            "state": shop.sink("connecting"),
            **body,
        }
        mock.outputs.append(row)
        return row

    @app.patch("/outputs/{key}", dependencies=safe)
    async def patch_output(key: str, body: dict[str, Any]) -> Any:
        mock.keys.append(body.pop("key", ""))
        row = _find(mock.outputs, key)
        row.update(body)
        return row

    @app.delete("/outputs/{key}", dependencies=safe, status_code=204)
    async def delete_output(key: str) -> None:
        mock.outputs.remove(_find(mock.outputs, key))

    @app.post("/outputs/{key}/{verb}", dependencies=safe)
    async def hold(key: str, verb: str) -> Any:
        row = _find(mock.outputs, key)
        row["paused"] = verb == "pause"
        row["state"] = shop.sink("paused" if row["paused"] else "live")
        return row

    add_wardrobe(app, mock.wardrobe, safe, mock.portrait, mock.looks)
    add_training(app, mock.training, safe)

    @app.get("/looks", dependencies=safe)
    async def looks() -> Any:
        return mock.looks

    @app.post("/looks", dependencies=safe, status_code=201)
    async def add_look(file: UploadFile, name: str = Form("")) -> Any:
        await file.read()
        row = shop.look(f"look-{next(mock.numbers)}", name, "baking", "photo")
        mock.looks.append(row)
        return row

    @app.put("/looks/{key}/landmarks", dependencies=safe)
    async def landmarks(key: str, body: dict[str, Any]) -> Any:
        mock.landmarks[key] = body
        row = _find(mock.looks, key)
        row.update(state="ready", landmarks=body, error="")
        return row

    @app.post("/looks/{key}/activate", dependencies=safe, status_code=202)
    async def activate(key: str) -> Any:
        mock.room["look_id"] = key
        return _find(mock.looks, key)

    @app.get("/looks/{key}/source", dependencies=safe)
    @app.get("/looks/{key}/preview", dependencies=safe)
    async def look_picture(key: str) -> Response:
        return Response(mock.portrait, media_type="image/png")

    @app.delete("/looks/{key}", dependencies=safe, status_code=204)
    async def delete_look(key: str) -> None:
        mock.looks.remove(_find(mock.looks, key))

    @app.get("/voices", dependencies=safe)
    async def voices() -> Any:
        return [
            {"id": "espeak:zh", "lang": "zh", "name": "普通话"},
            {"id": "espeak:en", "lang": "en", "name": "English"},
        ]

    @app.websocket("/rooms/main/status")
    async def status(ws: WebSocket) -> None:
        await ws.accept()
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                await ws.send_json(mock.status())
                await asyncio.sleep(0.25)

    @app.websocket("/rooms/main/chat")
    async def feed(ws: WebSocket) -> None:
        await ws.accept()
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        for line in mock.chat[-50:]:
            queue.put_nowait(line)
        mock.listeners.add(queue)

        async def send() -> None:
            while True:
                await ws.send_json(await queue.get())

        sending = asyncio.create_task(send())
        try:
            with contextlib.suppress(WebSocketDisconnect, RuntimeError):
                while True:
                    await ws.receive_text()
        finally:
            sending.cancel()
            mock.listeners.discard(queue)

    @app.websocket("/rooms/main/preview")
    async def preview(ws: WebSocket) -> None:
        await ws.accept()
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                await ws.send_json({"mime": mock.clip.mime})
                await ws.send_bytes(mock.clip.init)
                begun = time.monotonic()
                for n, fragment in enumerate(mock.clip.fragments):
                    await asyncio.sleep(max(0.0, begun + n * FRAGMENT_S - time.monotonic()))
                    await ws.send_bytes(fragment)

    if not (WEB / "logo.svg").is_file():

        @app.get("/logo.svg")
        async def logo() -> Response:
            return Response(LOGO, media_type="image/svg+xml")

    app.mount("/", StaticFiles(directory=WEB, html=True))
    return app


@contextlib.contextmanager
def serving(clip: Clip) -> Iterator[tuple[str, Mock]]:
    """The address of a running mock server, and its data."""
    mock = Mock(clip)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        make_app(mock), log_level="warning", lifespan="off", timeout_graceful_shutdown=1, ws="websockets-sansio"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", mock
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
