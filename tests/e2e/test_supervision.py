"""Kill and freeze every child of a running show: it comes back, and the stream goes on."""

from __future__ import annotations

import contextlib
import os
import signal
import time

import pytest

from bench.instance import Instance
from streaming.ring import VIDEO, RingReader

pytestmark = pytest.mark.integration

MODULES = ("server.main", "pipelines.voice.worker", "streaming.playout", "streaming.mux")


class Pulse:
    """Reads the packet ring as a sink does and tells how long the video has stood still."""

    def __init__(self, instance: Instance) -> None:
        self.path = instance.run_dir() / "main.packets.ring"
        self.reader = RingReader(self.path)
        self.last = time.monotonic()
        self.longest = 0.0

    def watch(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.step()
            time.sleep(0.02)

    def step(self) -> None:
        with contextlib.suppress(OSError):
            self.reader.renewed()
            if any(r.stream == VIDEO for r in self.reader.read(limit=4096)):
                self.last = time.monotonic()
        self.longest = max(self.longest, time.monotonic() - self.last)


def pid_now(instance: Instance, module: str) -> int:
    try:
        return instance.pid_of(module)
    except LookupError:
        return 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
@pytest.mark.parametrize("module", MODULES)
def test_a_lost_child_comes_back(instance: Instance, module: str, number: signal.Signals) -> None:
    pulse = Pulse(instance)
    pulse.watch(0.5)
    look = instance.status()["playout"]["look"]
    pid = instance.pid_of(module)
    os.kill(pid, number)
    limit = time.monotonic() + 25
    while pid_now(instance, module) in (0, pid) and time.monotonic() < limit:
        pulse.step()
        time.sleep(0.02)
    assert pid_now(instance, module) not in (0, pid), f"{module} did not come back\n{instance.logs()}"
    pulse.watch(2.0)
    # A frozen playout is noticed by its missing heartbeat first; everything else must not stop the picture.
    assert pulse.longest < (4.0 if module == "streaming.playout" else 1.0)
    instance.until(lambda: instance.api.get("/health").status_code == 200, 25, "the server to answer")
    instance.until(lambda: instance.status()["playout"].get("look") == look, 15, "the last look to be back")


def test_presenter_speaks_again_after_all_that(instance: Instance) -> None:
    instance.until(lambda: instance.status()["voice"]["state"] == "running", 20, "the voice")
    body = {"room": "main", "user": "late", "text": "面霜多少钱？", "kind": "question"}
    assert instance.api.post("/chat", json=body).json()["accepted"]
    instance.until(lambda: (instance.status()["now"] or {}).get("source") == "reply", 30, "the answer to be spoken")
