"""A training that is cut off goes on as if nothing had been; going on is not the same as beginning from an adapter."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("torch", reason="the studio's packages are not installed: make studio")

import torch
from safetensors.torch import load_file

from adapters.errors import BadConfig, NoSpace, Occupied
from adapters.training import checkpoint
from adapters.training.__main__ import STOPPED, main
from adapters.training.journal import read
from adapters.training.terminal import Terminal
from adapters.training.train import train

pytestmark = pytest.mark.timeout(420)
Make = Callable[..., Any]
ROOT = Path(__file__).parents[2]


def start(config: Any, *flags: str) -> subprocess.Popen[bytes]:
    path = config.output_dir.parent / f"{config.output_dir.name}.yaml"
    path.write_text(yaml.safe_dump(config.to_json()))
    return subprocess.Popen([sys.executable, "-m", "adapters.training", "--config", str(path), *flags], cwd=ROOT,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def wait_for_checkpoint(folder: Path, step: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        found = checkpoint.latest(folder / "run" / "checkpoints")
        if found is not None and found.step >= step:
            return
        time.sleep(0.02)
    raise AssertionError(f"no checkpoint: {process.communicate()[0].decode()[-2000:]}")


@pytest.mark.integration
@pytest.mark.parametrize("kind", ["visual", "language"])
def test_after_kill_9_the_weights_are_the_same_to_the_bit(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    make: Make = request.getfixturevalue(kind)
    over: dict[str, Any] = {
        "save_every": 2, "lora_dropout": 0.2, "ema_decay": 0.9, "epochs": 4 if kind == "visual" else 8,
        "loraplus_ratio": 4, "batch_size": 3,
    }
    whole = load_file(train(make(output_dir=tmp_path / "whole", **over)).files[0])
    cut = make(output_dir=tmp_path / "cut", **over)
    process = start(cut)
    wait_for_checkpoint(tmp_path / "cut", 4, process)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert not (tmp_path / "cut" / "cut.safetensors").exists()
    with pytest.raises(Occupied) as e:
        train(cut)
    assert "--resume goes on with it" in e.value.next_step
    assert main(["--config", str(tmp_path / "cut.yaml"), "--resume"]) == 0
    resumed = load_file(tmp_path / "cut" / "cut.safetensors")
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(whole[k], resumed[k]) for k in whole)
    steps = [e["step"] for e in read(tmp_path / "cut" / "run") if e["event"] == "step"]
    assert steps == list(range(1, len(steps) + 1)), "each step is told once"
    both = [[e["loss"] for e in read(tmp_path / n / "run") if e["event"] == "validation"] for n in ("whole", "cut")]
    assert both[0] == both[1]


def test_a_stop_on_request_keeps_what_was_learnt(
    language: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump(language(epochs=2000, patience=0).to_json()))

    def ask(self: Terminal, e: Any) -> None:
        if e["step"] == asked:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Terminal, "_on_step", ask)
    asked = 3
    assert main(["--config", str(path)]) == STOPPED
    assert "--resume" in capsys.readouterr().out
    events = list(read(tmp_path / "out" / "run"))
    assert events[-1]["event"] == "end" and events[-1]["state"] == "stopped"
    found = checkpoint.latest(tmp_path / "out" / "run" / "checkpoints")
    assert found is not None and found.step == max(e.get("step", 0) for e in events if e["event"] == "step")

    def full(*_: Any) -> None:
        raise NoSpace("no_disk", "the checkpoint can't be written", next_step="Free some space.")

    monkeypatch.setattr(checkpoint, "save", full)
    asked = found.step + 2
    assert main(["--config", str(path), "--resume"]) == STOPPED
    said = " ".join(capsys.readouterr().out.split())
    assert f"stopped after step {asked}; step {found.step} is the last that is saved" in said


def test_resume_and_init_from_are_not_confused(language: Make, language_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(Occupied, match="no training to resume") as nothing:
        train(language(resume=True))
    assert "init_from" in nothing.value.next_step
    first = train(language(output_dir=tmp_path / "first", epochs=1))
    with pytest.raises(BadConfig, match="is a training, not an adapter"):
        (tmp_path / "unfinished" / "run" / "checkpoints").mkdir(parents=True)
        train(language(output_dir=tmp_path / "x", init_from=tmp_path / "unfinished"))
    with pytest.raises(BadConfig, match="has rank 4, lora_rank is 8"):
        train(language(output_dir=tmp_path / "y", init_from=first.files[0], lora_rank=8))
    with pytest.raises(BadConfig, match=r"changes model.*mlp"):
        train(language(output_dir=tmp_path / "z", init_from=first.files[0], lora_targets="attention"))
    again = train(language(output_dir=tmp_path / "again", init_from=first.files[0], epochs=1, lora_alpha=8))
    began, fresh = (
        next(e["loss"] for e in read(tmp_path / name / "run") if e["event"] == "validation")
        for name in ("again", "first")
    )
    assert began == pytest.approx(first.best_loss, rel=2e-3), "whatever the new alpha, it begins where that ended"
    assert began < fresh and again.state == "finished"


def test_what_is_resumed_must_be_the_same_training(language: Make, dialogues: Path, tmp_path: Path) -> None:
    train(language(max_steps=4))
    for over, field in (({"lora_rank": 8}, "lora_rank"), ({"seed": 3}, "seed"), ({"batch_size": 2}, "batch_size")):
        with pytest.raises(BadConfig, match="the training to resume had") as e:
            train(language(resume=True, max_steps=6, **over))
        assert e.value.field == field
    longer = train(language(resume=True, max_steps=6))
    assert longer.steps == 6
    said = [e["message"] for e in read(tmp_path / "out" / "run") if e["event"] == "note"]
    assert any("max_steps 4 -> 6" in m for m in said)
    (dialogues / "more.csv").write_text("question,answer\nnew,thing\n")
    with pytest.raises(BadConfig, match="the data is not what") as e:
        train(language(resume=True, max_steps=8))
    assert "init_from" in e.value.next_step


def test_a_checkpoint_that_was_damaged_is_passed_over(language: Make, tmp_path: Path) -> None:
    train(language(max_steps=6, save_every=2))
    folder = tmp_path / "out" / "run" / "checkpoints"
    newest = sorted(folder.glob("0*"))[-1]
    (newest / "tensors.safetensors").write_bytes(b"x" * 50)
    found = checkpoint.latest(folder)
    assert found is not None and found.step == 4
    assert not list(folder.rglob("*.p*k*")), "no pickle"
