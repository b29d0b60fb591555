"""Supervisor: the parent of every process, and the exchange that routes their messages.

It imports no torch, no av and no database, opens no network, and waits for nobody, so that it can
outlive whatever happens to its children. A child is replaced when it exits, when its heartbeat
stops (frozen, stuck in a call that holds the interpreter), when it does not start in time, or when
it outgrows its memory limit. Heartbeat silence is counted in time that the supervisor itself was
running, so a machine that was paused as a whole kills nobody.
"""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streaming.channel import CHANNEL_FD, Channel, ChannelClosed, Message
from streaming.child import AGAIN
from streaming.errors import BadInput, ChildDown, NightAnchorError, NotFound
from streaming.priority import lower

log = logging.getLogger("nightanchor.supervisor")

BACKOFF_S = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Delay before the n-th restart in a row; the last value repeats."""
CALM_S = 30.0
"""A child that ran this long starts its back-off from the beginning."""
REPORT_S = 0.5
TURN_S = 0.05
MAX_OBSERVED_TURN_S = 0.2
MAX_OUTSTANDING = 1024
LOG_LIMIT = 5 << 20
STOP_S = 2.0
"""From the first `stop` to the first SIGKILL when everything ends."""


@dataclass(frozen=True, slots=True)
class KindSpec:
    """How one kind of child is run: its module and its budgets (seconds, megabytes).

    `max_pause_s` bounds the wait between restarts of a child that keeps failing.
    """

    module: str
    beat_timeout_s: float = 3.0
    start_timeout_s: float = 20.0
    stop_timeout_s: float = 2.0
    memory_limit_mb: int = 1024
    nice: int = 0
    max_pause_s: float = BACKOFF_S[-1]


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """One child that should be running."""

    name: str
    kind: str
    config: dict[str, Any] = field(default_factory=dict)


class _Child:
    """A child that should be running, and the process that runs it at the moment."""

    def __init__(self, spec: ChildSpec, kind: KindSpec) -> None:
        self.spec = spec
        self.kind = kind
        self.state = "waiting"
        self.reason = ""
        self.process: subprocess.Popen[bytes] | None = None
        self.channel: Channel | None = None
        self.status: dict[str, Any] = {}
        self.restarts = 0
        self.failures = 0
        self.since = 0.0
        self.start_at = 0.0
        self.silence_s = 0.0
        self.stop_by: float | None = None
        self.leaving = False
        self.rss_mb = 0.0
        self.cpu_s = 0.0
        self.outstanding: dict[tuple[str, Any], None] = {}
        self.undelivered = 0

    def entry(self) -> dict[str, Any]:
        """What others are told about this child."""
        return {
            "name": self.spec.name, "kind": self.spec.kind, "state": self.state, "reason": self.reason,
            "pid": self.process.pid if self.process else None, "restarts": self.restarts,
            "since": round(time.monotonic() - self.since, 3), "status": self.status,
            "cpu_s": round(self.cpu_s, 2), "rss_mb": round(self.rss_mb, 1), "undelivered": self.undelivered,
        }


class Supervisor:
    """Runs the children of one data directory; see the module's docstring."""

    def __init__(
        self,
        *,
        run_dir: Path,
        log_dir: Path,
        kinds: dict[str, KindSpec],
        on_notice: Callable[[Message], None] = lambda message: None,
    ) -> None:
        self.run_dir = run_dir
        self.log_dir = log_dir
        self.kinds = kinds
        self.on_notice = on_notice
        self.children: dict[str, _Child] = {}
        self._selector = selectors.DefaultSelector()
        self._wake_r, self._wake_w = socket.socketpair()
        self._wake_r.setblocking(False)
        self._wake_w.setblocking(False)
        self._selector.register(self._wake_r, selectors.EVENT_READ, None)
        self._next_report = 0.0
        self._next_measure = 0.0
        self._stopping = False

    # -- what should run -------------------------------------------------------------------------

    def ensure(self, spec: ChildSpec) -> None:
        """Make `spec` run: start it, leave it alone when unchanged, restart it when it differs.

        Raises `BadInput` for a kind that does not exist.
        """
        kind = self.kinds.get(spec.kind)
        if kind is None:
            known = ", ".join(sorted(self.kinds))
            raise BadInput(f"no child kind {spec.kind!r}", next_step=f"use one of: {known}")
        child = self.children.get(spec.name)
        if child is None:
            self.children[spec.name] = child = _Child(spec, kind)
            self._spawn(child)
        elif child.leaving or (child.spec.kind, child.spec.config) != (spec.kind, spec.config):
            child.leaving = False
            child.spec, child.kind = spec, kind
            self._ask_to_stop(child)

    def remove(self, name: str) -> None:
        """Stop the child called `name` and forget it; raises `NotFound`."""
        child = self.children.get(name)
        if child is None:
            raise NotFound(f"no child {name!r}", next_step="ask `children` for the names")
        child.leaving = True
        self._ask_to_stop(child)
        if child.process is None:
            del self.children[name]

    def stop(self) -> None:
        """End the loop; safe to call from a signal handler."""
        self._stopping = True
        with contextlib.suppress(OSError):
            self._wake_w.send(b"x")

    # -- processes -------------------------------------------------------------------------------

    def _spawn(self, child: _Child) -> None:
        ours, theirs = socket.socketpair()
        env = dict(os.environ)
        env[CHANNEL_FD] = str(theirs.fileno())
        env.setdefault("PYTHONUNBUFFERED", "1")
        # One thread per native pool: with many processes on few cores, wider pools only fight.
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            env.setdefault(name, "1")
        with open(self._log_file(child.spec.name), "ab") as out:
            child.process = subprocess.Popen(
                [sys.executable, "-m", child.kind.module],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env,
                pass_fds=[theirs.fileno()], start_new_session=True,
            )
        theirs.close()
        if child.kind.nice:
            lower(child.kind.nice, child.process.pid)
        child.channel = Channel(ours)
        child.state, child.status = "starting", {}
        child.since = time.monotonic()
        child.silence_s = 0.0
        child.stop_by = None
        self._selector.register(ours, selectors.EVENT_READ, child)
        child.channel.send(
            {"op": "start", "name": child.spec.name, "config": child.spec.config,
             "run_dir": str(self.run_dir)}
        )
        log.info("started %s (pid %d)", child.spec.name, child.process.pid)
        self._report(child)

    def _log_file(self, name: str) -> Path:
        path = self.log_dir / (name.replace(":", "-").replace("/", "_") + ".log")
        with contextlib.suppress(OSError):
            if path.stat().st_size > LOG_LIMIT:
                os.replace(path, path.with_suffix(".log.1"))
        return path

    def _ask_to_stop(self, child: _Child) -> None:
        if child.process is None:
            child.start_at = 0.0
            return
        if child.stop_by is None:
            child.state = "stopping"
            child.stop_by = time.monotonic() + child.kind.stop_timeout_s
            self._send(child, {"op": "stop"})

    def _kill(self, child: _Child, reason: str) -> None:
        if child.process is None:
            return
        log.warning("killing %s: %s", child.spec.name, reason)
        child.reason = reason
        # A frozen process can't handle SIGTERM, and one inside a native call that holds the
        # interpreter never gets to it.
        with contextlib.suppress(ProcessLookupError):
            child.process.kill()

    def _reap(self, child: _Child) -> None:
        """Deal with a process that has ended, if it has."""
        if child.process is None:
            return
        code = child.process.poll()
        if code is None:
            return
        ran_s = time.monotonic() - child.since
        planned = child.stop_by is not None or code == AGAIN
        if child.channel is not None:
            self._selector.unregister(child.channel)
            child.channel.close()
        child.process, child.channel = None, None
        for sender, request_id in child.outstanding:
            down = ChildDown(f"{child.spec.name} went away", next_step="it is being restarted; ask again")
            self._answer(sender, request_id, error=down)
        child.outstanding.clear()
        child.stop_by = None
        child.since = time.monotonic()
        if child.leaving:
            child.state = "gone"
            self._report(child)
            self.children.pop(child.spec.name, None)
            return
        if not planned:
            child.failures = 1 if ran_s > CALM_S else child.failures + 1
            child.restarts += 1
            if not child.reason:
                child.reason = f"exited with {code}" if code >= 0 else f"ended by signal {-code}"
            log.warning("%s %s after %.1f s", child.spec.name, child.reason, ran_s)
        pause = BACKOFF_S[min(child.failures, len(BACKOFF_S)) - 1] if child.failures and not planned else 0.0
        pause = min(pause, child.kind.max_pause_s)
        child.start_at = child.since + pause
        child.state = "backoff" if pause else "waiting"
        self._report(child)

    def _check(self, child: _Child, now: float, observed_s: float) -> None:
        self._reap(child)
        if child.process is None:
            if not self._stopping and now >= child.start_at and child.spec.name in self.children:
                self._spawn(child)
                child.reason = ""
            return
        child.silence_s += observed_s
        if child.stop_by is not None:
            if now >= child.stop_by:
                self._kill(child, "did not stop in time")
        elif child.state == "starting" and child.silence_s > child.kind.start_timeout_s:
            self._kill(child, "did not start in time")
        elif child.state == "running" and child.silence_s > child.kind.beat_timeout_s:
            self._kill(child, "heartbeat stopped")

    def _measure(self) -> None:
        page = os.sysconf("SC_PAGE_SIZE") / 2**20
        hertz = os.sysconf("SC_CLK_TCK")
        for child in self.children.values():
            if child.process is None:
                continue
            try:
                fields = Path(f"/proc/{child.process.pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            child.cpu_s = (int(fields[11]) + int(fields[12])) / hertz
            child.rss_mb = int(fields[21]) * page
            if child.rss_mb > child.kind.memory_limit_mb:
                self._kill(child, f"uses {child.rss_mb:.0f} MB, over its limit")

    # -- messages --------------------------------------------------------------------------------

    def _send(self, child: _Child, message: Message) -> bool:
        if child.channel is None:
            return False
        try:
            return child.channel.send(message)
        except ChannelClosed:
            return False

    def _report(self, child: _Child) -> None:
        server = self.children.get("server")
        if server is not None and server is not child:
            self._send(server, {"op": "child", "from": "supervisor", **child.entry()})

    def _answer(
        self, to: str, request_id: Any, *, error: NightAnchorError | None = None, **fields: Any
    ) -> None:
        asker = self.children.get(to)
        if asker is None:
            return
        body = {"ok": False, "error": error.to_wire()} if error else {"ok": True, **fields}
        self._send(asker, {"re": request_id, "from": "supervisor", **body})

    def _receive(self, child: _Child) -> None:
        if child.channel is None:
            return
        try:
            messages = child.channel.poll()
        except (ChannelClosed, ValueError):
            # Its end is closed or speaks nonsense: without a channel it is of no use to anybody.
            # A process that is ending closes its descriptors a moment before it can be waited for.
            if child.stop_by is not None and child.channel is not None:
                self._selector.unregister(child.channel)
                child.channel.close()
                child.channel = None
            elif child.process is not None:
                try:
                    child.process.wait(0.1)
                except subprocess.TimeoutExpired:
                    self._kill(child, "closed its channel")
                    child.process.wait()
            self._reap(child)
            return
        for message in messages:
            message["from"] = child.spec.name
            to = message.get("to", "supervisor")
            if to == "supervisor":
                self._handle(child, message)
            else:
                self._route(to, message)

    def _route(self, to: str, message: Message) -> None:
        target = self.children.get(to)
        request_id = message.get("id")
        sender = str(message["from"])
        if "re" in message:
            source = self.children.get(sender)
            if source is not None:
                source.outstanding.pop((to, message["re"]), None)
        if target is not None and self._send(target, message):
            if request_id is not None and len(target.outstanding) < MAX_OUTSTANDING:
                target.outstanding[sender, request_id] = None
            return
        if target is not None:
            target.undelivered += 1
        if request_id is not None:
            down = ChildDown(f"{to} is not running", next_step="it is being restarted; ask again")
            self._answer(sender, request_id, error=down)

    def _handle(self, child: _Child, message: Message) -> None:
        op = message.get("op")
        request_id = message.get("id")
        if op == "beat":
            child.silence_s = 0.0
            status = message.get("status")
            child.status = status if isinstance(status, dict) else {}
            if child.state == "starting":
                child.state = "running"
                child.reason = ""
                self._report(child)
                if child.spec.name == "server":
                    for other in self.children.values():
                        self._report(other)
            return
        try:
            if op == "ensure":
                name, kind, config = message.get("name"), message.get("kind"), message.get("config")
                if not isinstance(name, str) or not isinstance(kind, str) or not isinstance(config, dict):
                    raise BadInput("ensure needs name, kind and config", next_step="send all three")
                self.ensure(ChildSpec(name, kind, config))
                result: dict[str, Any] = {}
            elif op == "remove":
                self.remove(str(message.get("name")))
                result = {}
            elif op == "children":
                result = {"children": [c.entry() for c in self.children.values()]}
            elif op == "notice":
                self._notice(message)
                result = {}
            else:
                raise BadInput(f"the supervisor knows no op {op!r}", next_step="see docs/architecture.md")
        except NightAnchorError as e:
            if request_id is not None:
                self._answer(child.spec.name, request_id, error=e)
        else:
            if request_id is not None:
                self._answer(child.spec.name, request_id, **result)

    def _notice(self, message: Message) -> None:
        try:
            self.on_notice(message)
        except Exception:
            log.exception("notice failed")

    # -- the loop --------------------------------------------------------------------------------

    def turn(self, timeout_s: float, observed_s: float) -> None:
        """One round: messages, then the state of every child."""
        for key, _ in self._selector.select(timeout_s):
            if key.data is None:
                with contextlib.suppress(BlockingIOError):
                    self._wake_r.recv(64)
            else:
                self._receive(key.data)
        now = time.monotonic()
        if now >= self._next_measure:
            self._next_measure = now + 2.0
            self._measure()
        for child in list(self.children.values()):
            if child.channel is not None and child.channel.pending:
                with contextlib.suppress(ChannelClosed):
                    child.channel.flush()
            self._check(child, now, observed_s)
        if now >= self._next_report:
            self._next_report = now + REPORT_S
            for child in list(self.children.values()):
                self._report(child)

    def run(self) -> None:
        """Turn until `stop`, then end every child within `STOP_S` and a little."""
        last = time.monotonic()
        while not self._stopping:
            now = time.monotonic()
            self.turn(TURN_S, min(now - last, MAX_OBSERVED_TURN_S))
            last = now
        self._end()

    def _end(self) -> None:
        for child in self.children.values():
            child.leaving = True
            self._ask_to_stop(child)
            if child.stop_by is not None:
                child.stop_by = min(child.stop_by, time.monotonic() + STOP_S)
        deadline = time.monotonic() + STOP_S + 0.5
        while any(c.process for c in self.children.values()) and time.monotonic() < deadline:
            self.turn(0.02, 0.0)
        for child in self.children.values():
            if child.process is not None:
                child.process.kill()
                child.process.wait()

    def close(self) -> None:
        """Release the supervisor's own sockets."""
        self._selector.close()
        self._wake_r.close()
        self._wake_w.close()


def supervise(
    *,
    run_dir: Path,
    log_dir: Path,
    kinds: dict[str, KindSpec],
    children: list[ChildSpec],
    on_notice: Callable[[Message], None],
) -> int:
    """Run `children` until SIGINT or SIGTERM; returns the exit code.

    `run_dir` is emptied at the start and removed at the end; it must belong to this instance alone. Its file
    `owner` holds this process's id, by which the next start knows what a dead run left behind.
    """
    shutil.rmtree(run_dir, ignore_errors=True)
    run_dir.mkdir(mode=0o700, parents=True)
    (run_dir / "takes").mkdir(mode=0o700)
    (run_dir / "owner").write_text(str(os.getpid()))
    log_dir.mkdir(parents=True, exist_ok=True)
    supervisor = Supervisor(run_dir=run_dir, log_dir=log_dir, kinds=kinds, on_notice=on_notice)
    before = {s: signal.signal(s, lambda *_: supervisor.stop()) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        for spec in children:
            supervisor.ensure(spec)
        supervisor.run()
    finally:
        for child in supervisor.children.values():
            if child.process is not None and child.process.poll() is None:
                child.process.kill()
                child.process.wait()
        supervisor.close()
        for number, handler in before.items():
            signal.signal(number, handler)
        shutil.rmtree(run_dir, ignore_errors=True)
    return 0
