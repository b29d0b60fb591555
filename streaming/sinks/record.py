"""`python -m streaming.sinks.record`: the process that records one room to fragmented MP4 files.

A file is cut at an IDR once it is `segment_s` long, each plays by itself from time 0, and what was written can
be played even when the process or the machine ends in the middle. A full disk stops the recording, not the show.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
import time
from collections import deque
from datetime import datetime
from pathlib import Path
from typing import Any

import av

from streaming.aigc import Notice
from streaming.channel import Message
from streaming.child import Child
from streaming.errors import NotFound
from streaming.ring import VIDEO
from streaming.sinks.feed import Feed, Rebase
from streaming.sinks.serve import serve

log = logging.getLogger("nightanchor.record")

POLL_S = 0.05
RETRY_S = 5.0
RESERVE_MB = 64
"""Recording stops before a disk is quite full, so that the database can still be written."""
_RATE_S = 4.0
# Only with use_metadata_tags does FFmpeg write a key that is not among its own.
_FLAGS = {"movflags": "frag_keyframe+empty_moov+default_base_moof+use_metadata_tags", "flush_packets": "1"}


class Recorder:
    """The state machine of one recording."""

    def __init__(self, child: Child) -> None:
        config = child.config
        self._child = child
        self._feed = Feed(child.run_dir / f"{config['room']}.packets.ring")
        self._folder = Path(str(config["folder"]))
        self._notice = Notice.from_config(config)
        self._segment_s = float(config.get("segment_s") or 1800)
        self._keep = float(config.get("keep_gb") or 20.0) * 1e9
        self.state, self.reason, self.message, self.next_step = "idle", "", "", ""
        self.bytes = self.files = self.dropped = 0
        self._retry_at = self._check_at = 0.0
        self._out: Any = None
        self._rebase: Rebase | None = None
        self._path: Path | None = None
        self._first_pts = 0
        self._opened = 0.0
        self._sent: deque[tuple[float, int]] = deque()
        if config.get("paused"):
            self._go("paused")

    again = False

    def status(self) -> dict[str, Any]:
        """The heartbeat's status (docs/architecture.md)."""
        now = time.monotonic()
        while self._sent and now - self._sent[0][0] > _RATE_S:
            self._sent.popleft()
        connected = now - self._opened if self._out is not None else 0.0
        return {
            "state": self.state, "reason": self.reason, "message": self.message, "next_step": self.next_step,
            "bitrate_kbps": round(sum(n for _, n in self._sent) * 8e-3 / min(_RATE_S, max(connected, 0.5))),
            "dropped": self.dropped, "reconnects": 0, "connected_s": round(connected, 1), "bytes": self.bytes,
            "retry_s": round(max(0.0, self._retry_at - now), 1) if self.state == "backoff" else 0.0,
            "file": self._path.name if self._path else "",
            "first_s": round(self._first_pts * float(self._feed.source.tick), 3) if self._feed.source else 0.0,
        }

    def _go(self, state: str, reason: str = "", message: str = "", next_step: str = "") -> None:
        if (state, reason) == (self.state, self.reason):
            return
        self.state, self.reason, self.message, self.next_step = state, reason, message, next_step
        log.info("%s %s %s", state, reason, message)
        self._child.send("sink.state", **self.status())

    def handle(self, request: Message) -> None:
        """Pause or resume."""
        match request.get("op"):
            case "pause":
                self._close()
                self._go("paused")
            case "resume":
                self._go("idle")
            case other:
                raise NotFound(f"a recording has no operation {other!r}")

    def turn(self) -> None:
        """Write what is new."""
        renewed = self._feed.renewed()
        source = self._feed.source
        if self.state == "paused" or source is None or time.monotonic() < self._retry_at:
            self._feed.read()
            return
        if renewed:
            self._close()
        records, gap = self._feed.read()
        if gap:
            self.dropped = self._feed.lost
            self._close()
        try:
            for record in records:
                key = record.stream == VIDEO and record.key
                long = (record.pts - self._first_pts) * float(source.tick) >= self._segment_s
                if key and self._out is not None and long:
                    self._close()
                if self._out is None:
                    if not key:
                        continue
                    self._open(record.pts)
                assert self._rebase is not None
                packet = self._rebase.packet(record)
                if packet is not None:
                    self._out.mux_one(packet)
                    self.bytes += len(record.data)
                    self._sent.append((time.monotonic(), len(record.data)))
            self._look_at_disk()
        except (av.FFmpegError, OSError) as e:
            self._failed(e)

    def _open(self, first_pts: int) -> None:
        assert self._feed.source is not None
        self._folder.mkdir(parents=True, exist_ok=True)
        self._need_space()
        self._delete_old()
        stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
        path = self._folder / f"{stamp}.mp4"
        n = 1
        while path.exists():
            path = self._folder / f"{stamp}-{n}.mp4"
            n += 1
        out = av.open(str(path), "w", format="mp4", options=_FLAGS)
        out.metadata.update(self._notice.metadata())
        source = self._feed.source.container
        video = out.add_stream_from_template(source.streams.video[0], opaque=True)
        audio = out.add_stream_from_template(source.streams.audio[0], opaque=True)
        self._out, self._path, self._rebase = out, path, Rebase(self._feed.source, video, audio)
        self._opened = time.monotonic()
        self._first_pts = first_pts
        self.files += 1
        if self.state == "live":
            # The next file: what is spoken from now on has its place in this one.
            self._child.send("sink.state", **self.status())
        self._go("live")

    def _need_space(self) -> None:
        if shutil.disk_usage(self._folder).free < RESERVE_MB << 20:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _look_at_disk(self) -> None:
        now = time.monotonic()
        if self._out is not None and now >= self._check_at:
            self._check_at = now + 1.0
            self._need_space()

    def _delete_old(self) -> None:
        files = sorted(self._folder.glob("*.mp4"), key=lambda p: p.stat().st_mtime)
        total = sum(p.stat().st_size for p in files)
        for path in files:
            if total <= self._keep:
                return
            with contextlib.suppress(OSError):
                total -= path.stat().st_size
                path.unlink()
                log.info("deleted %s: recordings are over %.1f GB", path.name, self._keep / 1e9)

    def _failed(self, error: Exception) -> None:
        self._close()
        self._retry_at = time.monotonic() + RETRY_S
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            self._go(
                "backoff", "disk_full", f"the disk of {self._folder} is full",
                "free some space; recording goes on by itself",
            )
        else:
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self._go(
                "backoff", "unwritable", f"{self._folder} can't be written: {why}",
                "see that the folder exists and can be written; recording goes on by itself",
            )

    def _close(self) -> None:
        out, path, self._out, self._rebase, self._path = self._out, self._path, None, None, None
        if out is None:
            return
        try:
            out.close()
        except (av.FFmpegError, OSError) as e:
            log.warning("closing %s: %s", path, e)

    def close(self) -> None:
        """Finish the file."""
        self._close()


def main() -> None:
    """Record until the supervisor says stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    child = Child.from_env()
    recorder = Recorder(child)
    serve(child, recorder, POLL_S)
    recorder.close()


if __name__ == "__main__":
    main()
