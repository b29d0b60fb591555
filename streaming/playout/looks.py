"""Look switch: loads a look off air and puts it on stage at the right tick."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from streaming.errors import NightAnchorError, NotFound
from streaming.playout.worker import Worker

if TYPE_CHECKING:
    from streaming.compositor import Presenter
    from streaming.playout.playout import Playout

MAX_FADE_MS = 5000
MAX_FAILURES = 25
"""Failed ticks in a row after which a presenter is taken off the stage."""

OpenLook = Callable[[str, float], "Presenter"]


def open_presenter(path: str, fps: float) -> Presenter:
    """Load the look at `path`. Raises an error of `streaming.errors` when it can't be read."""
    from streaming.look import Look
    from streaming.presenter import Presenter as LookPresenter

    if not Path(path).exists():
        raise NotFound(f"look {path} does not exist", next_step="Choose or add another look.")
    return LookPresenter(Look.open(Path(path)), fps, 1)


class _Due(NamedTuple):
    path: str
    presenter: Presenter
    fade_ticks: int
    now: bool


class LookSwitch:
    """The look on stage, and the one about to follow it."""

    def __init__(self, playout: Playout, open_look: OpenLook = open_presenter) -> None:
        self._playout = playout
        self._open = open_look
        self._worker = Worker("looks")
        self._due: _Due | None = None
        self._failures = 0
        s = playout.config.encoder
        self._fps = s.fps_num / s.fps_den
        self.path = ""

    def request(
        self, path: str, *, fade_ms: float, now: bool, done: Callable[[Exception | None], None]
    ) -> None:
        """Load `path`; `done(None)` once it can be shown, or `done(error)` when it can't be."""
        fade_ticks = round(min(max(fade_ms, 0), MAX_FADE_MS) / 1000 * self._fps)

        def loaded(presenter: Any, error: Exception | None) -> None:
            if error is None:
                self._due = _Due(path, presenter, fade_ticks, now)
            done(error)

        self._worker.submit(lambda: self._open(path, self._fps), loaded)

    def begin(self, path: str, timeout_s: float) -> None:
        """Show `path` from the first frame on if it loads within `timeout_s`, else as soon as it does."""
        faults = self._playout.faults

        def done(error: Exception | None) -> None:
            if error is None:
                faults.pop("look", None)
            else:
                faults["look"] = error.message if isinstance(error, NightAnchorError) else repr(error)
                configured = self._playout.config.look
                if configured and configured != path:
                    self.request(configured, fade_ms=0, now=True, done=lambda _: None)

        self.request(path, fade_ms=0, now=True, done=done)
        self._worker.drain(timeout_s)
        self.step(at_boundary=True)

    def step(self, *, at_boundary: bool) -> None:
        """Put the look that waits on stage if its moment has come."""
        due = self._due
        if due is None or not (due.now or at_boundary):
            return
        self._due = None
        playout = self._playout
        try:
            playout.compositor.set_presenter(due.presenter, due.fade_ticks)
        except Exception as e:
            playout.faults["look"] = f"{due.path}: {type(e).__name__}: {e}"
            return
        self._failures = 0
        self.path = playout.journal.look = due.path
        playout.faults.pop("look", None)
        playout.stage.presenter_changed()
        playout.port.send("look.shown", path=due.path)
        playout.remember()

    def failed(self, error: Exception) -> None:
        """Take note that a tick could not be rendered; a presenter that keeps failing leaves the stage."""
        self._failures += 1
        self._playout.faults["render"] = f"{type(error).__name__}: {error}"
        if self._failures == MAX_FAILURES:
            self.path = ""
            self._playout.compositor.set_presenter(None)
            self._playout.stage.presenter_changed()

    def drain(self) -> None:
        """Take over what was loaded."""
        self._worker.drain()

    @property
    def busy(self) -> bool:
        """Whether a look is being loaded."""
        return self._worker.busy

    def close(self) -> None:
        """End the loading thread."""
        self._worker.close()
