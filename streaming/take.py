"""Take: one sentence ready for air, as PCM plus one face instruction per tick.

A take crosses from the voice process to playout as one file in the run directory (tmpfs), so
neither side copies PCM through a pipe. The reader deletes it once loaded.

File layout: 8-byte magic, little-endian u32 header length, UTF-8 JSON header, then the raw
little-endian arrays in header order, each aligned to 64 bytes.
"""

from __future__ import annotations

import json
import os
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from streaming.errors import Corrupt

MAGIC = b"NATAKE01"
MAX_HEADER = 256 * 1024
ALIGN = 64

FACE_TRACKS = ("open", "wide", "brow", "smile", "yaw", "pitch", "roll")
"""Per-tick face instructions, all float32.

open  0..1   jaw and lips: 0 closed, 1 the widest vowel
wide -1..1   lip shape: -1 rounded/pursed (u, o), 0 neutral, +1 spread (i, e)
brow  0..1   brows raised
smile 0..1   corners lifted
yaw, pitch, roll  -1..1  head pose *added* to idle motion, in units of the Look's own range
"""



class FaceFrame(NamedTuple):
    """One tick's face instruction; units as in `FACE_TRACKS`."""

    open: float = 0.0
    wide: float = 0.0
    brow: float = 0.0
    smile: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0


FloatTrack = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Mark:
    """When a run of caption characters is spoken.

    `start`/`end` index characters of `Take.text`; `t0`/`t1` are seconds from the take's start.
    """

    start: int
    end: int
    t0: float
    t1: float


@dataclass(frozen=True, slots=True)
class Take:
    """One sentence ready for air.

    `pcm` is mono int16 at `sample_rate`; `face` maps each name of `FACE_TRACKS` to an array of
    `ticks` values, where `ticks` covers the PCM: ticks = ceil(len(pcm) * fps / sample_rate).
    """

    take_id: str
    line_id: str
    room: str
    epoch: int
    text: str
    lang: str
    fps_num: int
    fps_den: int
    sample_rate: int
    pcm: npt.NDArray[np.int16]
    face: dict[str, FloatTrack]
    marks: tuple[Mark, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def ticks(self) -> int:
        """Ticks the take lasts."""
        samples = len(self.pcm) * self.fps_num
        per = self.sample_rate * self.fps_den
        return -(-samples // per)

    @property
    def duration_s(self) -> float:
        """Length of the PCM in seconds."""
        return len(self.pcm) / self.sample_rate


def save(take: Take, path: Path) -> None:
    """Write `take` to `path` so that a reader never sees half a file."""
    arrays: dict[str, npt.NDArray[Any]] = {"pcm": np.ascontiguousarray(take.pcm, np.int16)}
    arrays |= {f"face.{k}": np.ascontiguousarray(v, np.float32) for k, v in take.face.items()}
    head = {
        "take_id": take.take_id, "line_id": take.line_id, "room": take.room, "epoch": take.epoch,
        "text": take.text, "lang": take.lang, "fps_num": take.fps_num, "fps_den": take.fps_den,
        "sample_rate": take.sample_rate, "meta": take.meta,
        "marks": [[m.start, m.end, m.t0, m.t1] for m in take.marks],
        "arrays": [[k, a.dtype.str, len(a)] for k, a in arrays.items()],
    }
    blob = json.dumps(head, ensure_ascii=False).encode()
    part = path.with_suffix(".part")
    with open(part, "wb") as f:
        f.write(MAGIC + struct.pack("<I", len(blob)) + blob)
        for a in arrays.values():
            f.write(b"\0" * (-f.tell() % ALIGN))
            f.write(a.tobytes())
    os.replace(part, path)


def load(path: Path) -> Take:
    """Read a take back; raises `Corrupt` on anything that `save` did not write."""
    try:
        data = path.read_bytes()
    except OSError as e:
        raise Corrupt(f"take {path.name} can't be read: {e}") from e
    try:
        if data[:8] != MAGIC:
            raise ValueError("wrong magic")
        (size,) = struct.unpack_from("<I", data, 8)
        if size > MAX_HEADER:
            raise ValueError("header too long")
        head = json.loads(data[12 : 12 + size])
        at = 12 + size
        arrays: dict[str, npt.NDArray[Any]] = {}
        for name, dtype, n in head["arrays"]:
            at += -at % ALIGN
            want = np.dtype(np.int16 if name == "pcm" else np.float32)
            if np.dtype(dtype) != want:
                raise ValueError(f"array {name} has type {dtype}")
            arrays[name] = np.frombuffer(data, want, int(n), at)
            at += arrays[name].nbytes
        return Take(
            take_id=head["take_id"], line_id=head["line_id"], room=head["room"], epoch=int(head["epoch"]),
            text=head["text"], lang=head["lang"], fps_num=int(head["fps_num"]), fps_den=int(head["fps_den"]),
            sample_rate=int(head["sample_rate"]), pcm=arrays.pop("pcm"),
            face={k.removeprefix("face."): v for k, v in arrays.items()},
            marks=tuple(Mark(int(a), int(b), float(c), float(d)) for a, b, c, d in head["marks"]),
            meta=head["meta"],
        )
    except (ValueError, KeyError, TypeError, struct.error, UnicodeDecodeError) as e:
        raise Corrupt(f"take {path.name} is damaged: {e}") from e
