"""Outputs: what was learnt as files that others read — kohya's, diffusers' and PEFT's names for the same matrices."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from safetensors.torch import save as save_bytes
from torch import Tensor

from adapters import convert
from adapters.errors import AdapterError, BadConfig, Refused
from adapters.resident import matrices_of
from adapters.spec import BaseSpec, Target
from adapters.training.config import TrainConfig
from adapters.training.folder import Folder, write_whole
from adapters.training.injection import Matrices
from adapters.training.task import Task

TYPE = torch.float16
ARCHITECTURES = {"sd1": "stable-diffusion-v1/lora", "sd2": "stable-diffusion-v2-512/lora"}


def write(
    folder: Folder, config: TrainConfig, task: Task, best: Mapping[str, Matrices], facts: Mapping[str, Any]
) -> list[Path]:
    """Write every layout; the first path is the one to hand on. Raises `NoSpace`, or `AdapterError` on overflow."""
    parts = {part: {path: (_fit(a, path), _fit(b, path)) for path, (a, b) in m.items()} for part, m in best.items()}
    meta = metadata(config, task, facts)
    main = folder.root / f"{folder.name}.safetensors"
    files: dict[Path, bytes] = {}
    if config.kind == "visual":
        files[main] = save_bytes(_kohya(parts, config), meta)
        files[folder.root / "diffusers" / "pytorch_lora_weights.safetensors"] = save_bytes(
            _dotted(parts, "{part}."), {"format": "pt", "lora_adapter_metadata": _peft_facts(parts, config)} | meta
        )
    else:
        tensors = _dotted(parts, "base_model.model.")
        files[main] = save_bytes(tensors, {"format": "pt", "lora_adapter_metadata": _peft_facts(parts, config)} | meta)
        files[folder.root / "peft" / "adapter_model.safetensors"] = save_bytes(tensors, {"format": "pt"} | meta)
        files[folder.root / "peft" / "adapter_config.json"] = json.dumps(_peft_config(parts["model"], config)).encode()
    for path, data in files.items():
        write_whole(path, data)
    return list(files)


def metadata(config: TrainConfig, task: Task, facts: Mapping[str, Any]) -> dict[str, str]:
    """What the file says of itself, in the words of kohya's scripts and of the SAI model specification."""
    settings = config.to_json()
    for key in ("train_data_dir", "metadata_path", "output_dir", "logging_dir", "init_from", "prior_data_dir",
                "base_config"):
        # A path tells others where somebody's home is.
        settings[key] = Path(settings[key]).name if settings.get(key) else None
    settings["base_model"] = config.base_model.name
    table = {
        "rank": config.lora_rank, "alpha": config.alpha, "steps": facts.get("best_step"),
        "learning_rate": f"{config.rate:g}", "loss": facts.get("best_loss"), "items": task.items,
    }
    said = {
        "ss_network_module": "networks.lora", "ss_network_dim": config.lora_rank, "ss_network_alpha": config.alpha,
        "ss_network_dropout": config.lora_dropout, "ss_learning_rate": f"{config.rate:g}",
        "ss_num_epochs": config.epochs, "ss_steps": facts.get("best_step"), "ss_optimizer": config.optimizer,
        "ss_num_train_images": task.items, "ss_seed": config.seed, "ss_base_model_version": task.spec.family,
        "ss_sd_model_name": config.base_model.name, "ss_output_name": config.name,
        "modelspec.sai_model_spec": "1.0.0", "modelspec.title": config.name,
        "modelspec.architecture": ARCHITECTURES.get(task.spec.family, f"{task.spec.family}/lora"),
        "modelspec.trigger_phrase": config.trigger_words, "modelspec.license": config.licence,
        "nightanchor_kind": config.kind, "nightanchor_base_hash": task.base_hash,
        "nightanchor_base_fingerprint": task.spec.fingerprint, "nightanchor_dataset_hash": task.dataset_hash,
        "nightanchor_config": json.dumps(settings, ensure_ascii=False),
        "nightanchor_table": json.dumps({k: str(v) for k, v in table.items() if v is not None}),
    }
    if config.resolution:
        said["ss_resolution"] = f"({config.resolution[0]}, {config.resolution[1]})"
    return {k: str(v) for k, v in said.items() if v not in (None, "")}


