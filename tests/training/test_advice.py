"""What a course of training says in plain words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="the studio's packages are not installed: make studio")

from adapters.training.advice import advise
from adapters.training.config import from_values
from adapters.training.journal import read
from adapters.training.loop import Course, Outcome
from adapters.training.train import train

pytestmark = pytest.mark.timeout(420)
CONFIG = from_values({
    "type": "visual", "train_data_dir": "d", "base_model": "b", "output_dir": "o", "learning_rate": 2e-4, "epochs": 15,
})


def said(validations: list[tuple[int, float, float]], curve: list[float] | None = None, why: str = "done") -> list[Any]:
    best = min(validations, key=lambda v: v[1], default=(0, 0.0, 0.0))
    course = Course(best[1], best[0], validations=validations, curve=list(enumerate(curve or [0.1] * 10, 1)))
    return advise(CONFIG, Outcome(why, validations[-1][0] if validations else 0, course, {}), 1500, 10)


def test_overfitting_says_since_when_and_what_to_set() -> None:
    found = said([(0, 0.2, 0.2), (400, 0.12, 0.11), (800, 0.10, 0.08), (1200, 0.12, 0.05), (1500, 0.14, 0.03)])
    assert [a.code for a in found] == ["overfits"]
    assert "overfits since step 800: lower learning_rate to 0.00015 or epochs to 10, lora_dropout 0.2" in found[0].en
    assert "从第 800 步起过拟合" in found[0].zh and "0.00015" in found[0].zh and "10" in found[0].zh


def test_too_little_more_to_gain_good_and_blind() -> None:
    assert said([(0, 0.2, 0.2), (500, 0.1995, 0.2), (1500, 0.1992, 0.2)])[0].code == "little"
    assert "0.0004" in said([(0, 0.2, 0.2), (500, 0.1995, 0.2), (1500, 0.1992, 0.2)])[0].en
    growing = said([(0, 0.2, 0.2), (500, 0.15, 0.15), (1000, 0.12, 0.12), (1500, 0.10, 0.10)])
    assert growing[0].code == "more" and "23" in growing[0].en
    assert said([(0, 0.2, 0.2), (500, 0.11, 0.1), (1000, 0.1, 0.1), (1500, 0.1, 0.1)])[0].code == "good"
    assert said([])[0].code == "blind"


def test_a_rising_training_loss_is_unrest() -> None:
    found = said([(0, 0.2, 0.2), (500, 0.1, 0.1), (1500, 0.1, 0.1)], [0.1] * 30 + [0.3] * 30)
    assert [a.code for a in found] == ["good", "unrest"] and "0.0001" in found[1].en


def test_overfitting_ends_early_and_the_best_step_is_what_one_gets(
    language: Callable[..., Any], dialogues: Path, tmp_path: Path
) -> None:
    lines = (dialogues / "qa.csv").read_text().splitlines()
    (dialogues / "qa.csv").write_text("\n".join(lines[:9]))
    result = train(language(epochs=400, learning_rate=2e-2, patience=3, validation_split=0.25, lora_rank=16,
                            validate_every=10))
    validations = [e for e in read(tmp_path / "out" / "run") if e["event"] == "validation"]
    best = min(validations, key=lambda e: e["loss"])
    assert result.best_step == best["step"] < validations[-1]["step"] < result.steps
    assert result.advice[0].code == "overfits"
    end = next(e for e in read(tmp_path / "out" / "run") if e["event"] == "end")
    assert "stopped early" in end["message"] and end["best_step"] == best["step"]
    again = train(language(output_dir=tmp_path / "again", init_from=result.files[0], lora_rank=16, max_steps=1,
                           validation_split=0.25))
    begun = next(e for e in read(tmp_path / "again" / "run") if e["event"] == "validation")
    assert begun["loss"] == pytest.approx(best["loss"], rel=5e-3), "the file holds the best step's weights"
    assert again.state == "finished"
