"""Personas and adapters change on air, in a whole instance with resident bases."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.spec import spec_of_folder
from bench.instance import ROOT, Instance, running
from tests.adapters.files import kohya_file, peft_folder

pytestmark = pytest.mark.integration

OVER = ("committed", "failed", "superseded", "cancelled")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, visual_folder: Path, language_folder: Path) -> Iterator[Instance]:
    """On air with both bases; follows its schedule, which is empty at first."""
    folder = tmp_path_factory.mktemp("wardrobe")
    env = {
        "NIGHTANCHOR_VISUAL__PATH": str(visual_folder), "NIGHTANCHOR_VISUAL__RANK_MAX": "8",
        "NIGHTANCHOR_VISUAL__STEPS": "2", "NIGHTANCHOR_LANGUAGE__PATH": str(language_folder),
        "NIGHTANCHOR_LANGUAGE__RANK_MAX": "8", "NIGHTANCHOR_SCHEDULE__FOLLOW": "true",
    }
    with running(folder / "data", env=env) as instance:
        instance.api.put("/schedule", json={"room": "main", "enabled": False}).raise_for_status()
        instance.until(lambda: instance.api.get("/studio").json()["state"] == "running", 90, "the studio")
        instance.until(lambda: all(x["state"] == "ready" for x in instance.api.get("/looks").json()), 120, "the looks")
        visual = kohya_file(folder / "tang.safetensors", spec_of_folder(visual_folder, rank_max=8))
        for arguments in (
            [str(visual), "--likeness", "none"],
            [str(peft_folder(folder / "manner", spec_of_folder(language_folder, rank_max=8), scale=1.0).parent)],
        ):
            done = command(instance, "add", *arguments)
            assert done.returncode == 0, done.stdout + done.stderr
        found = {a["kind"]: a["id"] for a in instance.api.get("/adapters").json()}
        for persona, look in (("dressed", "yun"), ("plain", "mei")):
            worn = {"visual_id": found["visual"], "language_id": found["language"]} if persona == "dressed" else {}
            body = {"id": persona, "name": persona, "look_id": look, "voice": f"zh-{look}", **worn}
            instance.api.post("/personas", json=body).raise_for_status()
        yield instance


def command(instance: Instance, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "server.cli", "adapters", *arguments, "--data", str(instance.data)], cwd=ROOT,
        capture_output=True, text=True, timeout=120, env={**os.environ, "LANG": "C.UTF-8"},
    )


def activate(shop: Instance, **body: Any) -> httpx.Response:
    return shop.api.post("/adapters/activate", json={"room": "main", **body})


def over(shop: Instance, answer: httpx.Response, limit_s: float = 60.0) -> dict[str, Any]:
    assert answer.status_code == 202, answer.text
    until = time.monotonic() + limit_s
    while True:
        document: dict[str, Any] = shop.api.get(f"/adapters/activations/{answer.json()['id']}").json()
        if document["state"] in OVER:
            return document
        assert time.monotonic() < until, (document, shop.logs())
        time.sleep(0.05)


def active(shop: Instance) -> dict[str, Any]:
    document: dict[str, Any] = shop.api.get("/adapters/active", params={"room": "main"}).json()[0]
    return document


def test_a_persona_changes_on_air_without_a_restart(shop: Instance) -> None:
    before = shop.status()["playout"]
    for persona, look in (("dressed", "yun"), ("plain", "mei"), ("dressed", "yun")):
        document = over(shop, activate(shop, persona=persona))
        assert document["state"] == "committed", document
        assert active(shop)["persona"] == persona
        shop.until(lambda: f"/{look}/" in (shop.status()["playout"]["look"] or ""), 10, "her picture")  # noqa: B023
    after = shop.status()["playout"]
    assert after["restarts"] == before["restarts"] == 0
    assert after["uptime_s"] > before["uptime_s"]
    assert shop.status()["persona"]["id"] == "dressed"


def test_samples_of_what_was_added_are_made(shop: Instance) -> None:
    def ready() -> bool:
        return all(a["sample_state"] == "ready" for a in shop.api.get("/adapters").json())

    shop.until(ready, 60, "the samples")
    visual = next(a for a in shop.api.get("/adapters").json() if a["kind"] == "visual")
    assert shop.api.get(f"/adapters/{visual['id']}/preview").content.startswith(b"\x89PNG")


def test_rollback_and_the_command_line(shop: Instance) -> None:
    over(shop, activate(shop, persona="plain", when="now"))
    over(shop, activate(shop, persona="dressed", when="now"))
    done = command(shop, "rollback")
    assert done.returncode == 0 and active(shop)["persona"] == "plain", done.stdout + done.stderr
    done = command(shop, "activate", "--persona", "nobody")
    assert done.returncode == 2 and "plain" in done.stderr and "nobody" in done.stderr
    listed = command(shop, "list").stdout
    assert "tang" in listed and "ready" in listed
    adapter = shop.api.get("/adapters").json()[0]["id"]
    assert adapter in command(shop, "show", adapter).stdout
    refused = command(shop, "remove", adapter)
    assert refused.returncode == 2 and "dressed" in refused.stderr


def test_a_picture_without_a_face_is_not_put_on_air(shop: Instance) -> None:
    over(shop, activate(shop, persona="plain", when="now"))
    visual = next(a["id"] for a in shop.api.get("/adapters").json() if a["kind"] == "visual")
    document = over(shop, activate(shop, visual=visual), 120)
    assert (document["state"], document["reason"]) == ("failed", "canary"), document
    assert document["stayed"]["persona"] == "plain" and active(shop)["look_id"] == "mei"
    look = shop.api.post("/looks/portrait", json={"prompt": "a woman", "steps": 1, "name": "noise"})
    assert look.status_code == 202

    def failed() -> bool:
        return bool(shop.api.get(f"/looks/{look.json()['id']}").json()["state"] == "failed")

    shop.until(failed, 60, "the canary")


def test_the_studio_killed_midway_and_back(shop: Instance) -> None:
    over(shop, activate(shop, persona="plain", when="now"))
    pid = shop.pid_of("pipelines.studio.worker")
    answer = activate(shop, persona="dressed")
    os.kill(pid, signal.SIGKILL)
    document = over(shop, answer)
    # Either it was done before the kill, or it says what happened; never anything between.
    if document["state"] == "failed":
        assert document["reason"] == "studio_down" and active(shop)["persona"] == "plain", document
    else:
        assert active(shop)["persona"] == "dressed"
    shop.until(lambda: "-m pipelines.studio.worker" in {**shop.children(), pid: ""}.values(), 30, "a new studio")
    shop.until(lambda: shop.api.get("/studio").json()["state"] == "running", 90, "the studio to be up")
    document = over(shop, activate(shop, persona="dressed"))
    assert document["state"] == "committed", document
    assert shop.status()["playout"]["restarts"] == 0


def test_the_schedule_changes_her_in_time(shop: Instance) -> None:
    over(shop, activate(shop, persona="plain", when="now"))
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
    override = {
        "start": (now + dt.timedelta(seconds=8)).isoformat(), "end": (now + dt.timedelta(seconds=3600)).isoformat(),
        "persona": "dressed",
    }
    body = {"room": "main", "time_zone": "UTC", "default_persona": "plain", "prepare_s": 60, "overrides": [override]}
    shop.api.put("/schedule", json=body).raise_for_status()
    shop.until(lambda: active(shop)["persona"] == "dressed", 40, "the schedule's persona")
    document = shop.api.get("/adapters/activations", params={"room": "main", "limit": 1}).json()[0]
    assert document["source"] == "schedule" and document["state"] == "committed"
    assert active(shop)["until"] is not None
    shop.api.put("/schedule", json={**body, "enabled": False}).raise_for_status()


def test_the_server_comes_back_to_who_was_on_air(shop: Instance) -> None:
    over(shop, activate(shop, persona="dressed", when="now"))
    since = active(shop)["since"]
    os.kill(shop.pid_of("server.main"), signal.SIGKILL)
    shop.until(lambda: shop.status()["on_air"], 60, "the server to be back")
    assert (active(shop)["persona"], active(shop)["since"]) == ("dressed", since)
    assert shop.status()["playout"]["restarts"] == 0
    assert over(shop, activate(shop, persona="plain"))["state"] == "committed"
