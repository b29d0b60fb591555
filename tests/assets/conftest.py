"""Trainings of tests do not lower the priority of the tests after them."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def not_lowered(monkeypatch: pytest.MonkeyPatch) -> None:
    # A priority can't be raised again, and whatever the tests start later would inherit it.
    monkeypatch.setattr("assets.demo_models.run.lower", lambda nice: None)
