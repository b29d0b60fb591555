"""`python -m streaming.sinks.rtmp`: the process that keeps one RTMP destination fed.

idle -> connecting -> live -> (stalled) -> backoff -> connecting …, for ever; paused on request; failed only for an
address that nobody can connect to, until it is changed. Connecting is probed with our own time limits first; then
FFmpeg's fifo muxer takes over, whose thread keeps a slow peer from holding up this one.

A connection that was opened is never closed by FFmpeg, which would wait for a peer that may take nothing, holding
the interpreter: its socket is cut and the process begins anew, with what it knew in a file of the run directory.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import random
import time
from collections import deque
from typing import Any

import av

from streaming.aigc import Notice
from streaming.channel import Message
from streaming.child import AGAIN, Child
from streaming.errors import BadAddress, NotFound
from streaming.sinks.address import Address, parse_address, redacted
from streaming.sinks.backoff import GOOD_S, wait_s
from streaming.sinks.feed import Feed, Rebase
from streaming.sinks.outq import cut, unsent
from streaming.sinks.probe import Unreachable, probe
from streaming.sinks.refresh import refresh
from streaming.sinks.serve import serve

log = logging.getLogger("nightanchor.sink")

POLL_S = 0.02
LIVE_AFTER_S = 1.0
"""The server's refusal to take a stream comes within this time of connecting."""
STALL_S, GIVE_UP_S = 3.0, 8.0
"""A peer that has acknowledged nothing for so long is called stalled, then given up."""
_RATE_S = 4.0
_REASONS = {
    "rejected": ("the server refused the stream", "check the stream key; it may have expired"),
    "lost": ("the connection was lost", "it is tried again by itself"),
    "stalled": ("the server takes no more data", "it is tried again by itself"),
}


