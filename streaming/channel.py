"""Channel: typed control messages between a child process and its supervisor.

Wire form: u32 big-endian length, then one UTF-8 JSON object of at most `MAX_MESSAGE` bytes, over a
stream socket pair. Every message has `op` (a name) or `re` (the id of the request it answers);
`to`/`from` are process addresses such as `server`, `voice`, `playout:main`, `sink:main:3`.
Sending never blocks: past `MAX_BACKLOG` bytes a message is dropped and counted.
"""

from __future__ import annotations

import json
import os
import select
import socket
import struct
from typing import Any

MAX_MESSAGE = 1 << 20
MAX_BACKLOG = 4 << 20
CHANNEL_FD = "NIGHTANCHOR_CHANNEL_FD"

Message = dict[str, Any]


class ChannelClosed(ConnectionError):
    """The other end is gone."""


class Channel:
    """Non-blocking message stream over one socket; not thread-safe."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        sock.setblocking(False)
        self._in = bytearray()
        self._out = bytearray()
        self.dropped = 0

    @classmethod
    def from_env(cls) -> Channel:
        """Take over the socket that the supervisor passed to this process."""
        return cls(socket.socket(fileno=int(os.environ[CHANNEL_FD])))

    def fileno(self) -> int:
        """Descriptor to select on."""
        return self._sock.fileno()

    @property
    def pending(self) -> bool:
        """Whether bytes wait to be written."""
        return bool(self._out)

    def send(self, message: Message) -> bool:
        """Queue `message` and write what the socket takes; False when it was dropped."""
        blob = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
        if len(blob) > MAX_MESSAGE or len(self._out) + len(blob) > MAX_BACKLOG:
            self.dropped += 1
            return False
        self._out += struct.pack(">I", len(blob)) + blob
        self.flush()
        return True

    def flush(self) -> None:
        """Write queued bytes without blocking; raises `ChannelClosed`."""
        while self._out:
            try:
                n = self._sock.send(self._out)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as e:
                raise ChannelClosed(str(e)) from e
            del self._out[:n]

    def poll(self, timeout_s: float = 0.0) -> list[Message]:
        """Return the messages that have arrived, waiting at most `timeout_s` for the first.

        Raises `ChannelClosed` once the other end has hung up and all its messages were returned.
        """
        if self._out:
            self.flush()
        if timeout_s > 0:
            select.select([self._sock], [], [], timeout_s)
        closed = False
        while True:
            try:
                data = self._sock.recv(1 << 18)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                closed = True
                break
            if not data:
                closed = True
                break
            self._in += data
        out: list[Message] = []
        while len(self._in) >= 4:
            (size,) = struct.unpack_from(">I", self._in)
            if size > MAX_MESSAGE:
                raise ChannelClosed(f"message of {size} bytes is over the limit")
            if len(self._in) < 4 + size:
                break
            message = json.loads(bytes(self._in[4 : 4 + size]))
            del self._in[: 4 + size]
            if isinstance(message, dict):
                out.append(message)
        if closed and not out:
            raise ChannelClosed("the other end hung up")
        return out

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()
