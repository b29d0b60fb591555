"""One whole instance, started the way a user starts it, shared by the tests of a module."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.instance import ROOT, Instance, running


def needs(*tools: str) -> None:
    """Skip the test when an outside tool is missing."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed; `make test-deps` installs what tests need")


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """The demo on air, with its presenter."""
    if not list((ROOT / "assets" / "portraits").glob("*.json")):
        pytest.skip("no portrait has been drawn: python -m assets.illustrator all")
    folder: Path = tmp_path_factory.mktemp("e2e")
    with running(folder / "data") as running_instance:
        running_instance.until(
            lambda: running_instance.status()["playout"].get("look"), 60, "the presenter to be on air"
        )
        yield running_instance
