"""The wardrobe's part of the API (docs/api.md) over data in memory: adapters, personas, schedule, activations."""

from __future__ import annotations

import datetime as dt
import itertools
import time
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Form, Header, HTTPException, Request, Response, UploadFile
from fastapi.responses import JSONResponse

from adapters.errors import BadTimetable
from adapters.schedule import due, upcoming, week
from server.wardrobe.documents import ScheduleIn

STEPS = ("inspect", "stage", "look", "canary", "commit")
STEP_S = 0.25
NOW = "2026-01-01T20:00:00Z"


def adapter(adapter_id: str, name: str, kind: str, **values: Any) -> dict[str, Any]:
    """An adapter document."""
    return {
        "id": adapter_id, "name": name, "kind": kind, "state": "ready", "error": "", "base": "sd1" if kind == "visual"
        else "qwen2", "layout": "kohya", "rank": 16, "alpha": 16.0, "modules": 128, "text_encoder": False,
        "size_bytes": 6_412_312, "sha256": "a1" * 32, "trigger_words": [], "licence": "CC-BY-4.0", "likeness": "none",
        "consent": None, "table": None, "has_preview": kind == "visual", "sample_line": "", "sample_state": "ready",
        "used_by": [], "active_in": [], "created": NOW, **values,
    }


def persona(persona_id: str, name: str, look: str, colour: str, **values: Any) -> dict[str, Any]:
    """A persona document."""
    return {
        "id": persona_id, "name": name, "lang": "zh", "voice": "", "look_id": look, "mood": "warm", "rest_s": 1.2,
        "visual_id": None, "visual_weight": 1.0, "language_id": None, "language_weight": 1.0, "prompt": "",
        "greeting": "大家好。", "colour": colour, **values,
    }


def _slots() -> list[dict[str, Any]]:
    hours = (("06:00", "12:00", "skincare"), ("12:00", "18:00", "makeup"), ("22:00", "06:00", "tang"))
    return [
        {"day": day, "start": start, "end": end, "persona": who, "priority": 0}
        for day in range(7) for start, end, who in hours
    ]


