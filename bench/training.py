"""Training: our trainer against the usual ones on the same base, data and settings; and what a show feels of it.

    python -m bench.training [part ...]

The bases are of the true architectures at a size that two cores can train: a UNet of 11 million parameters with an
autoencoder in Stable Diffusion's proportions, and a Qwen2 of 8 million. Each trainer runs in a process of its own, in
turn, so that its peak memory is its own; both results are then judged by one and the same loss on held-out items.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import resource
import statistics
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bench.parts import run_part
from bench.row import row

PARTS = ("visual", "language", "on-air")
ROUNDS = 3
SIDE = 128
"""Of a picture in pixels."""
STEPS = {"visual": 24, "language": 80}
NEEDED = ("torch", "diffusers", "transformers", "peft", "accelerate")


def main() -> None:
    """Run the parts that were named, or all."""
    parser = argparse.ArgumentParser(prog="python -m bench.training")
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], default=[])
    parser.add_argument("--one", nargs=3, metavar=("WHO", "KIND", "FOLDER"), help="one trainer, in this process")
    options = parser.parse_args()
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        print(f"skipped: training: {', '.join(missing)} not installed; install what the studio needs with: make studio")
        return
    if options.one:
        with contextlib.redirect_stdout(sys.stderr):
            found = one(*options.one[:2], Path(options.one[2]))
        print(json.dumps(found), flush=True)
        return
    for part in options.parts or PARTS:
        with tempfile.TemporaryDirectory() as name:
            if part == "on-air":
                on_air(Path(name))
            else:
                against(part, Path(name))


# -- against the others --------------------------------------------------------------------------


def against(kind: str, folder: Path) -> None:
    """Both trainers in turn, several times."""
    make(kind, folder)
    found: dict[str, list[dict[str, float]]] = {"ours": [], "theirs": []}
    for _ in range(ROUNDS):
        for who, results in found.items():
            lines, status = run_part(["-m", "bench.training", "--one", who, kind, str(folder)], f"{kind} {who}",
                                     show=False)
            if status:
                raise SystemExit(f"{kind} {who} failed")
            results.append(lines[-1])
            print(f"  {kind} {who}: {results[-1]}", file=sys.stderr, flush=True)
    # The best of each: what else the machine does can only slow one down.
    ours, theirs = (
        {k: (max if k == "speed" else min)(r[k] for r in rs) for k in rs[0]} for rs in found.values()
    )
    rival = {"visual": "diffusers' text-to-image LoRA loop",
             "language": "peft + transformers.Trainer; short replies and a quarter of long pitches"}[kind]
    steps = STEPS[kind]
    row(f"{kind} LoRA training, steps per second", ours["speed"], "1/s", f"{steps} steps on 2 CPU cores, fp32")
    row(f"{kind} LoRA training, speed", ours["speed"] / theirs["speed"], "x", rival)
    row(f"{kind} LoRA training, the whole command", ours["whole_s"], "s",
        f"{rival}: {theirs['whole_s']:.0f} s, without measuring memory, judging and samples, which ours does")
    row(f"{kind} LoRA training, peak memory", ours["peak_mb"], "MB", f"{rival}: {theirs['peak_mb']:.0f} MB")
    row(f"{kind} LoRA training, held-out loss at the end", ours["loss"], "",
        f"{rival}: {theirs['loss']:.4f}; before: {ours['before']:.4f}")


def make(kind: str, folder: Path) -> None:
    """Base and data."""
    from tests.adapters import tiny

    if kind == "visual":
        from bench.bases import small_pipeline
        from tests.training import toy

        small_pipeline().save_pretrained(folder / "base", safe_serialization=True)
        toy.write_cards(folder / "data", 60)
        return
    from bench.bases import small_llm

    tiny.save_language(folder / "base")
    small_llm().save_pretrained(folder / "base", safe_serialization=True)
    rng = random.Random(0)
    (folder / "data").mkdir()
    words = "cream lotion mask serum rose tea silk robe comb jade soap balm oil scarf fan".split()
    lines = ["question,answer"]
    for n in range(240):
        item = rng.choice(words)
        # As in a shop's own data: short replies, and now and then a whole pitch.
        tail = " ".join(rng.choices(words, k=rng.randint(30, 70) if n % 4 == 0 else rng.randint(1, 8)))
        lines.append(f"how much is the {item},the {item} is {rng.randint(9, 99)} yuan today and goes well with {tail}")
    (folder / "data" / "qa.csv").write_text("\n".join(lines))


def config_of(kind: str, folder: Path, out: Path) -> Any:
    """The same settings for both."""
    from adapters.training.config import from_values

    common: dict[str, Any] = {
        "type": kind, "train_data_dir": folder / "data", "base_model": folder / "base", "output_dir": out,
        "overwrite": True, "lora_rank": 8, "batch_size": 4, "max_steps": STEPS[kind], "epochs": 1000, "patience": 0,
        "validate_every": 100_000, "sample_every": 100_000, "caption_dropout": 0.0, "compare_full": "off",
        "learning_rate": 1e-3, "sample_steps": 1, "sample_prompts": ["x"],
    }
    visual = {"buckets": False, "lora_targets": "attention", "resolution": SIDE}
    return from_values(common | (visual if kind == "visual" else {}))


def one(who: str, kind: str, folder: Path) -> dict[str, float]:
    """Train once; speed of the loop, seconds of all, peak memory, and the loss of the result by our judge."""
    from adapters.training import outputs
    from adapters.training.folder import Folder
    from adapters.training.journal import Journal, read
    from adapters.training.surroundings import surroundings
    from adapters.training.train import make_task, train

    out = folder / f"out-{who}"
    config = config_of(kind, folder, out)
    began = time.perf_counter()
    if who == "ours":
        result = train(config)
        times = [e["time"] for e in read(out / "run") if e["event"] == "step"]
        loop_s = (times[-1] - times[0]) / (len(times) - 1) * len(times)
        file = result.files[1] if kind == "visual" else result.files[0]
    else:
        out.mkdir(exist_ok=True)
        loop_s, file = _rival(kind, config, folder)
    whole = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    place = Path(tempfile.mkdtemp(dir=folder))
    task = make_task(config, Folder(place, "judge"), Journal(place), surroundings(config))
    before = task.evaluate("held_out")
    outputs.begin_from(file, config, task)
    after = task.evaluate("held_out")
    assert before is not None and after is not None
    return {"speed": STEPS[kind] / loop_s, "whole_s": whole, "peak_mb": peak, "loss": after, "before": before}


def _rival(kind: str, config: Any, folder: Path) -> tuple[float, Path]:
    from adapters.training import chance
    from bench import rivals

    if kind == "visual":
        from adapters.training.pictures import read_pictures

        items = read_pictures(config.train_data_dir).items
        out = set(chance.held_out(len(items), config.validation_split, config.seed))
        paths = [(p.path, p.prompt) for n, p in enumerate(items) if n not in out]
        seconds = rivals.visual(config, paths, (SIDE, SIDE), STEPS[kind])
        return seconds, config.output_dir / "pytorch_lora_weights.safetensors"
    from adapters.training.folder import Folder
    from adapters.training.journal import Journal
    from adapters.training.language import LanguageTask
    from adapters.training.surroundings import surroundings

    place = Path(tempfile.mkdtemp(dir=folder))
    task = LanguageTask(config, Folder(place, "x"), Journal(place), surroundings(config))
    examples = [(list(e.tokens), list(e.answers)) for e in task._learnt]
    del task
    seconds = rivals.language(config, examples, STEPS[kind])
    return seconds, config.output_dir / "adapter_model.safetensors"


# -- beside a show -------------------------------------------------------------------------------


def on_air(folder: Path) -> None:
    """A show with its studio for a minute, then for a minute with a training beside it."""
    from bench.instance import running
    from tests.adapters import tiny

    visual = tiny.save_visual(folder / "sd")
    make("visual", folder)
    env = {"NIGHTANCHOR_VISUAL__PATH": str(visual), "NIGHTANCHOR_VISUAL__RANK_MAX": "8"}
    with running(folder / "data-dir", env=env) as instance:
        api = instance.api
        instance.until(lambda: api.get("/studio").json()["state"] == "running", 120, "the studio")
        instance.until(lambda: all(x["state"] == "ready" for x in api.get("/looks").json()), 240, "the looks")
        time.sleep(10)
        alone = watch(instance, 60)
        files = [("files", (p.name, p.read_bytes())) for p in sorted((folder / "data").glob("*.png"))]
        made = api.post("/training/datasets", files=files, data={"name": "cards", "kind": "visual"}, timeout=60)
        made.raise_for_status()
        key = made.json()["id"]
        instance.until(lambda: api.get(f"/training/datasets/{key}").json()["state"] == "ready", 120, "the data set")
        body = {"name": "cards", "kind": "visual", "dataset": key,
                "settings": {"lora_rank": 8, "epochs": 10_000, "patience": 0, "compare_full": "off"}}
        answer = api.post("/training/jobs", json=body)
        answer.raise_for_status()
        job = answer.json()["id"]
        instance.until(lambda: api.get(f"/training/jobs/{job}").json()["step"] > 2, 240, "the first steps")
        began = api.get(f"/training/jobs/{job}").json()["step"]
        beside = watch(instance, 60)
        done = api.get(f"/training/jobs/{job}").json()["step"] - began
        api.post(f"/training/jobs/{job}/stop")
        instance.until(lambda: api.get(f"/training/jobs/{job}").json()["state"] == "stopped", 120, "the stop")
    without = f"60 s on 2 cores; without a training: {alone['ticks_missed']:g}"
    row("missed ticks while a training runs", beside["ticks_missed"], "", without)
    row("repeated ticks while a training runs", beside["ticks_repeated"], "",
        f"60 s; without: {alone['ticks_repeated']:g}")
    row("lateness of frames while a training runs", beside["late_ms"], "ms",
        f"mean; without: {alone['late_ms']:.2f} ms")
    row("steps of the training meanwhile", done / 60, "1/s", "one thread at the lowest priority")


def watch(instance: Any, seconds: int) -> dict[str, float]:
    """What playout counts in some seconds."""
    before = instance.status()["playout"]
    late = []
    for _ in range(seconds):
        time.sleep(1)
        late.append(float(instance.status()["playout"]["late_ms"] or 0))
    after = instance.status()["playout"]
    return {
        "ticks_missed": after["ticks_missed"] - before["ticks_missed"],
        "ticks_repeated": after["ticks_repeated"] - before["ticks_repeated"], "late_ms": statistics.mean(late),
    }


if __name__ == "__main__":
    main()
