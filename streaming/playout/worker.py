"""Worker: a thread for what is too slow for a tick; results come back on the tick's own thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from streaming.errors import Conflict

MAX_JOBS = 256

Job = Callable[[], Any]
Then = Callable[[Any, Exception | None], None]


class _Entry(NamedTuple):
    key: str
    stamp: int
    job: Job
    then: Then


class Worker:
    """Runs jobs one after the other; `drain` hands their results over.

    A job with a `key` is dropped, or its result ignored, once a newer job with that key was submitted.
    """

    def __init__(self, name: str) -> None:
        self._jobs: queue.Queue[_Entry | None] = queue.Queue(MAX_JOBS)
        self._results: queue.SimpleQueue[tuple[_Entry, Any, Exception | None]] = queue.SimpleQueue()
        self._newest: dict[str, int] = {}
        self._stamp = 0
        self._open = 0
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, job: Job, then: Then, key: str = "") -> None:
        """Queue `job`; `then(result, error)` is called by a later `drain`. Raises `Conflict` when full."""
        self._stamp += 1
        entry = _Entry(key, self._stamp, job, then)
        try:
            self._jobs.put_nowait(entry)
        except queue.Full:
            raise Conflict("playout is busy with earlier requests", next_step="Try again shortly.") from None
        self._open += 1
        if key:
            self._newest[key] = entry.stamp

    def _outdated(self, entry: _Entry) -> bool:
        return bool(entry.key) and self._newest.get(entry.key) != entry.stamp

    def _run(self) -> None:
        while (entry := self._jobs.get()) is not None:
            result: Any = None
            error: Exception | None = None
            if not self._outdated(entry):
                try:
                    result = entry.job()
                except Exception as e:
                    error = e
            self._results.put((entry, result, error))

    def drain(self, timeout_s: float = 0.0, limit: int = 16) -> int:
        """Call `then` of up to `limit` finished jobs, waiting up to `timeout_s` for the first."""
        done = 0
        while done < limit:
            try:
                if done == 0 and timeout_s > 0:
                    entry, result, error = self._results.get(timeout=timeout_s)
                else:
                    entry, result, error = self._results.get_nowait()
            except queue.Empty:
                break
            done += 1
            self._open -= 1
            if not self._outdated(entry):
                entry.then(result, error)
        return done

    @property
    def busy(self) -> bool:
        """Whether results are still to come or to be drained."""
        return self._open > 0

    def close(self) -> None:
        """Let the thread end after the jobs it has."""
        try:
            self._jobs.put(None, timeout=1)
        except queue.Full:
            return
        self._thread.join(1)
