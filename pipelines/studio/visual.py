"""VisualBase: one Stable Diffusion base, resident, painting portraits in the personas' adapters.

A text-encoder part of an adapter is worn only while a prompt is encoded; what the UNet sees of it are the prompt's
embeddings, so a show's swap touches the UNet alone.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import (
    AutoPipelineForImage2Image,
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
)
from PIL import Image
from torch import Tensor

from adapters import load
from adapters.errors import BadBase
from adapters.resident import BARE, ResidentBase
from adapters.shelf import Staged
from adapters.spec import BaseSpec, Shape, adaptable, visual_spec
from pipelines.looks.picture import Rgb
from pipelines.studio import contours
from pipelines.studio.base_card import BaseCard
from pipelines.studio.upscaler import Upscaler
from streaming.errors import BadInput, Conflict

SCHEDULERS: dict[str, Any] = {
    "lcm": LCMScheduler, "ddim": DDIMScheduler, "dpm": DPMSolverMultistepScheduler, "euler": EulerDiscreteScheduler,
}


class Cancelled(Conflict):
    """A picture that is not wanted any more."""

    code = "cancelled"


@dataclass(frozen=True, slots=True)
class Brief:
    """What to paint. `strength` (0..1) is how far to go away from `init`, a picture to begin with.

    Width and height 0 mean the size that the base was made for; such a picture is enlarged where the base can.
    """

    prompt: str
    negative: str = ""
    seed: int = 0
    steps: int = 8
    guidance: float = 4.0
    width: int = 0
    height: int = 0
    init: Path | None = None
    strength: float = 0.6


class VisualBase:
    """Load with `load`; painting is for one thread, trying out for another, swapping for any."""

    def __init__(
        self, pipeline: Any, *, rank: int, targets: str, slots: int, compiled: bool = False,
        card: BaseCard | None = None,
    ) -> None:
        self.pipeline, self.card = pipeline, card or BaseCard()
        self.upscaler = Upscaler.load(self.card.upscaler) if self.card.upscaler is not None else None
        unet, encoder = pipeline.unet, pipeline.text_encoder
        self.spec = _spec(unet, encoder, rank, targets)
        live = {part: [p for p, t in found.items() if t.live] for part, found in self.spec.parts.items()}
        self.unet = ResidentBase(unet, live["unet"], rank=rank, slots=slots)
        self.encoder = ResidentBase(encoder, live["text_encoder"], rank=rank)
        self.lock = threading.Lock()
        self._mine = threading.local()
        self._read: Counter[int] = Counter()
        self._embeddings: dict[tuple[str, str, str], tuple[Tensor, Tensor]] = {}
        if compiled:
            unet.forward = torch.compile(unet.forward, fullgraph=True)
        self._guard_forward(unet)

    @classmethod
    def load(
        cls, path: Path, *, device: torch.device, dtype: torch.dtype, rank: int, targets: str, slots: int,
        scheduler: str = "auto", compiled: bool = False,
    ) -> VisualBase:
        """From a diffusers folder or a single .safetensors checkpoint; raises `BadInput` when it can't be."""
        try:
            pipeline = load.visual(path, dtype)
        except BadBase as e:
            raise BadInput(
                e.message,
                next_step="Set visual.path to a Stable Diffusion 1.x folder of diffusers, or one .safetensors file.",
            ) from e
        if scheduler != "auto":
            pipeline.scheduler = SCHEDULERS[scheduler].from_config(pipeline.scheduler.config)
        pipeline.set_progress_bar_config(disable=True)
        pipeline.to(device)
        for part in (pipeline.unet, pipeline.text_encoder, pipeline.vae):
            part.eval().requires_grad_(False)
        made = cls(pipeline, rank=rank, targets=targets, slots=slots, compiled=compiled, card=BaseCard.read(path))
        if made.upscaler is not None:
            made.upscaler.to(device)
        return made

    def _guard_forward(self, unet: Any) -> None:
        """One forward pass at a time; every row wears the slot that its thread works in."""

        def before(_unet: Any, args: tuple[Any, ...]) -> None:
            self.lock.acquire()
            self.unet.wear([getattr(self._mine, "slot", BARE)] * args[0].shape[0])

        def after(_unet: Any, _args: Any, _out: Any) -> None:
            self.lock.release()

        unet.register_forward_pre_hook(before)
        unet.register_forward_hook(after, always_call=True)

    # -- adapters --------------------------------------------------------------------------------

    def swap(self, staged: Staged | None, slot: int) -> None:
        """Change a slot's adapter; one that is being painted in, between two denoising steps.

        A slot that nobody reads is changed at once: a step can take half a minute on a CPU.
        """
        part = staged.parts.get("unet") if staged else None
        with self.lock if self._read[slot] else contextlib.nullcontext():
            self.unet.swap(part, slot)

    def wears(self, slot: int, staged: Staged | None) -> bool:
        """Whether a slot holds just that."""
        return self.unet.wears(slot) is (staged.parts.get("unet") if staged else None)

    @torch.inference_mode()
    def embed(self, staged: Staged | None, prompt: str, negative: str) -> tuple[Tensor, Tensor]:
        """Embeddings (1, 77, width) of prompt and negative prompt, as the adapter's text encoder reads them."""
        part = staged.parts.get("text_encoder") if staged else None
        key = (staged.key if staged is not None and part is not None else "", prompt, negative)
        if key not in self._embeddings:
            self.encoder.swap(part)
            try:
                pair = self.pipeline.encode_prompt(prompt, self.pipeline.device, 1, True, negative)
            finally:
                self.encoder.swap(None)
            while len(self._embeddings) >= 64:
                self._embeddings.pop(next(iter(self._embeddings)))
            self._embeddings[key] = pair
        return self._embeddings[key]

    # -- painting --------------------------------------------------------------------------------

    @contextlib.contextmanager
    def wearing(self, slot: int) -> Iterator[None]:
        """Paint what follows in this slot's adapter."""
        self._mine.slot = slot
        self._read[slot] += 1
        try:
            yield
        finally:
            self._mine.slot = BARE
            self._read[slot] -= 1

    @torch.inference_mode()
    def paint(
        self, brief: Brief, *, staged: Staged | None, slot: int, wanted: Callable[[], bool] = lambda: True
    ) -> Rgb:
        """One picture (height, width, 3) of uint8; raises `Cancelled` between steps when `wanted` says so."""
        width, height = brief.width or self.card.width, brief.height or self.card.height
        positive, negative = self.embed(staged, brief.prompt, brief.negative)

        def after_step(_pipe: Any, _step: int, _t: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
            if not wanted():
                raise Cancelled("the picture is not wanted any more")
            return kwargs

        common: dict[str, Any] = {
            "prompt_embeds": positive, "negative_prompt_embeds": negative, "num_inference_steps": brief.steps,
            "guidance_scale": brief.guidance, "callback_on_step_end": after_step, "output_type": "np",
            "generator": torch.Generator("cpu").manual_seed(brief.seed),
        }
        with self.wearing(slot):
            if brief.init is None:
                out = self.pipeline(width=width, height=height, **common)
            else:
                with Image.open(brief.init) as image:
                    start = image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
                pipe = AutoPipelineForImage2Image.from_pipe(self.pipeline)
                pipe.set_progress_bar_config(disable=True)
                out = pipe(image=start, strength=brief.strength, **common)
        picture: Rgb = np.nan_to_num(out.images[0] * 255.0).round().clip(0, 255).astype(np.uint8)
        if self.upscaler is not None and not brief.width:
            picture = self.upscaler.enlarge(picture)
        return contours.draw(picture, self.card.landmarks) if self.card.contours else picture

    @torch.inference_mode()
    def try_out(self, slot: int) -> bool:
        """One step of the UNet in a slot; False when it computes NaN."""
        unet = self.pipeline.unet
        width = unet.config.cross_attention_dim
        size = unet.config.sample_size
        height, across = size if isinstance(size, list | tuple) else (size, size)
        kind: dict[str, Any] = {"device": self.unet.device, "dtype": self.unet.dtype}
        rng = torch.Generator("cpu").manual_seed(0)
        shape = (1, unet.config.in_channels, min(16, height), min(16, across))
        sample = torch.randn(shape, generator=rng).to(**kind)
        text = torch.randn((1, 77, width), generator=rng).to(**kind)
        with self.wearing(slot):
            out = unet(sample, torch.tensor(500, device=self.unet.device), text).sample
        return bool(torch.isfinite(out).all())


def _spec(unet: Any, encoder: Any, rank: int, targets: str) -> BaseSpec:
    def shapes(model: Any) -> dict[str, Shape]:
        return adaptable((name, tuple(p.shape)) for name, p in model.named_parameters())

    text = {p.removeprefix("text_model."): s for p, s in shapes(encoder).items() if ".encoder.layers." in f".{p}"}
    return visual_spec({"unet": shapes(unet), "text_encoder": text}, rank_max=rank, targets=targets)
