"""Tiny bases of the true architectures, made once a run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest_plugins = ["tests.alone"]
# Tests run side by side, and nets this small gain nothing from a second core.
os.environ.setdefault("OMP_NUM_THREADS", "1")
NO_TORCH = "the studio's packages are not installed: make studio"


@pytest.fixture(scope="session")
def visual_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch", reason=NO_TORCH)
    from tests.adapters import tiny

    return tiny.save_visual(tmp_path_factory.mktemp("base") / "tiny-sd")


@pytest.fixture(scope="session")
def language_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch", reason=NO_TORCH)
    from tests.adapters import tiny

    return tiny.save_language(tmp_path_factory.mktemp("base") / "tiny-llm")
