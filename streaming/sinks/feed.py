"""Feed: ring records for one new file or connection, beginning with an IDR at time 0."""

from __future__ import annotations

import io
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from streaming.ring import VIDEO, Record, RingReader


@dataclass(frozen=True, slots=True)
class Source:
    """What an encoder's init segment says: PyAV streams to copy, and the time base of a video tick."""

    container: Any
    tick: Fraction
    sample_rate: int

    @classmethod
    def open(cls, init: bytes) -> Source:
        """Read an init segment (a whole moov)."""
        container = av.open(io.BytesIO(init), "r", format="mp4")
        video, audio = container.streams.video[0], container.streams.audio[0]
        rate = video.codec_context.framerate or video.average_rate or Fraction(25)
        return cls(container, 1 / Fraction(rate), int(audio.codec_context.sample_rate))


class Feed:
    """Reads one room's packet ring for a consumer that may begin anew at any IDR."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader: RingReader | None = None
        self.source: Source | None = None
        self.lost = 0

    def renewed(self) -> bool:
        """Whether there is another encoder now: what was begun must end, `source` has changed."""
        if self._reader is None:
            self._reader = RingReader.try_open(self._path)
        if self._reader is None or not self._reader.renewed():
            return False
        try:
            self.source = Source.open(self._reader.config)
        except (av.FFmpegError, ValueError, IndexError):
            self.source = None
            return False
        return True

    def to_newest_key(self) -> None:
        """Skip to the newest IDR."""
        if self._reader is not None:
            self._reader.seek_key()

    def read(self) -> tuple[list[Record], bool]:
        """What is new, and whether records were lost before it (the consumer must wait for an IDR then)."""
        if self._reader is None or self.source is None:
            return [], False
        before = self._reader.lost
        records = self._reader.read(256)
        gap = self._reader.lost != before
        self.lost = self._reader.lost
        return records, gap


class Rebase:
    """Turns records into PyAV packets of an output whose time begins at 0 with an IDR."""

    def __init__(self, source: Source, video: Any, audio: Any) -> None:
        self._source, self._video, self._audio = source, video, audio
        self._tick0: int | None = None
        self._sample0 = 0

    @property
    def begun(self) -> bool:
        """Whether the first IDR has come."""
        return self._tick0 is not None

    def packet(self, record: Record) -> Any:
        """The packet to mux; None for what comes before the first IDR."""
        if self._tick0 is None:
            if record.stream != VIDEO or not record.key:
                return None
            self._tick0 = record.pts
            self._sample0 = int(record.pts * self._source.tick * self._source.sample_rate)
        packet = av.Packet(record.data)
        if record.stream == VIDEO:
            packet.stream, packet.time_base = self._video, self._source.tick
            packet.pts = packet.dts = record.pts - self._tick0
            packet.duration = 1
            packet.is_keyframe = record.key
        else:
            at = record.pts - self._sample0
            if at < 0:
                return None
            packet.stream, packet.time_base = self._audio, Fraction(1, self._source.sample_rate)
            packet.pts = packet.dts = at
            packet.duration = 1024
            packet.is_keyframe = True
        return packet
