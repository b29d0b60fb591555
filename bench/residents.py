"""Residents: the memory of a base with its adapters, rows that wear different ones in one batch, and recompiles."""

from __future__ import annotations

import copy
import ctypes
import gc
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil
import torch
from torch import Tensor
from transformers import DynamicCache

from adapters import convert
from adapters.resident import ResidentBase
from adapters.shelf import Shelf
from adapters.spec import adaptable, language_spec
from bench import bases
from bench.bases import RANK, Where, in_turn, timed
from bench.row import row
from pipelines.studio.config import StudioConfig
from pipelines.studio.language import LanguageBase
from pipelines.studio.studio import FIRST_ROOM
from pipelines.studio.visual import VisualBase
from tests.adapters import tiny

COUNTS = (1, 4, 8)
STEPS, PROMPT, PAST = 6, 16, 16
SWAPS = 50
RANKS = (4, 8, 16, 12)
"""Of adapters that are swapped in a compiled model: people's files differ in it."""


# -- memory -----------------------------------------------------------------------------------------


def memory_visual(where: Where) -> None:
    """Stable Diffusion 1.5 with staged adapters, set up as a studio is by default, against as many pipelines."""
    config = StudioConfig()
    before = held(where)
    pipeline = bases.pipeline(where)
    _settle(lambda: pipeline.unet(*bases.unet_inputs(where)))
    one = held(where)
    base = VisualBase(
        pipeline, rank=config.visual_rank, targets=config.visual_targets, slots=FIRST_ROOM + config.rooms
    )
    parts = {"unet": base.unet, "text_encoder": base.encoder}
    targets = bases.shapes(pipeline.unet, bases.ATTENTION)
    shelf = Shelf(parts, fingerprint=base.spec.fingerprint, budget_bytes=1 << 40)

    def write(folder: Path, seed: int) -> tuple[Path, None]:
        return tiny.write_diffusers(folder / "a.safetensors", bases.lora(targets, where, seed), alpha=RANK), None

    _memory("SD 1.5 pipeline", "pipelines", where, shelf, [base.spec], write, before, one,
            lambda staged, slot: base.swap(staged, slot))


def memory_language(where: Where) -> None:
    """A Qwen2 of 0.5 billion parameters with staged adapters, set up as a studio is by default."""
    config = StudioConfig()
    before = held(where)
    model = bases.llm(where)
    _settle(lambda: model(input_ids=where.tokens(1, 4, model.config.vocab_size), use_cache=False))
    one = held(where)
    found = adaptable((name, tuple(p.shape)) for name, p in model.named_parameters())
    spec = language_spec(found, family="qwen2", rank_max=config.language_rank)
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = bases.tokenizer(Path(folder))
    base = LanguageBase(model, tokenizer, spec, slots=FIRST_ROOM + config.rooms)
    targets = bases.shapes(model, bases.PROJECTIONS)
    shelf = Shelf({"model": base.resident}, fingerprint=spec.fingerprint, budget_bytes=1 << 40)

    def write(folder: Path, seed: int) -> tuple[Path, Any]:
        path = tiny.write_peft(folder, bases.lora(targets, where, seed), RANK)
        return path, json.loads((folder / "adapter_config.json").read_text())

    _memory("Qwen2 0.5B", "models", where, shelf, [spec], write, before, one,
            lambda staged, slot: base.swap(staged.parts["model"], slot))


