"""`python -m pipelines.voice.worker`: the process that makes takes of lines."""

from __future__ import annotations

import contextlib
import logging
import time
import uuid
import zlib
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.face import face_track
from pipelines.line import LANGS, Line, Speech
from pipelines.voice import recording
from pipelines.voice.espeak_engine import EspeakEngine
from pipelines.voice.normalise import spoken
from pipelines.voice.speaker import Speaker
from streaming import take as takes
from streaming.channel import Message
from streaming.child import Child
from streaming.errors import BadInput, NightAnchorError, NotFound
from streaming.take import Mark, Take

log = logging.getLogger("nightanchor.voice")

STALE_S = 300.0
CLIP_STALE_S, CLIPS_MB = 6 * 3600.0, 256
"""How long a recording may wait to be said, and what all together may take; the oldest go first."""
_FIELDS = {f.name for f in fields(Line)}


def make_take(
    speaker: Speaker, line: Line, *, fps_num: int, fps_den: int, sample_rate: int, clips: Path | None = None
) -> Take:
    """Voice a line, or take the recording in `clips` that it names, and give it a face."""
    if line.clip and clips is not None:
        pcm = recording.load(_clip_path(clips, line.clip), sample_rate)
        speech = recording.speech_of(pcm, sample_rate, line.text, line.lang)
    else:
        speech = speaker.speak(line, sample_rate)
    face = face_track(
        speech, fps_num=fps_num, fps_den=fps_den, mood=line.mood, seed=zlib.crc32(line.line_id.encode()),
        question=line.text.rstrip().endswith(("?", "？", "吗", "呢")),
    )
    return Take(
        take_id=uuid.uuid4().hex[:16], line_id=line.line_id, room=line.room, epoch=line.epoch, text=line.text,
        lang=line.lang, fps_num=fps_num, fps_den=fps_den, sample_rate=sample_rate, pcm=_int16(speech), face=face,
        marks=tuple(Mark(w.start, w.end, w.t0, w.t1) for w in speech.words),
    )


def _clip_path(folder: Path, clip: str) -> Path:
    if not clip.isalnum():
        raise BadInput(f"{clip!r} names no recording", next_step="Record it again.")
    return folder / f"{clip}.wav"


def _int16(speech: Speech) -> Any:
    return np.rint(np.clip(speech.pcm, -1, 1) * 32767).astype(np.int16)


class Worker:
    """Answers `speak`, `hear` and `voices`."""

    def __init__(self, run_dir: Path) -> None:
        self._folder, self._clips = run_dir / "takes", run_dir / "clips"
        self._clips.mkdir(exist_ok=True)
        self._speaker = Speaker(EspeakEngine())
        self.spoken = 0
        self.last_ms = 0.0
        self.alive: Callable[[], object] = lambda: None
        """Called between two long steps, so that the supervisor does not take work for death."""

    def warm_up(self) -> None:
        """Load dictionaries and filters before the first line asks for them."""
        self._speaker.engine.warm_up()
        spoken("今日は500円です。", "ja")
        line = Line("warm-up", "", 0, "好了，99.9元。OK", "zh", "script")
        make_take(self._speaker, line, fps_num=25, fps_den=1, sample_rate=44_100)

    def handle(self, message: Message) -> dict[str, Any]:
        """The answer's fields; raises `NightAnchorError`."""
        match message.get("op"):
            case "speak":
                return self._speak(message)
            case "hear":
                return self._hear(message)
            case "voices":
                return {
                    "voices": [{"id": v.id, "lang": v.lang, "name": v.name} for v in self._speaker.engine.voices()]
                }
        raise NotFound(f"voice has no operation {message.get('op')!r}")

    def _speak(self, message: Message) -> dict[str, Any]:
        began = time.monotonic()
        given = message.get("line")
        try:
            line = Line(**{k: v for k, v in dict(given or {}).items() if k in _FIELDS})
            fps_num, fps_den = int(message["fps_num"]), int(message.get("fps_den", 1))
            sample_rate = int(message.get("sample_rate", 44_100))
        except (TypeError, ValueError, KeyError) as e:
            raise BadInput(f"speak: {e!r}", next_step="send line, fps_num, fps_den and sample_rate") from e
        if line.lang not in LANGS:
            raise BadInput(f"there is no language {line.lang!r}", next_step=f"use one of: {', '.join(LANGS)}")
        take = make_take(
            self._speaker, line, fps_num=fps_num, fps_den=fps_den, sample_rate=sample_rate, clips=self._clips
        )
        path = self._folder / f"{take.take_id}.take"
        takes.save(take, path)
        self.spoken += 1
        self.last_ms = round((time.monotonic() - began) * 1000, 1)
        return {"take": str(path), "take_id": take.take_id, "duration_s": take.duration_s, "ticks": take.ticks}

    def _hear(self, message: Message) -> dict[str, Any]:
        """Decode and level what an operator spoke, to be named by a line later."""
        path, rate = Path(str(message.get("path"))), int(message.get("sample_rate") or 44_100)
        if self._clips.resolve() not in path.resolve().parents:
            raise BadInput(f"{path} lies outside the clips folder", next_step=f"Write it into {self._clips}.")
        sound = recording.decode(path, rate)
        self.alive()
        pcm = recording.prepare(sound, rate)
        self.alive()
        clip = uuid.uuid4().hex[:16]
        recording.save(pcm, rate, _clip_path(self._clips, clip))
        self._shed()
        return {"clip": clip, "duration_s": round(len(pcm) / rate, 2)}

    def _shed(self) -> None:
        """Delete recordings that are old, or too many."""
        left = CLIPS_MB << 20
        now = time.time()
        with contextlib.suppress(OSError):
            for path in sorted(self._clips.glob("*.*"), key=lambda p: p.stat().st_mtime, reverse=True):
                stat = path.stat()
                left -= stat.st_size
                if left < 0 or now - stat.st_mtime > CLIP_STALE_S:
                    path.unlink()

    def sweep(self) -> None:
        """Delete takes that nobody fetched, as after a crash of their asker, and old recordings."""
        self._shed()
        for path in self._folder.glob("*.*"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > STALE_S:
                    path.unlink()


def main() -> None:
    """Work until the supervisor says stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    child = Child.from_env()
    worker = Worker(child.run_dir)
    worker.alive = lambda: child.beat(force=True)
    worker.warm_up()
    child.beat(force=True)
    sweep_at = time.monotonic() + STALE_S
    while child.running:
        for message in child.poll(0.1):
            try:
                child.reply(message, **worker.handle(message))
            except NightAnchorError as e:
                child.refuse(message, e)
            except Exception as e:
                log.exception("%s failed", message.get("op"))
                child.refuse(message, BadInput(f"the voice failed on this text: {e}", next_step="word it differently"))
            child.beat({"spoken": worker.spoken, "last_ms": worker.last_ms})
        child.beat({"spoken": worker.spoken, "last_ms": worker.last_ms})
        if time.monotonic() > sweep_at:
            sweep_at = time.monotonic() + STALE_S
            worker.sweep()


if __name__ == "__main__":
    main()
