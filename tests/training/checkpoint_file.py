"""A diffusers folder as one .safetensors checkpoint in the names of the original Stable Diffusion (CompVis)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import save_file

from adapters.ldm_names import diffusers_names

_RESNET = {"norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1", "norm2": "out_layers.0",
           "conv2": "out_layers.3", "conv_shortcut": "skip_connection"}


def save(folder: Path, out: Path) -> Path:
    """Write the checkpoint."""
    pipe: Any = StableDiffusionPipeline.from_pretrained(folder, safety_checker=None, requires_safety_checker=False)
    tensors = {f"model.diffusion_model.{k}": v for k, v in _unet(pipe.unet.state_dict()).items()}
    tensors |= {f"first_stage_model.{k}": v for k, v in _vae(pipe.vae.state_dict()).items()}
    for name, value in pipe.text_encoder.state_dict().items():
        tensors[f"cond_stage_model.transformer.text_model.{name.removeprefix('text_model.')}"] = value
    out.parent.mkdir(parents=True, exist_ok=True)
    save_file({k: v.contiguous() for k, v in tensors.items()}, out)
    return out


def _unet(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    # What stands for a block is learnt from the names of its layers that adapters can change.
    modules = {name.rpartition(".")[0] for name in state}
    known = {path: original for original, path in diffusers_names(modules).items()}
    known["conv_norm_out"] = "out.0"
    out = {}
    for name, value in state.items():
        path, _, leaf = name.rpartition(".")
        m = re.fullmatch(r"(.+\.resnets\.\d+)\.(norm1|norm2)", path)
        original = known.get(path)
        if m:
            block = known[f"{m[1]}.conv1"].removesuffix(_RESNET["conv1"])
            original = block + _RESNET[m[2]]
        assert original is not None, path
        out[f"{original}.{leaf}"] = value
    return out


def _vae(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    levels = 1 + max(int(m[1]) for name in state if (m := re.match(r"decoder\.up_blocks\.(\d+)", name)))
    out = {}
    for name, value in state.items():
        text = re.sub(r"down_blocks\.(\d+)\.resnets\.(\d+)", r"down.\1.block.\2", name)
        text = re.sub(r"down_blocks\.(\d+)\.downsamplers\.0", r"down.\1.downsample", text)
        text = re.sub(r"up_blocks\.(\d+)\.resnets\.(\d+)", lambda m: f"up.{levels - 1 - int(m[1])}.block.{m[2]}", text)
        text = re.sub(r"up_blocks\.(\d+)\.upsamplers\.0", lambda m: f"up.{levels - 1 - int(m[1])}.upsample", text)
        text = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", text)
        text = text.replace("conv_shortcut", "nin_shortcut").replace("conv_norm_out", "norm_out")
        if "mid_block.attentions.0" in text:
            text = text.replace("mid_block.attentions.0", "mid.attn_1").replace("group_norm", "norm")
            for ours, theirs in (("to_q", "q"), ("to_k", "k"), ("to_v", "v"), ("to_out.0", "proj_out")):
                text = text.replace(f"attn_1.{ours}.", f"attn_1.{theirs}.")
            value = value[..., None, None] if value.ndim == 2 else value
        out[text] = value
    return out
