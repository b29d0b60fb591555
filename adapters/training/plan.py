"""Plan: what a training will do, before it does it.

`outline` needs neither torch nor the pictures: it reads headers, and is for a form that is being filled in. `explain`
loads the base and measures a step, so that memory and time are this machine's.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from adapters.header import read_header
from adapters.spec import BaseSpec, spec_of_folder
from adapters.training.config import TrainConfig
from adapters.training.sizes import check_size, size_mb

ATTENTION_LM = (".q_proj", ".k_proj", ".v_proj", ".o_proj")


@dataclass(slots=True)
class Plan:
    """`share` is trainable / total; memory and time are None where they are not measured yet."""

    kind: str
    items: int
    held_out: int
    steps: int
    epochs: int
    trainable: int
    total: int
    share: float
    size_mb: float
    memory_mb: float | None = None
    memory_free_mb: float | None = None
    time_s: float | None = None
    device: str = ""
    changes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """As the API shows it."""
        return asdict(self)


def outline(config: TrainConfig, items: int, history: Mapping[str, float] | None = None) -> Plan:
    """From the base's headers and the number of items; raises `BadConfig` or `Refused`.

    `history` is what an earlier training on this base and machine measured: `item_s`, `peak_mb`, `free_mb`, `rows`.
    """
    spec, total = _base(config)
    trainable = trainable_parameters(spec, config) if spec else 0
    held = 0 if items < 5 or not config.validation_split else max(1, min(200, round(items * config.validation_split)))
    steps = math.ceil((items - held) / config.step_items) * config.epochs
    plan = Plan(
        config.kind, items, held, min(steps, config.max_steps or steps), config.epochs, trainable, total,
        trainable / total if total else 0.0, size_mb(trainable),
    )
    if trainable:
        check_size(config, trainable)
    if history:
        plan.time_s = plan.steps * config.step_items * history["item_s"]
        plan.memory_mb, plan.memory_free_mb = history["peak_mb"], history["free_mb"]
    plan.warnings += _warnings(config, items - held)
    return plan


def explain(config: TrainConfig) -> Plan:
    """Load base and data, measure a step, and say what will be; raises what `train` would."""
    from adapters.training import compare, fit, memory, outputs
    from adapters.training.folder import Folder
    from adapters.training.journal import Journal
    from adapters.training.optimise import optimiser
    from adapters.training.surroundings import described, surroundings
    from adapters.training.train import make_task

    config = config.with_values(type=config.kind)
    where = surroundings(config)
    notes: list[str] = []
    warnings: list[str] = []
    with tempfile.TemporaryDirectory() as place:
        told = Journal(Path(place))
        told.listeners.append(lambda e: warnings.append(str(e["message"])) if e["event"] == "note" else None)
        task = make_task(config, Folder(Path(place), "plan"), told, where, whole=False)
        trainable = sum(p.numel() for lora in task.loras.values() for p in lora.parameters)
        check_size(config, trainable)
        if config.init_from is not None:
            outputs.begin_from(config.init_from, config, task)
        optimiser(config, task.loras, where.device)
        fitted = fit.fit(task, config, where.device, notes.append)
        lengths = [len(task.steps(epoch)) for epoch in range(min(config.epochs, 3))]
    steps = round(sum(lengths) / len(lengths) * config.epochs)
    steps = min(steps, config.max_steps or steps)
    total = compare.total_parameters(task)
    return Plan(
        config.kind, task.items + task.held_out, task.held_out, steps, config.epochs, trainable, total,
        trainable / total, size_mb(trainable), fitted.peak_mb,
        memory.available(where.device, config.memory_limit_mb),
        steps * min(config.step_items, task.items) * fitted.item_s, described(where), notes,
        warnings + _warnings(config, task.items),
    )


def trainable_parameters(spec: BaseSpec, config: TrainConfig) -> int:
    """Of both matrices of every adapted module."""
    count = 0
    for part, targets in spec.parts.items():
        if part == "text_encoder" and not config.train_text_encoder:
            continue
        for path, target in targets.items():
            wanted = target.live and (part != "text_encoder" or path.endswith("_proj"))
            if part == "model" and config.targets == "attention":
                wanted = path.endswith(ATTENTION_LM)
            if wanted:
                out, *rest = target.shape
                count += config.lora_rank * (out + math.prod(rest))
    return count


def _base(config: TrainConfig) -> tuple[BaseSpec | None, int]:
    """The modules and the number of parameters of the adapted models."""
    base = config.base_model
    if base.is_file():
        return None, sum(math.prod(t.shape) for t in read_header(base).tensors.values())
    targets = config.targets if config.kind == "visual" else "transformer"
    spec = spec_of_folder(base, rank_max=config.lora_rank, targets=targets)
    folders = [base / "unet", *([base / "text_encoder"] if config.train_text_encoder else [])]
    total = 0
    for folder in folders if config.kind == "visual" else [base]:
        for file in sorted(folder.glob("*.safetensors"))[:64]:
            total += sum(math.prod(t.shape) for t in read_header(file).tensors.values())
    return spec, total


def _warnings(config: TrainConfig, items: int) -> list[str]:
    out = []
    if items < 10:
        out.append(f"{items} items are few: 20 to 200 give a steady result")
    if config.kind == "visual" and not config.trigger_words:
        out.append("no trigger_words: the look will show in every picture of this adapter, or in none reliably")
    if config.rate > 1e-3:
        out.append(f"learning_rate {config.rate:g} is high; 1e-4 to 5e-4 is usual")
    if items * config.epochs < 100:
        out.append(f"{items} items x {config.epochs} epochs is little to learn from; 1,000 to 6,000 views are usual")
    return out
