"""Staging from the canonical file, within its budget."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from adapters import convert
from adapters.errors import AdapterError, NoSpace, Refused
from adapters.resident import ResidentBase
from adapters.shelf import Shelf
from adapters.spec import BaseSpec, spec_of_folder
from tests.adapters import tiny


@pytest.fixture
def spec(language_folder: Path) -> BaseSpec:
    return spec_of_folder(language_folder, rank_max=8)


def add(spec: BaseSpec, folder: Path, seed: int, rank: int = 4) -> tuple[Path, str, Any]:
    oracle = tiny.with_lora(tiny.llm(), rank=rank, alpha=6.0, targets=tiny.LLM_TARGETS, seed=seed)
    source = tiny.write_peft(folder / f"source{seed}", tiny.matrices(oracle), 6.0)
    out = folder / f"{seed}.safetensors"
    convert.convert(source, out, [spec], config={"lora_alpha": 6.0})
    return out, convert.sha256(out), oracle


def shelf_of(spec: BaseSpec, budget: int = 1 << 30) -> tuple[Shelf, ResidentBase]:
    base = ResidentBase(tiny.llm(), list(spec.parts["model"]), rank=8, slots=3)
    return Shelf({"model": base}, fingerprint=spec.fingerprint, budget_bytes=budget), base


@torch.no_grad()
def test_a_staged_file_speaks_as_peft_does(spec: BaseSpec, tmp_path: Path) -> None:
    path, digest, oracle = add(spec, tmp_path, 1)
    shelf, base = shelf_of(spec)
    staged = shelf.stage(path, digest)
    base.swap(staged.parts["model"], 2)
    base.wear([2])
    ids = torch.randint(0, 256, (1, 12), generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(base.model(input_ids=ids).logits, oracle(input_ids=ids).logits, rtol=1e-4, atol=2e-4)
    assert shelf.stage(path, digest) is staged
    half = shelf.stage(path, digest, 0.5)
    assert half.key != staged.key and not torch.equal(half.parts["model"], staged.parts["model"])


def test_the_least_recent_goes_first_and_what_is_worn_stays(spec: BaseSpec, tmp_path: Path) -> None:
    files = [add(spec, tmp_path, n)[:2] for n in range(3)]
    shelf, base = shelf_of(spec)
    one = shelf.stage(*files[0])
    shelf, base = shelf_of(spec, budget=2 * one.bytes + 10)
    first = shelf.stage(*files[0])
    base.swap(first.parts["model"], 1)
    second = shelf.stage(*files[1])
    shelf.stage(*files[2])
    assert len(shelf) == 2 and shelf.used <= 2 * one.bytes
    assert shelf.get(first.key) is first
    with pytest.raises(AdapterError, match="not staged"):
        shelf.get(second.key)
    small, _ = shelf_of(spec, budget=one.bytes // 2)
    with pytest.raises(NoSpace) as e:
        small.stage(*files[0])
    assert e.value.reason == "no_memory" and len(small) == 0


def test_files_that_changed_or_are_gone(spec: BaseSpec, tmp_path: Path) -> None:
    path, digest, _ = add(spec, tmp_path, 1)
    shelf, base = shelf_of(spec)
    blob = bytearray(path.read_bytes())
    blob[-1] ^= 1
    path.write_bytes(blob)
    with pytest.raises(Refused) as e:
        shelf.stage(path, digest)
    assert e.value.reason == "corrupt"
    path.unlink()
    with pytest.raises(Refused) as e:
        shelf.stage(path, digest)
    assert e.value.reason == "deleted"
    other = Shelf({"model": base}, fingerprint="0" * 16, budget_bytes=1 << 30)
    path, digest, _ = add(spec, tmp_path, 2)
    with pytest.raises(Refused) as e:
        other.stage(path, digest)
    assert e.value.reason == "wrong_base"
    low = ResidentBase(tiny.llm(), list(spec.parts["model"]), rank=2)
    with pytest.raises(Refused) as e:
        Shelf({"model": low}, fingerprint=spec.fingerprint, budget_bytes=1 << 30).stage(path, digest)
    assert e.value.reason == "targets"
