"""A server that does what RTMP servers do on bad days."""

from __future__ import annotations

import socket
import threading
import time

HANDSHAKE = 1536


class FaultServer:
    """One fault on a loopback port: `silent` (accepts, says nothing), `drop` (hangs up), `garbage`."""

    def __init__(self, fault: str) -> None:
        self.fault = fault
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def url(self) -> str:
        return f"rtmp://127.0.0.1:{self.port}/live/secret-key"

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            if self.fault == "drop":
                connection.close()
                continue
            if self.fault == "garbage":
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" + b"x" * 2000)
                time.sleep(0.1)
                connection.close()
                continue
            self._open.append(connection)

    def __enter__(self) -> FaultServer:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(2)
        for connection in self._open:
            connection.close()
