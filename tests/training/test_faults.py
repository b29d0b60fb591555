"""What a user can do wrong, and what a machine can do to him: a clear error, and nothing is lost."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

pytest.importorskip("torch", reason="the studio's packages are not installed: make studio")

import torch

from adapters.errors import AdapterError, BadBase, BadConfig, BadDataset, Diverged, NoSpace, Occupied
from adapters.training import checkpoint, fit, memory
from adapters.training.__main__ import main
from adapters.training.config import from_values
from adapters.training.folder import Folder
from adapters.training.journal import read
from adapters.training.language import LanguageTask
from adapters.training.plan import explain
from adapters.training.train import train

pytestmark = pytest.mark.timeout(420)
Make = Callable[..., Any]
ROOT = Path(__file__).parents[2]


def test_data_and_bases_that_are_not_there(visual: Make, language: Make, tmp_path: Path, language_folder: Path) -> None:
    (tmp_path / "empty").mkdir()
    cases: list[tuple[Any, type[AdapterError], str]] = [
        (visual(train_data_dir=tmp_path / "none"), BadDataset, "there is no folder"),
        (visual(train_data_dir=tmp_path / "empty"), BadDataset, "no picture to learn from"),
        (visual(metadata_path=tmp_path / "none.csv"), BadDataset, "there is no file"),
        (visual(base_model=tmp_path / "none", type="visual"), BadBase, "nothing there"),
        (visual(base_model=language_folder, type="visual"), BadBase, "can't be loaded"),
        (language(train_data_dir=tmp_path / "empty"), BadDataset, "no dialogue to learn from"),
        (language(base_model=tmp_path / "none", type="language"), BadBase, "no such folder"),
        (language(device="cuda:7"), BadConfig, "no CUDA"),
        (language(mixed_precision="fp16"), BadConfig, "fp16 needs CUDA"),
        (language(optimizer="adamw8bit"), BadConfig, "adamw8bit"),
        (language(init_from=tmp_path / "none.safetensors"), BadConfig, "there is no adapter"),
    ]
    for n, (config, kind, words) in enumerate(cases):
        config = config.with_values(output_dir=tmp_path / f"out{n}")
        with pytest.raises(kind, match=words) as e:
            train(config)
        assert e.value.next_step, words
        assert not list(config.output_dir.glob("*.safetensors"))
    (tmp_path / "x.ckpt").write_bytes(b"x")
    with pytest.raises(BadBase, match="can run code"):
        train(visual(base_model=tmp_path / "x.ckpt", output_dir=tmp_path / "ckpt"))


def test_an_adapter_over_100_mb_is_refused_before_it_is_trained(visual: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.training.sizes.LIMIT_MB", 0.05)
    with pytest.raises(BadConfig, match="would be 0 MB; the limit is") as e:
        train(visual(lora_rank=64))
    assert e.value.field == "lora_rank" and "Lower lora_rank to" in e.value.next_step
    rank = int(e.value.next_step.split("Lower lora_rank to ")[1].split(",")[0])
    result = train(visual(lora_rank=rank, max_steps=1, output_name="small", overwrite=True))
    assert result.files[0].stat().st_size < 0.07e6


def test_nothing_that_exists_is_overwritten(language: Make, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    first = train(language(max_steps=1)).files[0].read_bytes()
    with pytest.raises(Occupied, match=r"holds out.safetensors already") as e:
        train(language(max_steps=2))
    assert "--overwrite" in e.value.next_step
    assert (tmp_path / "out" / "out.safetensors").read_bytes() == first
    others = [tmp_path / "out" / n for n in ("run/mine.py", "peft/mine.txt", "diffusers/mine.txt")]
    for path in others:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
    second = train(language(max_steps=2, overwrite=True)).files[0].read_bytes()
    assert second != first and (tmp_path / "out" / "notes.txt").read_text() == "mine"
    assert all(path.read_text() == "mine" for path in others), "folders of ours may hold what is not"
    steps = [e for e in read(tmp_path / "out" / "run") if e["event"] == "step"]
    assert len(steps) == 2, "the journal of the first is gone with it"


def test_a_second_training_on_the_same_output(language: Make, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "out", "out")
    folder.claim(resume=False, overwrite=False)
    with pytest.raises(Occupied, match="another training is writing"):
        train(language(overwrite=True))
    folder.release()
    assert train(language(max_steps=1)).state == "finished"


@pytest.mark.parametrize("finite", [True, False])
def test_a_loss_that_is_no_number_stops_it_and_keeps_the_last_good_step(
    language: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, finite: bool
) -> None:
    whole = LanguageTask.loss

    def loss(self: LanguageTask, items: Any, step: int, at: int) -> torch.Tensor:
        value = whole(self, items, step, at)
        if step < 5:
            return value
        # The slope of a square root at zero is infinite: the loss is finite, its gradient is not.
        return value + torch.sqrt(value - value.detach()) if finite else value * float("nan")

    monkeypatch.setattr(LanguageTask, "loss", loss)
    with pytest.raises(Diverged, match="no number any more at step 6") as e:
        train(language(epochs=10))
    assert "Lower learning_rate (it was 0.002)" in e.value.next_step
    found = checkpoint.latest(tmp_path / "out" / "run" / "checkpoints")
    assert found is not None and found.step == 5
    assert all(torch.isfinite(t).all() for t in found.tensors.values() if t.is_floating_point())
    end = list(read(tmp_path / "out" / "run"))[-1]
    assert end["state"] == "failed" and "no number" in end["message"]
    monkeypatch.setattr(LanguageTask, "loss", whole)
    assert train(language(epochs=10, learning_rate=1e-3, resume=True)).state == "finished"


@pytest.mark.integration
def test_a_full_disk_is_said_and_loses_nothing(language: Make, tmp_path: Path) -> None:
    config = language(lora_rank=16, save_every=1, max_steps=4)
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump(config.to_json()))

    def small_disk() -> None:
        # A file over this size fails as one on a full disk does: the write raises OSError.
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    command = [sys.executable, "-m", "adapters.training", "--config", str(path)]
    done = subprocess.run(command, cwd=ROOT, preexec_fn=small_disk, capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    assert "can't be written" in done.stderr and "Free some space" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / "out").rglob("*.part"))
    steps = [e for e in read(tmp_path / "out" / "run") if e["event"] == "step"]
    assert len(steps) == 4, "checkpoints that can't be written don't end a training"


def test_pictures_of_every_kind_can_be_learnt_from(visual: Make, pictures: Path, tmp_path: Path) -> None:
    Image.new("CMYK", (64, 64)).save(pictures / "cmyk.jpg")
    Image.fromarray(np.full((64, 64), 40_000, np.uint16)).save(pictures / "deep.png")
    (pictures / "zero.png").write_bytes(b"")
    rows = (pictures / "metadata.csv").read_text() + "\ncmyk.jpg,a\n.\\deep.png,b\nC:\\x\\zero.png,c\ngone.png,d\n"
    (pictures / "metadata.csv").write_bytes(rows.encode("gb18030"))
    assert train(visual(max_steps=2)).state == "finished"
    said = [e["message"] for e in read(tmp_path / "out" / "run") if e["event"] == "note"]
    assert any("zero.png is empty" in m for m in said) and any("gone.png" in m for m in said)
    begin = next(e for e in read(tmp_path / "out" / "run") if e["event"] == "begin")
    assert begin["items"] + begin["held_out"] == 14


class _Machine:
    """A machine with so much memory, on which one item takes `one` MB and each more `more` MB."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, limit: float, one: float, more: float) -> None:
        self.one, self.more, self.saved = one, more, 0.0
        monkeypatch.setattr(memory, "available", lambda device, limit_mb=0: limit)
        monkeypatch.setattr(fit, "measure", lambda task, rows, device: (one - self.saved + more * (rows - 1), 0.1))


