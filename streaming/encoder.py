"""Encoder: one H.264 and one AAC stream out of canvases and PCM.

The encoders are those of an fMP4 container that only ever writes its head: what a ring's reader gets
as the init segment and what the packets were made with can't differ. Packets are H.264 in AVCC form
(ISO/IEC 14496-15: 4-byte lengths instead of start codes) and raw AAC frames.
"""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple, cast

import av
import numpy as np
import numpy.typing as npt
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from streaming.canvas import Canvas
from streaming.errors import BadInput
from streaming.ring import AUDIO, VIDEO

log = logging.getLogger("nightanchor.encoder")

GOP_S = 2
_BT709 = 1
_LIMITED = 1
_AUD = 9
"""H.264 NAL unit type 9, access unit delimiter (Rec. ITU-T H.264, table 7-1)."""


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """What both streams are made with; bit rates in kbit/s (1000 bit)."""

    width: int = 720
    height: int = 1280
    fps_num: int = 25
    fps_den: int = 1
    sample_rate: int = 44_100
    video_kbps: int = 2500
    audio_kbps: int = 128
    encoder: str = "auto"
    preset: str = "veryfast"
    threads: int = 1

    def __post_init__(self) -> None:
        if self.encoder not in ("auto", "x264", "nvenc"):
            raise BadInput(
                f"encoder {self.encoder!r} is unknown", next_step="Set encoder to auto, x264 or nvenc."
            )

    @property
    def gop(self) -> int:
        """Ticks from one IDR to the next."""
        return max(1, round(GOP_S * self.fps_num / self.fps_den))


class Packet(NamedTuple):
    """One encoded packet; `pts` in ticks (video) or samples (audio)."""

    stream: int
    key: bool
    pts: int
    data: bytes


def to_avcc(data: bytes) -> bytes:
    """Turn start codes into 4-byte lengths; drops access unit delimiters, keeps every other NAL unit."""
    out = bytearray()
    at = data.find(b"\0\0\1")
    while at >= 0:
        after = data.find(b"\0\0\1", at + 3)
        nal = data[at + 3 : after if after >= 0 else len(data)].rstrip(b"\0")
        if nal and nal[0] & 31 != _AUD:
            out += len(nal).to_bytes(4, "big") + nal
        at = after
    return bytes(out)


