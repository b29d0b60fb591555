"""A real RTMP server for tests: nginx with the rtmp module, on a free port, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

MODULE = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")
_CONFIG = """
load_module {module};
daemon off;
{user}
worker_processes 1;
error_log {folder}/error.log warn;
pid {folder}/nginx.pid;
events {{ worker_connections 64; }}
rtmp {{
  server {{
    listen 127.0.0.1:{port};
    chunk_size 4096;
    application live {{ live on; wait_key on; wait_video on; {extra} }}
    application closed {{ live on; deny publish all; }}
  }}
}}
"""


def missing() -> str:
    """Why there can be no server here, or an empty string."""
    if shutil.which("nginx") is None or not MODULE.exists():
        return "nginx with its rtmp module is not installed; `make test-deps` installs it"
    return ""


class RtmpServer:
    """`with RtmpServer(folder) as rtmp: rtmp.url("key")`."""

    def __init__(self, folder: Path, extra: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self._folder = folder
        self._config = folder / "nginx.conf"
        user = "user root;" if os.geteuid() == 0 else ""
        self._config.write_text(
            _CONFIG.format(module=MODULE, folder=folder, port=self.port, extra=extra, user=user)
        )
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, name: str, app: str = "live") -> str:
        return f"rtmp://127.0.0.1:{self.port}/{app}/{name}"

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["nginx", "-c", str(self._config), "-p", str(self._folder), "-e", str(self._folder / "start.log")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError((self._folder / "start.log").read_text())

    def stop(self) -> None:
        """End it at once, with its workers."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
            self._process = None

    def freeze(self, on: bool = True) -> None:
        """Stop it from running, with its sockets open, or let it go on."""
        self._signal(signal.SIGSTOP if on else signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            try:
                os.killpg(self._process.pid, number)
            except ProcessLookupError:
                pass

    def __enter__(self) -> RtmpServer:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.freeze(False)
        self.stop()
