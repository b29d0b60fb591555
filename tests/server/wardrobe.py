"""An API with bases, and a bus whose studio and playout remember what they were told."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import update

from adapters.spec import BaseSpec, spec_of_folder
from server import demo
from server.app import make_app
from server.auth import bootstrap
from server.context import Context, make_context
from server.db.models import RoomRow
from server.settings import LanguageSection, ScheduleSection, Settings, VisualSection
from streaming.channel import Message
from streaming.errors import BadInput, ChildDown, NightAnchorError, TimedOut
from tests.adapters.files import kohya_file, peft_folder
from tests.server.conftest import Api, FakeBus

PERSONAS = [
    {"id": "a", "name": "Anna", "look_id": "lin", "voice": "va", "greeting": "大家好，我是Anna。", "mood": "calm"},
    {"id": "b", "name": "Bea", "look_id": "mei", "voice": "vb", "greeting": "大家好，我是Bea。", "mood": "lively"},
]


@dataclass
class StudioBus(FakeBus):
    """`fail` names ops that are refused, `slow` ops that take that many seconds."""

    look: str = ""
    worn: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    before: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    staged: set[str] = field(default_factory=set)
    fail: dict[str, NightAnchorError] = field(default_factory=dict)
    slow: dict[str, float] = field(default_factory=dict)

    async def request(self, to: str, op: str, *, timeout_s: float = 1.0, **fields: Any) -> Message:
        if to != "studio" and op not in ("look", "state", "take.cancel"):
            return await super().request(to, op, timeout_s=timeout_s, **fields)
        self.asked.append({"to": to, "op": op, **fields})
        await asyncio.sleep(self.slow.get(op, 0.0))
        if to in self.down:
            raise ChildDown(f"{to} is not running", next_step="ask again")
        if op in self.fail:
            raise self.fail[op]
        match op:
            case "take.cancel":
                return {"cancelled": fields["take_ids"] or []}
            case "state":
                return {"look": self.look}
            case "look":
                self.look = fields["path"]
            case "stage":
                key = f"{fields['kind']}:{fields['sha256'][:8]}@{fields['weight']}"
                self.staged.add(key)
                return {"key": key, "bytes": 100, "ms": 1.0}
            case "commit":
                missing = {fields["visual"], fields["language"]} - self.staged - {None}
                if missing:
                    error = BadInput(f"{missing} is not staged")
                    error.reason = "not_staged"
                    raise error
                self.before[fields["room"]] = self.worn.get(fields["room"], (None, None))
                self.worn[fields["room"]] = (fields["visual"], fields["language"])
                return {"swap_ms": 0.2}
            case "rollback":
                self.worn[fields["room"]] = self.before[fields["room"]]
                return {"swap_ms": 0.2}
            case "try_out":
                return {"ms": 1.0, "sample": "ok"}
        return {}


@dataclass
class Wardrobe:
    """A signed-in client with a few shortcuts."""

    api: Api
    context: Context
    bus: StudioBus
    client: httpx.AsyncClient
    visual: BaseSpec
    language: BaseSpec
    tmp: Path
    offset: dt.timedelta = dt.timedelta()

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + self.offset

    def lora(self, kind: str, seed: int = 0) -> Path:
        """A new file that fits."""
        if kind == "visual":
            return kohya_file(self.tmp / f"visual-{seed}.safetensors", self.visual, seed)
        return peft_folder(self.tmp / f"peft-{seed}", self.language, seed)

    async def add(self, kind: str, seed: int = 0, **fields: str) -> dict[str, Any]:
        path = self.lora(kind, seed)
        files = {"file": (path.name, path.read_bytes())}
        if kind == "language":
            files["config"] = ("adapter_config.json", (path.parent / "adapter_config.json").read_bytes())
        data = {"name": f"{kind}{seed}", "likeness": "none", **fields}
        answer = await self.client.post("/adapters", files=files, data=data)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def persona(self, persona_id: str, **fields: Any) -> None:
        body = {"id": persona_id, "name": persona_id, **fields}
        answer = await self.client.post("/personas", json=body)
        assert answer.status_code == 201, answer.text

    async def on_air(self) -> None:
        for name in ("voice", "playout:main"):
            self.api.child(name, fps=25.0)
        self.studio("running")
        await self.client.post("/rooms/main/start")
        await asyncio.sleep(0.05)
        # The opening begins with the notice.
        for op, more in (("take.started", {}), ("take.finished", {"outcome": "played"})):
            self.bus.tell(op, take_id="t1", line_id="", **{"from": "playout:main"}, **more)
            await asyncio.sleep(0.02)

    def studio(self, state: str, pid: int = 7) -> None:
        self.bus.tell("child", name="studio", kind="studio", state=state, pid=pid, restarts=0, since=1.0,
                      status={"device": "cpu", "memory_mb": 5.0}, cpu_s=1.0, rss_mb=100.0, reason="")

    async def activate(self, key: str = "", **body: Any) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        return await self.client.post("/adapters/activate", json={"room": "main", **body}, headers=headers)

    async def over(self, activation: str | httpx.Response) -> dict[str, Any]:
        """Wait until an activation is over."""
        if isinstance(activation, httpx.Response):
            assert activation.status_code == 202, activation.text
            activation = activation.json()["id"]
        for _ in range(1000):
            document = (await self.client.get(f"/adapters/activations/{activation}")).json()
            if document["state"] in ("committed", "failed", "superseded", "cancelled"):
                return dict(document)
            await asyncio.sleep(0.01)
        raise AssertionError(document)

    async def active(self) -> dict[str, Any]:
        return dict((await self.client.get("/adapters/active", params={"room": "main"})).json()[0])


@asynccontextmanager
async def wardrobe(tmp: Path, visual: Path, language: Path, *, follow: bool = False) -> AsyncIterator[Wardrobe]:
    data = tmp / "data"
    token = bootstrap(data)
    assert token is not None
    bus = StudioBus()
    settings = Settings(
        visual=VisualSection(path=str(visual), rank_max=8), language=LanguageSection(path=str(language), rank_max=8),
        schedule=ScheduleSection(follow=follow),
    )
    context = make_context(settings, data, tmp, bus)
    demo.seed(context)
    with context.store.session() as s:
        s.execute(update(RoomRow).values(worn=None, look_id="lin"))
    for look in ("lin", "mei", "yun"):
        bank = data / "looks" / look / "720x1280"
        bank.mkdir(parents=True)
        (bank / "look.json").write_text("{}")
    app = make_app(context)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("127.0.0.1", 5000))
    base = "http://127.0.0.1:8000"
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx.AsyncClient(transport=transport, base_url=base, headers=headers) as client,
        httpx.AsyncClient(transport=transport, base_url=base) as anonymous,
    ):
        api = Api(context, bus, client, anonymous, token)
        w = Wardrobe(
            api, context, bus, client, spec_of_folder(visual, rank_max=8), spec_of_folder(language, rank_max=8), tmp
        )
        context.activations.clock = w.now
        for persona in PERSONAS:
            assert (await client.post("/personas", json=persona)).status_code == 201
        yield w
    await context.activations.close()
    await context.portraits.close()
    await context.rooms.close()
    context.store.close()


__all__ = ["StudioBus", "TimedOut", "Wardrobe", "wardrobe"]
