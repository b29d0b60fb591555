"""Names of UNet modules in the original Stable Diffusion checkpoint, which some trainers keep.

`input_blocks.{3i+j+1}`, `middle_block.{0,1,2}` and `output_blocks.{3i+j}` of the original stand for `down_blocks.{i}`,
`mid_block` and `up_blocks.{i}` with `layers_per_block` = 2 (CompVis/latent-diffusion, `openaimodel.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_RESNET = {"conv1": "in_layers.2", "conv2": "out_layers.3", "time_emb_proj": "emb_layers.1",
           "conv_shortcut": "skip_connection"}
_OUTER = {"conv_in": "input_blocks.0.0", "conv_out": "out.2", "time_embedding.linear_1": "time_embed.0",
          "time_embedding.linear_2": "time_embed.2"}


def diffusers_names(paths: Iterable[str]) -> dict[str, str]:
    """Original name -> diffusers path, for every path that has one."""
    paths = list(paths)
    per_block = 1 + max((int(m[1]) for p in paths if (m := re.match(r"down_blocks\.0\.resnets\.(\d+)", p))), default=0)
    attended = {m[1] for p in paths if (m := re.match(r"(up_blocks\.\d+)\.attentions", p))}
    return {name: p for p in paths if (name := _original(p, per_block, attended)) is not None}


def _original(path: str, per_block: int, attended: set[str]) -> str | None:
    if path in _OUTER:
        return _OUTER[path]
    if m := re.fullmatch(r"down_blocks\.(\d+)\.(resnets|attentions)\.(\d+)\.(.+)", path):
        at = (per_block + 1) * int(m[1]) + int(m[3]) + 1
        return _inner(f"input_blocks.{at}.{0 if m[2] == 'resnets' else 1}", m[2], m[4])
    if m := re.fullmatch(r"down_blocks\.(\d+)\.downsamplers\.0\.conv", path):
        return f"input_blocks.{(per_block + 1) * (int(m[1]) + 1)}.0.op"
    if m := re.fullmatch(r"mid_block\.(resnets|attentions)\.(\d+)\.(.+)", path):
        at = 2 * int(m[2]) if m[1] == "resnets" else 1
        return _inner(f"middle_block.{at}", m[1], m[3])
    if m := re.fullmatch(r"up_blocks\.(\d+)\.(resnets|attentions)\.(\d+)\.(.+)", path):
        at = (per_block + 1) * int(m[1]) + int(m[3])
        return _inner(f"output_blocks.{at}.{0 if m[2] == 'resnets' else 1}", m[2], m[4])
    if m := re.fullmatch(r"up_blocks\.(\d+)\.upsamplers\.0\.conv", path):
        at = (per_block + 1) * int(m[1]) + per_block
        return f"output_blocks.{at}.{2 if f'up_blocks.{m[1]}' in attended else 1}.conv"
    return None


def _inner(block: str, kind: str, rest: str) -> str | None:
    if kind == "attentions":
        return f"{block}.{rest}"
    name = _RESNET.get(rest)
    return f"{block}.{name}" if name else None
