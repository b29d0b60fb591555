"""Swaps: what it takes to change an adapter, ours against diffusers and PEFT, on the same weights in the same run.

The rivals are given every advantage that their interfaces allow: both adapters in memory and in the base's type (and,
for PEFT, once more from the files that its documented call reads), shapes prepared beforehand as their documents say.
All of them must compute the same afterwards, or the figure is refused.
"""

from __future__ import annotations

import gc
import os
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from adapters.resident import ResidentBase
from bench import bases
from bench.bases import RANK, Where, timed
from bench.row import row
from tests.adapters import tiny

OURS, HOTSWAPS, RELOADS, COLD = 400, 30, 10, 20
FLUSH = 256 << 20
"""Bytes, more than the caches of a processor or a GPU hold."""
AIM = "aim: at least 100"


def unet(where: Where) -> None:
    """A UNet of Stable Diffusion 1.5's size; adapters on its attention."""
    what = f"SD 1.5 UNet {where.label}"
    model = bases.unet(where)
    targets = bases.shapes(model, bases.ATTENTION)
    pair = [bases.lora(targets, where, seed) for seed in (1, 2)]
    files = [bases.named(lora, where, "{path}.lora_{x}.weight") for lora in pair]
    inputs = bases.unet_inputs(where)

    def run() -> Tensor:
        with torch.inference_mode():
            return _fresh(model(*inputs).sample)

    bare = run()

    def load(n: int, hotswap: bool = False) -> None:
        model.load_lora_adapter(dict(files[n % 2]), prefix=None, adapter_name="worn", hotswap=hotswap)

    def reload(n: int) -> None:
        model.delete_adapters("worn")
        load(n)

    model.enable_lora_hotswap(target_rank=RANK)
    load(0)
    load(1, hotswap=True)
    theirs = _Rival(where, "diffusers hotswap=True", lambda n: load(n, hotswap=True), HOTSWAPS, run)
    reloaded = _Rival(where, "diffusers delete and load", reload, RELOADS, run)
    model.unload_lora()
    gc.collect()
    _ours(what, where, model, list(targets), pair, run, bare, [theirs, reloaded])


def llm(where: Where) -> None:
    """A Qwen2 of 0.5 billion parameters; adapters on all its projections."""
    from peft import PeftModel
    from peft.utils.hotswap import (
        hotswap_adapter,
        hotswap_adapter_from_state_dict,
        prepare_model_for_compiled_hotswap,
    )

    what = f"Qwen2 0.5B {where.label}"
    model = bases.llm(where)
    targets = bases.shapes(model, bases.PROJECTIONS)
    pair = [bases.lora(targets, where, seed) for seed in (1, 2)]
    ids = where.tokens(1, 8, model.config.vocab_size)

    def run() -> Tensor:
        with torch.inference_mode():
            return _fresh(model(input_ids=ids, use_cache=False).logits)

    bare = run()
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name) / f"adapter{n}" for n in range(2)]
        for folder, lora in zip(folders, pair, strict=True):
            tiny.write_peft(folder, lora, RANK, target_modules=list(bases.PROJECTIONS), task_type="CAUSAL_LM")
        device = str(where.device)
        peft = PeftModel.from_pretrained(
            model, str(folders[0]), torch_device=device, autocast_adapter_dtype=False
        ).eval()
        prepare_model_for_compiled_hotswap(peft, target_rank=RANK)
        config: Any = peft.peft_config["default"]
        held = [bases.named(lora, where, "base_model.model.{path}.lora_{x}.default.weight") for lora in pair]

        def from_memory(n: int) -> None:
            hotswap_adapter_from_state_dict(peft, dict(held[n % 2]), "default", config, parameter_prefix="lora_")

        def from_file(n: int) -> None:
            hotswap_adapter(peft, str(folders[n % 2]), "default", torch_device=device)

        def reload(n: int) -> None:
            peft.delete_adapter("default")
            peft.load_adapter(str(folders[n % 2]), "default", torch_device=device, autocast_adapter_dtype=False)
            peft.set_adapter("default")

        from_memory(1)
        rivals = [
            _Rival(where, "PEFT hotswap from memory", from_memory, HOTSWAPS, run),
            _Rival(where, "PEFT hotswap_adapter, from a file", from_file, HOTSWAPS, run),
            _Rival(where, "PEFT delete and load, from a file", reload, RELOADS, run),
        ]
        peft.unload()
        gc.collect()
        _ours(what, where, model, list(targets), pair, run, bare, rivals)


