"""Training on dialogues: what is learnt, and what of a dialogue is."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="the studio's packages are not installed: make studio")

import torch
from peft import PeftModel
from safetensors.torch import load_file

from adapters import convert
from adapters.spec import spec_of_folder
from adapters.training.dialogues import Dialogue
from adapters.training.folder import Folder
from adapters.training.journal import Journal, read
from adapters.training.language import LanguageTask
from adapters.training.surroundings import surroundings
from adapters.training.train import train

pytestmark = pytest.mark.timeout(420)
Make = Callable[..., Any]
TEMPLATE = (
    "{% for m in messages %}{{ '<' + m['role'] + '>' + m['content'] + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}"
)


def task_of(config: Any, tmp_path: Path) -> LanguageTask:
    return LanguageTask(config, Folder(tmp_path, "t"), Journal(tmp_path), surroundings(config))


def test_held_out_answers_become_likelier(language: Make, tmp_path: Path) -> None:
    result = train(language(epochs=30, learning_rate=5e-3, patience=0))
    validations = [e for e in read(tmp_path / "out" / "run") if e["event"] == "validation"]
    assert result.best_loss is not None
    assert math.exp(result.best_loss) < 0.2 * math.exp(validations[0]["loss"])
    assert validations[0]["step"] == 0 and result.best_step > 0


def test_peft_and_our_import_read_it(language: Make, language_folder: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    config = language(lora_alpha=8, rslora=True, epochs=2)
    result = train(config)
    main, peft_file, _ = result.files
    spec = spec_of_folder(language_folder, rank_max=32)
    _, adapter = convert.convert(main, tmp_path / "canonical.safetensors", [spec])
    assert (adapter.kind, adapter.rank, adapter.alpha) == ("language", 4, 16.0)  # 8 / sqrt(4) * 4
    base = AutoModelForCausalLM.from_pretrained(language_folder)
    model = PeftModel.from_pretrained(base, peft_file.parent)
    module: Any = model.base_model.model.model.layers[0].self_attn.q_proj
    assert module.scaling["default"] == 4.0
    task = task_of(config.with_values(init_from=main), tmp_path)
    from adapters.training import outputs

    outputs.begin_from(main, config, task)
    ids = torch.arange(3, 40)[None]
    with torch.no_grad():
        assert torch.allclose(model(ids).logits, task.model(ids).logits, atol=1e-3)
        assert not torch.allclose(base.eval()(ids).logits, torch.zeros(1))


def test_packed_dialogues_do_not_see_each_other(language: Make, tmp_path: Path) -> None:
    task = task_of(language(), tmp_path)
    examples = task._learnt[:6]
    with torch.no_grad():
        apart = sum(float(task._row([e])) for e in examples)
        packed = float(task._row(examples))
    assert packed == pytest.approx(apart, rel=1e-4)
    rows = task._packed(task._learnt)
    assert sum(map(len, rows)) == len(task._learnt) and len(rows) < len(task._learnt)
    one = load_file(train(language(output_dir=tmp_path / "a", epochs=2)).files[0])
    two = load_file(train(language(output_dir=tmp_path / "b", epochs=2, packing=False)).files[0])
    assert all(torch.allclose(one[k].float(), two[k].float(), atol=2e-3) for k in one)


def test_only_answers_are_learnt(language: Make, tmp_path: Path) -> None:
    task = task_of(language(system_prompt="be kind"), tmp_path)
    task.tokenizer.chat_template = TEMPLATE
    turns = (("user", "what"), ("assistant", "this"), ("user", "and"), ("assistant", "that"))
    example = task.encode(Dialogue(turns, "x"))
    learnt = task.tokenizer.decode([example.tokens[n] for n in example.answers])
    assert learnt == "this\nthat\n"
    whole = task.tokenizer.decode(list(example.tokens))
    assert whole == "<system>be kind\n<user>what\n<assistant>this\n<user>and\n<assistant>that\n"
    copy = task.encode(Dialogue((("assistant", "come in"),), "y"))
    assert task.tokenizer.decode([copy.tokens[n] for n in copy.answers]) == "come in\n"
    assert "<user>写一句直播口播。" in task.tokenizer.decode(list(copy.tokens))


def test_without_a_template_an_answer_ends_with_the_end_token(language: Make, tmp_path: Path) -> None:
    task = task_of(language(), tmp_path)
    example = task.encode(Dialogue((("user", "q"), ("assistant", "a")), "x"))
    said = [example.tokens[n] for n in example.answers]
    assert task.tokenizer.decode(said[:-1]) == "a" and said[-1] == task.tokenizer.eos_token_id


def test_long_dialogues_are_left_out_and_said(language: Make, dialogues: Path, tmp_path: Path) -> None:
    (dialogues / "long.jsonl").write_text('{"question": "q", "answer": "' + "long " * 200 + '"}\n')
    train(language(max_length=128, max_steps=1))
    said = [e["message"] for e in read(tmp_path / "out" / "run") if e["event"] == "note"]
    assert any("1 of 31 dialogues are longer than 128 tokens" in m for m in said)
    with pytest.raises(Exception, match="none of 31 dialogues fits"):
        train(language(output_dir=tmp_path / "b", max_length=16))


def test_samples_are_lines(language: Make, tmp_path: Path) -> None:
    train(language(sample_prompts=["how much is item 3"], max_steps=2))
    samples = [e for e in read(tmp_path / "out" / "run") if e["event"] == "sample"]
    assert samples and all(e["prompt"] == "how much is item 3" and e["text"] for e in samples)
