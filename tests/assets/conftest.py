"""Trainings of tests begin with nothing, whatever the repository holds, and do not lower the tests after them."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def nothing_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assets.demo_models.run.BEGUN", tmp_path / "nothing-begun")


@pytest.fixture(autouse=True)
def not_lowered(monkeypatch: pytest.MonkeyPatch) -> None:
    # A priority can't be raised again, and whatever the tests start later would inherit it.
    monkeypatch.setattr("assets.demo_models.run.lower", lambda nice: None)
