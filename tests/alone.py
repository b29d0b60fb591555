"""Tests side by side: those that start a real show or a real server have the machine for themselves.

What is marked `integration` runs in real time and would be late beside anything else; the rest may share the cores.
Workers agree by a lock on a file of the project: shared for the rest, exclusive for those that want to be alone.
"""

from __future__ import annotations

import fcntl
from collections.abc import Generator
from pathlib import Path
from typing import IO

import pytest


class Lock:
    """Held over consecutive tests of one file, whose fixtures may outlive a test."""

    def __init__(self, path: Path) -> None:
        self._file: IO[str] = path.open()
        self._held: int | None = None

    def take(self, kind: int) -> None:
        """Wait for `LOCK_SH` or `LOCK_EX`."""
        if self._held != kind:
            self.release()
            fcntl.flock(self._file, kind)
            self._held = kind

    def release(self) -> None:
        """Let others in."""
        fcntl.flock(self._file, fcntl.LOCK_UN)
        self._held = None


LOCK = pytest.StashKey[Lock]()


def pytest_configure(config: pytest.Config) -> None:
    """Nothing to do unless there are workers."""
    if hasattr(config, "workerinput"):
        config.stash[LOCK] = Lock(config.rootpath / "pyproject.toml")


# Outside of everything else, so that waiting counts for no test's time.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, object, object]:
    """Run the test when it may."""
    lock = item.config.stash.get(LOCK, None)
    if lock is None:
        return (yield)
    lock.take(fcntl.LOCK_EX if item.get_closest_marker("integration") else fcntl.LOCK_SH)
    try:
        return (yield)
    finally:
        if nextitem is None or nextitem.path != item.path:
            lock.release()
