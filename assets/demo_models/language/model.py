"""The untrained model: a Qwen2 of six million parameters that is born able to look up what followed last time.

Copying needs two layers that work together (Olsson et al. 2022, arXiv:2209.11895): one tells each place what stood
before it, the next looks for places with the same before. Found by training alone they cost most of it, so their
weights are laid down as structure (as in Trockman and Kolter 2023, arXiv:2305.09828) and training refines them. The
file is an ordinary `Qwen2ForCausalLM`.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from transformers import GenerationConfig, Qwen2Config, Qwen2ForCausalLM

WIDTH, HEADS, LAYERS, INNER = 256, 4, 6, 640
SIZE = WIDTH // HEADS
THETA = 1e6
POSITIONS = 2048
WORD = 160
"""Dimensions that begin with the token itself; `BEFORE` more for each of the tokens one to `HEADS` places before."""
BEFORE = 24
SPREAD = 0.1
"""Standard deviation of embeddings; everything that is laid down has this scale in the residual stream."""
NEAR = 7.0
"""Length of the biases that make a head look one or two places back, whatever stands there."""
SAME = (2.6, 4.4)
"""Gains of query and key that look for the same two, and the same four tokens before."""
SLOW = 14
"""Pairs of dimensions from here on turn less than a radian in 400 places, so that they can compare contents."""


def new(vocabulary: int, end: int, pad: int, *, seed: int = 3, copying: bool = True) -> Any:
    """An untrained one; without `copying` as transformers makes it."""
    torch.manual_seed(seed)
    model = Qwen2ForCausalLM(Qwen2Config(
        vocab_size=vocabulary, hidden_size=WIDTH, intermediate_size=INNER, num_hidden_layers=LAYERS,
        num_attention_heads=HEADS, num_key_value_heads=HEADS, tie_word_embeddings=True,
        max_position_embeddings=POSITIONS, bos_token_id=None, eos_token_id=end, pad_token_id=pad,
        initializer_range=0.02, rope_parameters={"rope_type": "default", "rope_theta": THETA},
    ))
    model.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
        eos_token_id=end, pad_token_id=pad,
    )
    if copying:
        with torch.no_grad():
            _lay_down(model, torch.Generator().manual_seed(seed))
    return model


def _lay_down(model: Any, rng: torch.Generator) -> None:
    words = model.model.embed_tokens.weight
    words.zero_()[:, :WORD].normal_(0, SPREAD, generator=rng)
    model.model.norm.weight.fill_(0.4)
    code = _orthonormal(BEFORE, WORD, rng)
    first, second, third = (layer.self_attn for layer in model.model.layers[:3])
    for head in range(HEADS):
        _look_back(first, head, head + 1)
        rows = slice(head * SIZE, head * SIZE + BEFORE)
        first.v_proj.weight[head * SIZE : (head + 1) * SIZE].zero_()
        first.v_proj.weight[rows, :WORD] = code
        first.o_proj.weight[:, head * SIZE : (head + 1) * SIZE].zero_()
        place = WORD + head * BEFORE
        first.o_proj.weight[place : place + BEFORE, rows] = SPREAD * torch.eye(BEFORE)
    for head in range(HEADS):
        _look_up(second, head, code, rng, 2, SAME[0])
        _look_up(third, head, code, rng, 4, SAME[1])


def _look_back(attention: Any, head: int, places: int) -> None:
    """Biases whose product is largest `places` back: the angle of the rotary embedding is undone there."""
    pairs = SIZE // 2
    angle = places * THETA ** (-torch.arange(pairs) / pairs)
    at = head * SIZE
    for linear in (attention.q_proj, attention.k_proj):
        linear.weight[at : at + SIZE].mul_(0.2)
    attention.k_proj.bias[at : at + pairs] = NEAR
    attention.k_proj.bias[at + pairs : at + SIZE] = 0.0
    attention.q_proj.bias[at : at + pairs] = NEAR * angle.cos()
    attention.q_proj.bias[at + pairs : at + SIZE] = -NEAR * angle.sin()


def _look_up(attention: Any, head: int, code: Tensor, rng: torch.Generator, count: int, gain: float) -> None:
    """Find the place before which the last `count` tokens stood, and bring its token along.

    The more of them there are the same, the stronger it is looked at, so that of two places that begin alike the one
    is found which goes on from what was said before.
    """
    pairs = SIZE // 2
    slow = [*range(SLOW, pairs), *range(pairs + SLOW, SIZE)]
    part = len(slow) // count
    at = head * SIZE
    some = _orthonormal(part, BEFORE, rng) * gain
    for linear in (attention.q_proj, attention.k_proj):
        linear.weight[at : at + SIZE].mul_(0.2)
    for n in range(count):
        # This token is what stood one place before there, the one before this two places before there, ...
        query = some @ code if n == 0 else some
        rows = [at + s for s in slow[n :: count][:part]]
        asked = 0 if n == 0 else WORD + (n - 1) * BEFORE
        key = WORD + n * BEFORE
        attention.q_proj.weight[rows, asked : asked + query.shape[1]] = query
        attention.k_proj.weight[rows, key : key + BEFORE] = some
    width = WORD // HEADS
    rows_of_value = slice(at, at + width)
    attention.v_proj.weight[at : at + SIZE].mul_(0.2)
    attention.v_proj.weight[rows_of_value, head * width : (head + 1) * width] = torch.eye(width)
    attention.o_proj.weight[:, at : at + SIZE].mul_(0.2)
    attention.o_proj.weight[head * width : (head + 1) * width, rows_of_value] = 3 * SPREAD * torch.eye(width)


def _orthonormal(rows: int, columns: int, rng: torch.Generator) -> Tensor:
    q, _ = torch.linalg.qr(torch.randn(columns, rows, generator=rng))
    rows_of: Tensor = q.T
    return rows_of * math.sqrt(columns / WORD)


def size(model: Any) -> int:
    """Number of parameters."""
    return sum(p.numel() for p in model.parameters())