class Sink:
    """The state machine; `turn` does one round and never blocks for longer than a probe."""

    def __init__(self, child: Child) -> None:
        config = child.config
        self._child = child
        self._feed = Feed(child.run_dir / f"{config['room']}.packets.ring")
        self._url = str(config.get("url") or "")
        self._refresh_url = str(config.get("refresh_url") or "")
        self._refresh_command = [str(a) for a in config.get("refresh_command") or []]
        self._notice = Notice.from_config(config)
        self._rng = random.Random()
        self.state, self.reason, self.message, self.next_step = "idle", "", "", ""
        self.attempt = self.reconnects = self.dropped = self.bytes = 0
        self._retry_at = 0.0
        self._address: Address | None = None
        self._out: Any = None
        self._rebase: Rebase | None = None
        self._opened = self._moved = 0.0
        self._left = 0
        self._sent: deque[tuple[float, int]] = deque()
        self._memory = child.run_dir / f"{child.name.replace(':', '-')}.sink.json"
        self._recall()
        if config.get("paused"):
            self._go("paused")

    # -- what others see -------------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        """The heartbeat's status (docs/architecture.md)."""
        now = time.monotonic()
        connected = now - self._opened if self._out is not None else 0.0
        while self._sent and now - self._sent[0][0] > _RATE_S:
            self._sent.popleft()
        span = min(_RATE_S, max(connected, 0.5))
        return {
            "state": self.state, "reason": self.reason, "message": self.message, "next_step": self.next_step,
            "attempt": self.attempt, "bitrate_kbps": round(sum(n for _, n in self._sent) * 8e-3 / span),
            "dropped": self.dropped, "reconnects": self.reconnects, "connected_s": round(connected, 1),
            "bytes": self.bytes,
            "retry_s": round(max(0.0, self._retry_at - now), 1) if self.state in ("backoff", "failed") else 0.0,
        }

    def _go(self, state: str, reason: str = "", message: str = "", next_step: str = "") -> None:
        if (state, reason, message) == (self.state, self.reason, self.message):
            return
        self.state, self.reason = state, reason
        self.message, self.next_step = redacted(message), redacted(next_step)
        log.info("%s %s %s", state, reason, self.message)
        self._child.send("sink.state", **self.status())
        self._child.beat(self.status(), force=True)

    # -- requests --------------------------------------------------------------------------------

    def handle(self, request: Message) -> None:
        """Pause, resume, or take another address."""
        match request.get("op"):
            case "pause":
                self._go("paused")
                self._restart()
            case "resume":
                self.attempt = 0
                self._go("idle")
            case "address":
                parse_address(str(request.get("url") or ""))
                self._url = str(request["url"])
                self.attempt, self._retry_at = 0, 0.0
                if self.state != "paused":
                    self._go("idle")
                self._restart()
            case other:
                raise NotFound(f"a sink has no operation {other!r}")

    # -- one round -------------------------------------------------------------------------------

    def turn(self) -> None:
        """Do what is due."""
        if self._feed.renewed() and self._out is not None:
            # Another encoder: its stream can't continue the old one's.
            self._end("lost", quick=True)
        if self.state == "paused" or self._feed.source is None:
            self._feed.read()
            return
        if self._out is None:
            if time.monotonic() >= self._retry_at:
                self._connect()
            else:
                self._feed.read()
            return
        self._pump()

    def _connect(self) -> None:
        self._go("connecting")
        try:
            url = refresh(self._refresh_url, self._refresh_command) or self._url
            self._address = parse_address(url)
            probe(self._address)
        except BadAddress as e:
            self._wait("address", e.message, e.next_step, state="failed")
            return
        except Unreachable as e:
            self._wait(e.reason, e.message, e.next_step)
            return
        try:
            self._open(self._address.url)
        except (av.FFmpegError, ValueError) as e:
            self._wait("rejected", f"connecting failed: {_plain(e)}", _REASONS["rejected"][1])

    def _open(self, url: str) -> None:
        assert self._feed.source is not None
        options = {
            "fifo_format": "flv", "attempt_recovery": "0", "drop_pkts_on_overflow": "1", "restart_with_keyframe": "1",
            "queue_size": "600", "format_opts": "flvflags=no_duration_filesize:rw_timeout=5000000",
        }
        out = av.open(url, "w", format="fifo", options=options)
        source = self._feed.source.container
        video = out.add_stream_from_template(source.streams.video[0], opaque=True)
        audio = out.add_stream_from_template(source.streams.audio[0], opaque=True)
        out.metadata.update(self._notice.metadata())
        self._feed.to_newest_key()
        self._out, self._rebase = out, Rebase(self._feed.source, video, audio)
        self._opened = self._moved = time.monotonic()
        self._left = 0
        self._sent.clear()

    def _pump(self) -> None:
        assert self._rebase is not None and self._feed.source is not None
        records, gap = self._feed.read()
        if gap:
            # The connection goes on from the next IDR with the same clock.
            self.dropped = self._feed.lost
        now = time.monotonic()
        try:
            for record in records:
                packet = self._rebase.packet(record)
                if packet is None:
                    continue
                self._out.mux_one(packet)
                size = len(record.data)
                self.bytes += size
                self._sent.append((now, size))
        except (av.FFmpegError, OSError, ValueError) as e:
            lived = now - self._opened
            self._end("rejected" if lived < LIVE_AFTER_S and self.state != "live" else "lost", detail=_plain(e))
            return
        self._watch(now)

    def _watch(self, now: float) -> None:
        assert self._address is not None
        left = unsent(self._address.port)
        if left is None:
            if now - self._opened > GIVE_UP_S:
                self._end("lost")
            return
        if left < self._left or left < 4096:
            self._moved = now
        self._left = left
        still = now - self._moved
        if still > GIVE_UP_S:
            self._end("stalled")
        elif still > STALL_S:
            self._go("stalled", "stalled", *_REASONS["stalled"])
        elif now - self._opened > LIVE_AFTER_S and self._rebase is not None and self._rebase.begun:
            self._go("live")
            if now - self._opened > GOOD_S:
                self.attempt = 0

    def _end(self, reason: str, *, detail: str = "", quick: bool = False) -> None:
        self.reconnects += 1
        message, step = _REASONS[reason]
        if quick:
            self.attempt = 0
        self._wait(reason, f"{message}{': ' + detail if detail else ''}", step)
        self._restart()

    def _wait(self, reason: str, message: str, next_step: str, *, state: str = "backoff") -> None:
        self.attempt += 1
        self._retry_at = time.monotonic() + wait_s(reason, self.attempt, self._rng)
        self._go(state, reason, message, next_step)

    # -- beginning anew --------------------------------------------------------------------------

    def _restart(self) -> None:
        """End this process when it holds a connection; the next one goes on where it was."""
        if self._out is not None:
            self._again = True

    @property
    def again(self) -> bool:
        """Whether this process should end and be started anew."""
        return self._again

    def _recall(self) -> None:
        self._again = False
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            known = json.loads(self._memory.read_text())
            self._memory.unlink()
            self.attempt, self.reconnects = int(known["attempt"]), int(known["reconnects"])
            self.dropped, self.bytes = int(known["dropped"]), int(known["bytes"])
            self._retry_at, self._url = float(known["retry_at"]), str(known["url"])
            self._go(known["state"], known["reason"], known["message"], known["next_step"])

    def leave(self) -> None:
        """Cut the connection and end the process at once; nothing of FFmpeg is closed."""
        if self._address is not None:
            cut(self._address.port)
        if self._again:
            known = {k: getattr(self, k) for k in ("attempt", "reconnects", "dropped", "bytes", "state", "reason",
                                                  "message", "next_step")}
            with contextlib.suppress(OSError):
                self._memory.write_text(json.dumps(known | {"retry_at": self._retry_at, "url": self._url}))
                self._memory.chmod(0o600)
        os._exit(AGAIN if self._again else 0)


def _plain(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return redacted(text)


def main() -> None:
    """Feed the destination until the supervisor says stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    child = Child.from_env()
    sink = Sink(child)
    serve(child, sink, POLL_S)
    sink.leave()


if __name__ == "__main__":
    main()