class _Task:
    def __init__(self, machine: Any = None) -> None:
        self.done: list[str] = []
        self.machine: Any = machine

    def checkpointing(self) -> None:
        self.done.append("checkpointing")
        self.machine.saved = 400

    def lighten(self) -> str:
        self.done.append("lighten")
        self.machine.saved += 300
        return "latents are kept on the disk"


@pytest.mark.parametrize(("limit", "rows", "done"), [
    (10_000, 8, []), (2400, 4, []), (1700, 2, []), (1000, 1, []), (900, 1, ["checkpointing"]),
    (500, 1, ["checkpointing", "lighten"]), (200, 0, ["checkpointing", "lighten"]),
])
def test_what_gives_way_when_memory_is_short(
    monkeypatch: pytest.MonkeyPatch, limit: float, rows: int, done: list[str]
) -> None:
    machine = _Machine(monkeypatch, limit, 1000, 400)
    task = _Task(machine)
    values = {"train_data_dir": "d", "base_model": "b", "output_dir": "o", "batch_size": 8, "type": "visual"}
    config = from_values(values)
    said: list[str] = []
    if not rows:
        with pytest.raises(NoSpace, match="a single item does not fit"):
            fit.fit(task, config, torch.device("cpu"), said.append)  # type: ignore[arg-type]
    else:
        made = fit.fit(task, config, torch.device("cpu"), said.append)  # type: ignore[arg-type]
        assert made.rows == rows and made.checkpointing == ("checkpointing" in done)
        if 1 < rows < 8:
            assert f"batch_size 8 -> {rows} with gradient_accumulation {8 // rows}" in said[-1]
    assert task.done == done


