"""Ring: one writer, many readers, records in shared memory that nobody waits for.

Playout writes encoded packets into one ring; sinks, recorder and preview read it, each at its own
pace. A reader that falls a whole ring behind is moved to the newest key record and told how many
records it lost. The file lives in the run directory (tmpfs), so it outlives a restarted writer:
readers see `generation` change and go on with the new writer's records.

Layout (little-endian): a 4096-byte head, a 64 KiB `config` area, then the data area.
A record is a 40-byte header and its payload, contiguous, 8-byte aligned; a header with size
`WRAP` sends the reader back to the start of the data area. Positions are absolute byte counts that
only grow; `position % capacity` is the offset. The writer publishes `tail` (oldest whole record)
before it overwrites and `head` after it has written, and a reader checks `tail` again after copying.
"""

from __future__ import annotations

import mmap
import os
import struct
import time
from dataclasses import dataclass
from pathlib import Path

HEAD = 4096
CONFIG = 64 * 1024
_FIXED = struct.Struct("<8sIIQQQQQQ")
"""magic, version, pad, capacity, generation, head, tail, last_key, config_size."""
_RECORD = struct.Struct("<IBBHqqqQ")
"""size, stream, flags, pad, pts, dts, mono_ns, sequence."""
_Q = struct.Struct("<Q")
_GENERATION, _HEAD_POS, _TAIL_POS, _LAST_KEY, _CONFIG_SIZE = 24, 32, 40, 48, 56
MAGIC = b"NARING01"
WRAP = 0xFFFFFFFF
NONE = (1 << 64) - 1

VIDEO = 0
AUDIO = 1
KEY = 1


@dataclass(frozen=True, slots=True)
class Record:
    """One packet (or muxed chunk): `pts`/`dts` in the stream's time base, `mono_ns` when written."""

    stream: int
    key: bool
    pts: int
    dts: int
    mono_ns: int
    sequence: int
    data: bytes