def _memory(
    what: str, plural: str, where: Where, shelf: Shelf, specs: list[Any],
    write: Callable[[Path, int], tuple[Path, Any]], before: float, one: float, swap: Callable[[Any, int], None],
) -> None:
    what = f"{what} {where.label}"
    of = "GPU memory allocated" if where.device.type == "cuda" else "resident memory of the process"
    slots = next(iter(shelf.bases.values())).slots
    row(f"{what}: one, no adapter layers", one, "MB", f"{of}, {before:.0f} MB of it before there was a model")
    took: list[float] = []
    staged: list[Any] = []
    for count in COUNTS:
        while len(staged) < count:
            folder = Path(tempfile.mkdtemp())
            path, config = write(folder, len(staged))
            convert.convert(path, folder / "canonical.safetensors", specs, config=config)
            digest = convert.sha256(folder / "canonical.safetensors")
            began = time.perf_counter()
            staged.append(shelf.stage(folder / "canonical.safetensors", digest))
            where.sync()
            took.append((time.perf_counter() - began) * 1000)
            shutil.rmtree(folder)
        for slot in range(1, slots):
            swap(staged[slot % count], slot)
        ours, theirs = held(where), before + count * (one - before)
        adapters = f"{count} staged adapter{'s' * (count > 1)}"
        row(f"{what}: base, {slots} slots, {adapters}", ours, "MB", f"measured; {of}")
        note = f"{theirs:.0f} MB, computed: {count} times the one that was measured, what they share counted once"
        row(f"{what}: {count} separate {plural if count > 1 else plural[:-1]} over base and {adapters}", theirs / ours,
            "ratio", note)
    size = staged[0].bytes / 2**20
    rank = next(iter(shelf.bases.values())).rank
    row(f"{what}: staged adapter", size, "MB", f"every target of the studio at rank {rank}, whatever the adapter's own")
    row(f"{what}: staging from disk", statistics.median(took), "ms", "before going on air; hash, read, pack, place")
    swaps = statistics.median(timed(lambda n: swap(staged[n % 2], FIRST_ROOM), 200, where))
    row(f"{what}: swap in a room's slot", swaps, "ms", f"as the studio is by default, {size:.1f} MB; median of 200")


def held(where: Where) -> float:
    """MB on the GPU, or of this process."""
    gc.collect()
    if where.device.type == "cuda":
        where.sync()
        return torch.cuda.memory_allocated(where.device) / 2**20
    ctypes.CDLL(None).malloc_trim(0)
    return float(psutil.Process().memory_info().rss) / 2**20


def _settle(run: Callable[[], Any]) -> None:
    """What a library allocates at its first use belongs to neither side alone."""
    with torch.inference_mode():
        run()


# -- rows -------------------------------------------------------------------------------------------


def shared(model: Any) -> Any:
    """A second model on the same weights."""
    return copy.deepcopy(model, {id(p): p for p in model.parameters()})


def rows(where: Where, size: str = "0.5B", counts: Sequence[int] = (1, 2, 4, 8)) -> None:
    """N rows of N adapters in one forward, against N rows of one adapter, and against one row after another."""
    what = f"Qwen2 {size} {where.label}"
    mixed = bases.llm(where, size)
    single = shared(mixed)
    targets = bases.shapes(mixed, bases.PROJECTIONS)
    one = ResidentBase(single, list(targets), rank=RANK)
    many = ResidentBase(mixed, list(targets), rank=RANK, slots=max(counts) + 1)
    staged = [bases.staged(many, bases.lora(targets, where, seed)) for seed in range(max(counts))]
    for slot, tensor in enumerate(staged, 1):
        many.swap(tensor, slot)
    for kind, past, length in (("next token", PAST, 1), (f"prompt of {PROMPT} tokens", 0, PROMPT)):
        alone = 0.0
        for count in counts:
            many.wear(range(1, count + 1))
            one.swap(staged[count - 1])
            acts = [_forward(m, where, count, past, length) for m in (single, mixed)]
            _check_rows(*(act().float().cpu() for act in acts))
            both = in_turn(acts, STEPS, where)
            a, b = (min(ms) for ms in both)
            alone = alone or a
            tokens = count * length * 1000
            label = f"{what}, {kind}, {count} rows" if count > 1 else f"{what}, {kind}, 1 row"
            row(f"{label} of different adapters", tokens / b, "tokens/s",
                f"{tokens / a:.3g} tokens/s when one adapter is all the base holds")
            row(f"{label}: different adapters over one adapter", a / b, "ratio", f"quickest of {STEPS} in turn")
            if count > 1:
                row(f"{label}: one batch over one row after another", count * alone / b, "ratio", "tokens/s")


def _forward(model: Any, where: Where, count: int, past: int, length: int) -> Callable[[], Tensor]:
    """One forward of `length` tokens in each of `count` rows, after `past` tokens that are read already."""
    words = model.config.vocab_size
    cache = DynamicCache(config=model.config)
    ids = where.tokens(count, length, words)

    @torch.inference_mode()
    def forward() -> Tensor:
        out = model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1).logits
        cache.crop(-length)
        return out  # type: ignore[no-any-return]

    with torch.inference_mode():
        if past:
            model(input_ids=where.tokens(count, past, words, seed=1), past_key_values=cache, logits_to_keep=1)
    return forward


