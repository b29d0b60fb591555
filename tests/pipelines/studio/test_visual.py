"""A resident Stable Diffusion base paints what diffusers paints with the same adapter loaded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image

from adapters import convert
from adapters.shelf import Shelf
from pipelines.studio.canary import judge
from pipelines.studio.visual import Brief, Cancelled, VisualBase
from streaming.errors import BadInput
from tests.adapters import tiny

BRIEF = Brief(prompt="a tang robe", negative="blurry", seed=3, steps=3, guidance=3.0, width=32, height=48)


def load(folder: Path, **options: object) -> VisualBase:
    how = {"rank": 4, "targets": "transformer", "slots": 4} | options
    return VisualBase.load(folder, device=torch.device("cpu"), dtype=torch.float32, **how)  # type: ignore[arg-type]


def oracle_picture(folder: Path, lora: Path | None) -> np.ndarray:
    pipe = StableDiffusionPipeline.from_pretrained(folder, safety_checker=None)
    pipe.set_progress_bar_config(disable=True)
    if lora is not None:
        pipe.load_lora_weights(str(lora.parent), weight_name=lora.name)
    out = pipe(
        BRIEF.prompt, negative_prompt=BRIEF.negative, num_inference_steps=3, guidance_scale=3.0, width=32, height=48,
        generator=torch.Generator("cpu").manual_seed(3), output_type="np",
    )
    return out.images[0]


@pytest.fixture(scope="module")
def lora(visual_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = load(visual_folder)
    unet = {p: t.shape for p, t in base.spec.parts["unet"].items() if t.live}
    text = {p: t.shape for p, t in base.spec.parts["text_encoder"].items()}
    path = tmp_path_factory.mktemp("lora") / "both.safetensors"
    return tiny.write_kohya(path, tiny.random_lora(unet, 4, 1, 0.05), 4.0, tiny.random_lora(text, 4, 2, 0.3))


def staged_of(base: VisualBase, lora: Path, folder: Path) -> object:
    out = folder / "c.safetensors"
    convert.convert(lora, out, [base.spec])
    shelf = Shelf({"unet": base.unet, "text_encoder": base.encoder}, fingerprint=base.spec.fingerprint,
                  budget_bytes=1 << 30)
    return shelf.stage(out, convert.sha256(out))


def test_paints_as_a_freshly_loaded_adapter_of_diffusers_does(visual_folder: Path, lora: Path, tmp_path: Path) -> None:
    base = load(visual_folder)
    staged = staged_of(base, lora, tmp_path)
    bare = base.paint(BRIEF, staged=None, slot=0)
    base.swap(staged, 2)
    worn = base.paint(BRIEF, staged=staged, slot=2)
    wanted_bare = (oracle_picture(visual_folder, None) * 255).round()
    wanted_worn = (oracle_picture(visual_folder, lora) * 255).round()
    assert np.abs(bare - wanted_bare).max() <= 1
    assert np.abs(worn - wanted_worn).max() <= 1
    assert np.abs(wanted_worn - wanted_bare).mean() > 2
    assert np.abs(base.paint(BRIEF, staged=None, slot=0) - wanted_bare).max() <= 1


def test_the_text_encoder_part_reaches_the_embeddings_alone(visual_folder: Path, lora: Path, tmp_path: Path) -> None:
    base = load(visual_folder)
    staged = staged_of(base, lora, tmp_path)
    plain, _ = base.embed(None, "a tang robe", "")
    worn, _ = base.embed(staged, "a tang robe", "")
    assert not torch.allclose(plain, worn, atol=1e-3)
    assert torch.equal(base.embed(None, "a tang robe", "")[0], plain)
    assert not base.encoder.live.any()


def test_image_to_image_starts_from_the_picture_and_a_picture_can_be_called_off(
    visual_folder: Path, tmp_path: Path
) -> None:
    base = load(visual_folder)
    Image.new("RGB", (64, 64), (200, 30, 30)).save(tmp_path / "i.png")
    brief = Brief(prompt="x", steps=4, width=32, height=32, init=tmp_path / "i.png", strength=0.5)
    assert base.paint(brief, staged=None, slot=0).shape == (32, 32, 3)
    with pytest.raises(Cancelled):
        base.paint(BRIEF, staged=None, slot=0, wanted=lambda: False)
    assert base.paint(BRIEF, staged=None, slot=0).shape == (48, 32, 3)


def test_single_files_schedulers_and_bad_paths(visual_folder: Path, tmp_path: Path) -> None:
    assert type(load(visual_folder, scheduler="lcm").pipeline.scheduler).__name__ == "LCMScheduler"
    with pytest.raises(BadInput, match="can't be loaded"):
        load(tmp_path)
    (tmp_path / "x.ckpt").write_bytes(b"x")
    with pytest.raises(BadInput, match="can run code"):
        load(tmp_path / "x.ckpt")
    (tmp_path / "x.safetensors").write_bytes(b"x" * 100)
    with pytest.raises(BadInput, match="can't be loaded"):
        load(tmp_path / "x.safetensors")


def test_try_out_finds_nan(visual_folder: Path) -> None:
    base = load(visual_folder)
    assert base.try_out(1)
    base.unet.swap(torch.full((base.unet.size,), float("nan")), 1)
    assert not base.try_out(1)
    assert base.try_out(0)


def test_canary() -> None:
    rng = np.random.default_rng(0)
    portrait = np.asarray(Image.open("assets/portraits/lin.jpg").convert("RGB"))
    assert judge(portrait) is None
    assert judge(np.zeros((64, 64, 3), np.uint8)) == "the picture is black"
    assert judge(np.full((64, 64, 3), 255, np.uint8)) == "the picture is white"
    assert judge(np.full((64, 64, 3), 99, np.uint8)) == "the picture is of one colour"
    assert judge(rng.integers(0, 255, (96, 64, 3)).astype(np.uint8)) == "the picture is noise"
