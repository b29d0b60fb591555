"""Training on pictures: what comes out, what it does, and that options do what they say."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the studio's packages are not installed: make studio")

import torch
from safetensors.torch import load_file

from adapters import convert
from adapters.header import read_header
from adapters.spec import spec_of_folder
from adapters.training.config import from_values, load
from adapters.training.journal import read
from adapters.training.train import Result, train
from tests.training import toy

pytestmark = pytest.mark.timeout(420)
Make = Callable[..., Any]
SHORT: dict[str, Any] = {"compare_full": "off", "validation_split": 0, "sample_prompts": ["x"], "sample_steps": 1}
"""Where it is the weights that matter."""


def weights(result: Result) -> dict[str, torch.Tensor]:
    return load_file(result.files[0])


@pytest.fixture(scope="module")
def plain_weights() -> dict[str, torch.Tensor]:
    """Filled by whoever needs it first."""
    return {}


def notes(folder: Path) -> str:
    return " | ".join(e["message"] for e in read(folder / "run") if e["event"] == "note")


def paint(base: Path, adapter: Path | None, count: int = 5) -> list[float]:
    """Redness of pictures of fixed seeds, through diffusers' own loader."""
    from diffusers import StableDiffusionPipeline

    pipe: Any = StableDiffusionPipeline.from_pretrained(base, safety_checker=None, requires_safety_checker=False)
    pipe.set_progress_bar_config(disable=True)
    if adapter is not None:
        pipe.load_lora_weights(adapter)
    return [
        toy.redness(pipe("hongka, card", num_inference_steps=15, guidance_scale=1.0, height=toy.SIZE, width=toy.SIZE,
                         generator=torch.Generator().manual_seed(n)).images[0])
        for n in (0, 1, 2, 3, 5)[:count]
    ]


@pytest.mark.timeout(600)
def test_pictures_take_on_the_colour_that_was_learnt(toy_folder: Path, tmp_path: Path) -> None:
    data = toy.write_cards(tmp_path / "reds", 40)
    result = train(from_values({
        "train_data_dir": data, "base_model": toy_folder, "output_dir": tmp_path / "out", "lora_rank": 8,
        "batch_size": 8, "epochs": 45, "learning_rate": 3e-3, "lora_targets": "all", "noise_offset": 0.2,
        "bucket_step": 8, "trigger_words": "hongka", "compare_full": "off", "sample_every": 10_000, "patience": 0,
        "validate_every": 60, "sample_steps": 2,
    }))
    before = paint(toy_folder, None)
    after = paint(toy_folder, result.files[1].parent)
    webui = paint(toy_folder, result.files[0])
    assert np.mean(before) < 0 < 0.15 < np.mean(after), (before, after)
    assert np.allclose(after, webui, atol=0.02), "kohya's and diffusers' files differ"
    losses = [e["loss"] for e in read(tmp_path / "out" / "run") if e["event"] == "validation"]
    assert min(losses) < 0.85 * losses[0]


