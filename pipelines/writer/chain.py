"""Chain: engines in the order in which they are preferred, the catalogue's own wording last."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pipelines.brief import Brief
from pipelines.writer.breaker import Breaker
from pipelines.writer.engine import Engine, EngineFault, EngineSlow, Request, Sampling, TemplateEngine

log = logging.getLogger(__name__)

PROBE = Request("", Brief("greet", "zh"))
PROBE_S = 10.0
Heard = Callable[[dict[str, Any]], None]


class Chain:
    """Knows which engine to ask now; one for all rooms, since a server that is down is down for all.

    An engine that was left alone is tried again beside the show by a short text of no room, so that no viewer waits for
    what may still be down.
    """

    def __init__(self, engines: Sequence[Engine], sampling: Sampling, *, clock: Callable[[], float]) -> None:
        self.sampling = sampling
        self.breakers = [Breaker(e) for e in engines]
        self.last_resort = TemplateEngine()
        self._clock = clock
        self._listeners: list[Heard] = []
        self._probes: dict[str, asyncio.Task[None]] = {}

    def listen(self, heard: Heard) -> Callable[[], None]:
        """Have every change of an engine's state told; returns what ends that."""
        self._listeners.append(heard)
        return lambda: self._listeners.remove(heard)

    @property
    def able(self) -> list[Breaker]:
        """Engines that may be asked now, best first; without the last resort."""
        return [b for b in self.breakers if b.closed]

    def good(self, breaker: Breaker, first_s: float, pieces: int, took_s: float) -> None:
        """An engine wrote."""
        if breaker.good(first_s, pieces, took_s):
            log.info("the writer %s is back", breaker.engine.name)
            self._tell(breaker)

    def bad(self, breaker: Breaker, fault: EngineFault) -> None:
        """An engine failed; when it is to be left alone, it is tried again later."""
        if breaker.bad(fault, self._clock()):
            log.warning("the writer %s is %s: %s; %s", breaker.engine.name, fault.state, fault, fault.next_step)
            self._tell(breaker)
        elif breaker.closed:
            log.info("the writer %s failed once: %s", breaker.engine.name, fault)
        name = breaker.engine.name
        if not breaker.closed and name not in self._probes:
            task = asyncio.get_running_loop().create_task(self._probe(breaker))
            self._probes[name] = task
            task.add_done_callback(lambda _: self._probes.pop(name, None))

    async def _probe(self, breaker: Breaker) -> None:
        while not breaker.closed:
            await asyncio.sleep(max(0.0, breaker.retry_at - self._clock()))
            began = self._clock()
            try:
                async with asyncio.timeout(PROBE_S):
                    found = await self._first_piece(breaker)
                took = self._clock() - began
                if found:
                    self.good(breaker, took, 1, took)
                else:
                    breaker.bad(EngineFault("it wrote nothing", next_step="See its log."), self._clock())
            except TimeoutError:
                self.bad(breaker, EngineSlow(f"{breaker.engine.name} wrote nothing for {PROBE_S:g} s"))
            except EngineFault as e:
                self.bad(breaker, e)
            except Exception:
                log.exception("the writer %s failed", breaker.engine.name)
                breaker.bad(EngineFault("it failed", next_step="See the server's log."), self._clock())

    async def _first_piece(self, breaker: Breaker) -> bool:
        async with contextlib.aclosing(breaker.engine.stream(PROBE, self.sampling)) as pieces:
            async for piece in pieces:
                if piece.strip():
                    return True
        return False

    def _tell(self, breaker: Breaker) -> None:
        for heard in list(self._listeners):
            heard(breaker.document())

    def document(self) -> dict[str, Any]:
        """The engine that writes now, or the first one's fault and the last resort."""
        able = self.able
        if able:
            shown = able[0].document()
            return shown | {"message": next((b.message for b in self.breakers if not b.closed), shown["message"])}
        if not self.breakers:
            return {"engine": "template", "name": "template", "state": "off", "message": "", "next_step": "",
                    "first_ms": None, "tokens_per_s": None}
        first = self.breakers[0]
        return first.document() | {"engine": "template", "state": "down", "trouble": first.state}

    def faults(self) -> Iterable[Breaker]:
        """Engines that are left alone now."""
        return (b for b in self.breakers if not b.closed)

    async def close(self) -> None:
        """End the probes and the connections."""
        probes = list(self._probes.values())
        for task in probes:
            task.cancel()
        await asyncio.gather(*probes, return_exceptions=True)
        for breaker in self.breakers:
            await breaker.engine.aclose()
