"""Muxer: packets in, fMP4 fragments and FLV tags out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from streaming import flv, fmp4
from streaming.aigc import Notice
from streaming.fmp4 import Sample
from streaming.ring import VIDEO, Record
from streaming.sps import frame_rate

FRAGMENT_S = 0.2
AAC_FRAME = 1024


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes for one of the two rings; `form` is `fmp4` or `flv`."""

    form: str
    data: bytes
    key: bool
    time_ms: int


class Muxer:
    """Both forms of one encoder's packets; raises `Corrupt` for an init segment it can't read.

    Video pts count frames; how long one lasts is read from the stream itself.
    """

    def __init__(self, config: bytes, notice: Notice | None = None) -> None:
        self.video, self.audio = fmp4.tracks(config)
        self.fps_num, self.fps_den = frame_rate(self.video.config)
        mime = f'video/mp4; codecs="{self.video.codec},{self.audio.codec}"'
        self.fmp4_config = json.dumps({"mime": mime}).encode() + b"\n" + config
        self.flv_config = flv.head(
            self.video.config, self.audio.config,
            {
                "duration": 0.0, "width": float(self.video.width), "height": float(self.video.height),
                "framerate": self.fps_num / self.fps_den, "videocodecid": 7.0, "audiocodecid": 10.0,
                "audiosamplerate": float(self.audio.timescale), "audiosamplesize": 16.0, "stereo": True,
                "encoder": "NightAnchor", **(notice or Notice()).metadata(),
            },
        )
        self._per_tick = self.video.timescale * self.fps_den // self.fps_num
        self._sequence = 0
        self._pictures: list[Sample] = []
        self._sounds: list[Sample] = []
        self._begun = False

    def gap(self) -> None:
        """Packets were lost: what is half collected is dropped, and the next IDR begins anew."""
        self._pictures, self._sounds, self._begun = [], [], False

    def feed(self, record: Record) -> Iterator[Chunk]:
        """Chunks that this packet completes."""
        if not self._begun:
            if record.stream != VIDEO or not record.key:
                return
            self._begun = True
        if record.stream == VIDEO:
            ms = record.pts * 1000 * self.fps_den // self.fps_num
            yield Chunk("flv", flv.video_tag(ms, record.key, record.data), record.key, ms)
            full = len(self._pictures) * self.fps_den / self.fps_num >= FRAGMENT_S
            if self._pictures and (full or record.key):
                yield self._fragment()
            time = record.pts * self._per_tick
            self._pictures.append(Sample(time, self._per_tick, record.key, record.data))
        else:
            ms = record.pts * 1000 // self.audio.timescale
            yield Chunk("flv", flv.audio_tag(ms, record.data), False, ms)
            self._sounds.append(Sample(record.pts, AAC_FRAME, True, record.data))

    def _fragment(self) -> Chunk:
        self._sequence += 1
        first = self._pictures[0]
        data = fmp4.fragment(self._sequence, [(self.video, self._pictures), (self.audio, self._sounds)])
        self._pictures, self._sounds = [], []
        return Chunk("fmp4", data, first.key, first.time * 1000 // self.video.timescale)
