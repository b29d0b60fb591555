"""Lately: what was said in the last minutes, so that nothing is said twice within them."""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from rapidfuzz import fuzz, process

T = TypeVar("T")

KEPT = 2048
SAVED = 160
NEAR = 92.0
"""rapidfuzz ratio (0..100) of two folded sentences from which they count as the same."""
LEAST = 6
"""Characters; anything shorter is within much."""
_NOISE = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class _Said:
    at: float
    text: str
    raw: str = ""


def without(text: str, names: Iterable[str]) -> str:
    """A sentence without the names of those to whom it is said."""
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "")
    return text


def fold(text: str) -> str:
    """A sentence without case, width, spaces and marks: what a listener would take for the same."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", text[:400]).casefold())


def says_again(text: str, other: str) -> bool:
    """Whether the shorter of two sentences is within the longer, with no more than a few words before or after it."""
    short, long = sorted((fold(text), fold(other)), key=len)
    return len(short) >= LEAST and len(short) > 0.5 * len(long) and fuzz.partial_ratio(short, long) >= NEAR


class Lately:
    """Sentences of the last `window_s` seconds; 0 remembers nothing. Times are monotonic seconds."""

    def __init__(self, window_s: float, *, clock: Callable[[], float], state: Iterable[Any] | None = None) -> None:
        self._window_s, self._clock = window_s, clock
        self._said: deque[_Said] = deque(maxlen=KEPT)
        for entry in state or ():
            if isinstance(entry, (list, tuple)) and len(entry) == 2:
                self._said.append(_Said(clock() - float(entry[0]), str(entry[1])))

    def note(self, text: str, names: Iterable[str] = ()) -> None:
        """This sentence is being said; to somebody else of `names` it would be the same."""
        folded = fold(without(text, names))
        if folded and self._window_s > 0:
            self._said.append(_Said(self._clock(), folded, text[:400]))

    def age(self, text: str) -> float | None:
        """Seconds since this sentence, or one that sounds the same, was said; None when not within the window."""
        now, folded = self._clock(), fold(text)
        while self._said and now - self._said[0].at > self._window_s:
            self._said.popleft()
        if not folded:
            return None
        texts = [said.text for said in self._said]
        alike = process.extract(folded, texts, scorer=fuzz.ratio, score_cutoff=NEAR, limit=None)
        return now - self._said[max(place for _, _, place in alike)].at if alike else None

    def fresh(self, text: str) -> bool:
        """Whether it was not said within the window."""
        return self.age(text) is None

    def freshest(self, pool: Iterable[T], spoken: Callable[[T], str]) -> T | None:
        """The first of `pool` that is fresh, else the one said longest ago: the show must never fall silent."""
        oldest: tuple[float, T] | None = None
        for one in pool:
            age = self.age(spoken(one))
            if age is None:
                return one
            if oldest is None or age > oldest[0]:
                oldest = (age, one)
        return oldest[1] if oldest else None

    def latest(self, limit: int) -> tuple[str, ...]:
        """The newest sentences as they were said, oldest first."""
        return tuple(s.raw for s in list(self._said)[-limit:] if s.raw)

    def state(self) -> list[tuple[float, str]]:
        """What `__init__` takes after a restart: the newest sentences and their age."""
        now = self._clock()
        return [(round(now - s.at, 1), s.text) for s in list(self._said)[-SAVED:] if now - s.at <= self._window_s]
