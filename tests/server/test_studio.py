"""The server's end of the studio: what is known of the bases without loading them, and how its state is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.spec import spec_of_folder
from server.settings import Settings, VisualSection
from server.wardrobe.studio import Studio
from streaming.errors import Unavailable
from tests.server.conftest import FakeBus


def studio(data: Path, path: Path | str, **visual: Any) -> tuple[Studio, FakeBus]:
    bus = FakeBus()
    return Studio(Settings(visual=VisualSection(path=str(path), **visual)), data, bus), bus


def child(bus: FakeBus, state: str, pid: int = 1) -> None:
    bus.tell("child", name="studio", state=state, pid=pid, since=1.0, restarts=0, status={"device": "cpu"})


def test_a_single_file_base_is_known_once_the_studio_has_loaded_it(tmp_path: Path, visual_folder: Path) -> None:
    checkpoint = tmp_path / "sd.safetensors"
    checkpoint.write_bytes(b"weights")
    ours, _ = studio(tmp_path, checkpoint, rank_max=8)
    with pytest.raises(Unavailable, match="for the first time"):
        ours.spec("visual")
    spec = spec_of_folder(visual_folder, rank_max=8)
    (tmp_path / "bases").mkdir()
    left = tmp_path / "bases" / "visual.json"
    left.write_text(json.dumps({"path": str(checkpoint), "spec": spec.to_json()}))
    known = ours.spec("visual")
    assert known is not None and known.fingerprint == spec.fingerprint and ours.specs() == [known]
    other, _ = studio(tmp_path, checkpoint, rank_max=4)
    with pytest.raises(Unavailable):
        other.spec("visual")


def test_a_base_that_is_not_there_says_which_setting(tmp_path: Path) -> None:
    ours, _ = studio(tmp_path, tmp_path / "nowhere")
    with pytest.raises(Unavailable, match="nowhere") as caught:
        ours.spec("visual")
    assert "visual.path" in caught.value.next_step


async def test_its_state(tmp_path: Path, visual_folder: Path) -> None:
    none, _ = studio(tmp_path, "")
    assert none.state == "off" and (await none.document())["state"] == "off"
    with pytest.raises(Unavailable, match="no base"):
        await none.ask("state", 1.0)
    ours, bus = studio(tmp_path, visual_folder)
    ups: list[int] = []
    ours.ready = lambda: ups.append(1)
    assert ours.state == "down"
    for said, state in (("starting", "starting"), ("running", "running"), ("running", "running"), ("waiting", "down")):
        child(bus, said)
        assert ours.state == state
    assert ups == [1]
    child(bus, "running", pid=2)
    assert ups == [1, 1]
    child(bus, "gone", pid=2)
    assert ours.state == "down"


async def test_a_text_that_is_not_wanted_any_more_is_cancelled(tmp_path: Path, visual_folder: Path) -> None:
    ours, bus = studio(tmp_path, visual_folder)
    bus.down.add("studio")
    with pytest.raises(Unavailable):
        await ours.write("main", [{"role": "user", "content": "hi"}], {"max_tokens": 120})
    asked, cancelled = bus.ops("write")[0], bus.ops("cancel")[0]
    assert asked["job"] == cancelled["job"] and asked["sampling"]["max_tokens"] == 120
