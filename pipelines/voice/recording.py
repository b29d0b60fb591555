"""Recording: what an operator spoke into a browser becomes speech of the presenter, levelled and with moving lips.

Called in the voice process only: a file from outside is decoded by FFmpeg, which may crash on it.
"""

from __future__ import annotations

import wave
from pathlib import Path

import av
import numpy as np
from scipy import signal

from pipelines.face import hearing
from pipelines.line import Lang, Phone, Speech, WordSpan
from pipelines.voice import loudness
from pipelines.voice.engine import Pcm
from streaming.errors import BadInput

MAX_S, MIN_S = 60.0, 0.25
MAX_BYTES = 8 << 20
EDGE_S = 0.12
"""What is left of the silence before and after the words."""
_GAP_S = 0.04
_AGAIN = "Record it again, or send WebM, Ogg, WAV, MP3, M4A or FLAC."


def container(head: bytes) -> str:
    """FFmpeg's name for what a file that begins with `head` (at least 16 bytes) is; raises `BadInput`.

    Only these are opened, and each by its name: probing would let a file be a playlist of other files.
    """
    if head[:4] == b"\x1aE\xdf\xa3":
        return "matroska"
    if head[:4] == b"OggS":
        return "ogg"
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "wav"
    if head[4:8] == b"ftyp":
        return "mp4"
    if head[:4] == b"fLaC":
        return "flac"
    if head[:2] in (b"\xff\xf1", b"\xff\xf9"):
        return "aac"
    if head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 in (0xE2, 0xE4, 0xE6)):
        return "mp3"
    raise BadInput("this is no sound file", next_step=_AGAIN)


def decode(path: Path, rate: int) -> Pcm:
    """Mono sound of a file at `rate`; raises `BadInput` for what can't be decoded or is over `MAX_S` long."""
    with open(path, "rb") as f:
        form = container(f.read(16))
    parts: list[Pcm] = []
    count, limit = 0, int(MAX_S * rate) + rate // 10
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=rate)
    try:
        with av.open(str(path), format=form, options={"protocol_whitelist": "file"}) as source:
            if not source.streams.audio:
                raise BadInput("there is no sound in this file", next_step=_AGAIN)
            for frame in source.decode(source.streams.audio[0]):
                for part in resampler.resample(frame):
                    parts.append(part.to_ndarray()[0].astype(np.float32))
                    count += len(parts[-1])
                if count > limit:
                    raise BadInput(f"the recording is over {MAX_S:.0f} s long", next_step="Say it in parts.")
            parts += [p.to_ndarray()[0].astype(np.float32) for p in resampler.resample(None)]
    except (av.FFmpegError, ValueError, EOFError) as e:
        # A recording that was cut off is heard up to there.
        if count < MIN_S * rate:
            raise BadInput(f"the sound can't be decoded: {_plain(e)}", next_step=_AGAIN) from e
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def _plain(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error) or type(error).__name__


def prepare(pcm: Pcm, rate: int) -> Pcm:
    """Speech without rumble and without silence at its ends, at the loudness of all takes; raises `BadInput`."""
    pcm = np.clip(np.nan_to_num(pcm, posinf=0.0, neginf=0.0), -4, 4)
    if len(pcm) < MIN_S * rate:
        raise BadInput("the recording is too short", next_step="Hold the button while you speak.")
    sos = signal.butter(2, 80, "highpass", fs=rate, output="sos")
    pcm = signal.sosfiltfilt(sos, pcm).astype(np.float32)
    spoken = np.flatnonzero(hearing.speech(pcm, rate)) * hearing.HOP_S
    if not len(spoken) or loudness.loudness(pcm, rate) < -60:
        raise BadInput("nothing is heard in the recording", next_step="Check the microphone and its level.")
    first, last = max(0.0, spoken[0] - EDGE_S), spoken[-1] + hearing.HOP_S + EDGE_S
    return loudness.level(_eased(pcm[int(first * rate) : int(last * rate)], rate), rate)


def _eased(pcm: Pcm, rate: int) -> Pcm:
    out = pcm.copy()
    n = min(int(0.02 * rate), len(out) // 2)
    ramp = np.linspace(0, 1, n, dtype=np.float32)
    out[:n] *= ramp
    out[len(out) - n :] *= ramp[::-1]
    return out


def save(pcm: Pcm, rate: int, path: Path) -> None:
    """Keep prepared sound as 16-bit WAV."""
    part = path.with_suffix(".part")
    with wave.open(str(part), "wb") as f:
        f.setnchannels(1)
        f.setsampwidth(2)
        f.setframerate(rate)
        f.writeframes(np.rint(np.clip(pcm, -1, 1) * 32767).astype("<i2").tobytes())
    part.replace(path)


def load(path: Path, rate: int) -> Pcm:
    """What `save` wrote; raises `BadInput` when it is gone or of another rate."""
    try:
        with wave.open(str(path), "rb") as f:
            if f.getframerate() != rate:
                raise wave.Error("another rate")
            data = f.readframes(f.getnframes())
    except (OSError, EOFError, wave.Error) as e:
        raise BadInput("the recording is gone", next_step="Record it again.") from e
    return (np.frombuffer(data, "<i2") / np.float32(32767)).astype(np.float32)


def speech_of(pcm: Pcm, rate: int, text: str, lang: Lang) -> Speech:
    """Speech with the phonemes that are heard in it; `text` is spread over what is spoken."""
    heard = hearing.phones(pcm, rate)
    return Speech(pcm, rate, heard, tuple(spread(text, heard)), lang)


def spread(text: str, heard: tuple[Phone, ...]) -> list[WordSpan]:
    """When each character is said, if all take equally long and none falls into a pause."""
    runs: list[tuple[float, float]] = []
    for phone in heard:
        if phone.name == "_":
            continue
        if runs and phone.t0 - runs[-1][1] < _GAP_S:
            runs[-1] = (runs[-1][0], phone.t1)
        else:
            runs.append((phone.t0, phone.t1))
    if not text or not runs:
        return []
    lengths = [b - a for a, b in runs]
    ends = np.cumsum([0.0, *lengths])

    def when(share: float, *, late: bool) -> float:
        at = share * ends[-1]
        n = min(int(np.searchsorted(ends, at, "right" if late else "left")) - 1, len(runs) - 1)
        n = max(n, 0)
        return float(runs[n][0] + min(at - ends[n], lengths[n]))

    size = len(text)
    return [WordSpan(k, k + 1, when(k / size, late=True), when((k + 1) / size, late=False)) for k in range(size)]
