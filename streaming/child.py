"""Child: what every supervised process starts with.

    child = Child.from_env()            # waits for its `start` message
    while child.running:
        for message in child.poll(0.01):
            ...
        child.beat({"fps": 25.0})       # at least every 0.25 s, from the loop that does the work

A heartbeat comes from the working loop itself, never from a thread of its own, so that a stuck
process is seen as stuck.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from streaming.channel import Channel, ChannelClosed, Message
from streaming.errors import NightAnchorError

BEAT_S = 0.25
START_TIMEOUT_S = 20.0
AGAIN = 75
"""Exit code of a process that wants to be started anew at once, as part of its work (sysexits.h, EX_TEMPFAIL)."""


ERRAND_OF = "NIGHTANCHOR_ERRAND_OF"
"""Environment variable with the id of the process for which a command is run, which may be gone before it looks."""


def die_with_parent() -> None:
    """Have the kernel end this process when its supervisor dies (Linux prctl(2), PR_SET_PDEATHSIG).

    The channel's hang-up says the same, but a process stuck in a native call would not see it.
    """
    if sys.platform == "linux":
        parent = int(os.environ.get(ERRAND_OF) or os.getppid())
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            raise SystemExit("the supervisor is gone")


class Child:
    """A process's end of its channel: configuration, messages in, events and heartbeats out."""

    def __init__(self, channel: Channel, name: str, config: dict[str, Any], run_dir: Path) -> None:
        self.channel = channel
        self.name = name
        self.config = config
        self.run_dir = run_dir
        self.running = True
        self._next_beat = 0.0
        self._early: list[Message] = []

    @classmethod
    def from_env(cls) -> Child:
        """Connect to the supervisor and wait for `start`; raises `SystemExit` when it never comes."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        die_with_parent()
        channel = Channel.from_env()
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            messages = channel.poll(0.5)
            for n, message in enumerate(messages):
                if message.get("op") == "start":
                    child = cls(channel, message["name"], message["config"], Path(message["run_dir"]))
                    # A process that takes long to load may have been asked something before it looked.
                    child._early = messages[n + 1 :]
                    signal.signal(signal.SIGTERM, child._on_signal)
                    return child
        raise SystemExit("no start message from the supervisor")

    def _on_signal(self, _number: int, _frame: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ask the loop to end."""
        self.running = False

    def poll(self, timeout_s: float = 0.0) -> list[Message]:
        """Messages for this process; `stop` and a vanished supervisor clear `running`."""
        early, self._early = self._early, []
        try:
            messages = early + self.channel.poll(0.0 if early else timeout_s)
        except ChannelClosed:
            self.running = False
            return []
        out = []
        for message in messages:
            if message.get("op") == "stop":
                self.running = False
            else:
                out.append(message)
        return out

    def send(self, op: str, to: str = "server", **fields: Any) -> bool:
        """Send an event; False when it was dropped because nobody reads."""
        try:
            return self.channel.send({"op": op, "to": to, **fields})
        except ChannelClosed:
            self.running = False
            return False

    def reply(self, request: Message, **fields: Any) -> None:
        """Answer a request that succeeded; does nothing when no answer is wanted."""
        if "id" in request:
            self._answer({"re": request["id"], "to": request.get("from", "server"), "ok": True, **fields})

    def refuse(self, request: Message, error: NightAnchorError) -> None:
        """Answer a request that failed."""
        if "id" in request:
            to = request.get("from", "server")
            self._answer({"re": request["id"], "to": to, "ok": False, "error": error.to_wire()})

    def _answer(self, message: Message) -> None:
        try:
            self.channel.send(message)
        except ChannelClosed:
            self.running = False

    def beat(self, status: dict[str, Any] | None = None, *, force: bool = False) -> None:
        """Send a heartbeat with `status` when one is due."""
        now = time.monotonic()
        if force or now >= self._next_beat:
            self._next_beat = now + BEAT_S
            self.send("beat", to="supervisor", status=status or {})
