"""Any supervised child, with the test in the supervisor's place."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from streaming.channel import CHANNEL_FD, Channel, ChannelClosed, Message
from streaming.child import AGAIN

ROOT = Path(__file__).resolve().parents[2]


class ChildProcess:
    """`python -m MODULE` on one end of a socket pair."""

    def __init__(self, module: str, run_dir: Path, name: str = "child", **config: Any) -> None:
        (run_dir / "takes").mkdir(exist_ok=True)
        self._start = {"op": "start", "name": name, "config": config, "run_dir": str(run_dir)}
        self._module = module
        self.status: dict[str, Any] = {}
        self.states: list[str] = []
        self.events: list[Message] = []
        self._answers: dict[int, Message] = {}
        self._id = 0
        self._spawn()

    def _spawn(self) -> None:
        ours, theirs = socket.socketpair()
        self.popen = subprocess.Popen(
            [sys.executable, "-m", self._module], cwd=ROOT, pass_fds=[theirs.fileno()],
            env={**os.environ, CHANNEL_FD: str(theirs.fileno())},
        )
        theirs.close()
        self.channel = Channel(ours)
        self.channel.send(self._start)

    def poll(self, seconds: float = 0.05) -> None:
        try:
            messages = self.channel.poll(seconds)
        except ChannelClosed:
            if self.popen.wait(5) == AGAIN:
                self.channel.close()
                self._spawn()
            return
        for message in messages:
            if message.get("op") == "beat":
                self.status = message["status"]
            elif "re" in message:
                self._answers[message["re"]] = message
            else:
                self.events.append(message)
                if message.get("op") == "sink.state":
                    self.states.append(message["state"])

    def until(self, condition: Callable[[], Any], limit_s: float = 20.0) -> None:
        deadline = time.monotonic() + limit_s
        while not condition():
            assert time.monotonic() < deadline, f"{self.states} {self.status}"
            assert self.popen.poll() in (None, AGAIN), f"it ended with {self.popen.returncode}"
            self.poll()

    def reach(self, state: str, limit_s: float = 20.0) -> None:
        self.until(lambda: self.status.get("state") == state, limit_s)

    def ask(self, op: str, limit_s: float = 20.0, **fields: Any) -> Message:
        self._id += 1
        number = self._id
        self.channel.send({"op": op, "id": number, "from": "server", **fields})
        self.until(lambda: number in self._answers, limit_s)
        return self._answers.pop(number)

    def close(self) -> None:
        try:
            self.channel.send({"op": "stop"})
            self.popen.wait(12)
        except (ChannelClosed, subprocess.TimeoutExpired):
            self.popen.kill()
            self.popen.wait()
        self.channel.close()

    def __enter__(self) -> ChildProcess:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
