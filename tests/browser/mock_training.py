"""Training's part of the API over data in memory: data sets, jobs, curves, samples."""

from __future__ import annotations

import functools
import io
import itertools
import math
import random
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Form, HTTPException, Query, Response, UploadFile
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from PIL import Image, ImageDraw, ImageFilter

NOW = "2026-01-01T20:00:00Z"
LIVE = ("queued", "preparing", "running", "stopping")
PROMPTS = ("tangzhuang, 身穿齐胸襦裙的女子，正面半身", "tangzhuang, 花园里的仕女，手执团扇")
BOUNDS = {
    "lora_rank": (1, 256), "epochs": (1, 1000), "batch_size": (1, 256), "resolution": (64, 2048),
    "validation_split": (0, 0.5), "lora_dropout": (0, 0.9),
}

ADVICE = {"code": "overfits", "zh": "从第 420 步起过拟合：减少轮数", "en": "overfits since step 420: fewer epochs"}


def finding(code: str, count: int, level: str = "warn", **values: Any) -> dict[str, Any]:
    """A finding document."""
    return {
        "level": level, "code": code, "count": count, "files": [f"{n:04}.jpg" for n in range(1, min(count, 8) + 1)],
        "message": f"{count} of {code}", "next_step": f"mend {code}", **values,
    }


def dataset(dataset_id: str, name: str, kind: str, items: int, **values: Any) -> dict[str, Any]:
    """A data set document."""
    return {
        "id": dataset_id, "name": name, "kind": kind, "state": "ready", "error": "", "items": items,
        "trigger": "tangzhuang" if kind == "visual" else "", "bytes": 64_000_000 if kind == "visual" else 81_000,
        "created": NOW, "findings": [], **values,
    }


def job(job_id: str, name: str, kind: str, state: str, **values: Any) -> dict[str, Any]:
    """A job document."""
    return {
        "id": job_id, "name": name, "kind": kind, "dataset": "tang" if kind == "visual" else "manner", "state": state,
        "step": 0, "steps": 560, "epoch": 0, "epochs": 15, "loss": None, "val_loss": None, "best_step": None,
        "speed": None, "left_s": None, "memory_mb": None, "device": "", "created": NOW, "started": None,
        "ended": None, "message": "", "next_step": "", "notes": [], "advice": [], "samples": [], "size_bytes": None,
        "adapter_id": None, "settings": {"lora_rank": 16, "trigger_words": "tangzhuang"}, "init_from": None,
        "has_report": False, **values,
    }


def painted(steps: range) -> list[dict[str, Any]]:
    """Sample pictures of two prompts at some steps."""
    return [
        {"step": s, "index": n, "prompt": p, "file": f"{s:06}-{n}.png", "text": None}
        for s in steps for n, p in enumerate(PROMPTS)
    ]


def said(steps: range) -> list[dict[str, Any]]:
    """Sample lines of one question at some steps."""
    lines = ["您好，请问有什么可以帮您？", "姐妹们，这款精华早晚都能用。", "姐妹们先别急着下单，听我把成分说完。"]
    return [
        {"step": s, "index": 0, "prompt": "敏感肌能用吗？", "file": None, "text": lines[min(n, 2)]}
        for n, s in enumerate(steps)
    ]


def curve(steps: int, every: int = 40) -> dict[str, Any]:
    """Losses that fall, noisily."""
    chance = random.Random(5)
    train = [[s, round(0.07 + 0.1 * math.exp(-s / 130) + chance.gauss(0, 0.022), 4)] for s in range(1, steps + 1)]
    held = [[s, round(0.078 + 0.09 * math.exp(-s / 120) + 0.00008 * max(0, s - 320), 4)]
            for s in range(every, steps + 1, every)]
    return {"train": train, "val": held}


@functools.lru_cache
def picture(key: str, width: int = 240, height: int = 320) -> bytes:
    """A figure whose colours follow from the name; sharper with higher steps of a sample."""
    chance = random.Random(key)
    step = int(key.split("-")[0]) if key[:6].isdigit() else 400
    image = Image.new("HSV", (width, height), (chance.randrange(256), 90, 110)).convert("RGB")
    draw = ImageDraw.Draw(image)
    robe = tuple(chance.randrange(90, 230) for _ in range(3))
    draw.polygon([(width * .1, height), (width * .5, height * .42), (width * .9, height)], fill=robe)
    draw.ellipse((width * .34, height * .14, width * .66, height * .5), fill=(244, 214, 192))
    draw.pieslice((width * .3, height * .06, width * .7, height * .44), 180, 360, fill=(30, 24, 30))
    for x in (.43, .57):
        draw.ellipse((width * (x - .025), height * .31, width * (x + .025), height * .33), fill=(40, 30, 30))
    draw.ellipse((width * .46, height * .41, width * .54, height * .43), fill=(190, 80, 90))
    image = image.filter(ImageFilter.GaussianBlur(max(0, (360 - step) / 28)))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _datasets() -> list[dict[str, Any]]:
    return [
        dataset("tang", "唐妆仕女", "visual", 150, findings=[
            finding("blurred", 3), finding("vague_caption", 12), finding("near_duplicate", 5, level="info"),
            finding("identity_words", 2), finding("broken", 1, level="error"),
        ]),
        dataset("manner", "林晚的话术", "language", 200, findings=[finding("pii", 4, files=["dialogues.jsonl#12"])]),
    ]