def begin_from(path: Path, config: TrainConfig, task: Task) -> None:
    """Load an adapter of any layout into the task's matrices; raises `BadConfig` when it does not fit."""
    file = _file_of(path)
    spec = BaseSpec(task.spec.kind, task.spec.family, 1024, {
        part: {p: Target(t.shape, True) for p, t in targets.items()} for part, targets in task.spec.parts.items()
    })
    beside = file.parent / "adapter_config.json"
    peft = json.loads(beside.read_text(encoding="utf-8")) if beside.is_file() else None
    with tempfile.TemporaryDirectory() as place:
        canonical = Path(place) / "a.safetensors"
        try:
            _, adapter = convert.convert(file, canonical, [spec], config=peft)
        except Refused as e:
            raise BadConfig("init_from", f"{file.name} can't be gone on from: {e.message}",
                            next_step=e.next_step) from e
        tensors = load_file(canonical)
    if adapter.rank != config.lora_rank:
        raise BadConfig("init_from", f"{file.name} has rank {adapter.rank}, lora_rank is {config.lora_rank}",
                        next_step=f"Set lora_rank to {adapter.rank}.")
    for part in {name.split(".", 1)[0] for name in tensors}:
        found = matrices_of(tensors, adapter.alphas, part)
        lora = task.loras.get(part)
        foreign = next((p for p in found if lora is None or p not in lora.modules), None)
        if foreign is not None or lora is None:
            raise BadConfig("init_from", f"{file.name} changes {part}.{foreign}, which lora_targets leaves alone",
                            next_step="Set lora_targets to transformer or all (and train_text_encoder, if it has one).")
        lora.load({p: (a.float(), b.float() * (scale / lora.scale)) for p, (a, b, scale) in found.items()})


def _file_of(path: Path) -> Path:
    unfinished = (path / "run" / "checkpoints").is_dir() and not list(path.glob("*.safetensors"))
    if (path / "state.json").is_file() or unfinished:
        raise BadConfig("init_from", f"{path} is a training, not an adapter",
                        next_step="To go on with it, set output_dir to it and use --resume.")
    if path.is_dir():
        found = sorted(path.glob("*.safetensors"))
        if len(found) != 1:
            raise BadConfig("init_from", f"{path} holds {len(found)} .safetensors files",
                            next_step="Name one file.")
        return found[0]
    if not path.is_file():
        raise BadConfig("init_from", f"there is no adapter {path}", next_step="Give the path of a .safetensors file.")
    return path


def _fit(tensor: Tensor, path: str) -> Tensor:
    out = tensor.detach().cpu().to(TYPE).contiguous()
    if not torch.isfinite(out).all():
        raise AdapterError(f"the weights of {path} have grown beyond {TYPE}",
                           next_step="Lower learning_rate, or set max_norm: 1.")
    return out


def _kohya(parts: Mapping[str, Matrices], config: TrainConfig) -> dict[str, Tensor]:
    prefixes = {"unet": "lora_unet_", "text_encoder": "lora_te_text_model_"}
    out: dict[str, Tensor] = {}
    for part, matrices in parts.items():
        for path, (a, b) in matrices.items():
            stem = prefixes[part] + path.replace(".", "_")
            out[f"{stem}.lora_down.weight"], out[f"{stem}.lora_up.weight"] = a, b
            # kohya's scale is alpha / rank whatever rsLoRA made of it.
            out[f"{stem}.alpha"] = torch.tensor(config.scale * a.shape[0], dtype=torch.float32)
    return out


def _dotted(parts: Mapping[str, Matrices], prefix: str) -> dict[str, Tensor]:
    out: dict[str, Tensor] = {}
    for part, matrices in parts.items():
        for path, (a, b) in matrices.items():
            stem = prefix.format(part=part) + path
            out[f"{stem}.lora_A.weight"], out[f"{stem}.lora_B.weight"] = a, b
    return out


def _peft_facts(parts: Mapping[str, Matrices], config: TrainConfig) -> str:
    """As diffusers writes it: the configuration of each part with the part's name before each key."""
    return json.dumps({
        f"{part}.{key}": value for part, matrices in parts.items()
        for key, value in _peft_config(matrices, config).items()
    })


def _peft_config(matrices: Matrices, config: TrainConfig) -> dict[str, Any]:
    language = config.kind == "language"
    return {
        "peft_type": "LORA", "r": config.lora_rank, "lora_alpha": config.alpha, "use_rslora": config.rslora,
        "lora_dropout": config.lora_dropout, "bias": "none", "target_modules": sorted(matrices), "inference_mode": True,
        "base_model_name_or_path": config.base_model.name, "task_type": "CAUSAL_LM" if language else None,
    }
