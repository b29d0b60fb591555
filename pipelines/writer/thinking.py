"""Thinking: takes out of a stream what a reasoning model thinks aloud between <think> and </think>."""

from __future__ import annotations

OPEN, CLOSE = "<think>", "</think>"


class Thinking:
    """What is between the marks is dropped, however the marks are cut into pieces."""

    def __init__(self) -> None:
        self._inside = False
        self._held = ""

    def feed(self, piece: str) -> str:
        """What of it is to be said."""
        self._held += piece
        out = ""
        while True:
            mark = CLOSE if self._inside else OPEN
            head, found, rest = self._held.partition(mark)
            if found:
                out += "" if self._inside else head
                self._held, self._inside = rest, not self._inside
                continue
            keep = _begun(self._held, mark)
            if not self._inside:
                out += self._held[: len(self._held) - keep]
            self._held = self._held[len(self._held) - keep :]
            return out

    def end(self) -> str:
        """What was held back because it might have been a mark."""
        held, self._held = self._held, ""
        return "" if self._inside else held


def _begun(text: str, mark: str) -> int:
    """Length of the longest end of `text` that is a beginning of `mark`."""
    return next((n for n in range(min(len(mark) - 1, len(text)), 0, -1) if text.endswith(mark[:n])), 0)
