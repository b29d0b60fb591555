"""The demo's personas put on what its models make, and keep their drawn pictures until then."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from server import demo_models
from server.demo_models import DemoModels
from server.dressing import Dressing
from server.wardrobe.studio import Studio
from streaming.errors import BadInput, ChildDown
from tests.server.wardrobe import Wardrobe, wardrobe

LOOK = "demo-skincare"


@pytest.fixture
async def w(
    tmp_path: Path, visual_folder: Path, language_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Wardrobe]:
    async with wardrobe(tmp_path, visual_folder, language_folder) as made:
        entry = {"id": "demo-skin", "path": made.lora("visual"), "kind": "visual", "name": "晨光", "licence": "Apache-2.0",
                 "trigger_words": "晨光林晚"}
        portrait = {"look": LOOK, "name": "林晚", "visual": "demo-skin", "prompt": "主播肖像", "seed": 7}
        models = DemoModels(visual_folder, language_folder, (entry,), {"skincare": portrait}, {})
        monkeypatch.setattr(demo_models, "read", lambda: models)
        monkeypatch.setattr(Studio, "missing", [])
        yield made


async def until(true: Callable[[], bool]) -> None:
    for _ in range(500):
        if true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come to be")


def bake(w: Wardrobe) -> None:
    bank = w.context.looks.folder / LOOK / "720x1280"
    bank.mkdir(parents=True)
    (bank / "look.json").write_text("{}")


def painted(w: Wardrobe) -> list[int]:
    return [asked["brief"]["seed"] for asked in w.bus.asked if asked["op"] == "paint"]


async def test_who_is_on_air_gets_her_adapter_at_once_and_her_portrait_when_it_is_there(w: Wardrobe) -> None:
    await w.on_air()
    w.context.activations.schedule("main", "skincare", None, "schedule", prepare_s=0.0)
    await until(lambda: w.context.activations.worn("main").persona == "skincare")
    dressing = Dressing(w.context)
    dressing.begin()
    assert w.context.personas.get("skincare")["visual_id"] == "demo-skin"
    await until(lambda: w.context.activations.worn("main").visual == "demo-skin")
    assert w.context.activations.worn("main").look_id == "lin", "the drawn picture stays until there is another"
    await until(lambda: painted(w) == [7])
    asked = next(a for a in w.bus.asked if a["op"] == "paint")
    assert "晨光林晚" in asked["brief"]["prompt"]
    bake(w)
    await until(lambda: w.context.activations.worn("main").look_id == LOOK)
    assert LOOK in w.bus.look
    assert w.context.activations.worn("main").source == "schedule", "nobody has put her on by hand"
    assert w.context.personas.get("skincare")["look_id"] == LOOK
    dressing.begin()
    assert painted(w) == [7], "it is done once"
    await dressing.close()


async def test_a_portrait_that_can_not_be_painted_leaves_the_drawn_one(w: Wardrobe) -> None:
    refused = BadInput("no face was found", next_step="another seed")
    refused.reason = "canary"
    w.bus.fail["paint"] = refused
    await w.on_air()
    Dressing(w.context).begin()
    await until(lambda: w.context.looks.get(LOOK)["state"] == "failed")
    assert painted(w) == [7, 8, 9, 10]
    assert "no face" in w.context.looks.get(LOOK)["error"]
    assert w.context.personas.get("skincare")["look_id"] == "lin"


async def test_a_painting_cut_off_by_the_studios_end_is_painted_by_the_next(w: Wardrobe) -> None:
    w.bus.fail["paint"] = ChildDown("studio is not running", next_step="ask again")
    await w.on_air()
    dressing = Dressing(w.context)
    w.context.on_studio.append(dressing.begin)
    dressing.begin()
    await until(lambda: len(painted(w)) == 1)
    await asyncio.sleep(0.05)
    assert w.context.looks.get(LOOK)["state"] == "baking"
    del w.bus.fail["paint"]
    w.studio("gone")
    w.studio("running", pid=8)
    await until(lambda: len(painted(w)) == 2)
    await dressing.close()


async def test_where_only_a_language_model_ships_she_speaks_in_its_manner_and_keeps_her_drawn_picture(
    w: Wardrobe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = w.lora("language")
    facts = {f"model.{k}": v for k, v in json.loads((plain.parent / "adapter_config.json").read_text()).items()}
    shipped = tmp_path / "warm.safetensors"
    save_file(load_file(plain), shipped, {"lora_adapter_metadata": json.dumps(facts)})
    entry = {"id": "demo-warm", "path": shipped, "kind": "language", "name": "温柔", "licence": "Apache-2.0"}
    worn = {"look": LOOK, "name": "林晚", "language": "demo-warm", "prompt": "主播肖像", "seed": 7}
    models = DemoModels(None, Path(w.context.settings.language.path), (entry,), {"skincare": worn}, {})
    monkeypatch.setattr(demo_models, "read", lambda: models)
    await w.on_air()
    await w.over(await w.activate(persona="skincare"))
    dressing = Dressing(w.context)
    dressing.begin()
    await until(lambda: w.context.activations.worn("main").language == "demo-warm")
    assert w.context.activations.worn("main").look_id == "lin"
    assert painted(w) == []
    await dressing.close()


async def test_nothing_is_dressed_before_the_packages_are_there(w: Wardrobe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Studio, "missing", ["torch"])
    Dressing(w.context).begin()
    assert w.context.personas.get("skincare")["visual_id"] is None
    assert w.context.adapters.every() == []


async def test_a_persona_that_was_changed_by_hand_stays_as_she_is(w: Wardrobe) -> None:
    persona = (await w.client.get("/personas/skincare")).json()
    mine = await w.add("visual", 3)
    answer = await w.client.put("/personas/skincare", json={**persona, "visual_id": mine["id"]})
    assert answer.status_code == 200, answer.text
    await w.on_air()
    dressing = Dressing(w.context)
    dressing.begin()
    await asyncio.sleep(0.1)
    assert w.context.personas.get("skincare")["visual_id"] == mine["id"]
    assert painted(w) == []
    await dressing.close()


async def test_a_portrait_that_is_ready_does_not_put_off_who_was_just_asked_for(w: Wardrobe) -> None:
    await w.on_air()
    await w.over(await w.activate(persona="skincare"))
    dressing = Dressing(w.context)
    dressing.begin()
    await until(lambda: w.context.activations.worn("main").visual == "demo-skin" and painted(w) == [7])
    async with w.context.activations._lock("main"):  # she waits for her boundary
        asked = await w.activate(persona="makeup")
        bake(w)
        await until(lambda: w.context.personas.get("skincare")["look_id"] == LOOK)
        await asyncio.sleep(0.1)
    ended = await w.over(asked)
    assert ended["state"] == "committed", ended
    await asyncio.sleep(0.3)
    assert w.context.activations.worn("main").persona == "makeup"
    await dressing.close()
