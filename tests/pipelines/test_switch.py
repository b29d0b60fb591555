"""The presenter changes at a sentence boundary, and no line is lost or said by the wrong one."""

from __future__ import annotations

import asyncio
import dataclasses
import random

import pytest

from pipelines.profile import RoomProfile
from pipelines.scriptbook import Script
from streaming.errors import Unavailable
from tests import virtual_clock
from tests.pipelines.show_fakes import Studio, now
from tests.pipelines.test_show import SERUM, ask

LINES = [f"这是第{n}句话说一说这款产品的好处。" for n in "一二三四五六七八"]
SCRIPT = [Script("s1", "pitch", "zh", "".join(LINES), "serum")]
NEW = RoomProfile("main", "测试直播间", voices={"zh": "mei"}, mood="lively")


async def begin(studio: Studio) -> None:
    studio.show.set_products([SERUM])
    studio.show.set_scripts(SCRIPT)
    await asyncio.sleep(5)


def test_at_the_next_boundary_with_everything_after_it_in_the_new_voice() -> None:
    async def main() -> None:
        async with Studio() as studio:
            await begin(studio)
            asked = now()
            committed: list[float] = []

            async def commit() -> RoomProfile:
                assert not studio.stage.queue and studio.stage.heard[-1].outcome == "played"
                committed.append(now())
                await asyncio.sleep(0.05)
                return NEW

            await studio.show.switch(commit)
            await asyncio.sleep(25)
            heard = studio.stage.heard
            before = [h for h in heard if h.began < committed[0]]
            after = [h for h in heard if h.began >= committed[0]]
            assert {h.line.voice for h in before} == {""} and {h.line.voice for h in after} == {"mei"}
            assert before[-1].outcome == "played" and before[-1].began < asked <= before[-1].ended <= committed[0]
            assert after[0].began - before[-1].ended < 0.4
            assert [h.text for h in heard[:8]] == LINES

    virtual_clock.run(main())


def test_a_long_sentence_is_cut_and_said_again_by_the_new_one() -> None:
    async def main() -> None:
        async with Studio() as studio:
            studio.show.say("长" * 200 + "。", "zh", "boundary")
            await asyncio.sleep(3)
            began = now()

            async def commit() -> RoomProfile:
                return NEW

            await studio.show.switch(commit, patience_s=5.0)
            assert 5.0 <= now() - began < 5.5
            await asyncio.sleep(45)
            first, second = studio.stage.heard[:2]
            assert first.outcome == "stopped" and second.outcome == "played" and first.text == second.text
            assert (first.line.voice, second.line.voice) == ("", "mei")

    virtual_clock.run(main())


def test_a_commit_that_fails_leaves_the_old_one_talking() -> None:
    async def main() -> None:
        async with Studio() as studio:
            await begin(studio)

            async def commit() -> RoomProfile:
                raise Unavailable("the studio is away")

            with pytest.raises(Unavailable):
                await studio.show.switch(commit)
            await asyncio.sleep(25)
            assert [h.text for h in studio.stage.heard[:8]] == LINES
            assert {h.line.voice for h in studio.stage.heard} == {""}

    virtual_clock.run(main())


def test_a_stage_that_is_away_does_not_hold_the_change_for_ever() -> None:
    async def main() -> None:
        async with Studio() as studio:
            await begin(studio)
            studio.stage.down = True

            async def commit() -> RoomProfile:
                return NEW

            await studio.show.switch(commit, patience_s=5.0)
            assert studio.show.profile is NEW
            studio.stage.down = False
            studio.stage.restart()
            await asyncio.sleep(10)
            assert studio.stage.heard[-1].line.voice == "mei"

    virtual_clock.run(main())


def test_another_language_drops_the_script_that_was_under_way() -> None:
    async def main() -> None:
        async with Studio() as studio:
            await begin(studio)

            async def commit() -> RoomProfile:
                return dataclasses.replace(NEW, lang="en", voices={"en": "amy"})

            await studio.show.switch(commit)
            at = len(studio.stage.heard)
            studio.show.set_scripts([Script("e1", "pitch", "en", "Have a look at this one. It is quite good.", "serum")])
            await asyncio.sleep(12)
            assert {h.line.lang for h in studio.stage.heard[at:]} == {"en"}

    virtual_clock.run(main())


@pytest.mark.parametrize("seed", range(3))
def test_two_hundred_changes_amid_chat_lose_and_repeat_no_line(seed: int) -> None:
    async def main() -> None:
        rng = random.Random(seed)
        async with Studio(seed=seed) as studio:
            await begin(studio)
            voices = ["a", "b"]

            async def commit() -> RoomProfile:
                await asyncio.sleep(rng.random() * 0.1)
                voices.reverse()
                return RoomProfile("main", "测试直播间", voices={"zh": voices[0]})

            for _ in range(200):
                if rng.random() < 0.4:
                    studio.show.on_chat(ask(f"多少钱{rng.random()}", user=f"u{rng.random()}"))
                patience = rng.choice([None, 0.5, 5.0])
                await studio.show.switch(commit, patience_s=patience)
                await asyncio.sleep(rng.random() * 6)
            await asyncio.sleep(20)
            said = [h.text for h in studio.stage.heard if h.line.source == "script" and h.outcome == "played"]
            for n, text in enumerate(said):
                assert text == LINES[n % len(LINES)], n
            assert len(said) > 60
            assert all(h.outcome in ("played", "stopped") for h in studio.stage.heard[:-1])

    virtual_clock.run(main())


def test_a_greeting_is_said_by_her_whose_it_is_or_not_at_all() -> None:
    async def main() -> None:
        async with Studio() as studio:
            await begin(studio)

            async def switch(name: str) -> None:
                async def commit() -> RoomProfile:
                    return dataclasses.replace(NEW, voices={"zh": name}, greeting=f"大家好，我是{name}。")

                await studio.show.switch(commit)

            await switch("anna")
            await switch("bea")
            await asyncio.sleep(1)
            # In the midst of her greeting.
            await studio.show.switch(lambda: _profile("cleo"), patience_s=0)
            await asyncio.sleep(30)
            heard = [(h.line.voice, h.text, h.outcome) for h in studio.stage.heard if "我是" in h.text]
            assert heard[0] == ("bea", "大家好，我是bea。", "stopped"), heard
            assert heard[1:] == [("cleo", "大家好，我是cleo。", "played")]

    async def _profile(name: str) -> RoomProfile:
        return dataclasses.replace(NEW, voices={"zh": name}, greeting=f"大家好，我是{name}。")

    virtual_clock.run(main())
