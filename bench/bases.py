"""Bases: models of the true sizes with random weights, made in seconds, and adapters that fit them.

What a swap, a copy or a step costs does not depend on what the weights say, so nothing is downloaded.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import torch
from torch import Tensor, nn
from transformers import AutoTokenizer, CLIPTextConfig, CLIPTextModel, Qwen2Config, Qwen2ForCausalLM

from adapters.resident import ResidentBase
from tests.adapters import tiny

RANK = 16
ATTENTION = tuple(tiny.UNET_TARGETS)
PROJECTIONS = tuple(tiny.LLM_TARGETS)
SPREAD = 0.02
"""Of the adapters' values: enough to change every output, little enough not to blow it up."""
NAMES = {torch.float32: "fp32", torch.bfloat16: "bf16", torch.float16: "fp16"}
sd: Any = diffusers
"""Its classes are untyped."""
Lora = dict[str, tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Where:
    """Device and type to measure in; `small` takes tiny models, to try the code itself."""

    device: torch.device
    dtype: torch.dtype
    small: bool = False

    @property
    def label(self) -> str:
        """How rows name it."""
        return NAMES[self.dtype] + (", tiny" if self.small else "")

    def sync(self) -> None:
        """Wait for the device."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def random(self, *shape: int, seed: int = 0) -> Tensor:
        """Normal numbers, the same on every device."""
        rng = torch.Generator().manual_seed(seed)
        return torch.randn(*shape, generator=rng).to(self.device, self.dtype)

    def tokens(self, rows: int, length: int, vocabulary: int, seed: int = 0) -> Tensor:
        """Token ids (rows, length)."""
        rng = torch.Generator().manual_seed(seed)
        return torch.randint(0, min(vocabulary, 50_000), (rows, length), generator=rng).to(self.device)


def unet(where: Where) -> Any:
    """The UNet of Stable Diffusion 1.5: 860 M parameters."""
    if where.small:
        return _placed(tiny.unet(), where)
    with torch.device("meta"):
        model = sd.UNet2DConditionModel(sample_size=64, cross_attention_dim=768)
    return _filled(model, where)


def small_pipeline() -> Any:
    """Stable Diffusion's parts at a fifth of their widths: a UNet of 11 M parameters, autoencoder and text to match."""
    encoder, tokenizer = tiny.clip()
    torch.manual_seed(0)
    model = sd.UNet2DConditionModel(
        sample_size=32, block_out_channels=(64, 128, 192), layers_per_block=2, cross_attention_dim=tiny.WIDTH,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"), attention_head_dim=8,
        norm_num_groups=32,
    )
    vae = sd.AutoencoderKL(
        block_out_channels=(24, 48, 96, 96), norm_num_groups=8, latent_channels=4, sample_size=256, layers_per_block=2,
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
    )
    scheduler = sd.DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False,
                                 steps_offset=1)
    return sd.StableDiffusionPipeline(
        vae=vae, text_encoder=encoder, tokenizer=tokenizer, unet=model, scheduler=scheduler, safety_checker=None,
        feature_extractor=None, requires_safety_checker=False,
    )


def small_llm() -> Any:
    """A Qwen2 of 8 M parameters."""
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=8192, hidden_size=256, intermediate_size=704, num_hidden_layers=6, num_attention_heads=4,
        num_key_value_heads=2, tie_word_embeddings=True, max_position_embeddings=1024, bos_token_id=256,
        eos_token_id=257, pad_token_id=257,
    )
    return Qwen2ForCausalLM(config)


def llm(where: Where, size: str = "0.5B") -> Any:
    """A Qwen2 of 0.5 or 7 billion parameters."""
    if where.small:
        return _placed(tiny.llm(), where)
    width, inner, layers, heads, kv, words, tied = {
        "0.5B": (896, 4864, 24, 14, 2, 151_936, True), "7B": (3584, 18_944, 28, 28, 4, 152_064, False),
    }[size]
    config = Qwen2Config(
        vocab_size=words, hidden_size=width, intermediate_size=inner, num_hidden_layers=layers,
        num_attention_heads=heads, num_key_value_heads=kv, tie_word_embeddings=tied, max_position_embeddings=32_768,
        rope_parameters={"rope_type": "default", "rope_theta": 1_000_000.0},
    )
    with torch.device("meta"):
        model = Qwen2ForCausalLM(config)
    # Its buffers are computed when it is made, which nothing on the meta device is.
    model.model.rotary_emb = type(model.model.rotary_emb)(config)
    model = _filled(model, where)
    model.tie_weights()
    return model