def _check_rows(one: Tensor, many: Tensor) -> None:
    """The last row wears the same adapter on both sides, the others don't."""
    scale = float(one.abs().max())
    off = (one - many).abs().flatten(1).amax(1) / scale
    noise = max(0.02, 0.4 * float(off[:-1].min())) if len(off) > 1 else 0.08
    if not torch.isfinite(many).all() or off[-1] > noise or (off[:-1] < 1e-6).any():
        raise AssertionError(f"rows of one batch don't compute what their adapters do alone: {off.tolist()}")


# -- recompiles -------------------------------------------------------------------------------------


def recompiles(where: Where) -> None:
    """Graphs compiled anew while adapters are swapped: ours compiled for good, the rivals by the tracer alone."""
    from torch._inductor.cpp_builder import get_cpp_compiler

    if where.device.type == "cpu":
        try:
            get_cpp_compiler()
        except Exception as e:
            print(f"skipped: recompiles: torch.compile finds no C++ compiler here ({type(e).__name__})", flush=True)
            return
    where = Where(where.device, where.dtype, small=True)
    label = f"compiled UNet {where.label}"
    model = bases.unet(where)
    targets = bases.shapes(model, bases.ATTENTION)
    loras = [bases.lora(targets, where, rank, rank) for rank in RANKS]
    inputs = bases.unet_inputs(where, rows=2)
    plain = shared(model)
    base, eager = (ResidentBase(m, list(targets), rank=max(RANKS), slots=3) for m in (model, plain))
    staged = [bases.staged(base, lora) for lora in loras]
    forward: Any = torch.compile(model.forward, fullgraph=True)
    for each in (base, eager):
        each.wear([1, 2])

    @torch.no_grad()
    def run(act: Any) -> Tensor:
        return act(*inputs).sample.clone()  # type: ignore[no-any-return]

    run(forward)
    before, last = graphs(), None
    with torch.compiler.set_stance("fail_on_recompile"):
        for n in range(SWAPS):
            for each in (base, eager):
                each.swap(staged[n % len(staged)], 1 + n // len(staged) % 2)
            out = run(forward)
            torch.testing.assert_close(out, run(plain.forward), rtol=1e-2, atol=1e-3)
            if last is not None and torch.equal(out, last):
                raise AssertionError("a swap did not change what the compiled UNet computes")
            last = out
    note = f"{SWAPS} swaps, ranks {', '.join(map(str, RANKS))} in turn"
    row(f"{label}: graphs compiled anew by swaps", graphs() - before, "",
        f"{note}; outputs equal to eager; recompiling forbidden")
    _rival_recompiles(where, label, inputs, loras, note)


def _rival_recompiles(where: Where, label: str, inputs: Any, loras: list[bases.Lora], note: str) -> None:
    files = [bases.named(lora, where, "{path}.lora_{x}.weight") for lora in loras]
    dynamo: Any = torch._dynamo
    dynamo.config.recompile_limit = 4 * SWAPS
    for name, hotswap in (("diffusers hotswap=True", True), ("diffusers delete and load", False)):
        dynamo.reset()
        model = bases.unet(where)

        def load(n: int, hotswap: bool, model: Any = model) -> None:
            model.load_lora_adapter(dict(files[n % len(files)]), prefix=None, adapter_name="worn", hotswap=hotswap)

        if hotswap:
            model.enable_lora_hotswap(target_rank=max(RANKS))
        load(0, hotswap=False)
        forward: Any = torch.compile(model.forward, backend="eager")
        with torch.no_grad():
            forward(*inputs)
            before = graphs()
            for n in range(1, SWAPS + 1):
                if not hotswap:
                    model.delete_adapters("worn")
                load(n, hotswap=hotswap)
                forward(*inputs)
        row(f"{label}: graphs compiled anew by {name}", graphs() - before, "", f"{note}; traced, not compiled")


def graphs() -> int:
    """Graphs that torch.compile has made in this process."""
    return int(torch._dynamo.utils.counters["stats"]["unique_graphs"])
