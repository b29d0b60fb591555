from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from adapters.errors import BadConfig
from adapters.training.config import ALIASES, TrainConfig, from_values, load

GUFENG = """\
train_data_dir: "./data/gufeng_face"
metadata_path: "./data/gufeng_face/metadata.csv"
base_model: "./models/v1-5-pruned.safetensors"
lora_rank: 12
batch_size: 4
epochs: 15
learning_rate: 2e-4
output_dir: "./output/tangzhuang_lora"
"""
LEAST = {"train_data_dir": "d", "base_model": "b", "output_dir": "o"}


def test_a_lora_scripts_file_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.yaml").write_text(GUFENG)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "v1-5-pruned.safetensors").write_bytes(b"x")
    config = load(Path("x.yaml"))
    assert (config.lora_rank, config.batch_size, config.epochs, config.rate) == (12, 4, 15, 2e-4)
    assert config.kind == "visual" and config.name == "tangzhuang_lora" and config.alpha == 12.0 and config.scale == 1.0
    assert config.metadata_path == Path("data/gufeng_face/metadata.csv")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_files_of_any_editor(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "x.yaml").write_text(GUFENG + "trigger_words: 唐妆\n", encoding=encoding)
    assert load(tmp_path / "x.yaml").trigger_words == "唐妆"


@pytest.mark.parametrize(("values", "field", "words"), [
    ({"lora_rank": 0}, "lora_rank", "at least 1, at most 256"),
    ({"lora_rank": 10_000}, "lora_rank", "at least 1, at most 256"),
    ({"learning_rate": "fast"}, "learning_rate", "over 0, at most 1"),
    ({"resolution": "500"}, "resolution", "512"),
    ({"resolution": "a,b"}, "resolution", "512"),
    ({"lora_ranks": 4}, "lora_ranks", "Did you mean lora_rank?"),
    ({"lora_dropout": 1.0}, "lora_dropout", "at most 0.9"),
    ({"network_dim": 4, "lora_rank": 8}, "lora_rank", "Keep lora_rank only"),
    ({"network_dim": 0}, "lora_rank", "at least 1"),
    ({"epochs": None, "batch_size": -1}, "batch_size", "at least 1"),
    ({"mixed_precision": "int3"}, "mixed_precision", "auto"),
    ({"output_name": "../x"}, "output_name", "file"),
])
def test_a_wrong_field_is_named_with_what_is_allowed(values: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(BadConfig) as e:
        from_values(LEAST | values)
    assert e.value.field == field
    assert words in e.value.next_step
    named = next((k for k in values if ALIASES.get(k) == field), field)
    assert named in e.value.message


def test_missing_fields_and_files(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="train_data_dir is missing"):
        from_values({"base_model": "b", "output_dir": "o"})
    with pytest.raises(BadConfig, match="there is no file"):
        load(tmp_path / "none.yaml")
    (tmp_path / "bad.yaml").write_text("a: [1,\nb: }")
    with pytest.raises(BadConfig, match=r"bad.yaml, line \d is not YAML"):
        load(tmp_path / "bad.yaml")
    (tmp_path / "list.yaml").write_text("- 1")
    with pytest.raises(BadConfig, match="holds no settings"):
        load(tmp_path / "list.yaml")


def test_words_of_other_trainers_and_bare_switches(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(
        "model:\n  pretrained_model_name_or_path: b\n  network_dim: 8\n  network_alpha: 4\n"
        "data:\n  train_data_dir: d\n  resolution: 512,768\n"
        "output_dir: o\nlr: 3e-4\nmax_train_epochs: 7\ntrain_batch_size: 2\nmixed_precision: no\ncompare_full: off\n"
        "cache_latents: true\ntrigger_word: [tang, zhuang]\nsample_prompts: one\n"
    )
    c = load(tmp_path / "x.yaml", overwrite=True, epochs=3)
    assert (c.lora_rank, c.scale, c.resolution, c.rate, c.epochs, c.batch_size) == (8, 0.5, (512, 768), 3e-4, 3, 2)
    assert (c.mixed_precision, c.compare_full, c.cache, c.trigger_words) == ("no", "off", "memory", "tang, zhuang")
    assert c.sample_prompts == ["one"] and c.overwrite


def test_the_kind_is_told_by_base_or_data(tmp_path: Path) -> None:
    def kind(**values: Any) -> str:
        return from_values(LEAST | values).kind

    (tmp_path / "llm").mkdir()
    (tmp_path / "llm" / "config.json").write_text("{}")
    assert kind(base_model=tmp_path / "llm") == "language"
    (tmp_path / "sd").mkdir()
    (tmp_path / "sd" / "model_index.json").write_text("{}")
    assert kind(base_model=tmp_path / "sd") == "visual"
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_text("x")
    assert kind(train_data_dir=tmp_path / "data") == "language"
    (tmp_path / "data" / "a.PNG").write_text("x")
    assert kind(train_data_dir=tmp_path / "data") == "visual"
    assert kind(type="sft") == "language" and kind(task_type="text-to-image") == "visual"
    with pytest.raises(BadConfig, match="there is no base model"):
        kind()


def test_every_field_says_what_it_is_for_and_has_a_default() -> None:
    needed = {"train_data_dir", "base_model", "output_dir"}
    for name, info in TrainConfig.model_fields.items():
        assert info.description and len(info.description) > 8, name
        assert (name in needed) == info.is_required(), name
        kind = str(info.annotation)
        if info.annotation in (int, float) or kind in ("float | None", "int | None"):
            bounds = {type(m).__name__ for m in info.metadata}
            assert bounds & {"Ge", "Gt"} and bounds & {"Le", "Lt"}, name
