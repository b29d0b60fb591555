"""The desk shows what is written and why, bounded, over REST and websocket."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from server.app import make_app
from server.desk import KEPT, Desk
from tests.server.conftest import Api


def draft(job: str, text: str, *, done: bool = False) -> dict[str, Any]:
    return {"type": "draft", "job": job, "text": text, "done": done, "engine": "remote", "event_id": None, "kind": "pitch"}


def test_a_text_that_grows_is_one_record_and_old_ones_go() -> None:
    desk = Desk()
    told: list[dict[str, Any]] = []
    desk.feed("main", told.append)
    desk.note("main", draft("a", "一"))
    desk.note("main", {"type": "card", "product_id": "x"})
    desk.note("main", draft("a", "一二", done=True))
    assert [r["text"] for r in desk.latest("main")] == ["一二"] and len(told) == 2
    assert told[0]["id"] < told[1]["id"]
    for n in range(3 * KEPT):
        desk.note("main", {"type": "skipped", "text": "x" * 10_000, "reason": "echo", "n": n})
    kept = desk.latest("main")
    assert len(kept) == KEPT and kept[-1]["reason"] == "form" and kept[-1]["detail"] == "echo"
    assert len(kept[-1]["text"]) == 2000
    assert desk.latest("other") == []


def test_every_verdict_is_shown_with_its_reasons() -> None:
    desk = Desk()
    line = {"line_id": "l1", "text": "全网最低价。", "lang": "zh", "source": "writer", "product_id": "p", "event_id": "7"}
    hit = {"rule": "absolute:lowest", "found": "最低", "reason": {"zh": "绝对化用语", "en": "absolute"}}
    desk.note("main", {"type": "guarded", "action": "hold", "said": "", "hits": [hit], **line})
    desk.note("main", {"type": "allowed", "action": "allow", "said": line["text"], "hits": [], **line})
    desk.note("main", {"type": "said", "reply_to": "7", **line})
    assert [(r["type"], r.get("action"), r["event_id"]) for r in desk.latest("main")] == [
        ("verdict", "hold", "7"), ("verdict", "allow", "7"), ("said", None, "7"),
    ]
    assert desk.latest("main")[0]["hits"] == [hit]


async def test_who_may_read_it(api: Api) -> None:
    assert (await api.anonymous.get("/rooms/main/desk")).status_code == 401
    assert (await api.client.get("/rooms/nowhere/desk")).status_code == 404
    assert (await api.client.get("/rooms/main/desk?limit=0")).status_code == 422
    api.context.desk.note("main", draft("a", "一"))
    assert [r["type"] for r in (await api.client.get("/rooms/main/desk?limit=1")).json()] == ["draft"]


async def test_the_socket_sends_what_was_and_what_comes(api: Api) -> None:
    api.context.desk.note("main", draft("a", "一"))
    sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue(50)
    heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue(50)
    heard.put_nowait({"type": "websocket.connect"})
    scope = {
        "type": "websocket", "path": "/rooms/main/desk", "raw_path": b"/rooms/main/desk", "root_path": "",
        "query_string": f"token={api.token}".encode(), "headers": [(b"host", b"127.0.0.1:8000")], "subprotocols": [],
        "client": ("127.0.0.1", 5000), "server": ("127.0.0.1", 8000), "scheme": "ws", "http_version": "1.1",
    }
    serving = asyncio.ensure_future(make_app(api.context)(scope, heard.get, sent.put))
    try:
        async with asyncio.timeout(20):
            assert (await sent.get())["type"] == "websocket.accept"
            assert json.loads((await sent.get())["text"])["text"] == "一"
            api.context.desk.note("main", draft("a", "一二", done=True))
            assert json.loads((await sent.get())["text"])["done"] is True
            heard.put_nowait({"type": "websocket.disconnect", "code": 1000})
            await serving
    finally:
        serving.cancel()