class RingWriter:
    """The only writer of a ring; creates the file, or takes over one with a new generation."""

    def __init__(self, path: Path, capacity: int, config: bytes = b"") -> None:
        capacity = -(-capacity // 8) * 8
        total = HEAD + CONFIG + capacity
        previous = 0
        try:
            if path.stat().st_size == total:
                with open(path, "rb") as f:
                    fixed = _FIXED.unpack(f.read(_FIXED.size))
                if fixed[0] == MAGIC and fixed[3] == capacity:
                    previous = fixed[4]
        except OSError:
            pass
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if os.fstat(fd).st_size != total:
                os.ftruncate(fd, total)
            self._m = mmap.mmap(fd, total)
        finally:
            os.close(fd)
        self._capacity = capacity
        self._head = 0
        self._tail = 0
        self._sequence = 0
        self.generation = max(previous + 1, time.time_ns() // 1_000_000)
        self._put(_GENERATION, NONE)
        _FIXED.pack_into(self._m, 0, MAGIC, 1, 0, capacity, NONE, 0, 0, NONE, 0)
        self.set_config(config)
        self._put(_GENERATION, self.generation)

    def _put(self, at: int, value: int) -> None:
        _Q.pack_into(self._m, at, value)

    def set_config(self, config: bytes) -> None:
        """Publish what a reader needs before the first record (an fMP4 init segment, an FLV head)."""
        if len(config) > CONFIG:
            raise ValueError(f"config of {len(config)} bytes is over {CONFIG}")
        self._m[HEAD : HEAD + len(config)] = config
        self._put(_CONFIG_SIZE, len(config))

    def write(self, data: bytes | memoryview, *, stream: int, key: bool, pts: int, dts: int) -> None:
        """Append one record; O(bytes), never waits."""
        size = len(data)
        need = -(-(_RECORD.size + size) // 8) * 8
        if need + _RECORD.size > self._capacity // 4:
            raise ValueError(f"record of {size} bytes is over a quarter of the ring")
        offset = self._head % self._capacity
        room = self._capacity - offset
        start = self._head if need <= room else self._head + room
        self._free(start + need)
        if start != self._head and room >= _RECORD.size:
            _RECORD.pack_into(self._m, HEAD + CONFIG + offset, WRAP, 0, 0, 0, 0, 0, 0, 0)
        at = HEAD + CONFIG + start % self._capacity
        _RECORD.pack_into(
            self._m, at, size, stream, KEY if key else 0, 0, pts, dts, time.monotonic_ns(), self._sequence
        )
        self._m[at + _RECORD.size : at + _RECORD.size + size] = bytes(data)
        self._sequence += 1
        if key and stream == VIDEO:
            self._put(_LAST_KEY, start)
        self._head = start + need
        self._put(_HEAD_POS, self._head)

    def _free(self, end: int) -> None:
        """Move the tail past every record that bytes up to `end` will overwrite."""
        while end - self._tail > self._capacity:
            offset = self._tail % self._capacity
            room = self._capacity - offset
            if room < _RECORD.size:
                self._tail += room
                continue
            size = _RECORD.unpack_from(self._m, HEAD + CONFIG + offset)[0]
            self._tail += room if size == WRAP else -(-(_RECORD.size + size) // 8) * 8
        self._put(_TAIL_POS, self._tail)

    def close(self) -> None:
        """Unmap; the file stays for readers."""
        self._m.close()


class RingReader:
    """One reader's cursor in a ring.

    Starts at the newest key record. `lost` counts records skipped because the reader was slow.
    """

    def __init__(self, path: Path) -> None:
        fd = os.open(path, os.O_RDONLY)
        try:
            total = os.fstat(fd).st_size
            if total <= HEAD + CONFIG:
                raise FileNotFoundError(f"{path} is not a ring yet")
            self._m = mmap.mmap(fd, total, prot=mmap.PROT_READ)
        finally:
            os.close(fd)
        if self._m[:8] != MAGIC:
            raise FileNotFoundError(f"{path} is not a ring yet")
        self._capacity = total - HEAD - CONFIG
        self.lost = 0
        self.generation = NONE
        self._cursor: int | None = None
        self._sequence = -1

    @classmethod
    def try_open(cls, path: Path) -> RingReader | None:
        """A reader of `path`, None while its writer has not made it yet."""
        try:
            return cls(path)
        except OSError:
            return None

    def _get(self, at: int) -> int:
        return int(_Q.unpack_from(self._m, at)[0])

    @property
    def config(self) -> bytes:
        """What the writer published with `set_config`."""
        return bytes(self._m[HEAD : HEAD + self._get(_CONFIG_SIZE)])

    def renewed(self) -> bool:
        """Whether another writer took the ring over since the last call (true the first time).

        After True, `config` may differ and reading goes on from the new writer's newest key record.
        """
        generation = self._get(_GENERATION)
        if generation in (NONE, self.generation):
            return False
        self.generation = generation
        self._cursor = None
        self._sequence = -1
        return True

    def seek_key(self) -> bool:
        """Move to the newest key record; False when there is none yet."""
        key, tail, head = self._get(_LAST_KEY), self._get(_TAIL_POS), self._get(_HEAD_POS)
        if key == NONE or not tail <= key < head:
            return False
        self._cursor = key
        self._sequence = -1
        return True

    def read(self, limit: int = 64) -> list[Record]:
        """Return up to `limit` records after the cursor; empty when there is nothing new.

        After a writer's takeover it returns nothing until `renewed` has been asked.
        """
        if self._get(_GENERATION) != self.generation:
            return []
        if self._cursor is None and not self.seek_key():
            return []
        assert self._cursor is not None
        out: list[Record] = []
        while len(out) < limit:
            if self._cursor >= self._get(_HEAD_POS):
                break
            record = self._one()
            if record is None:
                if self._cursor < self._get(_TAIL_POS):
                    break
                continue
            if 0 <= self._sequence < record.sequence - 1:
                self.lost += record.sequence - 1 - self._sequence
            self._sequence = record.sequence
            out.append(record)
        if self._get(_GENERATION) != self.generation:
            return []
        return out

    def _one(self) -> Record | None:
        """Copy the record at the cursor and step over it; None when the writer overtook us."""
        assert self._cursor is not None
        while True:
            if self._cursor < self._get(_TAIL_POS):
                self._overtaken()
                return None
            offset = self._cursor % self._capacity
            room = self._capacity - offset
            if room < _RECORD.size:
                self._cursor += room
                continue
            at = HEAD + CONFIG + offset
            size, stream, flags, _, pts, dts, mono_ns, sequence = _RECORD.unpack_from(self._m, at)
            if size == WRAP:
                if self._cursor < self._get(_TAIL_POS):
                    self._overtaken()
                    return None
                self._cursor += room
                continue
            data = bytes(self._m[at + _RECORD.size : at + _RECORD.size + size])
            if self._cursor < self._get(_TAIL_POS):
                self._overtaken()
                return None
            self._cursor += -(-(_RECORD.size + size) // 8) * 8
            return Record(stream, bool(flags & KEY), pts, dts, mono_ns, sequence, data)

    def _overtaken(self) -> None:
        """Jump to the newest key record, keeping the sequence so that `read` counts the gap."""
        last = self._sequence
        self.seek_key()
        self._sequence = last

    def close(self) -> None:
        """Unmap."""
        self._m.close()