class _Rival:
    """Another way to change adapters: its times, and what the model computes in adapter 1 after them."""

    def __init__(self, where: Where, name: str, act: Callable[[int], Any], count: int, run: Callable[[], Tensor]):
        self.name, self.count = name, count
        self.ms = statistics.median(timed(act, count, where))
        act(1)
        self.output = run()


def _ours(
    what: str, where: Where, model: Any, targets: list[str], pair: list[bases.Lora], run: Callable[[], Tensor],
    bare: Tensor, rivals: list[_Rival],
) -> None:
    if not torch.equal(run(), bare):
        raise AssertionError(f"{what}: the rivals left something behind in the model")
    base = ResidentBase(model, targets, rank=RANK)
    staging = statistics.median(timed(lambda n: bases.staged(base, pair[n % 2]), 4, where))
    staged = [bases.staged(base, lora) for lora in pair]
    swap = statistics.median(timed(lambda n: base.swap(staged[n % 2]), OURS, where))
    threads = torch.get_num_threads()
    torch.set_num_threads(os.cpu_count() or 1)
    wide = statistics.median(timed(lambda n: base.swap(staged[n % 2]), OURS, where))
    torch.set_num_threads(threads)
    flush = torch.zeros(FLUSH, dtype=torch.uint8, device=where.device)
    cold = statistics.median(timed(lambda n: base.swap(staged[n % 2]), COLD, where, lambda: flush.add_(1)))
    base.swap(staged[1])
    mine = run()
    size = f"{base.slot_bytes / 2**20:.1f} MB"
    row(f"{what}: swap", swap, "ms", f"rank {RANK}, {len(targets)} layers, {size}; median of {OURS} alternations")
    if where.device.type == "cpu":
        row(f"{what}: swap, in {os.cpu_count()} threads", wide, "ms", f"the others are in {threads}, as a studio's")
    row(f"{what}: swap, caches emptied before each", cold, "ms", f"median of {COLD}")
    row(f"{what}: staging, before going on air", staging, "ms", "scaled, padded, cast and placed; from memory")
    scale = float((mine - bare).abs().max())
    for rival in rivals:
        off = float((mine - rival.output).abs().max())
        if not off <= 0.1 * scale:
            raise AssertionError(f"{what}: after {rival.name} the model computes something else ({off} of {scale})")
        row(f"{what}: {rival.name}", rival.ms, "ms", f"same weights, same run; median of {rival.count}")
    for rival in rivals:
        aim = f"; {AIM}" if "hotswap" in rival.name else ""
        row(f"{what}: {rival.name} over swap", rival.ms / swap, "ratio", f"same outputs to rounding{aim}")
    bases.undress(base)
    _slots(what, where, model, targets, staged, run, mine, rivals[0])


def _slots(
    what: str, where: Where, model: Any, targets: list[str], staged: list[Tensor], run: Callable[[], Tensor],
    mine: Tensor, rival: _Rival,
) -> None:
    """Both adapters in slots of their own: a change says which slot to wear and copies nothing."""
    base = ResidentBase(model, targets, rank=RANK, slots=3)
    for slot, each in enumerate(staged, 1):
        base.swap(each, slot)
    change = statistics.median(timed(lambda n: base.wear([1 + n % 2]), OURS, where))
    base.wear([2])
    if not torch.allclose(run(), mine, rtol=0.05, atol=0.05 * float(mine.abs().max())):
        raise AssertionError(f"{what}: a slot computes something else than the only one of a base")
    row(f"{what}: change of slot, both adapters in slots", change, "ms", f"median of {OURS} alternations")
    row(f"{what}: {rival.name} over change of slot", rival.ms / change, "ratio", AIM)
    bases.undress(base)


def _fresh(out: Tensor) -> Tensor:
    return out.float().cpu().clone()


