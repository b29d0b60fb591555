"""Tiny bases of the true architectures, made once a run."""

from __future__ import annotations

from pathlib import Path

import pytest

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
