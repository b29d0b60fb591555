"""Which engine writes by the settings, and that its troubles are seen in status, desk and metrics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from server import demo
from server.app import make_app
from server.auth import bootstrap
from server.context import make_context
from server.settings import LanguageSection, RemoteSection, ScheduleSection, Settings
from tests.llm_server import LlmServer
from tests.server.conftest import Api, FakeBus

TEXT = "这款精华质地很清爽，您可以先看看商品卡。"


@asynccontextmanager
async def serving(tmp_path: Path, **language: Any) -> AsyncIterator[Api]:
    token = bootstrap(tmp_path)
    assert token is not None
    bus = FakeBus()
    language.setdefault("first_sentence_s", 15.0)
    settings = Settings(schedule=ScheduleSection(follow=False), language=LanguageSection(**language))
    context = make_context(settings, tmp_path, tmp_path, bus)
    demo.seed(context)
    transport = httpx.ASGITransport(make_app(context), raise_app_exceptions=False, client=("127.0.0.1", 5000))
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", headers=headers) as client:
        yield Api(context, bus, client, client, token)
    await context.rooms.close()
    await context.writing.close()
    context.store.close()


@pytest.fixture
def llm() -> Iterator[LlmServer]:
    with LlmServer(lambda body: TEXT) as made:
        yield made


def remote(url: str) -> RemoteSection:
    return RemoteSection(base_url=url, model="big", api_key="sk-secret", first_token_s=10.0, connect_s=10.0)  # type: ignore[arg-type]


@pytest.mark.parametrize(("language", "kinds"), [
    ({}, []), ({"path": "/base"}, []), ({"path": "/base", "on_air": True}, ["resident"]),
    ({"path": "/base", "engine": "resident"}, ["resident"]), ({"engine": "resident", "path": ""}, []),
    ({"remote": RemoteSection(base_url="http://h/v1")}, ["remote"]),
    ({"path": "/base", "on_air": True, "remote": RemoteSection(base_url="http://h/v1")}, ["remote", "resident"]),
    ({"path": "/base", "on_air": True, "engine": "template", "remote": RemoteSection(base_url="http://h/v1")}, []),
])
async def test_the_engines_are_those_of_the_settings(tmp_path: Path, language: Any, kinds: list[str]) -> None:
    async with serving(tmp_path, **language) as api:
        assert [b.engine.kind for b in api.context.writing.chain.breakers] == kinds
        assert (api.context.writing.writer("main") is None) == (not kinds)


async def until(api: Api, found: Any) -> Any:
    """Let playout play whatever is voiced, until `found` gives something."""
    async with asyncio.timeout(90):
        while True:
            if value := found():
                return value
            await asyncio.sleep(0.02)
            for n in range(1, api.bus.takes + 1):
                for op, outcome in (("take.started", {}), ("take.finished", {"outcome": "played"})):
                    api.bus.tell(op, take_id=f"t{n}", **outcome, **{"from": "playout:main"})


async def test_a_question_goes_through_the_server_to_the_voice(tmp_path: Path, llm: LlmServer) -> None:
    async with serving(tmp_path, remote=remote(llm.url)) as api:
        await api.context.rooms.start("main")
        api.child("voice")
        asked = await api.client.post("/chat", json={"room": "main", "user": "小月", "text": "精华的质地怎么样?", "kind": "question"})
        assert asked.json()["accepted"]
        spoken = await until(api, lambda: [m for m in api.bus.ops("speak") if m["line"]["source"] == "reply"])
        assert spoken[0]["line"]["text"] == f"小月，{TEXT}"
        records = (await api.client.get("/rooms/main/desk")).json()
        kinds = [r["type"] for r in records if r.get("event_id") == str(asked.json()["id"])]
        assert kinds[:2] == ["question", "retrieved"] and {"draft", "verdict"} <= set(kinds)
        draft = next(r for r in records if r["type"] == "draft" and r["event_id"])
        assert draft["text"] == TEXT and draft["done"] and draft["engine"] == "remote"
        writer = (await api.client.get("/rooms/main/status")).json()["writer"]
        assert (writer["engine"], writer["state"]) == ("remote", "ok") and writer["first_ms"] > 0


async def test_a_server_that_is_down_is_seen_everywhere(tmp_path: Path, llm: LlmServer) -> None:
    llm.mode = "401"
    async with serving(tmp_path, remote=remote(llm.url)) as api:
        await api.context.rooms.start("main")
        api.child("voice")
        await api.client.post("/chat", json={"room": "main", "user": "小月", "text": "精华多少钱?", "kind": "question"})
        spoken = await until(api, lambda: [m for m in api.bus.ops("speak") if m["line"]["source"] == "reply"])
        assert "99.9元" in "".join(m["line"]["text"] for m in spoken)
        status = (await api.client.get("/rooms/main/status")).json()
        assert (status["writer"]["engine"], status["writer"]["state"]) == ("template", "down")
        fault = next(f for f in status["faults"] if f["code"] == "writer_down")
        assert "401" in fault["message"]["zh"] and "api_key" in fault["next_step"]
        records = (await api.client.get("/rooms/main/desk")).json()
        engine = next(r for r in records if r["type"] == "engine")
        assert engine["state"] == "down" and "Incorrect API key" in engine["message"]
        metrics = (await api.client.get("/metrics")).text
        assert 'nightanchor_writer_up{engine="remote"} 0.0' in metrics
        assert 'nightanchor_writer_texts_total{engine="remote",outcome="down"}' in metrics
        assert "sk-secret" not in str(status) + str(records) + metrics
