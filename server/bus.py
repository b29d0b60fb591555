"""Bus: the server's end of its channel, as awaitable requests and dispatched events."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Callable
from typing import Any, Protocol

from streaming.channel import ChannelClosed, Message
from streaming.child import BEAT_S, Child
from streaming.errors import TimedOut, Unavailable, from_wire

log = logging.getLogger("nightanchor.bus")

Listener = Callable[[Message], None]
REQUEST_LIMIT_S = 10.0


class Bus(Protocol):
    """What the rest of the server knows of the other processes."""

    async def request(self, to: str, op: str, *, timeout_s: float = REQUEST_LIMIT_S, **fields: Any) -> Message:
        """Ask and wait; raises what the other end raised, `ChildDown` or `TimedOut`."""

    def send(self, to: str, op: str, **fields: Any) -> None:
        """Tell without waiting for an answer."""

    def listen(self, op: str, listener: Listener) -> None:
        """Have `listener` called, in the event loop, for every event called `op`."""


class ChannelBus:
    """The bus over a supervised child's channel."""

    def __init__(self, child: Child, status: Callable[[], dict[str, Any]]) -> None:
        self._child = child
        self._status = status
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._listeners: dict[str, list[Listener]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._writing = False
        self.closed = asyncio.Event()

    def listen(self, op: str, listener: Listener) -> None:
        """Have `listener` called for every event called `op`."""
        self._listeners.setdefault(op, []).append(listener)

    def send(self, to: str, op: str, **fields: Any) -> None:
        """Send an event; dropped when the supervisor is gone."""
        self._put({"op": op, "to": to, **fields})

    async def request(self, to: str, op: str, *, timeout_s: float = REQUEST_LIMIT_S, **fields: Any) -> Message:
        """Send a request and wait for its answer."""
        number = next(self._ids)
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            if not self._put({"op": op, "to": to, "id": number, **fields}):
                raise Unavailable(f"{to} takes no messages now", next_step="ask again in a moment")
            async with asyncio.timeout(timeout_s):
                answer = await future
        except TimeoutError as e:
            raise TimedOut(f"{to} did not answer {op} within {timeout_s:g} s", next_step="ask again") from e
        finally:
            self._waiting.pop(number, None)
        if not answer.get("ok"):
            raise from_wire(answer.get("error") or {})
        return answer

    def _put(self, message: Message) -> bool:
        try:
            sent = self._child.channel.send(message)
        except ChannelClosed:
            self.closed.set()
            return False
        self._watch_writing()
        return sent

    def _watch_writing(self) -> None:
        pending = self._child.channel.pending
        if self._loop is None or pending == self._writing:
            return
        self._writing = pending
        if pending:
            self._loop.add_writer(self._child.channel.fileno(), self._flush)
        else:
            self._loop.remove_writer(self._child.channel.fileno())

    def _flush(self) -> None:
        try:
            self._child.channel.flush()
        except ChannelClosed:
            self.closed.set()
        self._watch_writing()

    async def run(self) -> None:
        """Read and beat until the supervisor says stop or is gone."""
        self._loop = asyncio.get_running_loop()
        descriptor = self._child.channel.fileno()
        self._loop.add_reader(descriptor, self._read)
        try:
            while not self.closed.is_set():
                self._child.beat(self._status(), force=True)
                self._watch_writing()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(BEAT_S):
                        await self.closed.wait()
        finally:
            self._loop.remove_reader(descriptor)
            if self._writing:
                self._loop.remove_writer(descriptor)

    def _read(self) -> None:
        for message in self._child.poll():
            if "re" in message:
                future = self._waiting.get(message["re"])
                if future is not None and not future.done():
                    future.set_result(message)
            else:
                self._dispatch(message)
        if not self._child.running:
            self.closed.set()
            if self._loop is not None:
                self._loop.remove_reader(self._child.channel.fileno())

    def _dispatch(self, message: Message) -> None:
        for listener in self._listeners.get(str(message.get("op")), ()):
            try:
                listener(message)
            except Exception:
                log.exception("a listener failed on %s", message.get("op"))