@dataclass
class Wardrobe:
    """What the panel did to it, and what it sees."""

    adapters: list[dict[str, Any]] = field(default_factory=lambda: [
        adapter("tang-3f2a", "唐风养生", "visual", trigger_words=["robe"], table={"steps": "1200", "loss": "0.081"}),
        adapter("manner-9c1d", "林晚口吻", "language", sample_line="姐妹们，先别急着下单。", used_by=["skincare"]),
        adapter("boss-77aa", "老板本人", "visual", likeness="person", has_preview=False),
    ])
    personas: list[dict[str, Any]] = field(default_factory=lambda: [
        persona("skincare", "林晚 · 晨间护肤", "lin", "#c96f5b", language_id="manner-9c1d"),
        persona("makeup", "梅朵 · 午后彩妆", "mei", "#b5487a"), persona("tang", "云裳 · 唐风养生", "lin", "#4f7f6a"),
    ])
    schedule: dict[str, Any] = field(default_factory=lambda: {
        "room": "main", "enabled": True, "time_zone": "Asia/Shanghai", "default_persona": "skincare", "prepare_s": 300,
        "slots": _slots(), "overrides": [], "holidays": [], "rotation": None,
    })
    worn: list[str] = field(default_factory=lambda: ["makeup", "skincare"])
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    portraits: list[dict[str, Any]] = field(default_factory=list)
    uploads: list[dict[str, Any]] = field(default_factory=list)
    put: list[dict[str, Any]] = field(default_factory=list)
    refuse: dict[str, str] | None = None
    fail: str = ""
    studio: dict[str, Any] = field(default_factory=lambda: {
        "state": "running", "device": "cpu", "visual": {"name": "sd15"}, "language": {"name": "qwen"},
    })
    activation: dict[str, Any] | None = None
    past: list[dict[str, Any]] = field(default_factory=list)
    over: dict[str, Any] = field(default_factory=dict)
    began: float = 0.0
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def find(self, rows: list[dict[str, Any]], key: str) -> dict[str, Any]:
        for row in rows:
            if row["id"] == key:
                return row
        raise HTTPException(404, f"there is no {key}")

    def begin(self, body: dict[str, Any], source: str = "manual") -> dict[str, Any]:
        self.asked.append(body)
        stayed = self.find(self.personas, self.worn[-1])
        self.activation = {
            "id": f"act-{next(self.numbers)}", "room": "main", "persona": body.get("persona"),
            **{k: body.get(k) for k in ("visual", "language", "weight")}, "when": body.get("when", "boundary"),
            "due": None, "source": source,
            "state": "preparing", "steps": [], "reason": "", "message": "", "next_step": "", "created": NOW,
            "stayed": {"persona": stayed["id"], "name": stayed["name"]}, "committed": None, "swap_ms": None,
            "late_s": None,
        }
        self.began = time.monotonic()
        self.past.insert(0, self.activation)
        return self.activation

    def now(self) -> dict[str, Any] | None:
        """The activation as far as it has come by now."""
        a = self.activation
        if a is None or a["state"] in ("committed", "failed", "cancelled"):
            return a
        reached = int((time.monotonic() - self.began) / STEP_S)
        a["steps"] = [
            {"name": s, "state": "done" if n < reached else "running", "ms": 12.0 if n < reached else 0.0}
            for n, s in enumerate(STEPS[: reached + 1])
        ]
        a["state"] = "preparing" if reached < 4 else "committing"
        if self.fail and reached >= 3:
            a["steps"][3]["state"] = "failed"
            a.update(state="failed", reason=self.fail, message="The picture is black.", next_step="Try another seed.")
        elif reached > 4:
            a.update(state="committed", swap_ms=0.2, committed=NOW)
            if a["persona"]:
                self.worn.append(a["persona"])
                self.over = {}
            else:
                self.over = {k: a[k] for k in ("visual", "language", "weight") if a[k] is not None}
        return a

    def active(self) -> dict[str, Any]:
        """Who is on air, with the adapters she wears."""
        who = self.find(self.personas, self.worn[-1])
        kind = "visual" if who["visual_id"] else "language"
        return {
            "room": "main", "persona": who["id"], "name": who["name"], "visual": who["visual_id"],
            "language": who["language_id"], "weight": who[f"{kind}_weight"], "look_id": who["look_id"], "since": NOW,
            "source": "schedule", "until": NOW, **self.over,
        }

    def status(self) -> dict[str, Any]:
        """What is added to the status document."""
        activation = self.now()
        who = self.find(self.personas, self.worn[-1])
        return {
            "persona": {k: who[k] for k in ("id", "name")} | {"since": NOW, "source": "schedule", "until": NOW},
            "activation": activation, "studio": {"state": self.studio["state"]},
        }

    def document(self) -> dict[str, Any]:
        """The schedule document."""
        body = ScheduleIn.model_validate(self.schedule)
        at = dt.datetime.now(dt.UTC)
        now = due(body.table(), at)
        return {
            **self.schedule, "followed": self.schedule["enabled"],
            "now": {"persona": now.persona, "source": now.origin},
            "upcoming": [
                {"at": d.since.isoformat(), "persona": d.persona, "source": d.origin}
                for d in upcoming(body.table(), at) if d.since is not None
            ],
        }


