"""The models that ship with the demo: how true, how quick and how different they are.

Held-out briefs are about goods in words that were never trained on; "demo shop" is the one that `make run` opens.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderTiny

from adapters.resident import BARE
from assets.demo_models.assemble import JUDGE, LANGUAGE
from assets.demo_models.autoencoder import as_tensor, psnr
from assets.demo_models.judge import load as load_judge
from assets.demo_models.judge import look
from assets.demo_models.language import judge
from assets.demo_models.pictures import draw, example
from assets.demo_models.traits import plain_caption
from bench.row import row
from pipelines.looks.picture import Rgb
from pipelines.studio import contours
from pipelines.studio.visual import Brief as Order
from pipelines.studio.visual import VisualBase
from server import demo_models

HELD_OUT = 1_000_000
"""People from this number on were never trained on."""
DRAWN, RECONSTRUCTED, PAINTED, PORTRAITS = 48, 12, 32, 4
TEXTS = 200
STYLED = 60


def language(models: demo_models.DemoModels) -> None:
    """Copying, fitting, speed and dictions of the language base."""
    assert models.language is not None
    speaker = judge.Speaker(models.language)
    for name, asked in (("held-out goods", judge.held_out(TEXTS)), ("demo shop", judge.demo())):
        found = judge.summary(judge.judged(speaker, asked))
        against = f"{found['texts']} texts about {name}"
        row(f"LLM: texts without an invented name, figure or phrase, {name}", 100 * found["copy"]["all"], "%", against)
        row(f"LLM: whole sentences, {name}", 100 * found["well_formed"], "%", against)
        row(f"LLM: answers with the fact that was asked for, {name}", 100 * found["fitting_answer"], "%", against)
    row("LLM: tokens a second", speaker.tokens / speaker.seconds, "tokens/s", "one text at a time, as on air")
    ears, right, of = judge.dictions(), 0, 0
    for style in LANGUAGE.values():
        path = next(e["path"] for e in models.adapters if e["id"] == f"demo-{style}")
        said, heard = judge.styled(speaker, path, style, ears, STYLED)
        found = judge.summary(said)
        right, of = right + sum(heard), of + len(said)
        row(f"LLM: texts without an invention, diction {style}", 100 * found["copy"]["all"], "%", f"{len(said)} texts")
    row("LLM: dictions told apart by a linear classifier", 100 * right / of, "%", f"{of} texts, three dictions")


def visual(models: demo_models.DemoModels) -> None:
    """Reconstruction, obedience to prompts, likeness and speed of the visual base."""
    assert models.visual is not None
    people = [example(HELD_OUT + n) for n in range(DRAWN)]
    drawings = [draw(person) for _, person in people]
    vae = AutoencoderTiny.from_pretrained(models.visual / "vae", torch_dtype=torch.float32)
    found = psnr(vae, map(as_tensor, drawings[:RECONSTRUCTED]))
    row("SD: reconstruction by the autoencoder (PSNR)", found, "dB", f"{RECONSTRUCTED} drawings")
    seen = look(models.visual, load_judge(models.visual.parent / JUDGE), drawings, PAINTED)
    against = f"{PAINTED} paintings of prompts that name all traits"
    row("SD: traits painted as asked", 100 * seen["traits_right"], "%", against)
    row("SD: worst trait painted as asked", 100 * min(seen["by_trait"].values()), "%", against)
    row("SD: diversity of paintings", seen["diversity"], "x", "drawings; spread of the judge's features")
    row("SD: distance of paintings from drawings", seen["distance"], "",
        f"{seen['distance_of_drawings']} between two halves of the drawings")
    portraits(models.visual, [plain_caption(choice, "zh") for choice, _ in people[:PORTRAITS]],
              [draw(person, 2) for _, person in people[:PORTRAITS]])


def portraits(folder: Path, prompts: Sequence[str], drawn: Sequence[Rgb]) -> None:
    """How long a portrait takes as the studio makes it, and how crisp it is beside drawings of that size."""
    base = VisualBase.load(
        folder, device=torch.device("cpu"), dtype=torch.float32, rank=16, targets="attention", slots=2
    )
    base.card = replace(base.card, contours=False)
    began = time.perf_counter()
    soft = [
        base.paint(Order(prompt, seed=n, steps=16, guidance=3.0), staged=None, slot=BARE)
        for n, prompt in enumerate(prompts)
    ]
    crisp = [contours.draw(picture, base.card.landmarks) for picture in soft]
    took = (time.perf_counter() - began) / len(prompts)
    height, width = soft[0].shape[:2]
    against = f"16 steps with guidance, doubled, drawn around, on {torch.get_num_threads()} cores"
    row(f"SD: a portrait, {width}x{height}", took, "s", against)
    wanted = sharpness(drawn)
    against = f"drawings of {width}x{height}; before contours {sharpness(soft) / wanted:.2f}"
    row("SD: sharpness of portraits", sharpness(crisp) / wanted, "x", against)


def sharpness(pictures: Sequence[Rgb]) -> float:
    """Mean square of the differences of neighbours, which is most of all in edges."""
    steps = [np.diff(p.astype(np.float32), axis=axis) for p in pictures for axis in (0, 1)]
    return float(np.mean([np.square(s).mean() for s in steps]))


def main() -> None:
    """Measure what ships."""
    models = demo_models.read()
    if models is None:
        print("skipped: assets/models is not there")
        return
    kinds: dict[str, Any] = {"visual": visual, "language": language}
    for kind, measure in kinds.items():
        if getattr(models, kind) is not None:
            measure(models)


if __name__ == "__main__":
    main()
