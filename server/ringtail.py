"""RingTail: follows a muxed ring from the event loop, for one viewer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from streaming.ring import RingReader

POLL_S = 0.03
LIMIT = 64


class RingTail:
    """A cursor in a ring that may not exist yet; a slow viewer is moved on to the newest key record."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader: RingReader | None = None

    async def follow(self, ended: asyncio.Event | None = None) -> AsyncIterator[tuple[bytes | None, bytes]]:
        """Yield `(config, b"")` at the start and after each new writer, else `(None, records)`."""
        started = False
        try:
            while ended is None or not ended.is_set():
                if self._reader is None:
                    self._reader = RingReader.try_open(self._path)
                reader = self._reader
                if reader is not None:
                    if reader.renewed():
                        started = False
                    if not started and reader.config:
                        started = True
                        yield reader.config, b""
                    if started:
                        lost = reader.lost
                        records = reader.read(LIMIT)
                        if reader.lost != lost:
                            # The cursor now stands on a key record; what came before the gap is of no use.
                            first = next((n for n, r in enumerate(records) if r.key), len(records))
                            records = records[first:]
                        if records:
                            yield None, b"".join(r.data for r in records)
                            continue
                await asyncio.sleep(POLL_S)
        finally:
            if self._reader is not None:
                self._reader.close()
                self._reader = None
