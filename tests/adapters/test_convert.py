"""Every layout becomes the same adapter; everything else is refused with a reason, before it is loaded."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from adapters import convert
from adapters.errors import NoSpace, Refused
from adapters.ldm_names import diffusers_names
from adapters.spec import BaseSpec, spec_of_folder
from tests.adapters import tiny


@pytest.fixture(scope="module")
def visual(visual_folder: Path) -> BaseSpec:
    return spec_of_folder(visual_folder, rank_max=8)


@pytest.fixture(scope="module")
def language(language_folder: Path) -> BaseSpec:
    return spec_of_folder(language_folder, rank_max=8)


def shapes(spec: BaseSpec, part: str, ends: tuple[str, ...]) -> dict[str, tuple[int, ...]]:
    return {p: t.shape for p, t in spec.parts[part].items() if p.endswith(ends)}


@pytest.fixture(scope="module")
def unet_lora(visual: BaseSpec) -> dict[str, Any]:
    return tiny.random_lora(shapes(visual, "unet", ("to_q", "to_v", "to_out.0", "proj_in")), 4)


@pytest.fixture(scope="module")
def te_lora(visual: BaseSpec) -> dict[str, Any]:
    return tiny.random_lora(shapes(visual, "text_encoder", ("q_proj", "fc1")), 4, seed=7)


def canonical(path: Path, spec: BaseSpec, out: Path, **options: Any) -> tuple[convert.Adapter, dict[str, torch.Tensor]]:
    convert.convert(path, out, [spec], **options)
    adapter, _ = convert.read_canonical(out)
    return adapter, load_file(out)


# --- layouts ---


def test_kohya_and_diffusers_files_become_the_same(
    visual: BaseSpec, unet_lora: dict[str, Any], te_lora: dict[str, Any], tmp_path: Path
) -> None:
    kohya = tiny.write_kohya(tmp_path / "k.safetensors", unet_lora, 2.0, te_lora)
    diffusers = tiny.write_diffusers(tmp_path / "d.safetensors", unet_lora, te_lora, 2.0)
    a, x = canonical(kohya, visual, tmp_path / "a.safetensors")
    b, y = canonical(diffusers, visual, tmp_path / "b.safetensors")
    assert (a.layout, b.layout) == ("kohya", "diffusers")
    assert a.alphas == b.alphas and a.rank == b.rank == 4 and a.alpha == 2.0 and a.text_encoder
    assert x.keys() == y.keys() and all(torch.equal(x[k], y[k]) for k in x)
    assert len(x) == 2 * (len(unet_lora) + len(te_lora))


def test_peft_takes_its_alpha_from_the_configuration(language: BaseSpec, tmp_path: Path) -> None:
    lora = tiny.random_lora(shapes(language, "model", ("q_proj", "down_proj")), 4)
    path = tiny.write_peft(tmp_path / "p", lora, 8.0, use_rslora=True)
    with pytest.raises(Refused, match="alpha") as e:
        convert.inspect(path, [language])
    assert e.value.reason == "alpha"
    config = json.loads((path.parent / "adapter_config.json").read_text())
    _, adapter = convert.inspect(path, [language], config=config)
    assert adapter.kind == "language" and adapter.layout == "peft"
    assert adapter.alpha == 16.0  # rank-stabilised: 8 / sqrt(4) = 16 / 4


def test_real_exports_of_peft_and_diffusers(visual: BaseSpec, language: BaseSpec, tmp_path: Path) -> None:
    peft = tiny.with_lora(tiny.llm(), alpha=6.0, targets=tiny.LLM_TARGETS)
    peft.save_pretrained(tmp_path / "peft")
    config = json.loads((tmp_path / "peft" / "adapter_config.json").read_text())
    _, adapter = convert.inspect(tmp_path / "peft" / "adapter_model.safetensors", [visual, language], config=config)
    assert (adapter.kind, adapter.alpha, len(adapter.alphas)) == ("language", 6.0, 14)

    from diffusers import StableDiffusionPipeline
    from diffusers.utils import convert_state_dict_to_diffusers
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    unet = tiny.unet()
    unet.add_adapter(LoraConfig(r=2, lora_alpha=5, init_lora_weights=False, target_modules=tiny.UNET_TARGETS))
    layers = convert_state_dict_to_diffusers(get_peft_model_state_dict(unet))
    StableDiffusionPipeline.save_lora_weights(
        tmp_path / "sd", layers, unet_lora_adapter_metadata=unet.peft_config["default"].to_dict()
    )
    _, adapter = convert.inspect(tmp_path / "sd" / "pytorch_lora_weights.safetensors", [visual, language])
    assert (adapter.kind, adapter.rank, adapter.alpha) == ("visual", 2, 5.0)


def test_names_of_the_original_checkpoint(visual: BaseSpec, unet_lora: dict[str, Any], tmp_path: Path) -> None:
    original = {path: name for name, path in diffusers_names(visual.parts["unet"]).items()}
    renamed = {original[path]: pair for path, pair in unet_lora.items()}
    assert any(name.startswith("input_blocks.1.1.") for name in renamed)
    kohya = tiny.write_kohya(tmp_path / "o.safetensors", renamed, 4.0)
    plain = tiny.write_kohya(tmp_path / "p.safetensors", unet_lora, 4.0)
    _, x = canonical(kohya, visual, tmp_path / "a.safetensors")
    _, y = canonical(plain, visual, tmp_path / "b.safetensors")
    assert x.keys() == y.keys() and all(torch.equal(x[k], y[k]) for k in x)


def test_original_names_are_those_that_diffusers_converts(visual: BaseSpec) -> None:
    # From CompVis' v1 inference config: the last level has no attention, an upsampler follows it.
    names = diffusers_names(_sd15_paths())
    assert names["input_blocks.3.0.op"] == "down_blocks.0.downsamplers.0.conv"
    assert names["input_blocks.4.1.proj_in"] == "down_blocks.1.attentions.0.proj_in"
    assert names["middle_block.1.proj_out"] == "mid_block.attentions.0.proj_out"
    assert names["output_blocks.2.1.conv"] == "up_blocks.0.upsamplers.0.conv"
    assert names["output_blocks.5.2.conv"] == "up_blocks.1.upsamplers.0.conv"
    assert names["output_blocks.11.1.proj_in"] == "up_blocks.3.attentions.2.proj_in"
    assert names["input_blocks.1.0.emb_layers.1"] == "down_blocks.0.resnets.0.time_emb_proj"


def _sd15_paths() -> list[str]:
    from diffusers import UNet2DConditionModel

    with torch.device("meta"):
        unet = UNet2DConditionModel(cross_attention_dim=768)
    return [n for n, m in unet.named_modules() if isinstance(m, torch.nn.Linear | torch.nn.Conv2d)]


def test_half_precision_and_metadata_are_kept(visual: BaseSpec, unet_lora: dict[str, Any], tmp_path: Path) -> None:
    half = {k: (a.bfloat16(), b.bfloat16()) for k, (a, b) in unet_lora.items()}
    meta = {"ss_steps": "1200", "modelspec.trigger_phrase": "tang robe, night"}
    path = tiny.write_kohya(tmp_path / "h.safetensors", half, None, metadata=meta)
    adapter, tensors = canonical(path, visual, tmp_path / "out.safetensors")
    assert adapter.trigger_words == ("tang robe", "night") and adapter.table == {"steps": "1200"}
    assert adapter.alpha == 4.0  # no alpha in the file means alpha = rank
    assert {t.dtype for t in tensors.values()} == {torch.bfloat16}


def test_spec_of_a_folder_is_that_of_the_loaded_model(visual: BaseSpec, visual_folder: Path) -> None:
    from pipelines.studio.visual import VisualBase

    base = VisualBase.load(
        visual_folder, device=torch.device("cpu"), dtype=torch.float32, rank=8, targets="transformer", slots=1
    )
    assert base.spec.fingerprint == visual.fingerprint
    assert BaseSpec.from_json(json.loads(json.dumps(visual.to_json()))).fingerprint == visual.fingerprint


# --- refusals ---


def tensors_of(lora: dict[str, Any]) -> dict[str, torch.Tensor]:
    return {f"unet.{p}.lora_{m}.weight": t for p, (a, b) in lora.items() for m, t in (("A", a), ("B", b))}


def raw(header: Any, data: bytes = b"") -> bytes:
    blob = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(blob)) + blob + data


def entry(**changes: Any) -> dict[str, Any]:
    return {"dtype": "F32", "shape": [1], "data_offsets": [0, 4], **changes}


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("archive/data.pkl", b"x")
    return out.getvalue()


def saved_by_torch() -> bytes:
    out = io.BytesIO()
    torch.save({"a": torch.zeros(2)}, out)
    return out.getvalue()


BROKEN: dict[str, tuple[str, Callable[[], bytes]]] = {
    "pickle": ("pickle", lambda: pickle.dumps({"a": 1}, protocol=4)),
    "old pickle": ("pickle", lambda: pickle.dumps({"a": [1] * 50}, protocol=2)),
    "torch.save": ("archive", saved_by_torch),
    "zip": ("archive", zipped),
    "gzip": ("archive", lambda: b"\x1f\x8b" + bytes(100)),
    "tar": ("archive", lambda: bytes(257) + b"ustar" + bytes(300)),
    "7z": ("archive", lambda: b"7z\xbc\xaf\x27\x1c" + bytes(100)),
    "gguf": ("not_safetensors", lambda: b"GGUF" + bytes(100)),
    "empty": ("truncated", lambda: b""),
    "five bytes": ("truncated", lambda: b"12345"),
    "text": ("not_safetensors", lambda: b"hello, this is a text and no model" * 5),
    "png": ("not_safetensors", lambda: b"\x89PNG\r\n\x1a\n" + bytes(200)),
    "oversized header": ("header", lambda: struct.pack("<Q", 1 << 40) + b"{" + bytes(50)),
    "header past the end": ("truncated", lambda: struct.pack("<Q", 5000) + b"{}"),
    "no json": ("not_safetensors", lambda: raw(b"{nope}")),
    "deep json": ("not_safetensors", lambda: raw(b"[" * 100_000)),
    "a list": ("not_safetensors", lambda: raw([1, 2])),
    "duplicate names": ("duplicate", lambda: raw(
        b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
        bytes(4))),
    "traversal": ("name", lambda: raw({"../../etc/passwd": entry()}, bytes(4))),
    "slashes": ("name", lambda: raw({"a/b.weight": entry()}, bytes(4))),
    "nul in a name": ("name", lambda: raw({"a\x00b": entry()}, bytes(4))),
    "odd type": ("dtype", lambda: raw({"a": entry(dtype="F8_E4M3")}, bytes(4))),
    "negative shape": ("header", lambda: raw({"a": entry(shape=[-1])}, bytes(4))),
    "huge shape": ("header", lambda: raw({"a": entry(shape=[1 << 40, 1 << 40])}, bytes(4))),
    "bool in shape": ("header", lambda: raw({"a": entry(shape=[True])}, bytes(4))),
    "wrong length": ("header", lambda: raw({"a": entry(shape=[2])}, bytes(4))),
    "missing field": ("header", lambda: raw({"a": {"dtype": "F32"}}, bytes(4))),
    "overlap": ("header", lambda: raw({"a": entry(), "b": entry()}, bytes(4))),
    "a hole": ("header", lambda: raw({"a": entry(data_offsets=[4, 8])}, bytes(8))),
    "data cut short": ("truncated", lambda: raw({"a": entry()}, bytes(2))),
    "bytes after the end": ("header", lambda: raw({"a": entry()}, bytes(40))),
    "metadata of numbers": ("header", lambda: raw({"__metadata__": {"a": 1}, "a": entry()}, bytes(4))),
}


@pytest.mark.parametrize("case", sorted(BROKEN))
def test_broken_files_are_refused_by_their_header(case: str, visual: BaseSpec, tmp_path: Path) -> None:
    reason, make = BROKEN[case]
    path = tmp_path / "x.safetensors"
    path.write_bytes(make())
    with pytest.raises(Refused) as e:
        convert.convert(path, tmp_path / "out.safetensors", [visual])
    assert e.value.reason == reason, e.value.message
    assert e.value.next_step
    assert not (tmp_path / "out.safetensors").exists()


def changed(tensors: dict[str, torch.Tensor], case: str) -> dict[str, torch.Tensor]:
    first = sorted(n for n in tensors if n.endswith("lora_A.weight"))[0]
    stem = first.removesuffix(".lora_A.weight")
    up = f"{stem}.lora_B.weight"
    out = dict(tensors)
    match case:
        case "NaN":
            out[first] = torch.full_like(out[first], float("nan"))
        case "infinity":
            out[up] = out[up].clone()
            out[up].view(-1)[3] = float("inf")
        case "one half":
            del out[up]
        case "rank":
            out[first] = torch.zeros(9, *out[first].shape[1:])
            out[up] = torch.zeros(out[up].shape[0], 9, *out[up].shape[2:])
        case "halves of other ranks":
            out[up] = torch.zeros(out[up].shape[0], 2, *out[up].shape[2:])
        case "three dimensions":
            out[first] = out[first].reshape(out[first].shape[0], -1, 1)
        case "DoRA":
            out[f"{stem}.lora_magnitude_vector"] = torch.ones(32)
        case "LoKr":
            out["lora_unet_x.lokr_w1"] = torch.ones(2, 2)
        case "LoHa":
            out["lora_unet_x.hada_w1_a"] = torch.ones(2, 2)
        case "CP middle":
            out["lora_unet_x.lora_mid.weight"] = torch.ones(2, 2)
        case "bias":
            out[f"{stem}.lora_B.bias"] = torch.ones(32)
        case "unknown key":
            out["something.else"] = torch.ones(2)
        case "unknown module":
            out["unet.down_blocks.9.nowhere.lora_A.weight"] = torch.ones(4, 4)
            out["unet.down_blocks.9.nowhere.lora_B.weight"] = torch.ones(4, 4)
        case "whole weight":
            out["unet.conv_in.diff"] = torch.ones(2)
        case "other width":
            out = {n: torch.zeros(4, 320) if n.endswith("A.weight") else torch.zeros(320, 4) for n in out}
        case "SDXL":
            out = {"lora_te1_text_model_encoder_layers_0_mlp_fc1.lora_down.weight": torch.ones(4, 4),
                   "lora_te1_text_model_encoder_layers_0_mlp_fc1.lora_up.weight": torch.ones(4, 4)}
        case "FLUX":
            out = {"transformer.single_transformer_blocks.0.attn.to_q.lora_A.weight": torch.ones(4, 4)}
        case "integers":
            out[first] = out[first].to(torch.int32)
        case "convolutions":
            out["unet.conv_in.lora_A.weight"] = torch.zeros(4, 4, 3, 3)
            out["unet.conv_in.lora_B.weight"] = torch.zeros(32, 4, 1, 1)
        case "no LoRA":
            out = {"unet.conv_in.weight": torch.zeros(2)}
        case "zero alpha":
            out[f"{stem}.alpha"] = torch.tensor(0.0)
        case "NaN alpha":
            out[f"{stem}.alpha"] = torch.tensor(float("nan"))
        case "alpha of two":
            out[f"{stem}.alpha"] = torch.ones(2)
        case "twice":
            out[f"unet.{stem.removeprefix('unet.')}.lora.down.weight"] = out[first].clone()
    return out


CHANGED = {
    "NaN": "not_finite", "infinity": "not_finite", "one half": "incomplete", "rank": "rank",
    "halves of other ranks": "shape", "three dimensions": "shape", "DoRA": "method", "LoKr": "method",
    "LoHa": "method", "CP middle": "method", "bias": "method", "unknown key": "unknown_keys",
    "unknown module": "unknown_keys", "whole weight": "method", "other width": "wrong_base", "SDXL": "wrong_base",
    "FLUX": "wrong_base", "integers": "dtype", "convolutions": "targets", "no LoRA": "unknown_keys",
    "zero alpha": "alpha", "NaN alpha": "alpha", "alpha of two": "alpha", "twice": "duplicate",
}


@pytest.mark.parametrize("case", sorted(CHANGED))
def test_adapters_that_do_not_fit_are_refused(
    case: str, visual: BaseSpec, unet_lora: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "x.safetensors"
    save_file({k: v.contiguous() for k, v in changed(tensors_of(unet_lora), case).items()}, path)
    with pytest.raises(Refused) as e:
        convert.convert(path, tmp_path / "out.safetensors", [visual])
    assert e.value.reason == CHANGED[case], e.value.message
    assert e.value.next_step
    assert not list(tmp_path.glob("out*"))


def test_a_language_adapter_on_a_visual_base_and_the_other_way(
    visual: BaseSpec, language: BaseSpec, unet_lora: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "x.safetensors"
    save_file(tensors_of(unet_lora), path)
    with pytest.raises(Refused) as e:
        convert.inspect(path, [language])
    assert e.value.reason == "wrong_base"
    with pytest.raises(Refused, match="no base model"):
        convert.inspect(path, [])


def test_dora_by_configuration(language: BaseSpec, tmp_path: Path) -> None:
    lora = tiny.random_lora(shapes(language, "model", ("q_proj",)), 4)
    path = tiny.write_peft(tmp_path / "p", lora, 8.0)
    with pytest.raises(Refused) as e:
        convert.inspect(path, [language], config={"lora_alpha": 8, "use_dora": True})
    assert e.value.reason == "method"


def test_a_full_disk_leaves_nothing(
    visual: BaseSpec, unet_lora: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tiny.write_kohya(tmp_path / "k.safetensors", unet_lora, 2.0)

    def full(target: Path, *_: Any) -> None:
        target.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(convert, "write", full)
    with pytest.raises(NoSpace, match="No space left") as e:
        convert.convert(path, tmp_path / "out.safetensors", [visual])
    assert e.value.reason == "no_disk" and not list(tmp_path.glob("out*"))


def test_fuzzed_headers_never_crash(visual: BaseSpec, unet_lora: dict[str, Any], tmp_path: Path) -> None:
    good = tmp_path / "good.safetensors"
    save_file(tensors_of(unet_lora), good)
    blob = bytearray(good.read_bytes())
    rng = np.random.default_rng(0)
    bad = tmp_path / "bad.safetensors"
    refused = 0
    for _ in range(300):
        copy = bytearray(blob)
        for at in rng.integers(0, 3000, 4):
            copy[at] = rng.integers(0, 256)
        bad.write_bytes(copy[: rng.integers(1, len(copy))] if rng.random() < 0.3 else copy)
        try:
            convert.inspect(bad, [visual])
        except Refused:
            refused += 1
    assert refused > 250