class Encoder:
    """Both encoders and the init segment that describes them.

    `init_segment` is an fMP4 `ftyp`+`moov`; `name` is `x264` or `nvenc`. Raises `BadInput` when the
    settings can't be opened.
    """

    def __init__(self, settings: EncoderSettings) -> None:
        self.settings = settings
        names = ["nvenc", "x264"] if settings.encoder == "auto" else [settings.encoder]
        fault: Exception | None = None
        for name in names:
            try:
                self._open(name)
            except (av.FFmpegError, ValueError) as e:
                fault = e
                log.info("encoder %s does not open here: %s", name, e)
                continue
            self.name = name
            log.info("encoding %dx%d with %s", settings.width, settings.height, name)
            break
        else:
            raise BadInput(
                f"no encoder opens with these settings: {fault}",
                next_step="Set encoder to x264 and check size, frame rate and bit rate.",
            ) from fault
        self._tick_base = Fraction(settings.fps_den, settings.fps_num)
        self._sample_base = Fraction(1, settings.sample_rate)
        self._pending = np.empty(0, np.int16)
        self._fed = 0
        self.video_end = 0
        self.audio_end = 0

    def _open(self, name: str) -> None:
        s = self.settings
        self._file = io.BytesIO()
        flags = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
        self._container = av.open(self._file, "w", format="mp4", options=flags)
        rate = Fraction(s.fps_num, s.fps_den)
        codec, options = ("libx264", _x264(s)) if name == "x264" else ("h264_nvenc", _nvenc())
        stream = cast(VideoStream, self._container.add_stream(codec, rate=rate, options=options))
        v: VideoCodecContext = stream.codec_context
        v.width, v.height, v.pix_fmt = s.width, s.height, "yuv420p"
        v.time_base = 1 / rate
        v.bit_rate = s.video_kbps * 1000
        v.gop_size, v.max_b_frames, v.thread_count = s.gop, 0, s.threads
        v.colorspace = v.color_primaries = v.color_trc = _BT709
        v.color_range = _LIMITED
        sound: AudioStream = self._container.add_stream("aac", rate=s.sample_rate, layout="stereo")
        a: AudioCodecContext = sound.codec_context
        a.bit_rate = s.audio_kbps * 1000
        self._container.start_encoding()
        self._v, self._a = v, a
        self.init_segment = self._file.getvalue()
        self._avcc = (v.extradata or b"")[:1] == b"\x01"
        self._frame_size = a.frame_size or 1024

    @property
    def av_offset_ms(self) -> float:
        """How far sound handed in is ahead of (+) or behind (-) the pictures handed in.

        Taken from the time stamps of the newest packets, plus what the audio encoder still holds.
        """
        s = self.settings
        held = self._fed - self.audio_end + len(self._pending)
        sound = (self.audio_end + held) / s.sample_rate
        return (sound - self.video_end * s.fps_den / s.fps_num) * 1000

    def picture(self, canvas: Canvas) -> av.VideoFrame:
        """A frame that shares the memory of `canvas`, to be handed to `video` again and again."""
        return av.VideoFrame.from_numpy_buffer(canvas.data, "yuv420p")

    def video(self, picture: av.VideoFrame, tick: int) -> list[Packet]:
        """Encode `picture` as it is now with pts `tick`."""
        picture.pts = tick
        picture.time_base = self._tick_base
        out = []
        for p in self._v.encode(picture):
            data = bytes(p)
            pts = tick if p.pts is None else int(p.pts)
            out.append(Packet(VIDEO, bool(p.is_keyframe), pts, data if self._avcc else to_avcc(data)))
            self.video_end = pts + 1
        return out

    def audio(self, pcm: npt.NDArray[np.int16]) -> list[Packet]:
        """Encode mono `pcm` (any length) on both channels; packets come in units of 1024 samples.

        The encoder's own 1024 samples of priming come before sample 0 and are left out.
        """
        self._pending = np.concatenate((self._pending, pcm)) if len(self._pending) else pcm
        out: list[Packet] = []
        size = self._frame_size
        while len(self._pending) >= size:
            mono = self._pending[:size] * np.float32(1 / 32768)
            self._pending = self._pending[size:]
            frame = av.AudioFrame.from_ndarray(np.stack((mono, mono)), format="fltp", layout="stereo")
            frame.sample_rate = self.settings.sample_rate
            frame.time_base = self._sample_base
            frame.pts = self._fed
            self._fed += size
            for p in self._a.encode(frame):
                pts = int(p.pts or 0)
                self.audio_end = pts + size
                if pts >= 0:
                    out.append(Packet(AUDIO, False, pts, bytes(p)))
        return out


def _x264(s: EncoderSettings) -> dict[str, str]:
    """Options for constant bit rate that holds on a still picture, and an IDR every GOP exactly."""
    return {
        "preset": s.preset,
        "tune": "zerolatency",
        "nal-hrd": "cbr",
        "x264-params": (
            f"force-cfr=1:keyint={s.gop}:min-keyint={s.gop}:scenecut=0:annexb=0"
            f":vbv-maxrate={s.video_kbps}:vbv-bufsize={s.video_kbps}"
        ),
    }


def _nvenc() -> dict[str, Any]:
    return {
        "preset": "p4", "tune": "ll", "rc": "cbr", "cbr_padding": "1", "zerolatency": "1",
        "forced-idr": "1", "strict_gop": "1", "no-scenecut": "1", "bf": "0",
    }
