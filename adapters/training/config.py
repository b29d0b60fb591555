"""TrainConfig: everything that can be said about a training, one flat YAML with a default and bounds for every key.

Names follow lora-scripts; those of kohya's and diffusers' scripts are understood, too (`ALIASES`).
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from adapters.errors import BadConfig
from adapters.training import dialogues, pictures
from adapters.training.text import read_text

ALIASES = {
    "pretrained_model_name_or_path": "base_model", "model_name_or_path": "base_model", "base_model_path": "base_model",
    "train_dir": "train_data_dir", "data_dir": "train_data_dir", "dataset": "train_data_dir",
    "metadata": "metadata_path", "metadata_file": "metadata_path",
    "rank": "lora_rank", "network_dim": "lora_rank", "r": "lora_rank",
    "alpha": "lora_alpha", "network_alpha": "lora_alpha", "dropout": "lora_dropout", "network_dropout": "lora_dropout",
    "use_rslora": "rslora", "loraplus_lr_ratio": "loraplus_ratio", "target_modules": "lora_targets",
    "train_batch_size": "batch_size", "per_device_train_batch_size": "batch_size",
    "gradient_accumulation_steps": "gradient_accumulation", "max_train_epochs": "epochs", "num_train_epochs": "epochs",
    "num_epochs": "epochs", "max_train_steps": "max_steps", "lr": "learning_rate", "unet_lr": "learning_rate",
    "text_encoder_lr": "text_encoder_learning_rate", "optimizer_type": "optimizer", "lr_scheduler_type": "lr_scheduler",
    "lr_warmup_steps": "warmup_steps", "scale_weight_norms": "max_norm", "max_grad_norm": "gradient_clip",
    "snr_gamma": "min_snr_gamma", "caption_dropout_rate": "caption_dropout", "class_data_dir": "prior_data_dir",
    "reg_data_dir": "prior_data_dir", "class_prompt": "prior_prompt", "prior_loss_weight": "prior_weight",
    "max_seq_length": "max_length", "cutoff_len": "max_length", "save_steps": "save_every",
    "validation_prompt": "sample_prompts", "validation_steps": "sample_every", "trigger_word": "trigger_words",
    "trigger": "trigger_words", "log_dir": "logging_dir", "license": "licence", "task_type": "type", "mode": "type",
    "cache_latents": "cache",
}
"""What other trainers call a key of ours."""

_TYPES = {
    "image": "visual", "sd": "visual", "stable-diffusion": "visual", "image-generation": "visual",
    "text-to-image": "visual", "llm": "language", "text": "language", "text-generation": "language",
    "causal_lm": "language", "sft": "language",
}


def _type(value: Any) -> Any:
    return _TYPES.get(value.lower(), value) if isinstance(value, str) else value


def _list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _words(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _size(value: Any) -> Any:
    """512, "512", "512,768" (width, height) or [512, 768]."""
    if isinstance(value, str):
        value = [int(v) for v in value.replace("x", ",").split(",")]
    if isinstance(value, int):
        value = [value]
    if isinstance(value, list | tuple) and len(value) == 1:
        value = [value[0], value[0]]
    return value


def _switch(on: str, off: str) -> BeforeValidator:
    """YAML reads a bare on, off, yes or no as true or false."""
    return BeforeValidator(lambda value: (on if value else off) if isinstance(value, bool) else value)


Side = Annotated[int, Field(ge=64, le=2048, multiple_of=8)]


class TrainConfig(BaseModel):
    """One training; an unknown key is refused with the nearest known one."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    # -- what from what
    type: Annotated[Literal["visual", "language"] | None, BeforeValidator(_type)] = Field(
        default=None, description="visual (pictures) or language (dialogues, copy). Empty: from the base and the data."
    )
    train_data_dir: Path = Field(description="Folder of the pictures or dialogues.")
    metadata_path: Path | None = Field(
        default=None, description="CSV with file_name and prompt. Empty: metadata.csv of the folder, or .txt files."
    )
    base_model: Path = Field(description="diffusers or transformers folder, or one .safetensors checkpoint of SD 1.x.")
    base_config: Path | None = Field(
        default=None, description="diffusers folder that describes a single checkpoint, where no hub can be reached."
    )
    output_dir: Path = Field(description="Folder of the result; made if it is not there.")
    output_name: str = Field(
        default="", max_length=80, pattern=r"^[^/\\\x00]*$", description="Name of the file. Empty: the folder's."
    )
    logging_dir: Path | None = Field(
        default=None, description="TensorBoard logs. Empty: run/tensorboard in output_dir."
    )
    trigger_words: Annotated[str, BeforeValidator(_words)] = Field(
        default="", max_length=200, description="Words that call the look; written into the file, comma separated."
    )
    licence: str = Field(default="", max_length=200, description="Licence of the result; written into the file.")

    # -- the adapter
    lora_rank: int = Field(default=16, ge=1, le=256, description="Rank of the two matrices; more holds more detail.")
    lora_alpha: float | None = Field(
        default=None, gt=0, le=1024, description="Scale is alpha / rank (rsLoRA: / sqrt(rank)). Empty: the rank."
    )
    lora_dropout: float = Field(default=0.0, ge=0, le=0.9, description="Share of inputs left out, against overfitting.")
    rslora: bool = Field(default=False, description="Scale by sqrt(rank), for high ranks (arXiv:2312.03732).")
    loraplus_ratio: float = Field(
        default=1.0, ge=1, le=64, description="Learning rate of B over that of A (LoRA+, arXiv:2402.12354)."
    )
    lora_targets: Literal["auto", "attention", "transformer", "all"] = Field(
        default="auto", description="attention (q, k, v, out), transformer (all its linear layers), all (and "
        "convolutions). auto: attention for pictures, transformer for language."
    )
    train_text_encoder: bool = Field(default=False, description="Adapt the text encoder, too (visual).")
    init_from: Path | None = Field(
        default=None, description="Begin with the weights of this adapter, on new data; its rank must be lora_rank."
    )

    # -- the course
    epochs: int = Field(default=10, ge=1, le=10_000, description="How often all of the data is seen.")
    max_steps: int | None = Field(default=None, ge=1, le=10_000_000, description="End after so many steps.")
    batch_size: int = Field(default=4, ge=1, le=256, description="Items at once.")
    gradient_accumulation: int = Field(default=1, ge=1, le=1024, description="Batches that make one step.")
    learning_rate: float | None = Field(
        default=None, gt=0, le=1, description="Empty: 1e-4 for pictures, 2e-4 for language."
    )
    text_encoder_learning_rate: float | None = Field(
        default=None, gt=0, le=1, description="Empty: half of learning_rate."
    )
    optimizer: Literal["adamw", "adamw8bit"] = Field(
        default="adamw", description="adamw8bit needs the package bitsandbytes and CUDA."
    )
    weight_decay: float = Field(default=0.01, ge=0, le=1, description="Of AdamW.")
    lr_scheduler: Literal["cosine", "constant", "linear"] = Field(
        default="cosine", description="How the rate falls after the warm-up."
    )
    warmup_steps: int | None = Field(default=None, ge=0, le=1_000_000, description="Empty: 5 % of all steps.")
    gradient_clip: float = Field(default=1.0, ge=0, le=100, description="Largest norm of the gradient; 0: none.")
    max_norm: float = Field(
        default=0.0, ge=0, le=1000, description="Largest norm of each module's change (norm scaling); 0: none."
    )
    ema_decay: float = Field(default=0.0, ge=0, lt=1, description="Moving average of the weights, as 0.99; 0: none.")
    mixed_precision: Annotated[Literal["auto", "no", "fp16", "bf16"], _switch("auto", "no")] = Field(
        default="auto", description="auto: bf16 or fp16 on CUDA, none on a CPU."
    )
    gradient_checkpointing: bool = Field(default=False, description="Less memory, about a third more time.")
    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="Same seed, same result on a CPU.")
    device: str = Field(default="auto", pattern=r"^(auto|cpu|cuda(:\d+)?)$", description="auto takes CUDA if there.")
    threads: int = Field(default=0, ge=0, le=256, description="CPU threads; 0: torch's own choice.")
    memory_limit_mb: int = Field(
        default=0, ge=0, le=1_000_000, description="What the training may take; 0: what is free, less a tenth."
    )

    # -- watching it
    validation_split: float = Field(
        default=0.1, ge=0, le=0.5, description="Share of the data held out to see overfitting; at most 200 items."
    )
    validate_every: int = Field(default=0, ge=0, le=1_000_000, description="Steps; 0: each epoch, 10 times at least.")
    sample_every: int = Field(default=0, ge=0, le=1_000_000, description="Steps; 0: at each validation.")
    sample_prompts: Annotated[list[str], BeforeValidator(_list)] = Field(
        default_factory=list, max_length=16, description="What to paint or answer. Empty: taken from held-out items."
    )
    sample_steps: int = Field(default=20, ge=1, le=100, description="Denoising steps of a sample picture.")
    sample_guidance: float = Field(default=5.0, ge=0, le=30, description="Guidance of a sample picture.")
    patience: int = Field(
        default=5, ge=0, le=1000, description="Stop after so many validations without a better one; 0: never."
    )
    save_every: int = Field(default=0, ge=0, le=1_000_000, description="Checkpoint each so many steps; 0: 10 minutes.")
    compare_full: Annotated[Literal["auto", "measure", "compute", "off"], _switch("auto", "off")] = Field(
        default="auto", description="Full-parameter column of the report: measured where it fits, else computed."
    )

    # -- pictures
    resolution: Annotated[tuple[Side, Side] | None, BeforeValidator(_size)] = Field(
        default=None, description="512, or 512,768 for width and height. Empty: what the base was made for."
    )
    buckets: bool = Field(default=True, description="Keep each picture's aspect ratio; false: crop to resolution.")
    bucket_step: int = Field(default=64, ge=8, le=256, multiple_of=8, description="Sides of buckets are multiples.")
    flip: bool = Field(default=False, description="Mirror every second time; not for faces with a side parting.")
    cache: Annotated[Literal["memory", "disk", "none"], _switch("memory", "none")] = Field(
        default="memory", description="Latents and text embeddings are computed once and kept."
    )
    caption_dropout: float = Field(default=0.05, ge=0, le=0.9, description="Share of steps that see no prompt.")
    min_snr_gamma: float = Field(default=5.0, ge=0, le=100, description="Min-SNR weighting (arXiv:2303.09556); 0: off.")
    noise_offset: float = Field(default=0.0, ge=0, le=0.5, description="Lets it learn very dark and bright pictures.")
    prior_data_dir: Path | None = Field(
        default=None, description="Pictures of the class in general, so that it is not forgotten (arXiv:2208.12242)."
    )
    prior_prompt: str = Field(default="", max_length=300, description="What they show. Alone: the base paints them.")
    prior_images: int = Field(default=50, ge=1, le=10_000, description="How many the base paints.")
    prior_weight: float = Field(default=1.0, ge=0, le=10, description="Weight of their loss.")

    # -- language
    max_length: int = Field(default=1024, ge=16, le=131_072, description="Longest dialogue in tokens.")
    packing: bool = Field(default=True, description="Several dialogues in one row without padding.")
    system_prompt: str = Field(default="", max_length=4000, description="Stands before each dialogue that has none.")
    copy_prompt: str = Field(
        default="写一句直播口播。", max_length=1000, description="What plain copy is taken to answer."
    )

    # -- permission
    resume: bool = Field(default=False, description="Go on where a training in output_dir was cut off.")
    overwrite: bool = Field(default=False, description="Replace what an earlier training left in output_dir.")

    @model_validator(mode="before")
    @classmethod
    def _known(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        out: dict[str, Any] = {}
        said: dict[str, str] = {}
        for key, value in data.items():
            name = ALIASES.get(str(key), str(key))
            if name in said:
                raise BadConfig(name, f"{said[name]} and {key} say the same thing twice",
                                next_step=f"Keep {name} only.")
            said[name] = str(key)
            if name not in cls.model_fields:
                near = difflib.get_close_matches(name, [*cls.model_fields, *ALIASES], 1)
                raise BadConfig(
                    str(key), f"there is no setting {key}",
                    next_step=f"Did you mean {near[0]}?" if near else "See docs/training.md for all of them.",
                )
            if value is not None:
                out[name] = value
        return out

    @property
    def name(self) -> str:
        """Name of the result's files."""
        return self.output_name.removesuffix(".safetensors") or self.output_dir.resolve().name or "adapter"

    @property
    def alpha(self) -> float:
        """lora_alpha, or the rank."""
        return float(self.lora_alpha if self.lora_alpha is not None else self.lora_rank)

    @property
    def scale(self) -> float:
        """What the product of the two matrices is multiplied by."""
        return self.alpha / (math.sqrt(self.lora_rank) if self.rslora else self.lora_rank)

    @property
    def rate(self) -> float:
        """learning_rate, or the kind's."""
        return self.learning_rate or (1e-4 if self.kind == "visual" else 2e-4)

    @property
    def step_items(self) -> int:
        """Items of one step."""
        return self.batch_size * self.gradient_accumulation

    @property
    def kind(self) -> Literal["visual", "language"]:
        """`type`, or what base and data show it to be; raises `BadConfig` when they don't."""
        return self.type or _kind_of(self)

    @property
    def targets(self) -> str:
        """lora_targets, or the kind's."""
        if self.lora_targets != "auto":
            return self.lora_targets
        return "attention" if self.kind == "visual" else "transformer"

    def to_json(self) -> dict[str, Any]:
        """Every key as it can stand in a YAML."""
        data: dict[str, Any] = json.loads(self.model_dump_json())
        return data | {"type": self.kind}

    def with_values(self, **values: Any) -> TrainConfig:
        """A copy with other values, checked like a file; raises `BadConfig`."""
        return from_values(self.model_dump() | values)


def from_values(values: Mapping[str, Any], where: str = "") -> TrainConfig:
    """Check values; raises `BadConfig` that names the field and what is allowed."""
    try:
        return TrainConfig.model_validate(dict(values))
    except ValidationError as e:
        first = e.errors()[0]
        field = str(first["loc"][0]) if first["loc"] else ""
        said = next((k for k in values if ALIASES.get(k) == field), field)
        if first["type"] == "missing":
            raise BadConfig(field, f"{said} is missing{where}", next_step=_allowed(field)) from e
        given = values.get(said)
        raise BadConfig(
            field, f"{said}{where}: {_plain(first)} (it is {given!r})", next_step=_allowed(field)
        ) from e


def load(path: Path, **over: Any) -> TrainConfig:
    """Read a YAML file; `over` comes before what it says. Raises `BadConfig`."""
    if not path.is_file():
        raise BadConfig("config", f"there is no file {path}", next_step="Give the path of your YAML with --config.")
    try:
        data = yaml.safe_load(read_text(path))
    except yaml.YAMLError as e:
        at = getattr(e, "problem_mark", None)
        line = f", line {at.line + 1}" if at else ""
        raise BadConfig("config", f"{path}{line} is not YAML: {getattr(e, 'problem', e)}",
                        next_step="Compare it with the examples in docs/training.md.") from e
    if not isinstance(data, dict):
        raise BadConfig("config", f"{path} holds no settings", next_step="Begin with an example of docs/training.md.")
    flat: dict[str, Any] = {}
    for key, value in data.items():
        # lora-scripts files may group their keys under headings.
        if isinstance(value, dict) and key not in TrainConfig.model_fields and key not in ALIASES:
            flat |= value
        else:
            flat[key] = value
    for key, value in over.items():
        if value is not None:
            flat = {k: v for k, v in flat.items() if ALIASES.get(k, k) != key} | {key: value}
    return from_values(flat, f" in {path}")


def _plain(error: Any) -> str:
    message = str(error["msg"])
    return message[:1].lower() + message[1:]


def _allowed(field: str) -> str:
    info = TrainConfig.model_fields.get(field)
    if info is None:
        return "See docs/training.md."
    bounds = []
    for limit in info.metadata:
        for name, sign in (("ge", "at least"), ("gt", "over"), ("le", "at most"), ("lt", "under"),
                           ("multiple_of", "a multiple of")):
            if getattr(limit, name, None) is not None:
                bounds.append(f"{sign} {getattr(limit, name):g}")
    text = info.description or ""
    return f"Allowed: {', '.join(bounds)}. {text}" if bounds else text


def _kind_of(config: TrainConfig) -> Literal["visual", "language"]:
    base = config.base_model
    if base.is_file() or (base / "model_index.json").is_file():
        return "visual"
    if (base / "config.json").is_file():
        return "language"
    data = config.train_data_dir
    if data.is_dir() and pictures.files_in(data):
        return "visual"
    if data.exists() and dialogues.files_in(data):
        return "language"
    if not base.exists():
        raise BadConfig("base_model", f"there is no base model {base}",
                        next_step="Set base_model to a diffusers or transformers folder, or one .safetensors file.")
    raise BadConfig("type", "base and data don't say whether this is about pictures or language",
                    next_step="Set type to visual or language.")
