"""FLV (Adobe Flash Video File Format 10.1, annex E): tags out of packets, and a reader's own clock.

    flow = Rebaser()
    out = flow.start(config)            # head, metadata, sequence headers
    out += flow.feed(record)            # whole tags, the first record beginning with an IDR
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

AUDIO_TAG, VIDEO_TAG, SCRIPT_TAG = 8, 9, 18
_AAC = 0xAF
"""AAC, 44 kHz, 16 bit, stereo: what the tag must say for AAC, whatever the stream is (E.4.2.1)."""
_LIMIT_MS = 0x7FFFFFFF


def tag(kind: int, at_ms: int, body: bytes) -> bytes:
    """One tag and its trailing size; `at_ms` 0..2^31-1."""
    at = at_ms & 0xFFFFFFFF
    head = struct.pack(">B", kind) + len(body).to_bytes(3, "big")
    head += (at & 0xFFFFFF).to_bytes(3, "big") + bytes([at >> 24]) + b"\0\0\0"
    return head + body + struct.pack(">I", 11 + len(body))


def head(avcc: bytes, asc: bytes, metadata: Mapping[str, float | str | bool]) -> bytes:
    """File header, onMetaData and both sequence headers."""
    out = b"FLV\x01\x05" + struct.pack(">II", 9, 0)
    out += tag(SCRIPT_TAG, 0, _on_metadata(metadata))
    out += tag(VIDEO_TAG, 0, b"\x17\x00\x00\x00\x00" + avcc)
    return out + tag(AUDIO_TAG, 0, bytes([_AAC, 0]) + asc)


def video_tag(at_ms: int, key: bool, data: bytes) -> bytes:
    """One AVC picture with composition time 0."""
    return tag(VIDEO_TAG, at_ms, (b"\x17" if key else b"\x27") + b"\x01\x00\x00\x00" + data)


def audio_tag(at_ms: int, data: bytes) -> bytes:
    """One raw AAC frame."""
    return tag(AUDIO_TAG, at_ms, bytes([_AAC, 1]) + data)


def _on_metadata(values: Mapping[str, float | str | bool]) -> bytes:
    out = b"\x02" + _name("onMetaData") + b"\x08" + struct.pack(">I", len(values))
    for key, value in values.items():
        out += _name(key)
        if isinstance(value, bool):
            out += b"\x01" + bytes([value])
        elif isinstance(value, str):
            out += b"\x02" + _name(value)
        else:
            out += b"\x00" + struct.pack(">d", value)
    return out + b"\x00\x00\x09"


def _name(text: str) -> bytes:
    raw = text.encode()
    return struct.pack(">H", len(raw)) + raw


class Rebaser:
    """Moves tags to a clock that starts at 0 for one reader and goes on over restarts of the encoder."""

    def __init__(self) -> None:
        self._shift: int | None = None
        self._last = 0
        self._started = False

    def start(self, config: bytes) -> bytes:
        """What to send before the first record of an encoder; after a restart, its new sequence headers."""
        self._shift = None
        if not self._started:
            self._started = True
            return config
        return b"".join(
            tag(kind, self._last, body) for kind, _, body in tags(config[13:]) if kind != SCRIPT_TAG
        )

    def feed(self, record: bytes) -> bytes:
        """The same tags with this reader's times (milliseconds)."""
        out = bytearray()
        for kind, at_ms, body in tags(record):
            if self._shift is None:
                self._shift = (self._last + 40 if self._last else 0) - at_ms
            moved = min(max(0, at_ms + self._shift), _LIMIT_MS)
            self._last = max(self._last, moved)
            out += tag(kind, moved, body)
        return bytes(out)


def tags(data: bytes) -> list[tuple[int, int, bytes]]:
    """Kind, time in milliseconds and body of each whole tag in `data`."""
    out = []
    at = 0
    while at + 11 <= len(data):
        size = int.from_bytes(data[at + 1 : at + 4], "big")
        time = int.from_bytes(data[at + 4 : at + 7], "big") | data[at + 7] << 24
        out.append((data[at], time, data[at + 11 : at + 11 + size]))
        at += 11 + size + 4
    return out
