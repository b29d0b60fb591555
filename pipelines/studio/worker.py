"""`python -m pipelines.studio.worker`: the studio process, a child of the supervisor.

The main thread only reads and answers messages and beats. Texts are written by one thread, token by token in turn for
all that are open, so that a room's answer does not wait for another room's script. A second one stages and tries out,
in order; a third one paints, which may take minutes. Commits are done at once by the main thread.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from adapters.errors import AdapterError, NoSpace, Refused
from pipelines.studio.config import StudioConfig
from pipelines.studio.language import Sampling, Stale, Text
from pipelines.studio.studio import Studio
from pipelines.studio.visual import Brief
from streaming.channel import Message
from streaming.child import Child
from streaming.errors import BadInput, Conflict, NightAnchorError, NotFound, Spent, Unavailable

log = logging.getLogger("nightanchor.studio")

MAX_TEXTS = 16
MAX_JOBS = 32
Answer = Callable[[dict[str, Any] | NightAnchorError], None]
Jobs = queue.Queue[tuple[Callable[[], dict[str, Any]], Answer]]


@dataclass(slots=True)
class _Writing:
    """One text under way: `answer` is called at its end, `tell` with every piece."""

    job: str
    room: str
    messages: list[dict[str, str]]
    sampling: Sampling
    answer: Answer
    tell: Callable[[str], None]
    text: Text | None = None
    whole: str = ""
    cancelled: bool = False
    began: float = 0.0
    first_ms: float = 0.0


class Writers(threading.Thread):
    """Writes all open texts, one token each in turn."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(name="writers", daemon=True)
        self._studio = studio
        self._open: list[_Writing] = []
        self._wake = threading.Condition()

    def add(self, writing: _Writing) -> None:
        """Begin a text; raises `Conflict` when too many are open."""
        with self._wake:
            if len(self._open) >= MAX_TEXTS:
                raise Conflict(f"{MAX_TEXTS} texts are being written", next_step="Ask again in a moment.")
            self._open.append(writing)
            self._wake.notify()

    def cancel(self, job: str) -> None:
        """End a text; it is answered as far as it got."""
        with self._wake:
            for writing in self._open:
                writing.cancelled |= writing.job == job

    @property
    def busy(self) -> bool:
        """Whether a text is open."""
        return bool(self._open)

    def run(self) -> None:
        """Until the process ends."""
        while True:
            with self._wake:
                while not self._open:
                    self._wake.wait()
                turn = list(self._open)
            for writing in turn:
                if self._advance(writing):
                    with self._wake:
                        self._open.remove(writing)

    def _advance(self, w: _Writing) -> bool:
        """One token; True when the text is ended."""
        base = self._studio.language
        try:
            if base is None:
                raise Unavailable("this studio has no language base", next_step="Set language.path.")
            if w.cancelled:
                w.answer({"text": w.whole, "cancelled": True})
                return True
            slot = self._studio.slot_of(w.room)
            if w.text is None:
                w.began = time.monotonic()
                w.text = base.begin(w.messages, w.sampling, slot=slot)
                piece = base.show(w.text)
            elif w.text.slot != slot:
                raise Stale("the persona changed while this line was being written", next_step="Write it again.")
            else:
                piece = base.step(w.text)
            if piece:
                w.first_ms = w.first_ms or round((time.monotonic() - w.began) * 1000, 1)
                w.whole += piece
                w.tell(piece)
            if not w.text.done:
                return False
            base.finish(w.text)
            ms = round((time.monotonic() - w.began) * 1000, 1)
            w.answer({"text": w.whole, "tokens": len(w.text.out), "ms": ms, "first_ms": w.first_ms})
        except Exception as e:
            w.answer(as_ours(e))
        return True


