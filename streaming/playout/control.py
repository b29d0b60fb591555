"""Control: what each message to playout does.

Handlers run between ticks and never wait; a request whose work is slow is answered when it is done.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from streaming import take as takes
from streaming.channel import Message
from streaming.errors import BadInput, Conflict, NightAnchorError, NotFound
from streaming.overlays.bubbles import MAX_BUBBLES
from streaming.playout.playout import Playout
from streaming.take import Take

MAX_TEXT = 2000


class Control:
    """Answers the messages of docs/architecture.md for one `Playout`."""

    def __init__(self, playout: Playout) -> None:
        self._playout = playout
        self._port = playout.port
        self._ops: dict[str, Callable[[Message], None]] = {
            "take.enqueue": self._enqueue, "take.cancel": self._cancel, "take.stop": self._stop,
            "epoch": self._epoch, "look": self._look, "card": self._card, "chat": self._chat,
            "header": self._header, "slate": self._slate, "state": self._state,
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
        except Exception as e:
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

        def loaded(take: Any, error: Exception | None) -> None:
            def action() -> None:
                if error is not None:
                    path.unlink(missing_ok=True)
                    raise error
                self._accept(message, take, path, front=at == "front")

            self._guard(message, action)

        self._playout.loader.submit(lambda: takes.load(path), loaded)

    def _accept(self, message: Message, take: Take, path: Path, *, front: bool) -> None:
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
            raise Conflict(f"take {take.take_id} is playing", next_step="Give every take its own id.")
        ended = playout.queue.add(take, front=front)
        path.unlink(missing_ok=True)
        playout.stage.prepare(take)
        for one in ended:
            playout.finish(one)
        queued_s = round(playout.queue.queued_s, 3)
        playout.remember(lambda: self._port.reply(message, queued_s=queued_s))

    def _cancel(self, message: Message) -> None:
        ids = message.get("take_ids")
        if ids is not None and not isinstance(ids, list):
            raise BadInput("take_ids is neither a list nor null", next_step="Send a list of take ids.")
        gone = self._playout.queue.cancel(None if ids is None else [str(i) for i in ids])
        for one in gone:
            self._playout.finish(one)
        self._playout.remember()
        self._port.reply(message, cancelled=[one.take_id for one in gone])

    def _stop(self, message: Message) -> None:
        take = self._playout.player.stop()
        self._port.reply(message, stopped=take.take_id if take else None)

    def _epoch(self, message: Message) -> None:
        for one in self._playout.queue.raise_epoch(int(message["epoch"])):
            self._playout.finish(one)
        self._playout.remember()
        self._port.reply(message)

    def _look(self, message: Message) -> None:
        when = message.get("when", "boundary")
        if when not in ("boundary", "now"):
            raise BadInput(f"when is {when!r}", next_step="Use `boundary` or `now`.")

        def done(error: Exception | None) -> None:
            def action() -> None:
                if error is not None:
                    raise error
                self._port.reply(message)

            self._guard(message, action)

        path, fade_ms = str(message["path"]), float(message.get("fade_ms") or 0)
        self._playout.looks.request(path, fade_ms=fade_ms, now=when == "now", done=done)

    def _card(self, message: Message) -> None:
        product = message["product"]
        if product is not None:
            if not isinstance(product, dict):
                raise BadInput("product is neither an object nor null", next_step="Send its fields or null.")
            product = {str(k): None if v is None else str(v)[:MAX_TEXT] for k, v in product.items()}
        self._playout.stage.card(product)
        self._playout.journal.product = product
        self._done(message)

    def _chat(self, message: Message) -> None:
        line = [_text(message, name) for name in ("user", "text", "kind")]
        self._playout.stage.bubble(*line)
        bubbles = self._playout.journal.bubbles
        self._playout.journal.bubbles = [*bubbles, line][-MAX_BUBBLES:]
        self._done(message)

    def _header(self, message: Message) -> None:
        journal = self._playout.journal
        journal.title, journal.subtitle = _text(message, "title"), _text(message, "subtitle")
        self._playout.stage.header(journal.title, journal.subtitle)
        self._done(message)

    def _slate(self, message: Message) -> None:
        journal = self._playout.journal
        wanted = bool(message["on"]), _text(message, "text")
        if wanted != (journal.slate_on, journal.slate_text):
            journal.slate_on, journal.slate_text = wanted
            self._playout.stage.slate(*wanted)
        self._done(message)

    def _done(self, message: Message) -> None:
        self._playout.remember()
        self._port.reply(message)

    def _state(self, message: Message) -> None:
        playout = self._playout
        playing = playout.player.playing
        self._port.reply(
            message, playing=playing.take_id if playing else None, queue=playout.queue.ids,
            queue_s=round(playout.queue.queued_s, 3), look=playout.looks.path or None,
            epoch=playout.queue.epoch,
        )


def _text(message: Message, name: str) -> str:
    value = message.get(name)
    return "" if value is None else str(value)[:MAX_TEXT]
