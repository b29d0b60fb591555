"""ResidentEngine: the language base in the studio, in the adapter that the room wears."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Protocol

from pipelines.brief import Message, messages, sources
from pipelines.writer.engine import EngineDown, EngineGarbage, EngineKind, EngineSlow, Request, Sampling
from streaming.errors import BadInput, Conflict, NightAnchorError, TimedOut

PIECES = 4096
"""More pieces than the longest text has tokens."""


class Write(Protocol):
    """How the studio is asked."""

    def __call__(
        self, room: str, conversation: list[Message], sampling: dict[str, Any], tell: Callable[[str], None], /
    ) -> Awaitable[str]:
        """Have a text written; `tell` gets its pieces. Cancelling ends the writing."""


class ResidentEngine:
    """Gives the model exactly the form of `pipelines.brief`, which it was trained on."""

    kind: EngineKind = "resident"

    def __init__(self, write: Write, name: str) -> None:
        self._write, self.name, self.remark = write, name, ""
        self._seeds = itertools.count(1)

    async def stream(self, request: Request, sampling: Sampling) -> AsyncGenerator[str, None]:
        """The text in pieces; raises `EngineFault`."""
        pieces: asyncio.Queue[str | None] = asyncio.Queue(PIECES)

        def tell(piece: str) -> None:
            with contextlib.suppress(asyncio.QueueFull):
                pieces.put_nowait(piece)

        how = {
            "max_tokens": sampling.max_tokens, "temperature": sampling.temperature, "top_p": sampling.top_p,
            "repetition_penalty": sampling.repetition_penalty, "seed": next(self._seeds),
            "copy_bias": sampling.copy_bias, "sources": list(sources(request.brief)),
        }
        task = asyncio.ensure_future(self._write(request.room, messages(request.brief), how, tell))
        task.add_done_callback(lambda _: tell_end(pieces))
        told = ""
        try:
            while (piece := await pieces.get()) is not None:
                told += piece
                yield piece
            rest = (await task)[len(told) :]
            if rest:
                yield rest
        except (TimedOut, Conflict) as e:
            raise EngineSlow(e.message, next_step=e.next_step) from e
        except BadInput as e:
            raise EngineGarbage(e.message, next_step=e.next_step) from e
        except NightAnchorError as e:
            raise EngineDown(e.message, next_step=e.next_step) from e
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def aclose(self) -> None:
        """Nothing is held."""


def tell_end(pieces: asyncio.Queue[str | None]) -> None:
    """Mark the end, in the last place when the queue is full."""
    if pieces.full():
        pieces.get_nowait()
    pieces.put_nowait(None)
