"""Engines as they are on good and bad days, on the virtual clock, and a show with a writer."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

from pipelines.profile import RoomProfile
from pipelines.scriptbook import Script
from pipelines.show import RoomShow
from pipelines.writer import Chain, EngineDown, Request, Sampling, Writer
from pipelines.writer.engine import EngineKind
from tests.pipelines.show_fakes import FakeStage, FakeVoice, Studio, now
from tests.pipelines.test_show import SERUM

ANNA = RoomProfile("main", "店", voices={"zh": "anna"}, prompt="你是安娜。", rest_s=0.5)
BEA = RoomProfile("main", "店", voices={"zh": "bea"}, prompt="你是贝雅。", rest_s=0.5)


class FakeEngine:
    """Writes what `say` makes of a request, `first_s` after it was asked, a character each `each_s`."""

    def __init__(
        self, say: Callable[[Request], str], *, first_s: float = 0.3, each_s: float = 0.02,
        kind: EngineKind = "remote", name: str = "fake",
    ) -> None:
        self.say, self.first_s, self.each_s, self.kind, self.name = say, first_s, each_s, kind, name
        self.down, self.remark = False, ""
        self.dies_after: int | None = None
        self.asked: list[Request] = []
        self.gave_up = 0

    async def stream(self, request: Request, sampling: Sampling) -> AsyncGenerator[str, None]:
        if request.room:
            self.asked.append(request)
        if self.down:
            raise EngineDown("nobody answers there", next_step="start it")
        try:
            await asyncio.sleep(self.first_s)
            for at, char in enumerate(self.say(request)):
                if at == self.dies_after:
                    raise EngineDown("it died", next_step="start it")
                yield char
                await asyncio.sleep(self.each_s)
        except (asyncio.CancelledError, GeneratorExit):
            self.gave_up += 1
            raise

    async def aclose(self) -> None:
        pass

    def of(self, kind: str) -> list[Request]:
        return [r for r in self.asked if r.brief.kind == kind]


class WriterRoom(Studio):
    """A show whose writer asks `engines`."""

    def __init__(
        self, engines: Sequence[FakeEngine], *, profile: RoomProfile = ANNA, products: Sequence[Any] = (SERUM,),
        scripts: Sequence[Script] | None = None, first_sentence_s: float = 2.5, **show: Any,
    ) -> None:
        self.voice, self.stage, self.events = FakeVoice(), FakeStage(), []
        self.chain = Chain(engines, Sampling(), clock=now)
        self.writer = Writer(self.chain, "main", clock=now, first_sentence_s=first_sentence_s)
        self.show = RoomShow(
            profile, self.voice, self.stage, clock=now, rng=random.Random(1), on_event=self.events.append,
            writer=self.writer, **show,
        )
        self.stage.show = self.show
        self.show.set_products(list(products))
        pitch = Script("s1", "pitch", "zh", "第一句说说这瓶精华。第二句再说说它的好处。", "serum")
        self.show.set_scripts([pitch] if scripts is None else list(scripts))

    async def __aexit__(self, *exc: object) -> None:
        await super().__aexit__(*exc)
        await self.chain.close()

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [e for e in self.events if e["type"] == kind]

    def said(self, source: str) -> list[str]:
        return [h.text for h in self.stage.heard if h.line.source == source]
