"""A user's own picture becomes a presenter on air, from the command line and without a gap."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.instance import ROOT, Instance
from tests.pipelines.looks.test_bake import MARKS, photo

pytestmark = pytest.mark.integration


def looks_add(instance: Instance, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "server.cli", "looks", "add", *arguments, "--data", str(instance.data)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, env={**os.environ, "LANG": "C.UTF-8"}
    )


def test_a_photo_is_added_marked_and_put_on_air(instance: Instance, tmp_path: Path) -> None:
    picture = photo(tmp_path / "me.png")
    marks = tmp_path / "marks.json"
    marks.write_text(json.dumps(MARKS))
    done = looks_add(instance, str(picture), "--name", "my face", "--landmarks", str(marks))
    assert done.returncode == 0, done.stdout + done.stderr
    look = next(x for x in instance.api.get("/looks").json() if x["name"] == "my face")
    assert look["state"] == "ready"
    before = instance.status()["playout"]
    instance.api.post(f"/looks/{look['id']}/activate", json={"room": "main"}).raise_for_status()
    instance.until(lambda: look["id"] in (instance.status()["playout"]["look"] or ""), 20, "the look to be on air")
    after = instance.status()
    assert after["look"]["id"] == look["id"]
    assert after["playout"]["restarts"] == before["restarts"]
    assert len(instance.api.get("/auth/tokens").json()) == 1, "the command line's own token was revoked"
    instance.api.post("/looks/lin/activate", json={"room": "main"}).raise_for_status()
    instance.until(lambda: "/lin/" in (instance.status()["playout"]["look"] or ""), 20, "the demo's look again")


def test_a_picture_without_a_face_says_where_to_go(instance: Instance, tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (600, 800), (30, 90, 160)).save(tmp_path / "sky.png")
    done = looks_add(instance, str(tmp_path / "sky.png"))
    assert done.returncode == 3
    assert "were not found" in done.stderr and "#/looks" in done.stderr
    (tmp_path / "text.png").write_text("no picture")
    refused = looks_add(instance, str(tmp_path / "text.png"))
    assert refused.returncode == 2
    assert "no picture" in refused.stderr
