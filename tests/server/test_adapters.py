"""The catalogue of adapters over the API: what is taken, what is refused and why."""

from __future__ import annotations

import asyncio
import json
import pickle
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from streaming.errors import BadInput
from tests.server.wardrobe import Wardrobe, wardrobe


@pytest.fixture
async def w(tmp_path: Path, visual_folder: Path, language_folder: Path) -> AsyncIterator[Wardrobe]:
    async with wardrobe(tmp_path, visual_folder, language_folder) as w:
        yield w


async def test_an_adapter_is_kept_with_its_manifest(w: Wardrobe) -> None:
    made = await w.add("visual", name="唐风", licence="CC-BY-4.0", trigger_words="tang robe, hanfu")
    assert (made["kind"], made["base"], made["layout"], made["rank"], made["state"]) == (
        "visual", "sd-32", "kohya", 4, "ready"
    )
    assert made["trigger_words"] == ["tang robe", "hanfu"] and made["modules"] > 10
    folder = w.context.adapters.folder / made["id"]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["sha256"], manifest["licence"]) == (made["sha256"], "CC-BY-4.0")
    assert (await w.client.get("/adapters")).json() == [made]
    language = await w.add("language")
    assert (language["kind"], language["layout"]) == ("language", "peft")


async def test_the_same_file_twice_is_one_adapter(w: Wardrobe) -> None:
    first = await w.add("visual")
    path = w.lora("visual")
    again = await w.client.post("/adapters", files={"file": (path.name, path.read_bytes())})
    assert again.status_code == 409 and first["id"] in again.json()["detail"]
    assert len(list(w.context.adapters.folder.glob("*/"))) == 1


async def test_what_is_refused_leaves_nothing_behind(w: Wardrobe) -> None:
    cases = {
        "pickle": pickle.dumps({"a": 1}, protocol=2),
        "archive": b"PK\x03\x04" + bytes(100),
        "truncated": struct.pack("<Q", 500) + b"{}",
        "header": struct.pack("<Q", 1 << 40) + b"{}",
    }
    for reason, data in cases.items():
        answer = await w.client.post("/adapters", files={"file": ("x.safetensors", data)})
        problem = answer.json()
        assert (answer.status_code, problem["reason"]) == (422, reason), problem
        assert problem["detail"] and problem["next_step"]
    empty = await w.client.post("/adapters", files={"file": ("x.safetensors", b"")})
    assert empty.status_code == 422
    assert (await w.client.get("/adapters")).json() == []
    assert list(w.context.adapters.folder.iterdir()) == []


async def test_too_large(w: Wardrobe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(w.context.settings.adapters.__dict__, "max_upload_mb", 1)
    answer = await w.client.post("/adapters", files={"file": ("x.safetensors", bytes((1 << 20) + 1))})
    assert answer.status_code == 413 and "1 MB" in answer.json()["detail"]
    assert list(w.context.adapters.folder.glob("*")) == []


async def test_no_disk_left(w: Wardrobe, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("server.routes.adapters.shutil.copyfileobj", full)
    path = w.lora("visual")
    answer = await w.client.post("/adapters", files={"file": (path.name, path.read_bytes())})
    assert (answer.status_code, answer.json()["reason"]) == (507, "no_disk")
    assert list(w.context.adapters.folder.glob("*")) == []


async def test_consent_is_recorded_with_its_time(w: Wardrobe) -> None:
    made = await w.add("visual", likeness="unknown")
    assert made["consent"] is None
    patched = await w.client.patch(f"/adapters/{made['id']}", json={
        "likeness": "person", "consent_by": "梅朵本人", "consent_note": "2026-11-01 签字",
    })
    consent = patched.json()["consent"]
    assert consent["by"] == "梅朵本人" and consent["at"]
    renamed = (await w.client.patch(f"/adapters/{made['id']}", json={"name": "新名字"})).json()
    assert renamed["consent"] == consent and renamed["name"] == "新名字"
    gone = (await w.client.patch(f"/adapters/{made['id']}", json={"consent_by": ""})).json()
    assert gone["consent"] is None


async def test_deleting_one_in_use_is_refused(w: Wardrobe) -> None:
    made = await w.add("visual")
    await w.persona("c", visual_id=made["id"])
    refused = await w.client.delete(f"/adapters/{made['id']}")
    assert refused.status_code == 409 and "c" in refused.json()["detail"]
    assert (await w.client.get(f"/adapters/{made['id']}")).json()["used_by"] == ["c"]
    await w.client.put("/personas/c", json={"id": "c", "name": "c"})
    assert (await w.client.delete(f"/adapters/{made['id']}")).status_code == 204
    assert (await w.client.get(f"/adapters/{made['id']}")).status_code == 404
    assert not (w.context.adapters.folder / made["id"]).exists()


async def test_samples_are_made_when_the_studio_is_up(w: Wardrobe) -> None:
    async def samples(to: str, op: str, **fields: object) -> dict[str, object]:
        if fields["kind"] == "visual":
            await asyncio.to_thread(Path(str(fields["out"])).write_bytes, b"\x89PNG")
        return {"text": "大家好"}

    plain = w.bus.request

    async def request(to: str, op: str, *, timeout_s: float = 1.0, **fields: object) -> dict[str, object]:
        if op == "sample":
            return await samples(to, op, **fields)
        return await plain(to, op, timeout_s=timeout_s, **fields)

    w.bus.request = request  # type: ignore[method-assign,assignment]
    visual, language = await w.add("visual"), await w.add("language")
    assert visual["sample_state"] == "pending"
    task = asyncio.ensure_future(w.context.adapters.run())
    try:
        await asyncio.sleep(0.05)
        assert (await w.client.get(f"/adapters/{visual['id']}/preview")).status_code == 404
        w.studio("running")
        await asyncio.sleep(0.1)
    finally:
        task.cancel()
    assert (await w.client.get(f"/adapters/{visual['id']}/preview")).content == b"\x89PNG"
    assert (await w.client.get(f"/adapters/{language['id']}")).json()["sample_line"] == "大家好"


async def test_a_sample_that_fails_fails_only_itself(w: Wardrobe) -> None:
    w.bus.fail["sample"] = BadInput("it computes NaN")
    made = await w.add("visual")
    w.studio("running")
    task = asyncio.ensure_future(w.context.adapters.run())
    await asyncio.sleep(0.1)
    task.cancel()
    document = (await w.client.get(f"/adapters/{made['id']}")).json()
    assert (document["sample_state"], document["state"]) == ("failed", "ready")


async def test_a_base_of_another_shape_makes_adapters_incompatible(
    w: Wardrobe, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await w.add("visual")
    monkeypatch.setitem(w.context.settings.visual.__dict__, "rank_max", 2)
    w.context.studio._specs.clear()
    document = (await w.client.get(f"/adapters/{made['id']}")).json()
    assert document["state"] == "incompatible" and "rank 4" in document["error"]


async def test_roles(w: Wardrobe) -> None:
    assert (await w.api.anonymous.get("/adapters")).status_code == 401
    made = (await w.client.post("/auth/tokens", json={"name": "v", "role": "viewer"})).json()
    viewer = {"Authorization": f"Bearer {made['token']}"}
    assert (await w.api.anonymous.get("/adapters", headers=viewer)).status_code == 200
    refused = await w.api.anonymous.post("/adapters/rollback", json={"room": "main"}, headers=viewer)
    assert refused.status_code == 403
