"""The API over a real database, with a bus that takes down what it was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from server import demo
from server.app import make_app
from server.auth import bootstrap
from server.context import Context, make_context
from server.settings import ScheduleSection, Settings
from streaming.channel import Message
from streaming.errors import ChildDown


@dataclass
class FakeBus:
    """Every process is up and agrees, unless named in `down`."""

    asked: list[Message] = field(default_factory=list)
    down: set[str] = field(default_factory=set)
    listeners: dict[str, list[Callable[[Message], None]]] = field(default_factory=dict)
    takes: int = 0

    async def request(self, to: str, op: str, *, timeout_s: float = 1.0, **fields: Any) -> Message:
        self.asked.append({"to": to, "op": op, **fields})
        if to in self.down:
            raise ChildDown(f"{to} is not running", next_step="ask again")
        match op:
            case "speak":
                self.takes += 1
                return {"take": "/nonexistent", "take_id": f"t{self.takes}", "duration_s": 2.0, "ticks": 50}
            case "take.cancel":
                return {"cancelled": []}
            case "voices":
                return {"voices": [{"id": "zh-lin", "lang": "zh", "name": {"zh": "林", "en": "Lin"}}]}
        return {}

    def send(self, to: str, op: str, **fields: Any) -> None:
        self.asked.append({"to": to, "op": op, **fields})

    def listen(self, op: str, listener: Callable[[Message], None]) -> None:
        self.listeners.setdefault(op, []).append(listener)

    def tell(self, op: str, **fields: Any) -> None:
        for listener in self.listeners.get(op, []):
            listener({"op": op, **fields})

    def ops(self, op: str) -> list[Message]:
        return [m for m in self.asked if m["op"] == op]


@dataclass
class Api:
    """A server without sockets; `client` is signed in as owner."""

    context: Context
    bus: FakeBus
    client: httpx.AsyncClient
    anonymous: httpx.AsyncClient
    token: str

    def child(self, name: str, state: str = "running", **status: Any) -> None:
        self.bus.tell(
            "child", name=name, kind=name.split(":")[0], state=state, pid=1000 + len(name), restarts=0, since=5.0,
            status=status, cpu_s=1.0, rss_mb=100.0, reason="",
        )


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    token = bootstrap(tmp_path)
    assert token is not None
    bus = FakeBus()
    context = make_context(Settings(schedule=ScheduleSection(follow=False)), tmp_path, tmp_path, bus)
    demo.seed(context)
    app = make_app(context)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("127.0.0.1", 5000))
    base = "http://127.0.0.1:8000"
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx.AsyncClient(transport=transport, base_url=base, headers=headers) as client,
        httpx.AsyncClient(transport=transport, base_url=base) as anonymous,
    ):
        yield Api(context, bus, client, anonymous, token)
    await context.rooms.close()
    context.store.close()
