"""How a single checkpoint is put together where no hub can be reached."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="the studio's packages are not installed: make studio")

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from adapters import load
from adapters.errors import BadBase
from adapters.header import Header, TensorInfo, read_header
from adapters.load import SD1, SD1_SHAPES, description_of
from tests.training import checkpoint_file


def header(shapes: dict[str, tuple[int, ...]]) -> Header:
    return Header(Path("x"), {n: TensorInfo(n, "F16", s, 0, 0) for n, s in shapes.items()}, {})


def test_stable_diffusion_1_is_known_and_nothing_else_is_taken_for_it(tmp_path: Path) -> None:
    path = tmp_path / "v1-5-pruned.safetensors"
    assert description_of(path, header(SD1_SHAPES)) == str(SD1)
    first = next(iter(SD1_SHAPES))
    assert description_of(path, header(SD1_SHAPES | {first: (320, 9, 3, 3)})) is None, "in-painting"
    assert description_of(path, header({n: (s[0], 1024) for n, s in SD1_SHAPES.items()})) is None, "2.x"
    assert description_of(path, header({})) is None
    (tmp_path / "v1-5-pruned").mkdir()
    (tmp_path / "v1-5-pruned" / "model_index.json").write_text("{}")
    assert description_of(path, header({})) == str(tmp_path / "v1-5-pruned")


def test_what_is_known_of_it_is_what_it_is() -> None:
    def count(model: Any) -> int:
        return sum(p.numel() for p in model.parameters())

    with torch.device("meta"):
        unet: Any = UNet2DConditionModel
        vae: Any = AutoencoderKL
        made = unet.from_config(unet.load_config(SD1 / "unet"))
        assert count(made) == 859_520_964
        assert count(vae.from_config(vae.load_config(SD1 / "vae"))) == 83_653_863
        assert count(CLIPTextModel(CLIPTextConfig.from_pretrained(SD1 / "text_encoder"))) == 123_060_480


def test_its_vocabulary_lies_beside_it(tmp_path: Path, visual_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = checkpoint_file.save(visual_folder, tmp_path / "models" / "v1-5-pruned.safetensors")
    known = tmp_path / "known"
    shutil.copytree(visual_folder, known, ignore=shutil.ignore_patterns("tokenizer", "*.safetensors"))
    tensors = read_header(path).tensors
    monkeypatch.setattr(load, "SD1", known)
    monkeypatch.setattr(load, "SD1_SHAPES", {n: tensors[n].shape for n in SD1_SHAPES if n in tensors})
    monkeypatch.setattr(load, "VOCABULARY", str(tmp_path / "nowhere"))
    with pytest.raises(BadBase) as e:
        load.visual(path, torch.float32)
    assert "vocab.json" in e.value.next_step
    shutil.copytree(visual_folder / "tokenizer", path.parent / "tokenizer")
    pipe = load.visual(path, torch.float32)
    assert len(pipe.tokenizer) == len(CLIPTokenizer.from_pretrained(visual_folder / "tokenizer"))
