"""A base with slots computes what PEFT computes, and swaps by a copy."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from adapters.errors import AdapterError
from adapters.resident import BARE, ResidentBase
from tests.adapters import tiny


def unet_inputs(rows: int = 3) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(5)
    return torch.randn(rows, 4, 8, 8, generator=rng), torch.tensor(10), torch.randn(rows, 5, tiny.WIDTH, generator=rng)


def packed(base: ResidentBase, lora: dict, alpha: float) -> torch.Tensor:
    return base.place(base.pack({p: (a, b, alpha / a.shape[0]) for p, (a, b) in lora.items()}))


def attention_paths(model: nn.Module) -> list[str]:
    return [p for p, _ in model.named_modules() if p.endswith(tuple(tiny.UNET_TARGETS))]


@torch.no_grad()
def test_one_slot_is_bit_equal_to_peft_on_the_unet() -> None:
    oracle = tiny.with_lora(tiny.unet(), targets=tiny.UNET_TARGETS, seed=1)
    lora = tiny.matrices(oracle)
    model = tiny.unet()
    base = ResidentBase(model, list(lora), rank=4)
    x, t, text = unet_inputs()
    bare = model(x, t, text).sample
    base.swap(packed(base, lora, 4.0))
    ours, theirs = model(x, t, text).sample, oracle(x, t, text).sample
    assert not torch.equal(ours, bare)
    assert torch.equal(ours, theirs)


@torch.no_grad()
@pytest.mark.parametrize(("rank", "alpha"), [(2, 3.0), (4, 1.0), (3, 12.0)])
def test_lower_ranks_and_any_alpha_agree_to_rounding(rank: int, alpha: float) -> None:
    # Padding changes the order of sums and folding alpha/rank rounds once more: a few units in the last place.
    oracle = tiny.with_lora(tiny.unet(), rank=rank, alpha=alpha, targets=tiny.UNET_TARGETS, seed=2)
    lora = tiny.matrices(oracle)
    model = tiny.unet()
    base = ResidentBase(model, list(lora), rank=8)
    base.swap(packed(base, lora, alpha))
    x, t, text = unet_inputs()
    torch.testing.assert_close(model(x, t, text).sample, oracle(x, t, text).sample, rtol=1e-5, atol=2e-5)


@torch.no_grad()
def test_convolutions_and_time_embeddings() -> None:
    targets = ["conv1", "conv2", "conv_shortcut", "time_emb_proj", "proj_in", "downsamplers.0.conv", "conv_in"]
    oracle = tiny.with_lora(tiny.unet(), targets=targets, seed=3)
    lora = tiny.matrices(oracle)
    x, t, text = unet_inputs()
    wanted = oracle(x, t, text).sample
    for slots, rows in ((1, None), (3, [2, 2, 2])):
        model = tiny.unet()
        base = ResidentBase(model, list(lora), rank=4, slots=slots)
        base.swap(packed(base, lora, 4.0), slots - 1)
        if rows:
            base.wear(rows)
        torch.testing.assert_close(model(x, t, text).sample, wanted, rtol=1e-5, atol=2e-5)


@torch.no_grad()
def test_rows_of_one_batch_wear_different_adapters_as_pefts_adapter_names_do() -> None:
    from peft import LoraConfig

    oracle = tiny.with_lora(tiny.llm(), targets=tiny.LLM_TARGETS, seed=1)
    first = tiny.matrices(oracle)
    oracle.add_adapter("other", LoraConfig(r=4, lora_alpha=4, init_lora_weights=False, target_modules=tiny.LLM_TARGETS))
    other = {
        n.replace("base_model.model.", "", 1).split(".lora_")[0]: (
            m.lora_A["other"].weight.detach(), m.lora_B["other"].weight.detach()
        )
        for n, m in ((n, m) for n, m in oracle.named_modules() if hasattr(m, "lora_A"))
    }
    model = tiny.llm()
    base = ResidentBase(model, list(first), rank=4, slots=4)
    base.swap(packed(base, first, 4.0), 1)
    base.swap(packed(base, other, 4.0), 3)
    ids = torch.randint(0, 256, (5, 11), generator=torch.Generator().manual_seed(0))
    base.wear([1, 3, BARE, 3, 1])
    ours = model(input_ids=ids).logits
    names = ["default", "other", "__base__", "other", "default"]
    theirs = oracle.eval()(input_ids=ids, adapter_names=names).logits
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)
    assert (ours[0] - model(input_ids=ids[:1]).logits).abs().max() < 1e-4
    assert not torch.allclose(ours[2], ours[0][: ours[2].shape[0]], atol=1e-2)


@torch.no_grad()
def test_rollback_and_bare() -> None:
    lora_a = tiny.matrices(tiny.with_lora(tiny.unet(), targets=tiny.UNET_TARGETS, seed=1))
    lora_b = tiny.matrices(tiny.with_lora(tiny.unet(), targets=tiny.UNET_TARGETS, seed=2))
    model = tiny.unet()
    base = ResidentBase(model, list(lora_a), rank=4)
    x, t, text = unet_inputs()
    bare = model(x, t, text).sample
    base.swap(packed(base, lora_a, 4.0))
    a = model(x, t, text).sample
    base.swap(packed(base, lora_b, 4.0))
    b = model(x, t, text).sample
    assert not torch.equal(a, b)
    base.rollback()
    assert torch.equal(model(x, t, text).sample, a)
    base.rollback()
    assert torch.equal(model(x, t, text).sample, b)
    base.swap(None)
    assert torch.equal(model(x, t, text).sample, bare)


@torch.no_grad()
def test_a_smaller_adapter_leaves_nothing_of_a_larger_one() -> None:
    large = tiny.matrices(tiny.with_lora(tiny.unet(), rank=8, targets=tiny.UNET_TARGETS, seed=1))
    small = tiny.matrices(tiny.with_lora(tiny.unet(), rank=2, targets=["to_q"], seed=2))
    x, t, text = unet_inputs()
    outputs = []
    for first in (None, large):
        model = tiny.unet()
        base = ResidentBase(model, list(large), rank=8)
        if first:
            base.swap(packed(base, first, 8.0))
        base.swap(packed(base, small, 2.0))
        outputs.append(model(x, t, text).sample)
    assert torch.equal(*outputs)


def test_weights_keep_their_names_and_their_class() -> None:
    model, plain = tiny.unet(), tiny.unet()
    ResidentBase(model, attention_paths(model), rank=4)
    assert model.state_dict().keys() == plain.state_dict().keys()
    assert isinstance(model.get_submodule("mid_block.attentions.0.transformer_blocks.0.attn1.to_q"), nn.Linear)


def test_bad_targets_slots_and_values_are_refused() -> None:
    model = tiny.unet()
    with pytest.raises(AdapterError, match="GroupNorm"):
        ResidentBase(model, ["conv_norm_out"], rank=4)
    base = ResidentBase(model, attention_paths(model), rank=4, slots=2)
    with pytest.raises(AdapterError, match="bare"):
        base.swap(None, BARE)
    with pytest.raises(AdapterError, match="slots"):
        base.wear([0, 7])
    path = attention_paths(model)[0]
    half = ResidentBase(tiny.unet().half(), [path], rank=4)
    shape = half.places[path]
    huge = (torch.ones(shape.a_shape), torch.full(shape.b_shape, 60_000.0), 2.0)
    with pytest.raises(AdapterError, match="does not fit"):
        half.pack({path: huge})


@torch.no_grad()
def test_no_recompile_over_many_swaps() -> None:
    lora = [
        tiny.matrices(tiny.with_lora(tiny.llm(), rank=r, targets=tiny.LLM_TARGETS, seed=r)) for r in (2, 4)
    ]
    model = tiny.llm()
    base = ResidentBase(model, list(lora[0]), rank=4, slots=3)
    staged = [packed(base, each, 4.0) for each in lora]
    ids = torch.randint(0, 256, (2, 9), generator=torch.Generator().manual_seed(0))
    torch._dynamo.reset()
    compiled = torch.compile(model.forward, fullgraph=True, backend="aot_eager")

    def run(forward: object) -> torch.Tensor:
        base.wear([1, 2])
        return forward(input_ids=ids, use_cache=False).logits  # type: ignore[operator]

    run(compiled)
    with torch.compiler.set_stance("fail_on_recompile"):
        for n in range(50):
            base.swap(staged[n % 2], 1)
            base.swap(staged[(n + 1) % 2], 2)
            torch.testing.assert_close(run(compiled), run(model.forward), rtol=1e-4, atol=1e-4)
