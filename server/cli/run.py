"""`nightanchor run`: check the ground, start the supervisor, tell the owner where the panel is."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import shutil
import socket
import tempfile
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from server.cli import terminal
from server.cli.client import ENDPOINT
from server.cli.prepare import in_process
from server.kinds import KINDS
from streaming.channel import Message
from streaming.errors import Conflict
from streaming.supervisor import ChildSpec, supervise

RUN_DIR_MB = 96
"""What the rings and takes of one room need at the most."""
GREET_LIMIT_S = 120.0


def run(
    *, data: Path, config: Path | None, host: str | None, port: int | None, browser: bool, verbose: bool
) -> int:
    """Go on air; returns when told to stop. Raises `Conflict` for a taken port or data folder."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING, format="%(asctime)s %(levelname)s %(message)s",
        datefmt="%H:%M:%S",
    )
    began = time.monotonic()
    data = data.absolute()
    config = config.absolute() if config else None
    with _claim(data):
        terminal.say("NightAnchor 正在开播……", "NightAnchor is going on air ...")
        prepared = in_process(data, config, "start")
        host, port = host or prepared["host"], port or prepared["port"]
        _need_port(host, port)
        run_dir = _run_dir()
        greeter = _Greeter(host, port, prepared["token"], browser, began)
        settings = {"data": str(data), "host": host, "port": port, "config": str(config) if config else None}
        endpoint = data / ENDPOINT
        endpoint.write_text(json.dumps({"url": greeter.url}))
        children = [ChildSpec("server", "server", settings), ChildSpec("voice", "voice", {})]
        greeter.start()
        try:
            code = supervise(
                run_dir=run_dir, log_dir=data / "logs", kinds=KINDS, children=children, on_notice=greeter.on_notice,
            )
        finally:
            greeter.stop()
            endpoint.unlink(missing_ok=True)
        terminal.say("已下播。数据保存在 " + str(data), "Off air. Your data is in " + str(data))
        return code


@contextlib.contextmanager
def _claim(data: Path) -> Iterator[None]:
    """Hold the data folder for this process alone."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        handle = open(data / "nightanchor.lock", "a+")
    except OSError as e:
        raise Conflict(
            f"the data folder {data} can't be used: {e.strerror}", next_step="choose another one with --data"
        ) from e
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read().strip() or "?"
            raise Conflict(
                f"another NightAnchor uses this data folder ({data}, process {holder})",
                next_step="end the other one with Ctrl-C, or start this one with --data ./other",
            ) from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


def _need_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind((host, port))
        except OSError as e:
            if isinstance(e, socket.gaierror) or e.errno == 99:
                raise Conflict(
                    f"this machine has no address {host}", next_step="use --host 127.0.0.1, or 0.0.0.0 for all"
                ) from e
            raise Conflict(
                f"port {port} is taken" if e.errno == 98 else f"port {port} can't be used: {e.strerror}",
                next_step=f'choose another one: make run ARGS="--port {port + 1}"',
            ) from e


def _run_dir() -> Path:
    """A folder for rings and takes, in memory where there is room; sweeps away what dead runs left."""
    bases = [Path("/dev/shm"), Path(tempfile.gettempdir())]
    for base in bases:
        for old in base.glob("nightanchor-*"):
            with contextlib.suppress(OSError, ValueError):
                owner = int((old / "owner").read_text())
                if not Path(f"/proc/{owner}").exists():
                    shutil.rmtree(old, ignore_errors=True)
    for base in bases:
        with contextlib.suppress(OSError):
            if os.access(base, os.W_OK) and shutil.disk_usage(base).free > RUN_DIR_MB << 20:
                return Path(tempfile.mkdtemp(prefix="nightanchor-", dir=base))
    raise Conflict(
        f"neither /dev/shm nor {tempfile.gettempdir()} has {RUN_DIR_MB} MB free",
        next_step="free some space, or point TMPDIR to a disk that has",
    )


class _Greeter(threading.Thread):
    """Watches the start from outside, as a user would, and prints what has been reached."""

    def __init__(self, host: str, port: int, token: str | None, browser: bool, began: float) -> None:
        super().__init__(daemon=True, name="greeter")
        shown = "127.0.0.1" if host in ("0.0.0.0", "::", "localhost") else host
        self.url = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/"
        self.token = token
        self.browser = browser and _has_display()
        self.began = began
        self._end = threading.Event()

    def stop(self) -> None:
        """End the watch."""
        self._end.set()
        self.join(2)

    def on_notice(self, message: Message) -> None:
        """Print what a child wants the owner to know."""
        terminal.failure(str(message.get("message", "")), str(message.get("next_step", "")))

    def run(self) -> None:
        """Wait for the server, then for the picture; print each once."""
        greeted = False
        while not self._end.wait(0.1) and time.monotonic() < self.began + GREET_LIMIT_S:
            health = self._health()
            if health is None:
                continue
            if not greeted:
                greeted = True
                self._greet()
            on_air = [r for r in health.get("rooms", {}).values() if r.get("on_air") and r.get("fps", 0) > 0]
            if on_air:
                took = time.monotonic() - self.began
                terminal.done(f"已开播（{took:.1f} 秒）。按 Ctrl-C 下播", f"on air after {took:.1f} s; Ctrl-C ends it")
                return
        if not self._end.is_set():
            terminal.failure(
                "the room is not on air yet",
                "look into data/logs, or run `nightanchor doctor`" if greeted else "look into data/logs/server.log",
            )

    def _greet(self) -> None:
        if self.token:
            terminal.headline(
                f"控制台 {self.url}  管理员令牌（只显示这一次） {self.token}" if terminal.CHINESE
                else f"Panel {self.url}  admin token (shown only now) {self.token}"
            )
        else:
            terminal.headline(f"控制台 {self.url}" if terminal.CHINESE else f"Panel {self.url}")
        if self.browser:
            with contextlib.suppress(webbrowser.Error):
                webbrowser.open(self.url + (f"#/login?token={self.token}" if self.token else ""))

    def _health(self) -> dict[str, Any] | None:
        try:
            with urllib.request.urlopen(self.url + "health", timeout=1.0) as answer:
                document: dict[str, Any] = json.load(answer)
                return document
        except (OSError, ValueError, urllib.error.URLError):
            return None


def _has_display() -> bool:
    return any(os.environ.get(k) for k in ("DISPLAY", "WAYLAND_DISPLAY")) or os.uname().sysname == "Darwin"