def test_files_are_read_by_others_and_say_what_they_are(visual: Make, visual_folder: Path, tmp_path: Path) -> None:
    config = visual(trigger_words="tangzhuang", licence="own", lora_alpha=2, train_text_encoder=True,
                    lora_targets="transformer")
    result = train(config)
    main, diffusers = result.files
    assert main.name == "out.safetensors" and result.state == "finished"
    spec = spec_of_folder(visual_folder, rank_max=32, targets="transformer")
    for file in (main, diffusers):
        _, adapter = convert.convert(file, tmp_path / "canonical.safetensors", [spec])
        assert (adapter.kind, adapter.rank, adapter.alpha, adapter.text_encoder) == ("visual", 4, 2.0, True)
        assert adapter.trigger_words == ("tangzhuang",) and adapter.table["rank"] == "4"
    meta = read_header(main).metadata
    assert meta["modelspec.license"] == "own" and meta["ss_network_alpha"] == "2.0"
    assert meta["nightanchor_base_fingerprint"] == spec.fingerprint and meta["nightanchor_dataset_hash"]
    assert str(tmp_path) not in json.dumps(meta), "a file must not say where somebody's home is"
    import re

    from diffusers import StableDiffusionPipeline

    pipe: Any = StableDiffusionPipeline.from_pretrained(visual_folder, safety_checker=None)
    for source in (main, diffusers.parent):
        pipe.load_lora_weights(source)
        scales = {m.scaling[n] for m in pipe.unet.modules() if hasattr(m, "scaling") for n in m.scaling}
        assert scales == {0.5}
        loaded = [n for n, _ in pipe.text_encoder.named_parameters() if re.search("lora_A", n)]
        assert loaded, "the text encoder's part was not read"
        pipe.unload_lora_weights()
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    for row, how in (("每步用时 · time of a step", "computed"), ("结果大小 · size of the result", "computed"),
                     ("内存中切换 · switching to it in memory", "measured"), ("trainable parameters", "counted")):
        assert how in page.split(row, 1)[1].split("</tr>", 1)[0], f"the full column of {row} says where it is from"
    assert page.count("data:image/jpeg") >= 2, "samples"
    assert "polyline" in page and "computed" in page and "http" not in page.replace("http-equiv", "")


def test_what_is_kept_and_how_much_at_once_change_nothing(visual: Make, tmp_path: Path) -> None:
    visual = functools.partial(visual, max_steps=3, **SHORT)
    first = weights(train(visual(output_dir=tmp_path / "a")))
    for n, over in enumerate((
        {"cache": "disk"}, {"cache": "none"}, {"batch_size": 1, "gradient_accumulation": 2},
        {"gradient_checkpointing": True},
    )):
        again = weights(train(visual(output_dir=tmp_path / str(n), **over)))
        assert all(torch.allclose(first[k].float(), again[k].float(), atol=2e-4) for k in first), over
    other = weights(train(visual(output_dir=tmp_path / "seed", seed=5)))
    assert any(not torch.allclose(first[k].float(), other[k].float(), atol=2e-3) for k in first)
    (tmp_path / "same").mkdir()
    same = weights(train(visual(output_dir=tmp_path / "same")))
    assert all(torch.equal(first[k], same[k]) for k in first)


@pytest.mark.parametrize("over", [
    {"rslora": True}, {"loraplus_ratio": 8}, {"lora_dropout": 0.3}, {"ema_decay": 0.9}, {"min_snr_gamma": 0.01},
    {"noise_offset": 0.1}, {"caption_dropout": 0.5}, {"lr_scheduler": "constant"}, {"warmup_steps": 4}, {"flip": True},
    {"lora_targets": "all"}, {"mixed_precision": "bf16"}, {"max_norm": 0.001}, {"buckets": False},
])
def test_each_option_changes_what_is_learnt(
    visual: Make, tmp_path: Path, over: dict[str, Any], plain_weights: dict[str, torch.Tensor]
) -> None:
    if not plain_weights:
        plain_weights |= weights(train(visual(output_dir=tmp_path / "plain", max_steps=4, **SHORT)))
    plain = plain_weights
    other = weights(train(visual(output_dir=tmp_path / "other", max_steps=4, **SHORT, **over)))
    assert plain.keys() != other.keys() or any(not torch.equal(plain[k], other[k]) for k in plain)
    assert all(torch.isfinite(t.float()).all() for t in other.values())
    if "rslora" in over:
        assert float(next(v for k, v in other.items() if k.endswith(".alpha"))) == pytest.approx(8.0)  # 4 / sqrt(4) * 4
    if "max_norm" in over:
        up = {k: v.float() for k, v in other.items() if k.endswith("lora_up.weight")}
        for key, b in up.items():
            a = other[key.replace("lora_up", "lora_down")].float()
            assert float((b.flatten(1) @ a.flatten(1)).norm()) < 0.00101