def pipeline(where: Where) -> Any:
    """A whole Stable Diffusion 1.5, without its safety checker."""
    clip, tokenizer = tiny.clip()
    if where.small:
        vae = sd.AutoencoderKL(block_out_channels=(8,), norm_num_groups=8)
    else:
        clip = CLIPTextModel(CLIPTextConfig(
            vocab_size=49_408, hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12,
        ))
        vae = sd.AutoencoderKL(
            block_out_channels=(128, 256, 512, 512), layers_per_block=2, sample_size=512,
            down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
        )
    return sd.StableDiffusionPipeline(
        vae=_placed(vae, where), text_encoder=_placed(clip, where), tokenizer=tokenizer, unet=unet(where),
        scheduler=sd.DDIMScheduler(), safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )


def tokenizer(folder: Path) -> Any:
    """A tokenizer of bytes."""
    return AutoTokenizer.from_pretrained(tiny.save_language(folder), local_files_only=True)


def _placed(model: Any, where: Where) -> Any:
    return model.to(where.device, where.dtype).eval().requires_grad_(False)


@torch.no_grad()
def _filled(model: Any, where: Where) -> Any:
    """A model of the meta device brought to a real one, its matrices uniform with unit gain, as PyTorch makes them."""
    for module in model.modules():
        for name, p in module._parameters.items():
            if p is not None:
                empty = torch.empty(p.shape, dtype=where.dtype, device=where.device)
                module._parameters[name] = nn.Parameter(empty, requires_grad=False)
        for name, b in module._buffers.items():
            if b is not None:
                module._buffers[name] = b.to(where.device)
    # One block of random numbers, laid again and again: drawing a number takes longer than copying it.
    block = torch.rand((1 << 22) + 7, dtype=torch.float32).mul_(2).sub_(1).to(where.device, where.dtype)
    for name, p in model.named_parameters():
        if p.ndim == 1:
            p.fill_(1.0 if name.endswith("weight") else 0.0)
            continue
        flat = p.view(-1)
        for at in range(0, len(flat), len(block)):
            piece = flat[at : at + len(block)]
            torch.mul(block[: len(piece)], p[0].numel() ** -0.5, out=piece)
    return model.eval()


def shapes(model: Any, ends: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Path -> weight shape of the modules whose path ends in one of `ends`."""
    return {p: tuple(m.weight.shape) for p, m in model.named_modules() if p.endswith(tuple(ends))}


def lora(of: dict[str, tuple[int, ...]], where: Where, seed: int, rank: int = RANK) -> Lora:
    """A random adapter on the CPU in the base's type, as a file would hold it."""
    made = tiny.random_lora(of, rank, seed, SPREAD)
    return {p: (a.to(where.dtype), b.to(where.dtype)) for p, (a, b) in made.items()}


def named(adapter: Lora, where: Where, pattern: str) -> dict[str, Tensor]:
    """An adapter as a rival's state dict on the device; `pattern` has {path} and {x}, which is A or B."""
    return {
        pattern.format(path=path, x=x): t.to(where.device)
        for path, ab in adapter.items() for x, t in zip("AB", ab, strict=True)
    }


def staged(base: ResidentBase, adapter: Lora) -> Tensor:
    """An adapter ready to be swapped in."""
    return base.place(base.pack({p: (a, b, 1.0) for p, (a, b) in adapter.items()}))


def undress(base: ResidentBase) -> None:
    """Take the slots out of a model of plain layers again."""
    for path in base.places:
        module = base.model.get_submodule(path)
        module.__class__ = nn.Linear if isinstance(module, nn.Linear) else nn.Conv2d
        for name in ("slot_a", "slot_b", "slot_rows"):
            delattr(module, name)


def unet_inputs(where: Where, rows: int = 1, side: int = 8) -> tuple[Tensor, Tensor, Tensor]:
    """Latents (rows, 4, side, side), a time step and text embeddings."""
    width = tiny.WIDTH if where.small else 768
    return (where.random(rows, 4, side, side), torch.tensor(500, device=where.device),
            where.random(rows, 77, width, seed=1))


def timed(act: Callable[[int], Any], count: int, where: Where, between: Callable[[], Any] | None = None) -> list[float]:
    """Milliseconds of each of `count` calls, to the moment when the device is done; `between` is not counted."""
    out = []
    for n in range(count):
        if between is not None:
            between()
        where.sync()
        began = time.perf_counter_ns()
        act(n)
        where.sync()
        out.append((time.perf_counter_ns() - began) / 1e6)
    return out


def in_turn(acts: Sequence[Callable[[], Any]], count: int, where: Where) -> list[list[float]]:
    """Milliseconds of `count` calls of each, in turn, so that whatever else the machine does falls on all alike."""
    took = timed(lambda n: acts[n % len(acts)](), count * len(acts), where)
    return [took[n :: len(acts)] for n in range(len(acts))]
