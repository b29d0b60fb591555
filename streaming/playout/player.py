"""Player: the take on air, sample by sample and tick by tick."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from streaming.take import FACE_TRACKS, FaceFrame, Take
from streaming.take_queue import Finished, Outcome, TakeQueue

STOP_FADE_S = 0.12

Pcm = npt.NDArray[np.int16]


@dataclass(slots=True)
class Step:
    """What one tick says: mono samples, the face (None in silence), and takes that began or ended."""

    pcm: Pcm
    face: FaceFrame | None = None
    started: Take | None = None
    finished: list[Finished] = field(default_factory=list)


class Player:
    """Plays takes from the queue, one after the other, with silence where there is none."""

    def __init__(self, queue: TakeQueue, sample_rate: int) -> None:
        self.queue = queue
        self.playing: Take | None = None
        self._rate = sample_rate
        self._at = 0
        self._tick = 0
        self._tracks: list[npt.NDArray[np.float32]] = []
        self._stop_at: int | None = None
        self._stop_len = max(1, round(STOP_FADE_S * sample_rate))

    @property
    def elapsed_s(self) -> float:
        """Seconds of the playing take that have been handed out."""
        return self._at / self._rate

    @property
    def at_boundary(self) -> bool:
        """Whether no take is in the middle of being spoken."""
        return self.playing is None

    def stop(self) -> Take | None:
        """Fade the playing take out within `STOP_FADE_S`; returns it, or None in silence."""
        if self.playing is not None and self._stop_at is None:
            self._stop_at = self._at
        return self.playing

    def step(self, count: int) -> Step:
        """Hand out the next `count` samples and the face that goes with them."""
        out = Step(np.zeros(count, np.int16))
        if self.playing is None:
            self._begin(out)
        take = self.playing
        if take is None:
            return out
        part = take.pcm[self._at : self._at + count]
        out.pcm[: len(part)] = part
        gain = 1.0
        if self._stop_at is not None:
            done = np.arange(self._at - self._stop_at, self._at - self._stop_at + count)
            ramp = np.clip(1 - done / self._stop_len, 0, 1)
            out.pcm = np.rint(out.pcm * ramp).astype(np.int16)
            gain = float(ramp[0])
        out.face = self._face(gain)
        self._at += count
        self._tick += 1
        if self._stop_at is not None and self._at - self._stop_at >= self._stop_len:
            self._end(out, "stopped")
        elif self._at >= len(take.pcm):
            self._end(out, "played" if self._stop_at is None else "stopped")
        return out

    def _begin(self, out: Step) -> None:
        take = self.queue.pop()
        if take is None:
            return
        self.playing = out.started = take
        self._at = self._tick = 0
        self._stop_at = None
        empty = np.zeros(0, np.float32)
        self._tracks = [take.face.get(name, empty) for name in FACE_TRACKS]

    def _end(self, out: Step, outcome: Outcome) -> None:
        assert self.playing is not None
        out.finished.append(Finished(self.playing.take_id, self.playing.line_id, outcome))
        self.playing = None
        self._stop_at = None

    def _face(self, gain: float) -> FaceFrame:
        i = self._tick
        return FaceFrame(*(float(t[min(i, len(t) - 1)]) * gain if len(t) else 0.0 for t in self._tracks))
