"""Small data sets, and a base that has learnt something."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.conftest import NO_TORCH

Make = Callable[..., Any]


@pytest.fixture(scope="session")
def toy_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """About half a minute, once a run."""
    pytest.importorskip("torch", reason=NO_TORCH)
    from tests.training import toy

    return toy.save(tmp_path_factory.mktemp("base") / "toy")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Twelve pictures of two shapes with a metadata.csv."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    rng = np.random.default_rng(0)
    rows = ["file_name,prompt"]
    for n in range(12):
        size = (64, 64) if n % 3 else (48, 96)
        values = rng.integers(0, 255, (size[1] // 8, size[0] // 8, 3)).astype(np.uint8)
        Image.fromarray(values).resize(size).save(folder / f"p{n}.png")
        rows.append(f"p{n}.png,a red card number {n}")
    (folder / "metadata.csv").write_text("\n".join(rows), encoding="utf-8")
    return folder


@pytest.fixture
def dialogues(tmp_path: Path) -> Path:
    """Thirty questions and answers with a pattern to learn."""
    folder = tmp_path / "dialogues"
    folder.mkdir()
    rng = random.Random(0)
    rows = ["question,answer"]
    rows += [f"how much is item {n},item {n} is {rng.randint(10, 99)} yuan my dear friend" for n in range(30)]
    (folder / "qa.csv").write_text("\n".join(rows), encoding="utf-8")
    return folder


@pytest.fixture
def visual(visual_folder: Path, pictures: Path, tmp_path: Path) -> Make:
    """A configuration on the tiny base; keyword arguments come before it."""
    from adapters.training.config import from_values

    def make(**over: Any) -> Any:
        return from_values({
            "train_data_dir": pictures, "base_model": visual_folder, "output_dir": tmp_path / "out", "lora_rank": 4,
            "epochs": 2, "batch_size": 2, "learning_rate": 1e-3, "resolution": 64, "bucket_step": 16, "sample_steps": 2,
            "compare_full": "compute", "sample_every": 1000, "threads": 1,
            "validate_every": 100,
        } | over)

    return make


@pytest.fixture
def language(language_folder: Path, dialogues: Path, tmp_path: Path) -> Make:
    """The same for language."""
    from adapters.training.config import from_values

    def make(**over: Any) -> Any:
        return from_values({
            "train_data_dir": dialogues, "base_model": language_folder, "output_dir": tmp_path / "out", "lora_rank": 4,
            "epochs": 4, "batch_size": 4, "learning_rate": 2e-3, "compare_full": "compute", "sample_every": 1000,
            "threads": 1,
        } | over)

    return make
