"""What a receiver sees: pull a stream with outside tools and judge what came out."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt


def pull(url: str, path: Path, seconds: float) -> Path:
    """Record `seconds` of `url` with ffmpeg, without decoding."""
    subprocess.run(
        ["ffmpeg", "-v", "error", "-rw_timeout", "15000000", "-i", url, "-t", str(seconds), "-c", "copy", "-y",
         str(path)],
        check=True, timeout=seconds + 45, stdin=subprocess.DEVNULL,
    )
    return path


def probe(path: Path, *args: str) -> dict[str, Any]:
    """Return ffprobe's JSON for `path`."""
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-of", "json", *args, str(path)], check=True, capture_output=True, text=True,
        timeout=60,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def luma(path: Path, box: tuple[int, int, int, int]) -> npt.NDArray[np.uint8]:
    """Every decoded frame's luma under `box` (x, y, w, h): shape (frames, h, w)."""
    x, y, w, h = box
    out = []
    with av.open(str(path)) as source:
        for frame in source.decode(source.streams.video[0]):
            plane = np.frombuffer(frame.planes[0], np.uint8).reshape(frame.height, frame.planes[0].line_size)
            out.append(plane[y : y + h, x : x + w].copy())
    return np.stack(out)


def sound(path: Path) -> tuple[npt.NDArray[np.float32], int]:
    """All samples of the first audio stream, shape (samples, channels), and their rate."""
    parts, rate = [], 0
    with av.open(str(path)) as source:
        for frame in source.decode(source.streams.audio[0]):
            parts.append(frame.to_ndarray())
            rate = frame.sample_rate
    return np.concatenate(parts, axis=1).T, rate
