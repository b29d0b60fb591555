"""Layouts: how kohya, diffusers and PEFT name the two matrices of every adapted module.

    kohya      lora_unet_<path with underscores>.lora_down.weight / .lora_up.weight / .alpha; lora_te_… likewise
    diffusers  unet.<path>.lora_A.weight / .lora_B.weight; older: .lora.down / .lora.up, .processor.to_q_lora.down
    peft       base_model.model.<path>.lora_A.weight / .lora_B.weight, alpha in adapter_config.json beside the file

Whatever the layout, `read_names` gives the same thing: for each module the tensors A (down), B (up) and alpha.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from adapters.errors import Refused
from adapters.ldm_names import diffusers_names
from adapters.spec import BaseSpec

Layout = Literal["kohya", "diffusers", "peft"]

_METHODS = (
    (re.compile(r"lora_magnitude_vector|dora_scale"), "DoRA"), (re.compile(r"\.lokr_"), "LoKr"),
    (re.compile(r"\.hada_"), "LoHa"), (re.compile(r"\.oft_|oft_blocks|boft_"), "OFT"),
    (re.compile(r"\.ia3_|\.on_input"), "IA3"), (re.compile(r"lora_mid"), "LoCon with a CP middle matrix"),
    (re.compile(r"\.vera_|\.glora|\.a[12]\.weight"), "VeRA or GLoRA"),
    (re.compile(r"lora_embedding_[AB]"), "LoRA on embeddings"),
    (re.compile(r"modules_to_save|\.diff(_b)?$|\.set_weight$"), "whole weights beside the LoRA"),
    (re.compile(r"lora_[AB]\.bias|lora_(up|down)\.bias"), "LoRA with biases"),
)
_ENDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\.lora_A(\.[A-Za-z0-9_\-]+)?\.weight$"), "down"),
    (re.compile(r"\.lora_B(\.[A-Za-z0-9_\-]+)?\.weight$"), "up"),
    (re.compile(r"\.(lora_|lora\.|lora_linear_layer\.)down\.weight$"), "down"),
    (re.compile(r"\.(lora_|lora\.|lora_linear_layer\.)up\.weight$"), "up"),
    (re.compile(r"_lora\.down\.weight$"), "down"), (re.compile(r"_lora\.up\.weight$"), "up"),
    (re.compile(r"\.alpha$"), "alpha"),
)
_FOREIGN = (
    (re.compile(r"^lora_te[12]_|add_embedding"), "SDXL"),
    (re.compile(r"double_blocks|single_transformer_blocks"), "FLUX"),
    (re.compile(r"joint_blocks|^transformer\."), "a diffusion transformer such as SD 3"),
)


@dataclass(slots=True)
class Names:
    """The tensor names of one module's adapter."""

    down: str = ""
    up: str = ""
    alpha: str = ""


@dataclass(frozen=True, slots=True)
class Naming:
    """Every module of a file: (part, path) -> names."""

    layout: Layout
    modules: Mapping[tuple[str, str], Names]


def read_names(names: Iterable[str], spec: BaseSpec) -> Naming:
    """Recognise the layout and resolve every name against the base; raises `Refused`."""
    names = sorted(names)
    for pattern, method in _METHODS:
        hit = next((n for n in names if pattern.search(n)), None)
        if hit is not None:
            raise Refused(
                "method", f"{hit} shows that this is {method}, which can't be swapped live",
                next_step="Convert it to plain LoRA first (merge and extract at a rank of your choice).",
            )
    layout = _layout(names)
    flat = _flat_paths(spec) if layout == "kohya" else {}
    modules: dict[tuple[str, str], Names] = {}
    unknown: list[str] = []
    for name in names:
        end = next(((p.search(name), role) for p, role in _ENDS if p.search(name)), None)
        where = _resolve(name[: end[0].start()] if end and end[0] else name, name, layout, spec, flat) if end else None
        if end is None or where is None:
            unknown.append(name)
            continue
        entry = modules.setdefault(where, Names())
        if getattr(entry, end[1]):
            raise Refused("duplicate", f"{'.'.join(where)} is there twice", next_step="Export it again.")
        setattr(entry, end[1], name)
    if unknown:
        _refuse_unknown(unknown, len(names), spec)
    if not modules:
        raise Refused("unknown_keys", "there is no LoRA in this file", next_step="Add the adapter, not the model.")
    for (part, path), entry in modules.items():
        if not entry.down or not entry.up:
            raise Refused(
                "incomplete", f"{part}.{path} has only one of its two matrices", next_step="Export it again."
            )
    return Naming(layout, modules)


def _layout(names: list[str]) -> Layout:
    if any(n.startswith(("lora_unet_", "lora_te_", "lora_te1_", "lora_te2_")) for n in names):
        return "kohya"
    if any(n.startswith("base_model.model.") for n in names):
        return "peft"
    return "diffusers"


def _flat_paths(spec: BaseSpec) -> dict[str, tuple[str, str]]:
    """Underscored kohya names -> (part, path); both diffusers' and the original checkpoint's module names."""
    out: dict[str, tuple[str, str]] = {}
    for part, targets in spec.parts.items():
        prefix = {"unet": "lora_unet_", "text_encoder": "lora_te_text_model_"}.get(part)
        if prefix is not None:
            out |= {prefix + path.replace(".", "_"): (part, path) for path in targets}
    for original, path in diffusers_names(spec.parts.get("unet", {})).items():
        out.setdefault("lora_unet_" + original.replace(".", "_"), ("unet", path))
    return out


def _resolve(
    stem: str, name: str, layout: Layout, spec: BaseSpec, flat: Mapping[str, tuple[str, str]]
) -> tuple[str, str] | None:
    if layout == "kohya":
        return flat.get(stem)
    old = re.search(r"\.processor\.(to_(?:q|k|v|out))_lora\.(?:down|up)\.weight$", name)
    if old:
        stem = name[: old.start()] + "." + {"to_out": "to_out.0"}.get(old[1], old[1])
    stem = stem.removeprefix("base_model.model.")
    part, _, path = stem.partition(".")
    if part not in spec.parts or spec.kind == "language":
        part, path = next(iter(spec.parts)), stem
    if part == "text_encoder":
        path = path.removeprefix("text_model.")
    return (part, path) if path in spec.parts[part] else None


def _refuse_unknown(unknown: list[str], total: int, spec: BaseSpec) -> None:
    for pattern, family in _FOREIGN:
        if any(pattern.search(n) for n in unknown):
            raise Refused(
                "wrong_base", f"this adapter was made for {family}; the base here is {spec.family}",
                next_step="Use an adapter that was trained on this base.",
            )
    lora = sum(any(p.search(n) for p, _ in _ENDS) for n in unknown)
    if lora == total:
        raise Refused(
            "wrong_base", f"none of its modules, such as {unknown[0]}, is in the base ({spec.family})",
            next_step="Use an adapter that was trained on this base.",
        )
    raise Refused(
        "unknown_keys", f"{len(unknown)} of {total} names are no part of this base, such as {unknown[0]}",
        next_step="Use an adapter that was trained on this base, and a file that holds nothing else.",
    )