class Worker:
    """Sorts messages to threads and their answers back to the channel."""

    def __init__(self, child: Child, studio: Studio) -> None:
        self._child, self._studio = child, studio
        self._writers = Writers(studio)
        self._jobs: Jobs = queue.Queue(MAX_JOBS)
        self._paintings: Jobs = queue.Queue(MAX_JOBS)
        self._out: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._unwanted: deque[str] = deque(maxlen=MAX_JOBS * 2)
        self._threads = [
            threading.Thread(target=self._work, args=(jobs,), name=name, daemon=True)
            for name, jobs in (("fitter", self._jobs), ("painter", self._paintings))
        ]

    def run(self) -> None:
        """Until the supervisor says stop."""
        self._writers.start()
        for thread in self._threads:
            thread.start()
        while self._child.running:
            waiting = 0.005 if self._jobs.unfinished_tasks or self._writers.busy else 0.05
            for message in self._child.poll(waiting):
                self._take(message)
            while not self._out.empty():
                self._out.get()()
            self._child.beat(self._status())

    def _status(self) -> dict[str, Any]:
        shelves = self._studio.shelves
        jobs = self._jobs.unfinished_tasks + self._paintings.unfinished_tasks
        return {
            "state": "ready", "device": str(self._studio.device), "memory_mb": self._studio.memory_mb,
            "staged": {kind: len(shelf) for kind, shelf in shelves.items()}, "jobs": jobs,
        }

    def _take(self, message: Message) -> None:
        def answer(result: dict[str, Any] | NightAnchorError) -> None:
            if isinstance(result, NightAnchorError):
                self._out.put(lambda: self._child.refuse(message, result))
            else:
                self._out.put(lambda: self._child.reply(message, **result))

        try:
            result = self._handle(message, answer)
        except Exception as e:
            answer(as_ours(e))
        else:
            if result is not None:
                answer(result)

    def _handle(self, m: Message, answer: Answer) -> dict[str, Any] | None:
        """An answer, or None when a thread will give one."""
        studio = self._studio
        try:
            match m.get("op"):
                case "state":
                    return studio.state()
                case "commit":
                    return studio.commit(str(m["room"]), m.get("visual"), m.get("language"))
                case "rollback":
                    return studio.rollback(str(m["room"]))
                case "release":
                    studio.release(str(m["room"]))
                    return {}
                case "drop":
                    studio.drop(str(m["sha256"]))
                    return {}
                case "cancel":
                    self._unwanted.append(str(m["job"]))
                    self._writers.cancel(str(m["job"]))
                    return {}
                case "write":
                    self._writers.add(self._writing(m, answer))
                    return None
                case op:
                    job = self._job(str(op), m)
        except (KeyError, TypeError, ValueError) as e:
            raise BadInput(f"{m.get('op')}: {e!r}") from e
        jobs = self._paintings if op in ("paint", "sample") else self._jobs
        try:
            jobs.put_nowait((job, answer))
        except queue.Full:
            raise Conflict("the studio has too much to do", next_step="Ask again in a moment.") from None
        return None

    def _job(self, op: str, m: Message) -> Callable[[], dict[str, Any]]:
        studio = self._studio
        match op:
            case "stage":
                path, digest, weight = Path(m["path"]), str(m["sha256"]), float(m.get("weight", 1.0))
                return lambda: studio.stage(m["kind"], path, digest, weight)
            case "try_out":
                room = str(m["room"])
                return lambda: studio.try_out(room, m.get("visual"), m.get("language"))
            case "paint":
                known = {f.name for f in fields(Brief)}
                brief = Brief(**{k: v for k, v in m["brief"].items() if k in known and k != "init"},
                              init=Path(m["brief"]["init"]) if m["brief"].get("init") else None)
                job, out = str(m.get("job", "")), Path(m["out"])
                return lambda: studio.paint(brief, m.get("visual"), out, lambda: job not in self._unwanted)
            case "sample":
                prompt = str(m.get("prompt", ""))
                if m["kind"] == "visual":
                    return lambda: studio.sample_picture(str(m["key"]), prompt, Path(m["out"]))
                return lambda: studio.sample_line(str(m["key"]), prompt)
        raise NotFound(f"the studio has no operation {op!r}")

    def _writing(self, m: Message, answer: Answer) -> _Writing:
        known = {f.name for f in fields(Sampling)}
        how: dict[str, Any] = {k: v for k, v in m.get("sampling", {}).items() if k in known}
        sampling = Sampling(**(how | {k: tuple(how[k]) for k in ("stop", "sources") if k in how}))
        messages = [{"role": str(p["role"]), "content": str(p["content"])} for p in m["messages"]]
        job, to = str(m["job"]), str(m.get("from", "server"))

        def tell(piece: str) -> None:
            self._out.put(lambda: _ignore(self._child.send("studio.text", to=to, job=job, text=piece)))

        return _Writing(job, str(m["room"]), messages, sampling, answer, tell)

    def _work(self, jobs: Jobs) -> None:
        while True:
            job, answer = jobs.get()
            try:
                with self._studio.aside():
                    result = job()
                answer(result)
            except Exception as e:
                answer(as_ours(e))
            finally:
                jobs.task_done()


def _ignore(_sent: bool) -> None:
    """A piece that nobody reads is dropped; the whole text comes with the answer."""


def as_ours(error: Exception) -> NightAnchorError:
    """An error as it travels over the channel; `reason` says which kind of refusal it was."""
    if isinstance(error, NightAnchorError):
        return error
    ours: NightAnchorError
    if isinstance(error, NoSpace):
        ours = Spent(error.message, next_step=error.next_step)
        ours.reason = error.reason
        return ours
    if isinstance(error, AdapterError):
        ours = BadInput(error.message, next_step=error.next_step)
        ours.reason = error.reason if isinstance(error, Refused) else "not_staged"
        return ours
    import torch

    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        ours = Spent("the device has no memory left for this", next_step="Lower studio.staged_mb or the picture size.")
        ours.reason = "no_memory"
        return ours
    log.error("a job failed", exc_info=error)
    ours = BadInput(f"the studio failed: {error}", next_step="See data/logs/studio.log.")
    ours.reason = "internal"
    return ours


def main() -> None:
    """Load the bases, then work until the supervisor says stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    child = Child.from_env()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        config = StudioConfig.parse(child.config)
        studio = Studio(config)
    except NightAnchorError as e:
        log.error("%s %s", e.message, e.next_step)
        child.send("notice", to="supervisor", message=e.message, next_step=e.next_step)
        time.sleep(5.0)
        raise SystemExit(3) from None
    log.info("resident: %s", studio.state())
    child.beat(force=True)
    Worker(child, studio).run()


if __name__ == "__main__":
    main()
