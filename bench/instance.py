"""Instance: one whole NightAnchor started the way a user starts it, for tests and benchmarks."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[1]
READY_LIMIT_S = 90.0


FIXED = {"NIGHTANCHOR_SCHEDULE__FOLLOW": "false", "NIGHTANCHOR_VISUAL__PATH": "", "NIGHTANCHOR_LANGUAGE__PATH": ""}
"""Who is on air must not depend on the hour at which something is tried, nor on models that are not asked for."""


def free_port() -> int:
    """A TCP port that was free a moment ago."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class Instance:
    """A running `nightanchor run`; `api` is signed in as owner."""

    def __init__(self, data: Path, *args: str, env: dict[str, str] | None = None) -> None:
        self.port = free_port()
        self.data = data
        self.base = f"http://127.0.0.1:{self.port}"
        self.started = time.monotonic()
        command = [
            sys.executable, "-m", "server.cli", "run", "--port", str(self.port), "--data", str(data),
            "--no-browser", *args,
        ]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **FIXED, **(env or {})}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.token = ""
        self.api = httpx.Client(base_url=self.base, timeout=10.0)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    @property
    def output(self) -> str:
        """What the program has printed so far."""
        return "\n".join(self.lines)

    def wait_ready(self) -> None:
        """Wait until the server answers, and sign in with the token that was printed."""
        self.until(lambda: self._healthy(), READY_LIMIT_S, "the server to answer")
        store = self.data / ".bench-token"
        self.until(lambda: bool(self._find_token()) or store.exists(), 20, "the token to be printed")
        self.token = self._find_token() or store.read_text()
        store.write_text(self.token)
        self.api.headers["Authorization"] = f"Bearer {self.token}"

    def _healthy(self) -> bool:
        assert self.process.poll() is None, f"it ended with {self.process.returncode}:\n{self.output}"
        try:
            return self.api.get("/health").status_code == 200
        except httpx.TransportError:
            return False

    def _find_token(self) -> str:
        found = re.search(r"\bna_[A-Za-z0-9_-]{20,}", self.output)
        return found.group(0) if found else ""

    def until(self, condition: Callable[[], Any], limit_s: float = 20.0, what: str = "it") -> Any:
        """Poll `condition` until it is true; fails with the program's output."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.TransportError):
                value = condition()
                if value:
                    return value
            time.sleep(0.05)
        raise AssertionError(f"waited {limit_s} s for {what}\n{self.output}\n{self.logs()}")

    def logs(self) -> str:
        """The ends of the children's logs."""
        out = []
        for path in sorted((self.data / "logs").glob("*.log")):
            out.append(f"--- {path.name}\n{path.read_text(errors='replace')[-1500:]}")
        return "\n".join(out)

    def status(self, room: str = "main") -> dict[str, Any]:
        """The room's status document."""
        answer = self.api.get(f"/rooms/{room}/status")
        answer.raise_for_status()
        document: dict[str, Any] = answer.json()
        return document

    def children(self) -> dict[int, str]:
        """Process id -> module of every process below ours."""
        found: dict[int, str] = {}
        for pid in descendants(self.process.pid):
            with contextlib.suppress(OSError):
                argv = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                found[pid] = b" ".join(argv[1:]).decode().strip()
        return found

    def pid_of(self, module: str) -> int:
        """The process that runs `python -m module`."""
        for pid, argv in self.children().items():
            if argv == f"-m {module}":
                return pid
        raise LookupError(module)

    def run_dir(self) -> Path:
        """The run directory, as the processes see it."""
        for base in (Path("/dev/shm"), Path(tempfile.gettempdir())):
            for path in base.glob("nightanchor-*"):
                owner = path / "owner"
                if owner.exists() and owner.read_text().strip() == str(self.process.pid):
                    return path
        raise LookupError("no run directory")

    def stop(self) -> float:
        """Press Ctrl-C; returns the seconds it took to end."""
        began = time.monotonic()
        self.api.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        took = time.monotonic() - began
        self._reader.join(2)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return took


def descendants(pid: int) -> list[int]:
    """Every process below `pid`."""
    out: list[int] = []
    with contextlib.suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            out += [int(child), *descendants(int(child))]
    return out


@contextlib.contextmanager
def running(data: Path, *args: str, env: dict[str, str] | None = None) -> Iterator[Instance]:
    """An instance that is ready, stopped at the end."""
    instance = Instance(data, *args, env=env)
    try:
        instance.wait_ready()
        yield instance
    finally:
        instance.stop()