def test_explaining_says_what_would_be_changed_to_fit(visual: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    _Machine(monkeypatch, 2000, 1000, 400)
    plan = explain(visual(batch_size=8))
    assert "batch_size 8 -> 2 with gradient_accumulation 4" in plan.changes[0]
    assert plan.memory_mb == 1400 and plan.memory_free_mb == 2000 and plan.time_s


def test_memory_that_runs_out_on_the_way_halves_the_batch(
    language: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = LanguageTask.loss

    def loss(self: LanguageTask, items: Any, step: int, at: int) -> torch.Tensor:
        if step >= 2 and len(items) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return whole(self, items, step, at)

    free = train(language(output_dir=tmp_path / "free", max_steps=6))
    monkeypatch.setattr(LanguageTask, "loss", loss)
    short = train(language(max_steps=6))
    said = [e["message"] for e in read(tmp_path / "out" / "run") if e["event"] == "note"]
    assert any("memory ran out at step 2: batch_size is 2" in m for m in said)
    from safetensors.torch import load_file

    one, two = load_file(free.files[0]), load_file(short.files[0])
    assert all(torch.allclose(one[k].float(), two[k].float(), atol=2e-3) for k in one), "it learns the same"


def test_when_the_batch_is_one_already_activations_and_latents_give_way(
    language: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[str] = []
    whole = LanguageTask.loss

    def loss(self: LanguageTask, items: Any, step: int, at: int) -> torch.Tensor:
        if step >= 2 and len(given) < enough:
            raise MemoryError
        return whole(self, items, step, at)

    def lighten(self: LanguageTask) -> str:
        given.append("lighten")
        return "latents are kept on the disk"

    monkeypatch.setattr(LanguageTask, "loss", loss)
    monkeypatch.setattr(LanguageTask, "checkpointing", lambda self: given.append("checkpointing"))
    monkeypatch.setattr(LanguageTask, "lighten", lighten)
    enough = 2
    assert train(language(max_steps=4, batch_size=2)).state == "finished"
    said = [e["message"] for e in read(tmp_path / "out" / "run") if e["event"] == "note"]
    assert given == ["checkpointing", "lighten"]
    assert [m.split(": ", 1)[1] for m in said if "memory ran out at step 2" in m] == [
        "batch_size is 1 from here on, accumulation makes up for it",
        "gradient_checkpointing is on from here on", "latents are kept on the disk",
    ]
    given.clear()
    enough = 3
    monkeypatch.setattr(LanguageTask, "lighten", lambda self: "")
    with pytest.raises(NoSpace, match="memory ran out at step 2, with one item at a time") as e:
        train(language(max_steps=4, batch_size=2, overwrite=True))
    assert "--resume" in e.value.next_step
    found = checkpoint.latest(tmp_path / "out" / "run" / "checkpoints")
    assert found is not None and found.step == 2, "what was learnt is kept"


@pytest.mark.parametrize("why", [torch.OutOfMemoryError("CUDA out of memory"), OSError(28, "No space left on device")])
def test_samples_and_comparisons_never_cost_the_adapter(
    language: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: Exception
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise why

    monkeypatch.setattr(LanguageTask, "sample", fail)
    if isinstance(why, torch.OutOfMemoryError):
        monkeypatch.setattr("adapters.training.compare._lora_step", fail)
    result = train(language(max_steps=2))
    assert result.state == "finished" and (tmp_path / "out" / "report.html").is_file()
    said = [e["message"] for e in read(tmp_path / "out" / "run") if e["event"] == "note"]
    assert any("samples of step 0 are left out" in m for m in said)
    assert any("comparison" in m for m in said) == isinstance(why, torch.OutOfMemoryError)


def test_memory_that_does_not_suffice_for_the_base_is_said(language: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Any:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    monkeypatch.setattr(LanguageTask, "_inject", fail)
    with pytest.raises(NoSpace, match="memory ran out") as e:
        train(language())
    assert "smaller base" in e.value.next_step


@pytest.mark.integration
def test_the_command_line(
    visual: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRANSFORMERS_VERBOSITY", "error")
    config = visual(max_steps=2)
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump(config.to_json()))

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True)

    def here(*words: str) -> tuple[int, str, str]:
        code = main(["--config", str(path), *words])
        out, err = capsys.readouterr()
        return code, out, err

    plan = run("train.py", "--config", str(path), "--explain", "--json")
    assert plan.returncode == 0, plan.stderr
    body = json.loads(plan.stdout)
    assert body["steps"] == 2 and body["items"] == 12 and body["memory_mb"] > 50 and body["time_s"] > 0
    assert not (tmp_path / "out").exists(), "explaining makes nothing"
    code, out, _ = here("--explain")
    assert f"{body['trainable']:,}" in out and code == 0
    done = run("-m", "server.cli", "train", "--config", str(path))
    assert done.returncode == 0 and "out.safetensors" in done.stdout and "loss" in done.stdout, done.stderr
    code, _, err = here()
    assert code == 2 and "--overwrite" in err
    assert here("--set", "lora_rank=0")[0] == 2
    assert "lora_rank=8" in here("--set", "x")[2]
    assert here("--overwrite", "--set", "epochs=1")[0] == 0
