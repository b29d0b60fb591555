"""Control: what each message to playout does.

Handlers run between ticks and never wait; a request whose work is slow is answered when it is done.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from streaming import take as takes
from streaming.channel import Message
from streaming.errors import BadInput, NightAnchorError, NotFound
from streaming.playout.playout import Playout
from streaming.take import Take


class Control:
    """Answers the messages of docs/architecture.md for one `Playout`."""

    def __init__(self, playout: Playout) -> None:
        self._playout = playout
        self._port = playout.port
        self._ops: dict[str, Callable[[Message], None]] = {
            "take.enqueue": self._enqueue,
            "take.cancel": self._cancel,
            "take.stop": self._stop,
            "epoch": self._epoch,
            "state": self._state,
        }

    def handle(self, message: Message) -> None:
        """Carry out one message; whatever is wrong with it becomes its answer."""
        op = message.get("op")
        handler = self._ops.get(op) if isinstance(op, str) else None
        if handler is None:
            self._port.refuse(message, NotFound(f"playout has no operation {op!r}"))
            return
        self._guard(message, lambda: handler(message))

    def _guard(self, message: Message, action: Callable[[], None]) -> None:
        try:
            action()
        except NightAnchorError as e:
            self._port.refuse(message, e)
        except (TypeError, ValueError, KeyError, OSError) as e:
            fault = BadInput(
                f"{message.get('op')}: {type(e).__name__}: {e}", next_step="Check the message's fields."
            )
            self._port.refuse(message, fault)

    def _enqueue(self, message: Message) -> None:
        path = Path(str(message["take"]))
        at = message.get("at", "back")
        if at not in ("front", "back"):
            raise BadInput(f"at is {at!r}", next_step="Use `back` or `front`.")
        folder = (self._playout.run_dir / "takes").resolve()
        if folder not in path.resolve().parents:
            raise BadInput(
                f"{path} lies outside the takes folder", next_step=f"Write takes into {folder}."
            )

        def accept(take: Any, error: Exception | None) -> None:
            def action() -> None:
                if error is not None:
                    path.unlink(missing_ok=True)
                    raise error
                self._accept(take, path, front=at == "front")
                self._port.reply(message, queued_s=round(self._playout.queue.queued_s, 3))

            self._guard(message, action)

        self._playout.loader.submit(lambda: takes.load(path), accept)

    def _accept(self, take: Take, path: Path, *, front: bool) -> None:
        playout = self._playout
        s = playout.config.encoder
        if (take.fps_num, take.fps_den, take.sample_rate) != (s.fps_num, s.fps_den, s.sample_rate):
            path.unlink(missing_ok=True)
            raise BadInput(
                f"take {take.take_id} is for {take.fps_num}/{take.fps_den} fps at {take.sample_rate} Hz",
                next_step=f"Make it for {s.fps_num}/{s.fps_den} fps at {s.sample_rate} Hz.",
            )
        playing = playout.player.playing
        if playing is not None and playing.take_id == take.take_id:
            raise BadInput(f"take {take.take_id} is playing", next_step="Give every take its own id.")
        ended = playout.queue.add(take, front=front)
        path.unlink(missing_ok=True)
        for one in ended:
            playout.finish(one)

    def _cancel(self, message: Message) -> None:
        ids = message.get("take_ids")
        if ids is not None and not isinstance(ids, list):
            raise BadInput("take_ids is neither a list nor null", next_step="Send a list of take ids.")
        gone = self._playout.queue.cancel(None if ids is None else [str(i) for i in ids])
        for one in gone:
            self._playout.finish(one)
        self._port.reply(message, cancelled=[one.take_id for one in gone])

    def _stop(self, message: Message) -> None:
        take = self._playout.player.stop()
        self._port.reply(message, stopped=take.take_id if take else None)

    def _epoch(self, message: Message) -> None:
        for one in self._playout.queue.raise_epoch(int(message["epoch"])):
            self._playout.finish(one)
        self._port.reply(message)

    def _state(self, message: Message) -> None:
        playing = self._playout.player.playing
        self._port.reply(
            message, playing=playing.take_id if playing else None, queue=self._playout.queue.ids,
            queue_s=round(self._playout.queue.queued_s, 3), epoch=self._playout.queue.epoch,
        )
