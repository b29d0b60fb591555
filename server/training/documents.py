"""Documents of training (docs/api.md), checked at the border."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from server.documents import Name
from server.wardrobe.documents import AdapterId

DatasetId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,47}$")]
Caption = Annotated[str, Field(max_length=2000)]

SETTINGS = frozenset({
    "lora_rank", "lora_alpha", "lora_dropout", "rslora", "loraplus_ratio", "lora_targets", "train_text_encoder",
    "epochs", "max_steps", "batch_size", "gradient_accumulation", "learning_rate", "text_encoder_learning_rate",
    "optimizer", "weight_decay", "lr_scheduler", "warmup_steps", "gradient_clip", "max_norm", "ema_decay",
    "mixed_precision", "gradient_checkpointing", "seed", "validation_split", "validate_every", "sample_every",
    "sample_prompts", "sample_steps", "sample_guidance", "patience", "compare_full", "resolution", "buckets",
    "bucket_step", "flip", "cache", "caption_dropout", "min_snr_gamma", "noise_offset", "prior_prompt", "prior_images",
    "prior_weight", "max_length", "packing", "system_prompt", "copy_prompt", "trigger_words",
})
"""What may be set over the network: everything of `TrainConfig` but paths and what the server decides itself."""


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")


class JobIn(_Document):
    """A training to start, or to explain."""

    name: Annotated[Name, Field(min_length=1, max_length=60, examples=["唐妆仕女"])]
    kind: Literal["visual", "language"] = "visual"
    dataset: DatasetId
    settings: Annotated[dict[str, Any], Field(max_length=80)] = {}
    init_from: AdapterId | None = None


class PrepareIn(_Document):
    """How a data set is put in order again."""

    trigger: Annotated[Name, Field(max_length=60)] | None = None
    caption: Literal["missing", "all", "none"] = "missing"


class ItemIn(_Document):
    """What a picture shows."""

    prompt: Caption
