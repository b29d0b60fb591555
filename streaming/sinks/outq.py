"""The connection beneath FFmpeg: how many bytes it still has to get rid of, and how to cut it.

FFmpeg tells neither; in a process that has one connection it can be found by its peer's port.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import struct
import sys
from collections.abc import Iterator

_SIOCOUTQ = 0x5411
"""Linux tcp(7): bytes in the send queue that the peer has not acknowledged."""


def _connections(port: int) -> Iterator[socket.socket]:
    if sys.platform != "linux":
        return
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError, ValueError):
            if not os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
                continue
            with socket.socket(fileno=os.dup(int(name))) as one:
                if one.family in (socket.AF_INET, socket.AF_INET6) and one.getpeername()[1] == port:
                    yield one


def unsent(port: int) -> int | None:
    """Bytes waiting in this process's connection to a peer's `port`; None when it has none."""
    for one in _connections(port):
        return int(struct.unpack("i", fcntl.ioctl(one.fileno(), _SIOCOUTQ, b"\0" * 4))[0])
    return None


def cut(port: int) -> None:
    """End this process's connection to a peer's `port` at once, so that nothing waits for it any more."""
    for one in _connections(port):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