def add_wardrobe(app: FastAPI, w: Wardrobe, safe: list[Any], portrait: bytes, looks: list[dict[str, Any]]) -> None:
    """Routes of the wardrobe."""

    @app.get("/adapters", dependencies=safe)
    async def adapters() -> Any:
        return w.adapters

    @app.post("/adapters", dependencies=safe, status_code=201)
    async def add(request: Request, file: UploadFile, name: str = Form(""), likeness: str = Form("unknown")) -> Any:
        form = await request.form()
        await file.read()
        w.uploads.append({k: v for k, v in form.items() if isinstance(v, str)})
        if w.refuse is not None:
            body = {"title": "Invalid input", "status": 422, "code": "bad_input", **w.refuse}
            return JSONResponse(body, 422, media_type="application/problem+json")
        made = adapter(f"new-{next(w.numbers)}", name, "visual", likeness=likeness, has_preview=False)
        w.adapters.insert(0, made)
        return made

    @app.post("/adapters/activate", dependencies=safe, status_code=202)
    async def activate(body: dict[str, Any], idempotency_key: str = Header("")) -> Any:
        w.keys.append(idempotency_key)
        return w.begin(body)

    @app.get("/adapters/active", dependencies=safe)
    async def active() -> Any:
        return [w.active()]

    @app.get("/adapters/activations", dependencies=safe)
    async def activations(limit: int = 20) -> Any:
        w.now()
        return w.past[:limit]

    @app.get("/adapters/activations/{key}", dependencies=safe)
    async def activation(key: str) -> Any:
        w.now()
        return w.find(w.past, key)

    @app.get("/adapters/{key}", dependencies=safe)
    async def one_adapter(key: str) -> Any:
        return w.find(w.adapters, key)

    @app.post("/adapters/rollback", dependencies=safe, status_code=202)
    async def rollback(body: dict[str, Any]) -> Any:
        return w.begin({"persona": w.worn[-2]}, "rollback")

    @app.delete("/adapters/activations/{key}", dependencies=safe)
    async def cancel(key: str) -> Any:
        assert w.activation is not None
        w.activation["state"] = "cancelled"
        return w.activation

    @app.patch("/adapters/{key}", dependencies=safe)
    async def patch(key: str, body: dict[str, Any]) -> Any:
        row = w.find(w.adapters, key)
        by, note = body.pop("consent_by", ""), body.pop("consent_note", "")
        row.update(body, consent={"by": by, "note": note, "at": NOW} if by else None)
        return row

    @app.delete("/adapters/{key}", dependencies=safe, status_code=204)
    async def delete(key: str) -> None:
        row = w.find(w.adapters, key)
        if row["used_by"]:
            raise HTTPException(409, f"this adapter is used by {', '.join(row['used_by'])}")
        w.adapters.remove(row)

    @app.get("/adapters/{key}/preview", dependencies=safe)
    async def preview(key: str) -> Response:
        return Response(portrait, media_type="image/png")

    @app.get("/personas", dependencies=safe)
    async def personas() -> Any:
        return w.personas

    @app.get("/personas/{key}", dependencies=safe)
    async def persona_of(key: str) -> Any:
        return w.find(w.personas, key)

    @app.post("/personas", dependencies=safe, status_code=201)
    async def make(body: dict[str, Any]) -> Any:
        if any(p["id"] == body["id"] for p in w.personas):
            raise HTTPException(409, "there is such a persona already")
        w.personas.append(body)
        return body

    @app.put("/personas/{key}", dependencies=safe)
    async def change(key: str, body: dict[str, Any]) -> Any:
        w.find(w.personas, key).update(body)
        return body

    @app.delete("/personas/{key}", dependencies=safe, status_code=204)
    async def erase(key: str) -> None:
        if any(s["persona"] == key for s in w.schedule["slots"]):
            raise HTTPException(409, "she is in the schedule")
        w.personas.remove(w.find(w.personas, key))

    @app.get("/schedule", dependencies=safe)
    async def schedule() -> Any:
        return w.document()

    @app.put("/schedule", dependencies=safe)
    async def put(body: dict[str, Any]) -> Any:
        w.put.append(body)
        try:
            ScheduleIn.model_validate(body).table()
        except BadTimetable as e:
            problem = {"title": "Conflict", "status": 409, "detail": e.message, "next_step": e.next_step}
            return JSONResponse({**problem, "at": list(e.at), "what": e.what, "code": "conflict"}, 409)
        w.schedule = body
        return w.document()

    @app.get("/schedule/week", dependencies=safe)
    async def days(start: dt.date) -> Any:
        table = ScheduleIn.model_validate(w.schedule).table()

        def wall(at: dt.datetime | None) -> str:
            assert at is not None
            return at.astimezone(table.zone).replace(tzinfo=None).isoformat(timespec="minutes")

        return [
            {"local_start": wall(d.since), "local_end": wall(d.until), "persona": d.persona, "source": d.origin}
            for d in week(table, start)
        ]

    @app.get("/studio", dependencies=safe)
    async def studio() -> Any:
        return w.studio

    @app.post("/looks/portrait", dependencies=safe, status_code=202)
    async def paint(body: dict[str, Any]) -> Any:
        w.portraits.append(body)
        look = {
            "id": f"painted-{next(w.numbers)}", "name": body["name"] or "painted", "state": "baking", "error": "",
            "width": None, "height": None, "landmarks": None, "source": "portrait",
        }
        looks.append(look)
        return look
