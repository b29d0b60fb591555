"""Steps: what resident adapters cost while nothing is swapped, and whether a captured graph follows a swap.

The same weights without adapter layers, with one slot, and with as many slots as a studio has by default, in turn;
eager, captured as a CUDA graph, or compiled.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from transformers import StaticCache

from adapters.resident import ResidentBase
from bench import bases
from bench.bases import RANK, Where, in_turn
from bench.residents import PAST, shared
from bench.row import row
from pipelines.studio.config import StudioConfig
from pipelines.studio.studio import FIRST_ROOM

WARM, STEPS, CHANGES = 3, 30, 20
CACHE = PAST + 2 * STEPS + 32
"""Tokens that a decoder of this benchmark has room for; it takes WARM + STEPS steps and a few more."""
Act = Callable[[], Tensor]


def graph(where: Where) -> None:
    """A UNet captured once in a CUDA graph: each replay must show the swap before it, and equal an eager run."""
    label = f"SD 1.5 UNet {where.label}, captured"
    model = bases.unet(where)
    targets = bases.shapes(model, bases.ATTENTION)
    base = ResidentBase(model, list(targets), rank=RANK, slots=3)
    staged = [bases.staged(base, bases.lora(targets, where, seed)) for seed in (1, 2)]
    inputs = bases.unet_inputs(where, rows=2, side=16 if where.small else 64)
    base.wear([1, 2])
    with torch.no_grad():
        eager: Act = lambda: model(*inputs).sample  # noqa: E731
        replay = prepared(eager, "captured", where)
        worst, last = 0.0, None
        for n in range(CHANGES):
            base.swap(staged[n % 2], 1)
            base.swap(None if n % 3 else staged[1], 2)
            if n >= CHANGES // 2:
                base.wear([n % 3, 1])
            seen, wanted = replay().clone(), eager()
            worst = max(worst, float((seen - wanted).abs().max() / wanted.abs().max()))
            if last is not None and torch.equal(seen, last):
                raise AssertionError("a replay did not show the swap before it")
            last = seen
        if not worst <= 0.02:
            raise AssertionError(f"a replay differs from an eager run by {worst:.3g} of the largest value")
        captured, plain = (statistics.median(ms) for ms in in_turn([replay, eager], STEPS, where))
    how = "" if where.device.type == "cuda" else "; no CUDA graph on a CPU, called instead"
    row(f"{label}: replay against an eager run, largest difference", worst, "of the largest value",
        f"{CHANGES} swaps, each seen in the replay after it; rows change slots, too{how}")
    row(f"{label}: step", captured, "ms", f"{plain:.3g} ms eager; 2 rows")


def unet(where: Where, mode: str) -> None:
    """Steps a second of a UNet of Stable Diffusion 1.5's size, two rows of 64 by 64 latents."""
    bare = bases.unet(where)
    inputs = bases.unet_inputs(where, rows=2, side=16 if where.small else 64)

    def act(model: Any) -> Act:
        forward = compiled(model.forward, where) if mode == "compiled" else model.forward
        return lambda: forward(*inputs).sample

    _tax(f"SD 1.5 UNet {where.label}, {mode}", where, mode, bare, bases.ATTENTION, 2, "steps/s", 1, act)


def decode(where: Where, mode: str, size: str = "7B") -> None:
    """Tokens a second of a Qwen2 writing one token in each row, after a prompt that it has read."""
    bare = bases.llm(where, size)
    for rows in (1, 8):

        def act(model: Any, rows: int = rows) -> Act:
            cache = StaticCache(config=model.config, max_cache_len=CACHE)
            ids = where.tokens(rows, 1, model.config.vocab_size)
            model(input_ids=where.tokens(rows, PAST, model.config.vocab_size), past_key_values=cache, logits_to_keep=1)
            forward = compiled(model.forward, where) if mode == "compiled" else model.forward
            return lambda: forward(
                input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1
            ).logits

        label = f"Qwen2 {size} {where.label}, {rows} row{'s' * (rows > 1)}, {mode}"
        _tax(label, where, mode, bare, bases.PROJECTIONS, rows, "tokens/s", rows, act)


@torch.no_grad()
def _tax(
    label: str, where: Where, mode: str, bare: Any, ends: tuple[str, ...], rows: int, unit: str, per_step: int,
    act: Callable[[Any], Act],
) -> None:
    """Time the bare model and two dressed ones on the same weights, in turn."""
    dynamo: Any = torch._dynamo
    dynamo.reset()
    slots = FIRST_ROOM + StudioConfig().rooms
    single, many = shared(bare), shared(bare)
    targets = bases.shapes(bare, ends)
    lora = bases.lora(targets, where, 1)
    for model, count in ((single, 1), (many, slots)):
        base = ResidentBase(model, list(targets), rank=RANK, slots=count)
        base.swap(bases.staged(base, lora), count - 1)
        base.wear([count - 1] * rows)
    acts = [prepared(act(model), mode, where) for model in (bare, single, many)]
    for each in acts:
        for _ in range(WARM):
            out = each()
    if not torch.isfinite(out).all():
        raise AssertionError(f"{label}: not finite")
    times = [statistics.median(ms) for ms in in_turn(acts, STEPS, where)]
    note = f"median of {STEPS}, in turn; rank {RANK} on {len(targets)} layers"
    row(f"{label}: without adapter layers", per_step * 1000 / times[0], unit, note)
    for name, ms in (("one slot", times[1]), (f"{slots} slots", times[2])):
        row(f"{label}: with adapter layers, {name}", per_step * 1000 / ms, unit, note)
        row(f"{label}: time with adapter layers, {name}, over time without", ms / times[0], "ratio", "same weights")


def prepared(act: Act, mode: str, where: Where) -> Act:
    """`act` captured as a CUDA graph in the mode `captured`; as it is otherwise, or on a CPU."""
    if mode != "captured" or where.device.type != "cuda":
        return act
    cuda: Any = torch.cuda
    side = cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(WARM):
            act()
    torch.cuda.current_stream().wait_stream(side)
    captured = torch.cuda.CUDAGraph()
    with torch.cuda.graph(captured):
        out = act()

    def replay() -> Tensor:
        captured.replay()
        return out

    return replay


def compiled(forward: Any, where: Where) -> Any:
    """Compiled as the studio does; on a CPU only traced, since that is to try the code."""
    return torch.compile(forward, fullgraph=True, backend="inductor" if where.device.type == "cuda" else "aot_eager")
