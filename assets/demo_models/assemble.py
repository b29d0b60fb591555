"""Assemble: what was trained becomes what ships — half precision, small files, one list of it all.

    python -m assets.demo_models.assemble --build build/demo-models --out assets/models
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusionPipeline
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from assets.demo_models.language.judge import SAMPLING
from assets.demo_models.painter import SHARD
from assets.demo_models.personas import SUBJECTS
from assets.demo_models.pictures import HEIGHT, WIDTH, marks
from assets.demo_models.run import write_json
from assets.demo_models.traits import choose, person
from pipelines.looks.picture import POINTS
from pipelines.studio.base_card import FORMAT, NAME
from pipelines.studio.upscaler import CONFIG, WEIGHTS

LICENCE = "Apache-2.0"
BITS = 7
"""Significant bits of the weights that ship; bfloat16 has eight."""
WHOLE = ("vae", "upscaler")
"""What is small and gains nothing: rounded, the autoencoder would lose 1.4 dB."""
JUDGE = "judge"
LANGUAGE = {"skincare": "warm", "makeup": "lively", "tang": "classical"}
"""The diction of each persona."""
NAMES = {
    "skincare": "林晚 · 晨光护肤", "makeup": "梅朵 · 星光彩妆", "tang": "云裳 · 唐妆仕女",
    "warm": "温柔顾问", "lively": "活泼卖手", "classical": "古风雅言",
}
PROMPTS = {
    "skincare": "主播肖像，珊瑚唇，绿色衬衫", "makeup": "主播肖像，玫瑰唇，粉色西装",
    "tang": "主播肖像，正红唇，红色唐装",
}
SEEDS = {"skincare": 7, "makeup": 7, "tang": 1}
SETTINGS = {
    "visual": {"steps": 16, "guidance": 3.0, "rank_max": 16},
    "language": {"on_air": True, "rank_max": 16} | {
        name: getattr(SAMPLING, name)
        for name in ("max_tokens", "temperature", "top_p", "repetition_penalty", "copy_bias")
    },
}


def landmarks(count: int = 200) -> dict[str, list[float]]:
    """Where the points of a face stand in the pictures, in parts of width and height: the mean of many people."""
    sums = {name: [0.0, 0.0] for name in POINTS}
    for n in range(count):
        rng = random.Random(f"marks {n}")
        found = marks(person(choose(rng), rng))
        for name in POINTS:
            sums[name][0] += found[name][0] / WIDTH / count
            sums[name][1] += found[name][1] / HEIGHT / count
    return {name: [round(x, 5), round(y, 5)] for name, (x, y) in sums.items()}


def visual(build: Path, out: Path) -> None:
    """The Stable Diffusion folder with its card and upscaler."""
    shutil.rmtree(out, ignore_errors=True)
    made: Any = StableDiffusionPipeline.from_pretrained(build / "sd" / "model", local_files_only=True)
    made.to(torch.float16).save_pretrained(out, safe_serialization=True, max_shard_size=SHARD)
    (out / "upscaler").mkdir()
    for name in (CONFIG, WEIGHTS):
        shutil.copy(build / "upscaler" / "model" / name, out / "upscaler" / name)
    # What says whether a painting shows what was asked for; `make bench` asks it.
    (out.parent / JUDGE).mkdir(exist_ok=True)
    shutil.copy(build / "judge" / "judge.safetensors", out.parent / JUDGE / "judge.safetensors")
    card = {"format": FORMAT, "size": [WIDTH, HEIGHT], "landmarks": landmarks()}
    write_json(out / NAME, card | {"upscaler": "upscaler", "contours": True})


def shorten(folder: Path) -> None:
    """Round matrices in half precision to `BITS` bits, which leaves four tenths less for git to keep."""
    for path in sorted(folder.rglob("*.safetensors")):
        if path.parent.name in WHOLE:
            continue
        rewrite(path, path, lambda t: rounded(t) if t.dtype == torch.float16 and t.ndim > 1 else t)


def rewrite(path: Path, out: Path, change: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """A file's tensors changed, with all that it says of itself."""
    with safe_open(path, "pt") as f:
        metadata = f.metadata()
    save_file({k: change(t) for k, t in load_file(path).items()}, out, metadata)


def rounded(t: torch.Tensor) -> torch.Tensor:
    """Half precision with `BITS` significant bits, the nearest; the error is at most 2 ** -BITS of each value."""
    dropped = 11 - BITS
    # The bits of a float sort as integers do, so adding half a step and cutting off rounds it.
    raw = t.contiguous().view(torch.int16).int() + (1 << dropped >> 1)
    return (raw >> dropped << dropped).to(torch.int16).view(torch.float16)


def language(build: Path, out: Path) -> None:
    """The transformers folder."""
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(build / "llm" / "model", out)


def adapter(build: Path, name: str, out: Path) -> None:
    """The diffusers or PEFT layout of one adapter in half precision, with all that its file says of itself."""
    found = sorted(p for p in (build / "adapters" / name).glob("*.safetensors") if "kohya" not in p.name)
    if not found:
        raise SystemExit(f"no adapter {name} in {build}; train it first")
    rewrite(found[0], out, torch.Tensor.half)


def entries(build: Path, out: Path, names: Iterable[str], kind: str) -> list[dict[str, Any]]:
    """The adapters of one kind, written and listed."""
    found = []
    for name in names:
        adapter(build, name, out / "adapters" / f"{name}.safetensors")
        found.append({
            "id": f"demo-{name}", "file": f"adapters/{name}.safetensors", "kind": kind, "name": NAMES[name],
            "licence": LICENCE, "trigger_words": SUBJECTS[name].trigger if kind == "visual" else "",
        })
    return found


def main() -> None:
    """Assemble what there is, or the named kinds alone."""
    parser = argparse.ArgumentParser(prog="python -m assets.demo_models.assemble")
    parser.add_argument("--build", type=Path, default=Path("build/demo-models"))
    parser.add_argument("--out", type=Path, default=Path("assets/models"))
    parser.add_argument("--kinds", nargs="+", choices=("visual", "language"), default=("visual", "language"))
    given = parser.parse_args()
    out: Path = given.out
    (out / "adapters").mkdir(parents=True, exist_ok=True)
    listed: dict[str, Any] = {}
    adapters: list[dict[str, Any]] = []
    if "visual" in given.kinds:
        visual(given.build, out / "demo-sd")
        listed["visual"] = "demo-sd"
        adapters += entries(given.build, out, SUBJECTS, "visual")
    if "language" in given.kinds:
        language(given.build, out / "demo-llm")
        listed["language"] = "demo-llm"
        adapters += entries(given.build, out, LANGUAGE.values(), "language")
    portraits = {
        name: {"look": f"demo-{name}", "name": NAMES[name], "prompt": PROMPTS[name], "seed": SEEDS[name]}
        | ({"visual": f"demo-{name}"} if "visual" in listed else {})
        | ({"language": f"demo-{LANGUAGE[name]}"} if "language" in listed else {})
        for name in SUBJECTS
    }
    write_json(out / "models.json", listed | {"settings": SETTINGS, "adapters": adapters, "portraits": portraits})
    for folder in (out / name for name in ("demo-sd", "demo-llm", JUDGE) if (out / name).is_dir()):
        shorten(folder)
    size = sum(p.stat().st_size for p in out.rglob("*") if p.is_file())
    largest = max((p for p in out.rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
    print(json.dumps({"mb": round(size / 1e6, 1), "largest": largest.name,
                      "largest_mb": round(largest.stat().st_size / 1e6, 1)}))


if __name__ == "__main__":
    main()
