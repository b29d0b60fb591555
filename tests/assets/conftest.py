"""Trainings of tests begin with nothing, whatever the repository holds."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def nothing_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assets.demo_models.run.BEGUN", tmp_path / "nothing-begun")
