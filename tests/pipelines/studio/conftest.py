"""Tiny bases, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the studio's packages are not installed: make studio")

from tests.adapters import tiny


@pytest.fixture(scope="session")
def visual_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save_visual(tmp_path_factory.mktemp("base") / "tiny-sd")


@pytest.fixture(scope="session")
def language_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save_language(tmp_path_factory.mktemp("base") / "tiny-llm")
