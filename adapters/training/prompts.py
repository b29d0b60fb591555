"""Prompts: what the text encoder makes of them, computed once and kept in memory or on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.torch import load as load_bytes
from safetensors.torch import save as save_bytes
from torch import Tensor

from adapters.training.base import spec_hash
from adapters.training.folder import write_whole
from adapters.training.task import Surroundings


class Prompts:
    """Embeddings of prompts; nothing is kept while the text encoder itself is being `trained`."""

    def __init__(
        self, pipeline: Any, where: Surroundings, keep: Literal["memory", "disk", "none"], folder: Path, *,
        trained: bool,
    ) -> None:
        self._tokenizer, self._encoder = pipeline.tokenizer, pipeline.text_encoder
        self._where, self._folder, self._trained = where, folder, trained
        self.keep = "none" if trained else keep
        self._kept: dict[str, Tensor] = {}
        self._hash = spec_hash(self._encoder) if self.keep == "disk" else ""

    @property
    def most(self) -> int:
        """Tokens that are read; what is beyond is cut."""
        return int(self._tokenizer.model_max_length)

    def long(self, prompts: Sequence[str]) -> list[str]:
        """Those of which something is cut."""
        return [p for p in prompts if len(self._tokenizer(p).input_ids) > self.most]

    def get(self, prompt: str) -> Tensor:
        """(1, tokens, width), on the device."""
        if prompt in self._kept:
            return self._kept[prompt]
        if self.keep != "disk":
            out = self._encode(prompt)
            if self.keep == "memory":
                self._kept[prompt] = out
            return out
        file = self._file(prompt)
        if file.is_file():
            return load_bytes(file.read_bytes())["embedding"].to(self._where.device)
        out = self._encode(prompt)
        write_whole(file, save_bytes({"embedding": out.cpu().contiguous()}))
        return out

    def _encode(self, prompt: str) -> Tensor:
        ids = self._tokenizer(
            prompt, padding="max_length", max_length=self.most, truncation=True, return_tensors="pt"
        ).input_ids.to(self._encoder.device)
        half = self._where.half
        with torch.set_grad_enabled(self._trained and torch.is_grad_enabled()), torch.autocast(
            self._where.device.type, half, enabled=self._trained and half is not None
        ):
            out: Tensor = self._encoder(ids)[0].to(self._where.device)
        return out

    def _file(self, prompt: str) -> Path:
        name = hashlib.sha256(f"{prompt}|{self._where.base_dtype}|{self._hash}".encode()).hexdigest()[:32]
        return self._folder / f"text-{name}.safetensors"