def _jobs() -> list[dict[str, Any]]:
    return [
        job("tang-2", "唐妆仕女 二版", "visual", "running", step=280, epoch=8, loss=0.0812, val_loss=0.0868,
            best_step=280, speed=1.9, left_s=700, memory_mb=7200, device="cuda", started=NOW,
            samples=painted(range(0, 281, 40)), notes=[
                {"level": "warn", "message": "batch_size 4 -> 2: memory was short", "next_step": "free some memory"}]),
        job("manner-1", "林晚口吻", "language", "finished", step=560, epoch=15, loss=0.9, val_loss=1.1, best_step=400,
            speed=4.1, memory_mb=900, device="cpu", started=NOW, ended="2026-01-01T20:12:10Z", size_bytes=5_000_000,
            samples=said(range(0, 561, 280)), has_report=True, advice=[ADVICE]),
    ]


@dataclass
class Training:
    """What the panel did to it, and what it sees."""

    datasets: list[dict[str, Any]] = field(default_factory=_datasets)
    jobs: list[dict[str, Any]] = field(default_factory=_jobs)
    curves: dict[str, dict[str, Any]] = field(default_factory=lambda: {
        "tang-2": curve(280), "manner-1": curve(560, 56)})
    captions: dict[str, str] = field(default_factory=dict)
    uploads: list[dict[str, Any]] = field(default_factory=list)
    prepared: list[dict[str, Any]] = field(default_factory=list)
    explained: list[dict[str, Any]] = field(default_factory=list)
    started: list[dict[str, Any]] = field(default_factory=list)
    published: list[dict[str, Any]] = field(default_factory=list)
    acts: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    plan: dict[str, Any] = field(default_factory=dict)
    refuse: dict[str, Any] | None = None
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def items(self, row: dict[str, Any], offset: int, limit: int) -> list[dict[str, Any]]:
        """A page of pictures or dialogues."""
        chosen = range(row["items"])[offset : offset + limit]
        if row["kind"] == "language":
            return [
                {"file_name": f"dialogues.jsonl#{n + 1}", "prompt": f"第 {n + 1} 问：敏感肌能用吗？",
                 "answer": "姐妹，先在耳后试一天。", "codes": ["pii"] if n == 11 else []} for n in chosen
            ]
        out = []
        for n in chosen:
            name = f"{n + 1:04}.jpg"
            said = self.captions.get(name, f"tangzhuang, 身穿襦裙的女子，第 {n + 1} 张")
            out.append({"file_name": name, "prompt": said, "width": 768, "height": 1024,
                        "codes": ["blurred"] if n < 3 else []})
        return out


def find(rows: list[dict[str, Any]], key: str) -> dict[str, Any]:
    """The row of that id."""
    for row in rows:
        if row["id"] == key:
            return row
    raise HTTPException(404, f"there is no {key}")


def refused(status: int, detail: str, **values: Any) -> JSONResponse:
    """A problem document."""
    body = {"title": "Invalid input", "status": status, "code": "bad_input", "detail": detail, **values}
    return JSONResponse(body, status, media_type="application/problem+json")


def _fault(body: dict[str, Any]) -> JSONResponse | None:
    for key, (low, high) in BOUNDS.items():
        value = body["settings"].get(key)
        if value is not None and not low <= value <= high:
            return refused(422, f"{key}: {value} is not within {low} to {high}", reason=key, next_step="Change it.")
    return None


