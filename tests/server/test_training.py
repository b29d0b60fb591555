"""Training over the API: data sets, jobs in processes of their own, results in the catalogue."""

from __future__ import annotations

import asyncio
import io
import subprocess
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from adapters.training.plan import explain
from server.training import process
from server.training.documents import SETTINGS, JobIn
from tests.server.wardrobe import Wardrobe, wardrobe

pytestmark = [pytest.mark.integration, pytest.mark.timeout(420)]
SMALL = {"lora_rank": 4, "batch_size": 2, "resolution": 64, "bucket_step": 16, "sample_steps": 2, "epochs": 1,
         "sample_every": 1000, "validate_every": 1000, "compare_full": "off"}
TEXTS = "问题,回答\n" + "".join(f"第{n}号多少钱,第{n}号今天只要{n}9元\n" for n in range(20))


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Every training's process that a test starts: none is left to the next test, running or unreaped.

    What runs beside the show at the lowest priority would wait for whatever else this machine does.
    """
    monkeypatch.setattr("server.errand.NICE", 0)
    made: list[subprocess.Popen[bytes]] = []
    start = process.start

    def kept(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        made.append(start(*arguments, **options))
        return made[-1]

    monkeypatch.setattr(process, "start", kept)
    yield made
    for one in made:
        one.kill()
        one.wait()


@pytest.fixture
async def w(tmp_path: Path, visual_folder: Path, language_folder: Path) -> AsyncIterator[Wardrobe]:
    async with wardrobe(tmp_path, visual_folder, language_folder) as made, working(made):
        yield made


@asynccontextmanager
async def working(w: Wardrobe) -> AsyncIterator[None]:
    """The jobs' own task, as the server runs it."""
    task = asyncio.ensure_future(w.context.jobs.run())
    try:
        yield
    finally:
        for job in w.context.jobs.every():
            process.ask_to_stop(w.context.jobs._shelf.folder(job["id"]))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await w.context.datasets.close()