def test_prior_pictures_are_painted_and_learnt_from(visual: Make, tmp_path: Path) -> None:
    train(visual(prior_prompt="a card", prior_images=3, max_steps=3, compare_full="off"))
    assert len(list((tmp_path / "out" / "run" / "prior").glob("*.png"))) == 3
    begin = next(e for e in read(tmp_path / "out" / "run") if e["event"] == "begin")
    assert begin["items"] == 2 * (12 - begin["held_out"])
    with_none = weights(train(visual(output_dir=tmp_path / "b", max_steps=2, seed=1, **SHORT)))
    with_prior = weights(train(visual(output_dir=tmp_path / "c", max_steps=2, seed=1, **SHORT,
                                      prior_data_dir=tmp_path / "out" / "run" / "prior")))
    assert any(not torch.equal(with_none[k], with_prior[k]) for k in with_none)


def test_buckets_keep_the_shape_of_a_picture(visual: Make, tmp_path: Path) -> None:
    train(visual(max_steps=2))
    facts = next(e for e in read(tmp_path / "out" / "run") if e["event"] == "end")["facts"]
    assert len(facts["sizes"]) == 2 and "64x64" in facts["sizes"]
    with pytest.raises(Exception, match="multiples of 16"):
        train(visual(output_dir=tmp_path / "b", resolution=72))


def test_what_will_look_bad_is_said(visual: Make, pictures: Path, tmp_path: Path) -> None:
    rows = (pictures / "metadata.csv").read_text().split("\n")
    rows[1] = "p0.png," + "word " * 100
    (pictures / "metadata.csv").write_text("\n".join(rows) + "\nnone.png,x")
    train(visual(max_steps=1, trigger_words="tang", resolution=128, bucket_step=32))
    said = notes(tmp_path / "out")
    assert "smaller than the resolution" in said and "are cut" in said and "none.png" in said


def test_samples_and_journal_of_a_course(visual: Make, tmp_path: Path) -> None:
    seen: list[dict[str, Any]] = []
    train(visual(sample_every=0, sample_prompts=["one", "two"], epochs=1), listeners=[seen.append])
    samples = [e for e in seen if e["event"] == "sample"]
    assert {e["prompt"] for e in samples} == {"one", "two"}
    assert all((tmp_path / "out" / "run" / "samples" / e["file"]).is_file() for e in samples)
    steps = [e for e in seen if e["event"] == "step"]
    assert [e["step"] for e in steps] == list(range(1, len(steps) + 1))
    assert all(e["speed"] > 0 and e["memory_mb"] > 0 and e["left_s"] >= 0 for e in steps)
    board = list((tmp_path / "out" / "run" / "tensorboard").glob("events*"))
    logged = board[0].read_bytes()
    for tag in (b"train/loss", b"train/rate", b"train/speed", b"validation/loss", b"sample/0", b"sample/1"):
        assert tag in logged, tag


def test_a_lora_scripts_file_trains_on_a_single_checkpoint_as_on_its_folder(
    visual: Make, visual_folder: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.training import checkpoint_file
    from tests.training.test_config import GUFENG

    # Its description lies beside it, as that of a base which is not Stable Diffusion 1.x has to.
    checkpoint_file.save(visual_folder, tmp_path / "models" / "v1-5-pruned.safetensors")
    (tmp_path / "models" / "v1-5-pruned").symlink_to(visual_folder)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "gufeng_face").symlink_to(pictures)
    (tmp_path / "x.yaml").write_text(GUFENG)
    monkeypatch.chdir(tmp_path)
    over: dict[str, Any] = {"max_steps": 3, "resolution": 64, "bucket_step": 16, "sample_steps": 2, "threads": 1,
                            "compare_full": "off"}
    made = train(load(Path("x.yaml"), **over))
    assert made.files[0] == Path("output/tangzhuang_lora/tangzhuang_lora.safetensors")
    one = weights(made)
    two = weights(train(load(Path("x.yaml"), **over, base_model=visual_folder, output_dir=tmp_path / "folder")))
    assert one.keys() == two.keys() and all(torch.allclose(one[k].float(), two[k].float(), atol=1e-3) for k in one)
    assert any(float(t.float().abs().max()) > 0 for k, t in two.items() if "lora_up" in k)
