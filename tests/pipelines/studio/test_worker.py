"""The studio as the process it is: typed requests, streamed tokens, refusals, and its end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from adapters import convert
from adapters.spec import spec_of_folder
from tests.adapters import tiny
from tests.streaming.child_process import ChildProcess

HELLO = [{"role": "user", "content": "hello"}]


def start(run_dir: Path, visual: Path | str, language: Path | str, **config: Any) -> ChildProcess:
    return ChildProcess(
        "pipelines.studio.worker", run_dir, name="studio", visual_path=str(visual), language_path=str(language),
        visual_rank=8, language_rank=8, device="cpu", spec_dir=str(run_dir / "bases"), **config,
    )


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, visual_folder: Path, language_folder: Path
           ) -> Iterator[ChildProcess]:
    with start(tmp_path_factory.mktemp("run"), visual_folder, language_folder) as child:
        child.reach("ready", 90)
        yield child


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, visual_folder: Path, language_folder: Path
          ) -> dict[str, tuple[Path, str]]:
    """name -> canonical file and its sum."""
    folder = tmp_path_factory.mktemp("files")
    visual, language = spec_of_folder(visual_folder, rank_max=8), spec_of_folder(language_folder, rank_max=8)
    out = {}
    for seed in (1, 2):
        q = {p: t.shape for p, t in visual.parts["unet"].items() if p.endswith(("to_q", "to_v"))}
        source = tiny.write_kohya(folder / f"v{seed}.in.safetensors", tiny.random_lora(q, 4, seed=seed), 4.0)
        convert.convert(source, folder / f"v{seed}.safetensors", [visual])
        out[f"v{seed}"] = folder / f"v{seed}.safetensors"
        q = {p: t.shape for p, t in language.parts["model"].items() if p.endswith(("q_proj", "down_proj"))}
        source = tiny.write_peft(folder / f"l{seed}", tiny.random_lora(q, 4, seed=seed, scale=1.0), 8.0)
        convert.convert(source, folder / f"l{seed}.safetensors", [language], config={"lora_alpha": 8.0})
        out[f"l{seed}"] = folder / f"l{seed}.safetensors"
    return {name: (path, convert.sha256(path)) for name, path in out.items()}


def stage(studio: ChildProcess, files: dict[str, tuple[Path, str]], name: str) -> str:
    path, digest = files[name]
    kind = "visual" if name.startswith("v") else "language"
    answer = studio.ask("stage", kind=kind, path=str(path), sha256=digest, weight=1.0)
    assert answer["ok"], answer
    return str(answer["key"])


def write(studio: ChildProcess, room: str, job: str, **sampling: Any) -> dict[str, Any]:
    how = {"max_tokens": 12, "temperature": 0.0, **sampling}
    return dict(studio.ask("write", room=room, messages=HELLO, sampling=how, job=job))


def test_it_says_what_it_holds(studio: ChildProcess) -> None:
    state = studio.ask("state")
    assert state["device"] == "cpu" and state["memory_mb"] > 0
    for kind in ("visual", "language"):
        base = state[kind]
        assert base["parameters"] > 1000 and base["rank_max"] == 8 and base["memory_mb"] > 0 and base["fingerprint"]


def test_tokens_are_streamed(studio: ChildProcess) -> None:
    answer = write(studio, "stream", "job-1")
    pieces = [e["text"] for e in studio.events if e["op"] == "studio.text" and e["job"] == "job-1"]
    assert answer["ok"] and len(pieces) >= 2 and "".join(pieces) == answer["text"]
    assert answer["tokens"] == 12 and 0 < answer["first_ms"] <= answer["ms"]


def test_a_room_wears_what_it_was_given_and_goes_back(studio: ChildProcess, files: dict[str, tuple[Path, str]]) -> None:
    bare = write(studio, "r1", "a")["text"]
    one, two = stage(studio, files, "l1"), stage(studio, files, "l2")
    assert studio.ask("try_out", room="r1", visual=stage(studio, files, "v1"), language=one)["sample"]
    texts = []
    for key in (one, two, one):
        swapped = studio.ask("commit", room="r1", visual=None, language=key)
        assert swapped["ok"] and swapped["swap_ms"] >= 0
        texts.append(write(studio, "r1", "b")["text"])
    assert texts[0] == texts[2] and len({bare, *texts}) == 3
    assert write(studio, "r2", "c")["text"] == bare
    tried = studio.ask("try_out", room="r1", visual=None, language=two)
    assert tried["ok"] and write(studio, "r1", "d")["text"] == texts[2], "what is tried out is not on air"
    assert studio.ask("rollback", room="r1")["language"] == two
    assert write(studio, "r1", "d")["text"] == texts[1]
    studio.ask("release", room="r1")
    assert write(studio, "r1", "e")["text"] == bare


def test_a_line_of_the_old_persona_is_not_finished_by_the_new_one(
    studio: ChildProcess, files: dict[str, tuple[Path, str]]
) -> None:
    key = stage(studio, files, "l1")
    studio.ask("commit", room="r3", visual=None, language=None)
    studio._id += 1
    number = studio._id
    how = {"max_tokens": 400, "temperature": 0.0}
    studio.channel.send({"op": "write", "id": number, "from": "server", "room": "r3", "messages": HELLO,
                         "sampling": how, "job": "long"})
    studio.until(lambda: [e for e in studio.events if e.get("job") == "long"])
    assert studio.ask("commit", room="r3", visual=None, language=key)["ok"]
    studio.until(lambda: number in studio._answers)
    refused = studio._answers.pop(number)
    assert not refused["ok"] and "persona changed" in refused["error"]["message"]
    fresh = write(studio, "r3", "f")["text"]
    studio.ask("release", room="r3")
    studio.ask("commit", room="r4", visual=None, language=key)
    assert write(studio, "r4", "g")["text"] == fresh


def test_what_was_tried_out_is_committed_without_a_copy(tmp_path: Path, visual_folder: Path, language_folder: Path,
                                                        files: dict[str, tuple[Path, str]]) -> None:
    from pipelines.studio.config import StudioConfig
    from pipelines.studio.studio import Studio

    studio = Studio(StudioConfig(
        device="cpu", visual_path=str(visual_folder), language_path=str(language_folder), visual_rank=8, language_rank=8
    ))
    assert studio.visual is not None and studio.language is not None
    bases = (studio.visual.unet, studio.language.resident)
    keys = {n: studio.stage("visual" if n[0] == "v" else "language", *files[n], 1.0)["key"] for n in files}
    for visual, language in (("v1", "l1"), ("v2", "l2"), ("v1", "l1")):
        studio.try_out("main", keys[visual], keys[language])
        copies = [list(base.versions) for base in bases]
        lying = [base.live.clone() for base in bases]
        studio.commit("main", keys[visual], keys[language])
        assert copies == [list(base.versions) for base in bases]
        assert all(torch.equal(a, base.live) for a, base in zip(lying, bases, strict=True))
        slot = studio.slot_of("main")
        assert studio.visual.wears(slot, studio.shelves["visual"].get(keys[visual]))
        assert bases[1].wears(slot) is studio.shelves["language"].get(keys[language]).parts["model"]
    studio.rollback("main")
    assert studio.visual.wears(studio.slot_of("main"), studio.shelves["visual"].get(keys["v2"]))
    # Tried out and then not wanted: what is committed is what was asked for.
    studio.try_out("main", keys["v1"], None)
    studio.commit("main", None, keys["l2"])
    assert studio.visual.wears(studio.slot_of("main"), None)
    assert bases[1].wears(studio.slot_of("main")) is studio.shelves["language"].get(keys["l2"]).parts["model"]


def test_a_change_does_not_wait_for_a_painting(studio: ChildProcess, files: dict[str, tuple[Path, str]],
                                               tmp_path: Path) -> None:
    seen, heard = stage(studio, files, "v2"), stage(studio, files, "l1")
    studio._id += 1
    number = studio._id
    brief = {"prompt": "x", "steps": 400, "width": 256, "height": 256, "seed": 1}
    studio.channel.send({"op": "paint", "id": number, "from": "server", "brief": brief, "visual": seen, "job": "slow",
                         "out": str(tmp_path / "p.png")})
    assert studio.ask("try_out", room="busy", visual=seen, language=heard)["ok"]
    assert studio.ask("commit", room="busy", visual=seen, language=heard)["ok"]
    assert number not in studio._answers, "the painting is under way"
    studio.ask("cancel", job="slow")
    studio.until(lambda: number in studio._answers, 60)
    assert not studio._answers.pop(number)["ok"] and not (tmp_path / "p.png").exists()
    studio.ask("release", room="busy")


def test_portraits(studio: ChildProcess, files: dict[str, tuple[Path, str]], tmp_path: Path) -> None:
    key = stage(studio, files, "v1")
    out = tmp_path / "card.png"
    assert studio.ask("sample", kind="visual", key=key, prompt="tang", out=str(out), limit_s=60)["ok"]
    with Image.open(out) as picture:
        assert picture.size == (256, 384)
    brief = {"prompt": "a woman", "steps": 2, "width": 64, "height": 64, "seed": 1}
    for name, seed in (("a", 1), ("b", 2), ("again", 1)):
        out = tmp_path / f"{name}.png"
        answer = studio.ask("paint", brief={**brief, "seed": seed}, visual=key, out=str(out), job=name, limit_s=60)
        assert answer["ok"] and (answer["width"], answer["height"]) == (64, 64), answer
    pictures = {name: (tmp_path / f"{name}.png").read_bytes() for name in ("a", "b", "again")}
    assert pictures["a"] == pictures["again"] != pictures["b"]
    lost = {**brief, "init": str(tmp_path / "gone.png")}
    refused = studio.ask("paint", brief=lost, visual=key, out=str(tmp_path / "p.png"), job="p", limit_s=60)
    assert not refused["ok"] and not (tmp_path / "p.png").exists()


def test_refusals(studio: ChildProcess, files: dict[str, tuple[Path, str]], tmp_path: Path) -> None:
    path, digest = files["l1"]
    half = tmp_path / "half.safetensors"
    half.write_bytes(path.read_bytes()[:200])
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("stage", {"kind": "language", "path": str(tmp_path / "none"), "sha256": "0", "weight": 1.0}, ""),
        ("stage", {"kind": "language", "path": str(half), "sha256": "1", "weight": 1.0}, "corrupt"),
        ("stage", {"kind": "visual", "path": str(path), "sha256": digest, "weight": 1.0}, "wrong_base"),
        ("commit", {"room": "r", "visual": None, "language": "never"}, "not_staged"),
        ("rollback", {"room": "unseen"}, ""),
        ("stage", {"kind": "language"}, ""),
        ("fly", {}, ""),
    ]
    for op, fields, reason in cases:
        answer = studio.ask(op, **fields)
        assert not answer["ok"] and answer["error"]["message"], (op, answer)
        if reason:
            assert answer["error"]["reason"] == reason, answer
    assert studio.ask("state")["ok"]


def test_slots_run_out_with_a_reason(tmp_path: Path, language_folder: Path) -> None:
    with start(tmp_path, "", language_folder, rooms=1) as child:
        child.reach("ready", 90)
        assert child.ask("commit", room="a", visual=None, language=None)["ok"]
        refused = child.ask("commit", room="b", visual=None, language=None)
        assert refused["error"]["reason"] == "no_memory" and "studio.rooms" in refused["error"]["next_step"]
        assert child.ask("state")["visual"] is None


def test_a_base_that_is_none_ends_it_with_a_notice(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    child = start(tmp_path, "", tmp_path / "model")
    try:
        while not any(e["op"] == "notice" for e in child.events):
            child.poll(0.5)
            assert child.popen.poll() in (None, 3)
        notice = next(e for e in child.events if e["op"] == "notice")
        assert "language base" in notice["message"] and notice["next_step"]
    finally:
        child.popen.send_signal(signal.SIGKILL)
        child.popen.wait()
        child.channel.close()
