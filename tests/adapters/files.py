"""Adapter files that fit a base, as somebody would upload them."""

from __future__ import annotations

from pathlib import Path

from adapters.spec import BaseSpec
from tests.adapters import tiny


def kohya_file(path: Path, visual: BaseSpec, seed: int = 0, scale: float = 0.2) -> Path:
    """A visual adapter."""
    shapes = {p: t.shape for p, t in visual.parts["unet"].items() if p.endswith(("to_q", "to_v"))}
    return tiny.write_kohya(path, tiny.random_lora(shapes, 4, seed=seed, scale=scale), 4.0)


def peft_folder(folder: Path, language: BaseSpec, seed: int = 0, scale: float = 0.2) -> Path:
    """A language adapter; returns the file in its folder."""
    shapes = {p: t.shape for p, t in language.parts["model"].items() if p.endswith(("q_proj", "down_proj"))}
    return tiny.write_peft(folder, tiny.random_lora(shapes, 4, seed=seed, scale=scale), 4.0)
