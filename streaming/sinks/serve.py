"""Serve: the loop of every sink process, from requests to heartbeat."""

from __future__ import annotations

from typing import Any, Protocol

from streaming.channel import Message
from streaming.child import Child
from streaming.errors import NightAnchorError


class Sink(Protocol):
    """What a sink does in its loop."""

    @property
    def again(self) -> bool:
        """Whether the process should end and be started anew."""

    def handle(self, request: Message) -> None:
        """Carry out a request; raises `NightAnchorError`."""

    def turn(self) -> None:
        """Do what is due."""

    def status(self) -> dict[str, Any]:
        """The heartbeat's status (docs/architecture.md)."""


def serve(child: Child, sink: Sink, poll_s: float) -> None:
    """Run until the supervisor says stop or the sink asks to begin anew."""
    child.beat(sink.status(), force=True)
    while child.running:
        for request in child.poll(poll_s):
            try:
                sink.handle(request)
                child.reply(request)
            except NightAnchorError as e:
                child.refuse(request, e)
        if not sink.again:
            sink.turn()
        if sink.again:
            return
        child.beat(sink.status())
