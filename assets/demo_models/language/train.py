"""Train: the model learns to say what its brief says, in the brief's own words.

    python -m assets.demo_models.language train --out build/demo-models/llm [--steps N] [--threads N]

The loss is that of the answers alone: names in a prompt are drawn at random and can't be foreseen. Groups are short at
first, so that looking up is learnt before choosing what to say.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoTokenizer

from adapters.load import quiet
from assets.demo_models.language import batches, model
from assets.demo_models.language import tokenizer as words
from assets.demo_models.run import DEVICE, Run, modest

TOKENS = 4096
"""Of a step."""
ROW = 512
EASY = (150, 900)
"""Steps between which groups change from short ones to those of the air."""


def ease(step: int) -> float:
    """Share of short groups in a step."""
    first, last = EASY
    return min(1.0, max(0.05, (last - step) / (last - first)))


def length(step: int) -> int:
    """Length of a step's rows; attention costs less in short ones."""
    return ROW if step > EASY[0] else ROW // 2


def train(out: Path, *, steps: int, threads: int, lr: float = 2e-3, tokens: int = TOKENS, every: int = 200,
          copying: bool = True) -> Any:
    """Train and leave `out/model`, a folder of transformers, at every checkpoint; goes on where it was cut off."""
    modest(threads)
    quiet()
    home = out / "model"
    if not (home / "tokenizer.json").is_file():
        words.build().save_pretrained(home)
    tokenizer = AutoTokenizer.from_pretrained(home, local_files_only=True, trust_remote_code=False)
    net = model.new(len(tokenizer), tokenizer.eos_token_id, tokenizer.pad_token_id, copying=copying)
    trees = batches.Trees(tokenizer)
    run = Run("language", net, out, steps=steps, lr=lr, decay=0.05, betas=(0.9, 0.98), every=every, warmup=100, show=50)

    def loss(step: int, _rng: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        batch = batches.draw(trees, f"train/{step}", tokens=tokens, length=length(step), ease=ease(step))
        with torch.autocast(DEVICE.type, torch.bfloat16):
            value, right = batches.loss(net, batch.to(DEVICE))
        return value, {"right": float(right), "tokens": float(batch.ids.numel())}

    run.go(loss, lambda _step: save(net, tokenizer, home))
    return net


def save(net: Any, tokenizer: Any, home: Path) -> None:
    """In half precision, whole or not at all: it is judged while the training goes on."""
    part = home.with_name(f".{home.name}.part")
    state = {k: t.half() for k, t in net.state_dict().items() if k != "lm_head.weight"}
    net.config.dtype = torch.float16
    net.save_pretrained(part, state_dict=state, safe_serialization=True)
    net.config.dtype = torch.float32
    tokenizer.save_pretrained(part)
    home.mkdir(parents=True, exist_ok=True)
    for path in sorted(part.iterdir()):
        path.replace(home / path.name)
    part.rmdir()