def picture(seed: int, size: tuple[int, int] = (96, 96)) -> bytes:
    rng = np.random.default_rng(seed)
    out = io.BytesIO()
    Image.fromarray(rng.integers(0, 255, (size[1] // 8, size[0] // 8, 3)).astype(np.uint8)).resize(size).save(out, "PNG")
    return out.getvalue()


async def until(check: Callable[[], Any], limit_s: float = 300.0) -> Any:
    async with asyncio.timeout(limit_s):
        while True:
            found = check()
            if found:
                return found
            await asyncio.sleep(0.05)


async def dataset(w: Wardrobe, kind: str = "language", **fields: str) -> str:
    files: list[Any] = [("files", ("qa.csv", TEXTS.encode("gb18030")))]
    if kind == "visual":
        files = [("files", (f"照片{n}.png", picture(n))) for n in range(8)]
    answer = await w.client.post("/training/datasets", files=files, data={"name": "测试", "kind": kind, **fields})
    assert answer.status_code == 201, answer.text
    key = str(answer.json()["id"])
    assert answer.json()["state"] == "preparing"
    ready = await until(lambda: (d := w.context.datasets.get(key))["state"] != "preparing" and d)
    assert ready["state"] == "ready", ready
    return key


async def job(w: Wardrobe, data: str, kind: str = "language", name: str = "一号", **settings: Any) -> str:
    values = SMALL | settings
    if kind == "language":
        values = {k: v for k, v in values.items() if k not in ("resolution", "bucket_step", "sample_steps")}
    body = {"name": name, "kind": kind, "dataset": data, "settings": values}
    answer = await w.client.post("/training/jobs", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["state"] == "queued"
    return str(answer.json()["id"])


def state(w: Wardrobe, key: str) -> str:
    return str(w.context.jobs.get(key)["state"])


async def over(w: Wardrobe, key: str) -> dict[str, Any]:
    await until(lambda: state(w, key) in ("finished", "failed", "stopped"))
    answer = await w.client.get(f"/training/jobs/{key}")
    return dict(answer.json())


async def test_pictures_become_an_adapter_in_the_catalogue(w: Wardrobe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "NICE", 0)
    data = await dataset(w, "visual", trigger="tzsn")
    items = (await w.client.get(f"/training/datasets/{data}/items", params={"limit": 5})).json()
    assert items["total"] == 8 and len(items["items"]) == 5
    first = items["items"][0]
    assert first["prompt"].startswith("tzsn") and (first["width"], first["height"]) == (96, 96)
    assert "too_small" in first["codes"]
    place = f"/training/datasets/{data}"
    shown = await w.client.get(f"{place}/pictures/{first['file_name']}", params={"size": 64})
    assert shown.status_code == 200 and Image.open(io.BytesIO(shown.content)).size == (64, 64)
    said = await w.client.put(f"{place}/items/{first['file_name']}", json={"prompt": "tzsn, 石榴裙, \"quoted\""})
    assert said.status_code == 200 and said.json()["prompt"] == 'tzsn, 石榴裙, "quoted"'
    again = (await w.client.get(f"{place}/items", params={"limit": 1})).json()["items"][0]
    assert again["prompt"] == 'tzsn, 石榴裙, "quoted"'

    key = await job(w, data, "visual", max_steps=4)
    done = await over(w, key)
    assert done["state"] == "finished", (done, w.context.jobs.log(key, 50))
    assert (done["step"], done["steps"], done["ended"] is not None) == (4, 4, True)
    assert done["loss"] > 0 and done["speed"] > 0 and done["memory_mb"] > 0 and done["size_bytes"] > 1000
    assert done["advice"] and {"code", "en", "zh"} <= done["advice"][0].keys()
    curve = (await w.client.get(f"/training/jobs/{key}/curve")).json()
    assert [p[0] for p in curve["train"]] == [1, 2, 3, 4] and len(curve["val"]) == 2
    sample = done["samples"][0]
    assert (await w.client.get(f"/training/jobs/{key}/samples/{sample['file']}")).status_code == 200
    report = await w.client.get(f"/training/jobs/{key}/report")
    assert report.status_code == 200 and "<svg" in report.text
    assert report.headers.get_list("content-security-policy") == [
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'"
    ]
    assert "loss" in (await w.client.get(f"/training/jobs/{key}/log")).text

    body = {"name": "唐妆", "licence": "own", "likeness": "none", "trigger_words": "tzsn"}
    made = await w.client.post(f"/training/jobs/{key}/publish", json=body)
    assert made.status_code == 201, made.text
    assert made.json()["trigger_words"] == ["tzsn"] and made.json()["rank"] == 4 and made.json()["state"] == "ready"
    assert (await w.client.get(f"/training/jobs/{key}")).json()["adapter_id"] == made.json()["id"]
    twice = await w.client.post(f"/training/jobs/{key}/publish", json=body)
    assert twice.status_code == 409
    assert (await w.client.delete(f"/training/jobs/{key}")).status_code == 204
    assert (await w.client.get(f"/adapters/{made.json()['id']}")).status_code == 200, "what was published stays"
    assert (await w.client.delete(f"/training/datasets/{data}")).status_code == 204
    assert (await w.client.get(f"/training/datasets/{data}")).status_code == 404


async def test_one_is_stopped_and_gone_on_from(w: Wardrobe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "NICE", 0)
    data = await dataset(w)
    first = await job(w, data, epochs=1000, patience=0)
    await until(lambda: w.context.jobs.get(first)["step"] > 3)
    assert (await w.client.delete(f"/training/jobs/{first}")).status_code == 409
    assert (await w.client.delete(f"/training/datasets/{data}")).status_code == 409
    stopped = await w.client.post(f"/training/jobs/{first}/stop")
    assert stopped.status_code == 202 and stopped.json()["state"] == "stopping"
    document = await over(w, first)
    assert document["state"] == "stopped" and document["next_step"]
    at = document["step"]
    assert (await w.client.post(f"/training/jobs/{first}/resume")).status_code == 202
    await until(lambda: state(w, first) == "running" and w.context.jobs.get(first)["step"] > at)
    points = w.context.jobs.curve(first)["train"]
    assert [p[0] for p in points] == sorted({p[0] for p in points})
    await w.client.post(f"/training/jobs/{first}/stop")
    await over(w, first)
    assert (await w.client.post(f"/training/jobs/{first}/stop")).status_code == 409


async def test_what_would_happen_is_told_as_it_will(w: Wardrobe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "NICE", 0)
    data = await dataset(w, "visual")
    body = {"name": "x", "kind": "visual", "dataset": data, "settings": SMALL | {"epochs": 3}}
    plan = (await w.client.post("/training/explain", json=body)).json()
    config = w.context.jobs._recipes.config(JobIn.model_validate(body), w.tmp / "o")
    true = await asyncio.to_thread(explain, config)
    for key in ("steps", "items", "held_out", "trainable", "total", "share", "size_mb"):
        assert plan[key] == getattr(true, key), key
    assert plan["memory_mb"] is None and plan["time_s"] is None, "nothing has been measured yet"
    await over(w, await job(w, data, "visual", max_steps=2))
    plan = (await w.client.post("/training/explain", json=body)).json()
    assert plan["time_s"] > 0 and plan["memory_mb"] > 0
    text = await dataset(w)
    plan = (await w.client.post("/training/explain", json=body | {"kind": "language", "dataset": text})).json()
    assert plan["items"] == 20 and plan["trainable"] > 0 and any("little to learn" in t for t in plan["warnings"])


@pytest.mark.parametrize(("change", "status", "reason"), [
    ({"settings": {"lora_rank": 0}}, 422, "lora_rank"), ({"settings": {"lora_rank": 64}}, 422, "lora_rank"),
    ({"settings": {"output_dir": "/etc"}}, 422, "output_dir"), ({"settings": {"base_model": "/x"}}, 422, "base_model"),
    ({"settings": {"resume": True}}, 422, "resume"), ({"settings": {"lora_targets": "all"}}, 422, "lora_targets"),
    ({"kind": "language"}, 422, "dataset"), ({"dataset": "none"}, 404, None), ({"init_from": "none"}, 404, None),
    ({"name": ""}, 422, None), ({"dataset": "../x"}, 422, None),
])
async def test_what_is_refused(w: Wardrobe, change: dict[str, Any], status: int, reason: str | None) -> None:
    files = [("files", (f"{n}.png", picture(n))) for n in range(3)]
    key = (await w.client.post("/training/datasets", files=files, data={"name": "x", "kind": "visual"})).json()["id"]
    body = {"name": "x", "kind": "visual", "dataset": key, "settings": {}} | change
    for path in ("/training/explain", "/training/jobs"):
        answer = await w.client.post(path, json=body)
        assert answer.status_code == status, answer.text
        assert answer.json().get("reason") == reason and (reason is None or answer.json()["next_step"])


def test_no_path_can_be_set_over_the_network() -> None:
    from adapters.training.config import TrainConfig

    paths = {n for n, f in TrainConfig.model_fields.items() if "Path" in str(f.annotation)}
    assert paths and not paths & SETTINGS
    assert SETTINGS <= TrainConfig.model_fields.keys()


async def test_archives_and_names_from_elsewhere(w: Wardrobe) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("10_tang/a.png", picture(1))
        archive.writestr("../../evil.png", picture(2))
        archive.writestr("__MACOSX/._a.png", b"x")
        archive.writestr("run.sh", b"rm")
        info = zipfile.ZipInfo("b.png")
        archive.writestr(info, picture(3))
    answer = await w.client.post("/training/datasets", files=[("files", ("set.zip", packed.getvalue()))],
                                 data={"name": "zip", "kind": "visual"})
    assert answer.status_code == 201, answer.text
    folder = w.context.datasets.files(answer.json()["id"])
    assert sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.*") if p.suffix == ".png") == [
        "10_tang/a.png", "b.png"
    ]
    assert not list(w.tmp.rglob("evil.png")) and not list(w.tmp.rglob("run.sh"))
    for files in ([("files", ("set.zip", b"PK\x03\x04 no"))], [("files", ("x.exe", b"MZ"))]):
        bad = await w.client.post("/training/datasets", files=files, data={"name": "x", "kind": "visual"})
        assert bad.status_code == 422 and bad.json()["next_step"]
    w.context.datasets._limit = 1000
    big = await w.client.post("/training/datasets", files=[("files", ("a.png", picture(4, (400, 400))))],
                              data={"name": "x", "kind": "visual"})
    assert big.status_code == 413
    assert len(w.context.datasets.every()) == 1, "what was refused left nothing behind"
    for name in ("..%2f..%2fdataset.json", "../dataset.json", "none.png"):
        assert (await w.client.get(f"/training/datasets/{answer.json()['id']}/pictures/{name}")).status_code == 404


async def test_a_viewer_reads_only(w: Wardrobe) -> None:
    token = (await w.client.post("/auth/tokens", json={"name": "v", "role": "viewer"})).json()
    headers = {"Authorization": f"Bearer {token['token']}"}
    anonymous: httpx.AsyncClient = w.api.anonymous
    assert (await anonymous.get("/training/jobs")).status_code == 401
    assert (await anonymous.get("/training/jobs", headers=headers)).status_code == 200
    assert (await anonymous.post("/training/jobs", headers=headers, json={})).status_code == 403
    assert (await anonymous.delete("/training/datasets/x", headers=headers)).status_code == 403
