"""BaseSpec: what an adapter must fit — the modules of a base model, their shapes, and which may be adapted.

It is read from the base's own files without loading a weight, so that an adapter can be judged while no model runs.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from adapters.errors import Refused
from adapters.header import read_header

Kind = Literal["visual", "language"]
Shape = tuple[int, ...]
"""`(out, in)` of a linear layer, `(out, in, kh, kw)` of a convolution."""

_TRANSFORMER = re.compile(r"(\.attentions\.\d+\.|^mid_block\.attentions\.\d+\.)")
_NOT_ADAPTED = re.compile(r"embedding|embed_tokens|lm_head|\.norm|^norm|_norm")
_PARTS = {"unet": "unet", "text_encoder": "text_encoder"}


@dataclass(frozen=True, slots=True)
class Target:
    """One module that can wear an adapter; `live` when the resident base has a layer for it."""

    shape: Shape
    live: bool


@dataclass(frozen=True)
class BaseSpec:
    """Modules by part (`unet` and `text_encoder`, or `model`) and path."""

    kind: Kind
    family: str
    rank_max: int
    parts: Mapping[str, Mapping[str, Target]]

    @cached_property
    def fingerprint(self) -> str:
        """Equal for bases whose adapters fit each other: a hash of all paths and shapes."""
        digest = hashlib.sha256(self.kind.encode())
        for part, targets in sorted(self.parts.items()):
            for path, target in sorted(targets.items()):
                digest.update(f"{part}.{path}{target.shape}\n".encode())
        return digest.hexdigest()[:16]

    def to_json(self) -> dict[str, Any]:
        """As kept on disk."""
        parts = {
            part: {path: [list(t.shape), t.live] for path, t in targets.items()} for part, targets in self.parts.items()
        }
        return {"kind": self.kind, "family": self.family, "rank_max": self.rank_max, "parts": parts}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> BaseSpec:
        """The spec that `to_json` described."""
        parts = {
            part: {path: Target(tuple(shape), live) for path, (shape, live) in targets.items()}
            for part, targets in data["parts"].items()
        }
        return cls(data["kind"], data["family"], int(data["rank_max"]), parts)


def visual_spec(shapes: Mapping[str, Mapping[str, Shape]], *, rank_max: int, targets: str) -> BaseSpec:
    """Spec of a Stable Diffusion base from the weight shapes of its parts.

    `targets` is `attention` (q, k, v, out), `transformer` (all linear layers and projections of the transformer
    blocks, what kohya trains by default) or `all` (convolutions and time embeddings, too).
    """
    width = next((s[1] for p, s in shapes["unet"].items() if p.endswith("attn2.to_k")), 0)
    family = {768: "sd1", 1024: "sd2", 2048: "sdxl"}.get(width, f"sd-{width}")
    parts = {
        part: {path: Target(shape, part != "unet" or _wanted(path, targets)) for path, shape in found.items()}
        for part, found in shapes.items()
    }
    return BaseSpec("visual", family, rank_max, parts)


def language_spec(shapes: Mapping[str, Shape], *, family: str, rank_max: int) -> BaseSpec:
    """Spec of a causal language model from its weight shapes."""
    return BaseSpec("language", family, rank_max, {"model": {p: Target(s, True) for p, s in shapes.items()}})


def adaptable(weights: Iterable[tuple[str, Shape]]) -> dict[str, Shape]:
    """Module paths of linear and convolution layers among named weights."""
    out: dict[str, Shape] = {}
    for name, shape in weights:
        path, _, leaf = name.rpartition(".")
        if leaf == "weight" and len(shape) in (2, 4) and not _NOT_ADAPTED.search(path):
            out[path] = tuple(shape)
        elif leaf == "weight" and len(shape) == 2 and path.startswith("time_embedding."):
            out[path] = tuple(shape)
    return out


def spec_of_folder(folder: Path, *, rank_max: int, targets: str = "transformer") -> BaseSpec:
    """Spec of a diffusers or transformers folder; raises `Refused` when it is neither."""
    if (folder / "model_index.json").is_file():
        shapes = {part: _folder_shapes(folder / sub) for part, sub in _PARTS.items()}
        shapes["text_encoder"] = {
            _no_prefix(p): s for p, s in shapes["text_encoder"].items() if ".encoder.layers." in f".{p}"
        }
        return visual_spec(shapes, rank_max=rank_max, targets=targets)
    config = _config(folder)
    return language_spec(_folder_shapes(folder), family=str(config.get("model_type", "llm")), rank_max=rank_max)


def _no_prefix(path: str) -> str:
    # transformers 5 dropped the level `text_model`, which files of older versions still have.
    return path.removeprefix("text_model.")


def _folder_shapes(folder: Path) -> dict[str, Shape]:
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise Refused("not_safetensors", f"there is no .safetensors in {folder}", next_step="Name another base.")
    weights = [(t.name, t.shape) for file in files for t in read_header(file).tensors.values()]
    return adaptable(weights)


def _config(folder: Path) -> dict[str, Any]:
    try:
        data = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as e:
        raise Refused(
            "not_safetensors", f"{folder} is neither a diffusers nor a transformers model",
            next_step="Give the folder that holds model_index.json or config.json.",
        ) from e
    return data if isinstance(data, dict) else {}


def _wanted(path: str, targets: str) -> bool:
    if targets == "all":
        return True
    if not _TRANSFORMER.search(path):
        return False
    return targets == "transformer" or bool(re.search(r"\.(to_q|to_k|to_v|to_out\.0)$", path))
