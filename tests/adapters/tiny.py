"""Tiny models of the true architectures with random weights, and adapters for them in every layout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from torch import Tensor, nn
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTokenizer,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
)

WIDTH = 32
UNET_TARGETS = ["to_q", "to_k", "to_v", "to_out.0"]
LLM_TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def unet(seed: int = 0) -> UNet2DConditionModel:
    """A UNet of Stable Diffusion's kind with two levels."""
    torch.manual_seed(seed)
    return UNet2DConditionModel(
        sample_size=16, block_out_channels=(32, 64), layers_per_block=2, cross_attention_dim=WIDTH,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        attention_head_dim=4, norm_num_groups=8,
    ).eval()


def clip() -> tuple[CLIPTextModel, CLIPTokenizer]:
    """A CLIP text encoder and a tokenizer of single characters."""
    letters = [chr(c) for c in range(33, 127)]
    words = [*letters, *(f"{c}</w>" for c in letters), "<|startoftext|>", "<|endoftext|>"]
    tokenizer = CLIPTokenizer(vocab={w: n for n, w in enumerate(words)}, merges=[], model_max_length=77)
    torch.manual_seed(1)
    config = CLIPTextConfig(
        vocab_size=len(words), hidden_size=WIDTH, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        bos_token_id=len(words) - 2, eos_token_id=len(words) - 1, pad_token_id=len(words) - 1,
    )
    return CLIPTextModel(config).eval(), tokenizer


def save_visual(folder: Path) -> Path:
    """A whole Stable Diffusion pipeline as a diffusers folder."""
    encoder, tokenizer = clip()
    torch.manual_seed(2)
    vae = AutoencoderKL(block_out_channels=(8, 8, 16, 16), norm_num_groups=8, latent_channels=4, sample_size=64,
                        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4)
    pipeline = StableDiffusionPipeline(
        vae=vae, text_encoder=encoder, tokenizer=tokenizer, unet=unet(), scheduler=DDIMScheduler(),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder, safe_serialization=True)
    return folder


def llm(seed: int = 0, vocabulary: int = 300) -> Qwen2ForCausalLM:
    """A Qwen2 with two layers."""
    torch.manual_seed(seed)
    config = Qwen2Config(
        vocab_size=vocabulary, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=512, bos_token_id=256, eos_token_id=257, pad_token_id=257,
        initializer_range=0.2,
    )
    return Qwen2ForCausalLM(config).eval()


def save_language(folder: Path) -> Path:
    """A language model folder with a tokenizer of bytes."""
    model = llm()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = {c: n for n, c in enumerate(alphabet)}
    inner = Tokenizer(models.BPE(vocab=tokens, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    inner.add_special_tokens(["<|bos|>", "<|end|>"])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, bos_token="<|bos|>", eos_token="<|end|>")
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)
    return folder


def with_lora(model: nn.Module, *, rank: int = 4, alpha: float = 4.0, targets: list[str], seed: int = 0) -> Any:
    """The model with a random PEFT adapter on it."""
    torch.manual_seed(seed)
    config = LoraConfig(r=rank, lora_alpha=alpha, init_lora_weights=False, target_modules=targets)
    peft = get_peft_model(model, config)
    for name, parameter in peft.named_parameters():
        if "lora_" in name:
            parameter.data.mul_(0.5)
    return peft.eval()


def matrices(peft: Any) -> dict[str, tuple[Tensor, Tensor]]:
    """path -> (A, B) of a PEFT model's adapter."""
    found: dict[str, Tensor] = {
        n.replace("base_model.model.", "", 1).replace(".default", ""): p.detach().clone().contiguous()
        for n, p in peft.named_parameters() if "lora_" in n
    }
    end = ".lora_A.weight"
    return {n.removesuffix(end): (a, found[n.removesuffix(end) + ".lora_B.weight"])
            for n, a in found.items() if n.endswith(end)}


def write_peft(folder: Path, lora: dict[str, tuple[Tensor, Tensor]], alpha: float, **config: Any) -> Path:
    """A PEFT folder: the file and its configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {}
    for path, (a, b) in lora.items():
        tensors[f"base_model.model.{path}.lora_A.weight"] = a
        tensors[f"base_model.model.{path}.lora_B.weight"] = b
    save_file(tensors, folder / "adapter_model.safetensors", {"format": "pt"})
    body = {"peft_type": "LORA", "lora_alpha": alpha, "r": next(iter(lora.values()))[0].shape[0], **config}
    (folder / "adapter_config.json").write_text(json.dumps(body))
    return folder / "adapter_model.safetensors"


def write_kohya(path: Path, unet_lora: dict[str, tuple[Tensor, Tensor]], alpha: float | None,
                te_lora: dict[str, tuple[Tensor, Tensor]] | None = None,
                metadata: dict[str, str] | None = None) -> Path:
    """A kohya file."""
    tensors = {}
    for prefix, lora in (("lora_unet_", unet_lora), ("lora_te_text_model_", te_lora or {})):
        for name, (a, b) in lora.items():
            stem = prefix + name.replace(".", "_")
            tensors[f"{stem}.lora_down.weight"], tensors[f"{stem}.lora_up.weight"] = a.clone(), b.clone()
            if alpha is not None:
                tensors[f"{stem}.alpha"] = torch.tensor(float(alpha))
    save_file(tensors, path, metadata or {})
    return path


def write_diffusers(path: Path, unet_lora: dict[str, tuple[Tensor, Tensor]],
                    te_lora: dict[str, tuple[Tensor, Tensor]] | None = None, alpha: float | None = None) -> Path:
    """A diffusers file; alpha travels in its metadata."""
    tensors = {}
    for part, lora in (("unet", unet_lora), ("text_encoder", te_lora or {})):
        for name, (a, b) in lora.items():
            tensors[f"{part}.{name}.lora_A.weight"], tensors[f"{part}.{name}.lora_B.weight"] = a.clone(), b.clone()
    metadata = {"format": "pt"}
    if alpha is not None:
        metadata["lora_adapter_metadata"] = json.dumps({"unet.lora_alpha": alpha, "text_encoder.lora_alpha": alpha})
    save_file(tensors, path, metadata)
    return path


def random_lora(shapes: dict[str, tuple[int, ...]], rank: int, seed: int = 0, scale: float = 0.2
                ) -> dict[str, tuple[Tensor, Tensor]]:
    """path -> random (A, B) for modules of the given weight shapes."""
    rng = torch.Generator().manual_seed(seed)
    out = {}
    for path, shape in shapes.items():
        a = torch.randn(rank, *shape[1:], generator=rng) * scale
        b = torch.randn(shape[0], rank, *(1 for _ in shape[2:]), generator=rng) * scale
        out[path] = (a, b)
    return out
