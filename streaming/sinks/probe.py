"""Probe: knock at an RTMP server before FFmpeg does, with time limits that hold.

FFmpeg's own connecting can't be bounded from PyAV; a server that is away, refuses, or accepts and then says
nothing is found here within seconds. It exchanges the first bytes of the handshake only
(Adobe RTMP 1.0, 5.2: C0+C1 out, S0+S1 in) and hangs up.
"""

from __future__ import annotations

import os
import socket
import ssl
import time

from streaming.sinks.address import Address

_VERSION = 3
_HANDSHAKE = 1536


class Unreachable(Exception):
    """The server can't be streamed to now; `reason` is one of the codes of docs/architecture.md."""

    def __init__(self, reason: str, message: str, next_step: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.next_step = next_step


def probe(address: Address, limit_s: float = 4.0) -> None:
    """Raises `Unreachable` within about `limit_s` when nobody there speaks RTMP."""
    deadline = time.monotonic() + limit_s
    where = f"{address.host}:{address.port}"
    try:
        connection = socket.create_connection((address.host, address.port), timeout=limit_s)
    except socket.gaierror as e:
        raise Unreachable("dns", f"the name {address.host} is not known", "check the address and the network") from e
    except TimeoutError as e:
        raise Unreachable("unreachable", f"{where} does not answer", "check the address and the network") from e
    except ConnectionRefusedError as e:
        raise Unreachable("refused", f"{where} refuses the connection", "see that the server runs there") from e
    except OSError as e:
        raise Unreachable("unreachable", f"{where}: {e.strerror or e}", "check the address and the network") from e
    try:
        if address.scheme == "rtmps":
            connection = ssl.create_default_context().wrap_socket(connection, server_hostname=address.host)
        connection.sendall(bytes([_VERSION]) + b"\0" * 8 + os.urandom(_HANDSHAKE - 8))
        got = b""
        while len(got) < 1 + _HANDSHAKE:
            connection.settimeout(max(0.05, deadline - time.monotonic()))
            data = connection.recv(4096)
            if not data:
                raise Unreachable("closed", f"{where} hung up at once", "see that this is an RTMP server")
            got += data
            if got[0] != _VERSION:
                raise Unreachable("protocol", f"{where} does not speak RTMP", "check host and port")
    except ssl.SSLError as e:
        raise Unreachable("tls", f"{where}: {e.reason or 'TLS failed'}", "check the address: rtmps or rtmp?") from e
    except TimeoutError as e:
        raise Unreachable("silent", f"{where} accepts but says nothing", "it is tried again by itself") from e
    except OSError as e:
        raise Unreachable("closed", f"{where}: {e.strerror or e}", "it is tried again by itself") from e
    finally:
        connection.close()
