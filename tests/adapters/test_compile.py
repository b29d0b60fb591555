"""A swap recompiles nothing: the compiler is told to fail if it would have to."""

from __future__ import annotations

import pytest
import torch

from adapters.resident import ResidentBase
from tests.adapters import tiny
from tests.adapters.test_resident import packed, unet_inputs


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
@torch.no_grad()
def test_fifty_swaps_of_a_compiled_unet(backend: str) -> None:
    loras = [tiny.matrices(tiny.with_lora(tiny.unet(), rank=r, targets=tiny.UNET_TARGETS, seed=r)) for r in (2, 4)]
    plain, model = tiny.unet(), tiny.unet()
    reference = ResidentBase(plain, list(loras[0]), rank=4)
    base = ResidentBase(model, list(loras[0]), rank=4)
    x, t, text = unet_inputs()
    wanted = []
    for staged in (None, *(packed(reference, lora, 4.0) for lora in loras)):
        reference.swap(staged)
        wanted.append(plain(x, t, text).sample)
    assert not torch.allclose(wanted[0], wanted[1]) and not torch.allclose(wanted[1], wanted[2])
    compiled = torch.compile(model, backend=backend, fullgraph=True)
    compiled(x, t, text)
    staged_loras = [None, *(packed(base, lora, 4.0) for lora in loras)]
    with torch.compiler.set_stance("fail_on_recompile"):
        for n in range(50):
            base.swap(staged_loras[n % 3])
            torch.testing.assert_close(compiled(x, t, text).sample, wanted[n % 3], rtol=0, atol=1e-5)
        base.rollback()
        torch.testing.assert_close(compiled(x, t, text).sample, wanted[0], rtol=0, atol=1e-5)


@torch.no_grad()
def test_rows_change_their_slots_without_a_recompile() -> None:
    loras = [tiny.matrices(tiny.with_lora(tiny.llm(), targets=tiny.LLM_TARGETS, seed=s)) for s in (1, 2)]
    plain, model = tiny.llm(), tiny.llm()
    bases = [ResidentBase(m, list(loras[0]), rank=4, slots=3) for m in (plain, model)]
    for base in bases:
        for slot, lora in enumerate(loras, 1):
            base.swap(packed(base, lora, 4.0), slot)
    ids = torch.randint(0, 256, (3, 9), generator=torch.Generator().manual_seed(0))
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    compiled(input_ids=ids, use_cache=False)
    seen = []
    with torch.compiler.set_stance("fail_on_recompile"):
        for rows in ([0, 1, 2], [2, 2, 1], [1, 0, 0]):
            for base in bases:
                base.wear(rows)
            seen.append(compiled(input_ids=ids, use_cache=False).logits)
            torch.testing.assert_close(seen[-1], plain(input_ids=ids, use_cache=False).logits, rtol=1e-5, atol=1e-5)
    assert not torch.allclose(seen[0], seen[1])


@torch.no_grad()
def test_the_stance_would_see_a_recompile() -> None:
    model = torch.compile(tiny.unet(), backend="eager", fullgraph=True)
    x, t, text = unet_inputs()
    model(x, t, text)
    with torch.compiler.set_stance("fail_on_recompile"), pytest.raises(RuntimeError, match="recompile"):
        model(torch.cat([x, x]).double(), t, text)
