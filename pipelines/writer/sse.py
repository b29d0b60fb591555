"""Server-sent events as servers really send them (WHATWG HTML, 9.2.6), bounded in every direction."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

MAX_LINE = 64 * 1024
"""Longest line in characters; a longer one is no event of a chat."""


class EventLines:
    """Cuts bytes into the `data` of events: any line end, comments and other fields skipped, bad UTF-8 replaced."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._buffer = ""
        self._data: list[str] = []
        self.overlong = 0

    def feed(self, chunk: bytes) -> Iterator[str]:
        """The data of every event that is complete now."""
        self._buffer += self._decode.decode(chunk)
        *lines, self._buffer = self._buffer.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for line in lines:
            yield from self._line(line)
        if len(self._buffer) > MAX_LINE:
            self._buffer = ""
            self.overlong += 1

    def end(self) -> Iterator[str]:
        """What is left when the connection ends; some servers leave out the last empty line."""
        if self._buffer:
            yield from self._line(self._buffer)
            self._buffer = ""
        yield from self._line("")

    def _line(self, line: str) -> Iterator[str]:
        if not line:
            if self._data:
                data, self._data = "\n".join(self._data), []
                yield data
            return
        name, _, value = line.partition(":")
        if name != "data":
            return
        value = value.removeprefix(" ")
        # Each line of a chat is an event of its own; servers that leave out the empty line between two mean the same.
        if self._data and value[:1] in "{[":
            yield "\n".join(self._data)
            self._data = []
        self._data.append(value)