def add_training(app: FastAPI, w: Training, safe: list[Any]) -> None:
    """Routes of training."""

    @app.get("/training/datasets", dependencies=safe)
    async def datasets() -> Any:
        w.reads.append("datasets")
        return w.datasets

    @app.post("/training/datasets", dependencies=safe, status_code=201)
    async def add(files: list[UploadFile], name: str = Form(), kind: str = Form(), trigger: str = Form("")) -> Any:
        names = [f.filename for f in files]
        w.uploads.append({"name": name, "kind": kind, "trigger": trigger, "files": names})
        if w.refuse is not None:
            return refused(422, **w.refuse)
        made = dataset(f"new-{next(w.numbers)}", name, kind, 0, trigger=trigger, state="preparing")
        w.datasets.insert(0, made)
        return made

    @app.get("/training/datasets/{key}", dependencies=safe)
    async def one(key: str) -> Any:
        return find(w.datasets, key)

    @app.get("/training/datasets/{key}/items", dependencies=safe)
    async def items(key: str, offset: int = 0, limit: int = 60) -> Any:
        row = find(w.datasets, key)
        return {"total": row["items"], "items": w.items(row, offset, limit)}

    @app.put("/training/datasets/{key}/items/{file_name:path}", dependencies=safe)
    async def caption(key: str, file_name: str, body: dict[str, str]) -> Any:
        if w.refuse is not None:
            return refused(409, **w.refuse)
        w.captions[file_name] = body["prompt"]
        return {"file_name": file_name, "prompt": body["prompt"], "width": 768, "height": 1024, "codes": []}

    @app.get("/training/datasets/{key}/pictures/{file_name:path}", dependencies=safe)
    async def shown(key: str, file_name: str, size: int = Query(1600)) -> Response:
        return Response(picture(file_name), media_type="image/png")

    @app.post("/training/datasets/{key}/prepare", dependencies=safe)
    async def prepare(key: str, body: dict[str, Any]) -> Any:
        w.prepared.append(body)
        row = find(w.datasets, key)
        row.update(state="preparing", trigger=body["trigger"])
        return row

    @app.delete("/training/datasets/{key}", dependencies=safe, status_code=204)
    async def erase(key: str) -> None:
        if any(j["dataset"] == key and j["state"] in LIVE for j in w.jobs):
            raise HTTPException(409, "the training tang-2 is using this data set")
        w.datasets.remove(find(w.datasets, key))

    @app.get("/training/jobs", dependencies=safe)
    async def jobs() -> Any:
        w.reads.append("jobs")
        return w.jobs

    @app.post("/training/explain", dependencies=safe)
    async def explain(body: dict[str, Any]) -> Any:
        w.explained.append(body)
        items = find(w.datasets, body["dataset"])["items"]
        epochs = body["settings"].get("epochs", 10)
        fault = _fault(body)
        return fault or {
            "steps": math.ceil(items * 0.9 / 4) * epochs, "epochs": epochs, "items": items,
            "held_out": round(items * 0.1), "trainable": 797184, "total": 859520964, "share": 0.0009,
            "memory_mb": 7200, "memory_free_mb": 24000, "time_s": 900, "size_mb": 3.1, "device": "cuda",
            "changes": [], "warnings": [], **w.plan,
        }

    @app.post("/training/jobs", dependencies=safe, status_code=201)
    async def start(body: dict[str, Any]) -> Any:
        fault = _fault(body)
        if fault:
            return fault
        w.started.append(body)
        made = job(f"job-{next(w.numbers)}", body["name"], body["kind"], "queued", dataset=body["dataset"],
                   settings=body["settings"], init_from=body["init_from"], steps=0, epochs=10)
        w.jobs.insert(0, made)
        return made

    @app.get("/training/jobs/{key}", dependencies=safe)
    async def one_job(key: str) -> Any:
        return find(w.jobs, key)

    @app.get("/training/jobs/{key}/curve", dependencies=safe)
    async def losses(key: str) -> Any:
        return w.curves.get(key, {"train": [], "val": []})

    @app.get("/training/jobs/{key}/samples/{file}", dependencies=safe)
    async def sample(key: str, file: str) -> Response:
        return Response(picture(file), media_type="image/png")

    @app.get("/training/jobs/{key}/report", dependencies=safe)
    async def report(key: str) -> Any:
        if not find(w.jobs, key)["has_report"]:
            raise HTTPException(404, "there is no report yet")
        return HTMLResponse("<title>Report</title><h1>Report</h1>")

    @app.get("/training/jobs/{key}/log", dependencies=safe)
    async def log(key: str, lines: int = 200) -> Any:
        return PlainTextResponse("\n".join(f"step {n} <b>loss</b> 0.08" for n in range(lines)))

    @app.post("/training/jobs/{key}/publish", dependencies=safe, status_code=201)
    async def publish(key: str, body: dict[str, Any]) -> Any:
        if w.refuse is not None:
            return refused(422, **w.refuse)
        w.published.append(body)
        find(w.jobs, key)["adapter_id"] = "manner-9c1d"
        return {"id": "manner-9c1d", "name": body["name"]}

    @app.post("/training/jobs/{key}/{verb}", dependencies=safe)
    async def act(key: str, verb: str) -> Any:
        w.acts.append(f"{key} {verb}")
        row = find(w.jobs, key)
        row["state"] = {"stop": "stopping", "resume": "queued"}[verb]
        return row

    @app.delete("/training/jobs/{key}", dependencies=safe, status_code=204)
    async def remove(key: str) -> None:
        row = find(w.jobs, key)
        if row["state"] in LIVE:
            raise HTTPException(409, "this training is running")
        w.jobs.remove(row)
