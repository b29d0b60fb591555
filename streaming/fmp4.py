"""Fragmented MP4 (ISO/IEC 14496-12): read an init segment, write fragments that continue it.

The encoder's own init segment is what a player gets, so all that is left to write is `moof` and `mdat`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from streaming.errors import Corrupt

_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl"}
_SYNC, _NON_SYNC = 0x02000000, 0x01010000
"""Sample flags: depends on no other sample; depends on others and is no sync sample (8.8.3.1)."""


@dataclass(frozen=True, slots=True)
class Track:
    """One track of an init segment; `config` is the avcC record or the AudioSpecificConfig."""

    id: int
    kind: str
    timescale: int
    config: bytes
    width: int = 0
    height: int = 0

    @property
    def codec(self) -> str:
        """The RFC 6381 name, as in a MIME type's `codecs`."""
        if self.kind == "video":
            return "avc1." + self.config[1:4].hex()
        return f"mp4a.40.{self.config[0] >> 3}"


@dataclass(frozen=True, slots=True)
class Sample:
    """One packet: decode time and duration in the track's timescale."""

    time: int
    duration: int
    key: bool
    data: bytes


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Type, payload start and end of each box between `start` and `end`; raises `Corrupt`."""
    at = start
    end = len(data) if end is None else end
    while at + 8 <= end:
        size, name = struct.unpack_from(">I4s", data, at)
        if size < 8 or at + size > end:
            raise Corrupt(f"box {name!r} is cut off", next_step="restart the encoder")
        yield name, at + 8, at + size
        at += size


def tracks(init: bytes) -> tuple[Track, Track]:
    """The video and the audio track of an init segment; raises `Corrupt` when one is missing."""
    found: dict[str, Track] = {}
    try:
        for name, start, end in boxes(init):
            if name == b"moov":
                for inner, a, b in boxes(init, start, end):
                    if inner == b"trak":
                        track = _track(init, a, b)
                        found[track.kind] = track
        return found["video"], found["audio"]
    except (KeyError, IndexError, struct.error) as e:
        raise Corrupt(f"init segment is not understood: {e}", next_step="restart the encoder") from e


def _flat(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    for name, a, b in boxes(data, start, end):
        yield name, a, b
        if name in _CONTAINERS:
            yield from _flat(data, a, b)


def _track(data: bytes, start: int, end: int) -> Track:
    where = {name: (a, b) for name, a, b in _flat(data, start, end)}
    tkhd, mdhd, stsd = where[b"tkhd"][0], where[b"mdhd"][0], where[b"stsd"]
    number = struct.unpack_from(">I", data, tkhd + (20 if data[tkhd] else 12))[0]
    timescale = struct.unpack_from(">I", data, mdhd + (20 if data[mdhd] else 12))[0]
    entry, a, b = next(boxes(data, stsd[0] + 8, stsd[1]))
    if entry == b"avc1":
        width, height = struct.unpack_from(">HH", data, a + 24)
        inside = {name: data[x:y] for name, x, y in boxes(data, a + 78, b)}
        return Track(number, "video", timescale, inside[b"avcC"], width, height)
    inside = {name: data[x:y] for name, x, y in boxes(data, a + 28, b)}
    return Track(number, "audio", timescale, _specific_config(inside[b"esds"]))


def _specific_config(esds: bytes) -> bytes:
    """DecoderSpecificInfo (tag 5) inside ES_Descriptor and DecoderConfigDescriptor (14496-1, 7.2.6)."""
    at = 4
    while at < len(esds):
        tag, at, size = esds[at], at + 1, 0
        while True:
            byte = esds[at]
            at += 1
            size = size << 7 | byte & 0x7F
            if not byte & 0x80:
                break
        if tag == 5:
            return esds[at : at + size]
        if tag == 3:
            at += 3
        elif tag == 4:
            at += 13
        else:
            at += size
    raise KeyError("DecoderSpecificInfo")


def _box(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), name) + body


def fragment(sequence: int, parts: list[tuple[Track, list[Sample]]]) -> bytes:
    """One `moof` and its `mdat`; tracks without samples are left out."""
    parts = [(track, samples) for track, samples in parts if samples]
    size = len(_moof(sequence, parts, [0] * len(parts)))
    offsets, at = [], size + 8
    for _, samples in parts:
        offsets.append(at)
        at += sum(len(s.data) for s in samples)
    return _moof(sequence, parts, offsets) + _box(b"mdat", *(s.data for _, samples in parts for s in samples))


def _moof(sequence: int, parts: list[tuple[Track, list[Sample]]], offsets: list[int]) -> bytes:
    trafs = []
    for (track, samples), offset in zip(parts, offsets, strict=True):
        tfhd = _box(b"tfhd", struct.pack(">II", 0x020000, track.id))
        tfdt = _box(b"tfdt", struct.pack(">IQ", 0x01000000, samples[0].time))
        runs = b"".join(
            struct.pack(">III", s.duration, len(s.data), _SYNC if s.key else _NON_SYNC) for s in samples
        )
        trun = _box(b"trun", struct.pack(">IIi", 0x000701, len(samples), offset), runs)
        trafs.append(_box(b"traf", tfhd, tfdt, trun))
    return _box(b"moof", _box(b"mfhd", struct.pack(">II", 0, sequence)), *trafs)
