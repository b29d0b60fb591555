"""The order of engines, when one is left alone and tried again; and how text is cut into sentences while it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from pipelines.brief import Brief
from pipelines.lately import Lately, says_again
from pipelines.sentences import Cutter, split
from pipelines.writer import Chain, Draft, EngineFault, Request, ResidentEngine, Sampling
from pipelines.writer.draft import Limits
from streaming.errors import BadInput, ChildDown, NightAnchorError, TimedOut
from tests import virtual_clock
from tests.pipelines.show_fakes import now
from tests.pipelines.writer_fakes import FakeEngine

ASKED = Request("main", Brief("answer", "zh", product="精华", question="黏不黏"), spare=("资料里写着质地清爽。",))
GOOD = "它的质地清爽不黏。"


async def drafted(chain: Chain, first_s: float = 2.5, **how: Any) -> tuple[Draft, list[dict[str, Any]]]:
    told: list[dict[str, Any]] = []
    done = asyncio.Event()
    draft = Draft(
        chain, ASKED, Limits(first_s), lambda sentence: "", lambda: done.set() if draft.done else None, told.append,
        now, "job", **how,
    )
    draft.start()
    await done.wait()
    return draft, told


def test_the_next_engine_writes_when_the_first_is_down() -> None:
    async def main() -> None:
        one, two = FakeEngine(lambda r: GOOD, name="one"), FakeEngine(lambda r: GOOD, name="two", kind="resident")
        one.down = True
        chain = Chain([one, two], Sampling(), clock=now)
        draft, told = await drafted(chain)
        assert draft.sentences == [GOOD] and told[-1]["engine"] == "resident"
        assert chain.document()["engine"] == "resident" and "nobody answers" in chain.document()["message"]
        await drafted(chain)
        assert (len(one.asked), len(two.asked)) == (1, 2), "it is left alone for a while"
        one.down = False
        await asyncio.sleep(10)
        draft, told = await drafted(chain)
        assert told[-1]["engine"] == "remote"
        await chain.close()

    virtual_clock.run(main())


def test_without_an_engine_the_catalogue_s_wording_is_shown() -> None:
    async def main() -> None:
        engine = FakeEngine(lambda r: "", name="one")
        chain = Chain([engine], Sampling(), clock=now)
        draft, told = await drafted(chain)
        assert draft.failed and (told[-1]["engine"], told[-1]["text"]) == ("template", "资料里写着质地清爽。")
        await chain.close()

    virtual_clock.run(main())


def test_one_slow_answer_is_forgiven_and_rests_grow() -> None:
    async def main() -> None:
        engine = FakeEngine(lambda r: GOOD, first_s=99.0)
        chain = Chain([engine], Sampling(), clock=now)
        changes: list[dict[str, Any]] = []
        end = chain.listen(changes.append)
        await drafted(chain)
        assert chain.able and not changes
        await drafted(chain)
        assert not chain.able and [c["state"] for c in changes] == ["slow"]
        await asyncio.sleep(600)
        probes = chain.breakers[0].counts["slow"] - 2
        assert 5 <= probes <= 12, "it is tried now and then, less and less often"
        engine.first_s = 0.1
        await asyncio.sleep(90)
        assert chain.able and changes[-1]["state"] == "ok"
        end()
        await chain.close()

    virtual_clock.run(main())


class Studio:
    """A studio that tells pieces and then answers with the whole text, or fails."""

    def __init__(self, pieces: list[str], fault: NightAnchorError | None = None, rest: str = "") -> None:
        self.pieces, self.fault, self.rest = pieces, fault, rest
        self.conversation: list[dict[str, str]] = []
        self.ended = False

    async def write(
        self, room: str, conversation: list[dict[str, str]], sampling: dict[str, Any], tell: Callable[[str], None]
    ) -> str:
        self.conversation, self.sampling = conversation, sampling
        try:
            for piece in self.pieces:
                await asyncio.sleep(0.1)
                tell(piece)
            if self.fault is not None:
                raise self.fault
            return "".join(self.pieces) + self.rest
        finally:
            self.ended = True


def test_the_resident_base_streams_in_the_form_it_was_trained_on() -> None:
    async def main() -> None:
        studio = Studio(["它的", "质地"], rest="清爽。")
        pieces = [p async for p in ResidentEngine(studio.write, "resident").stream(ASKED, Sampling())]
        assert pieces == ["它的", "质地", "清爽。"]
        assert studio.conversation == [{"role": "user", "content": "任务：回答观众\n商品：精华\n问题：黏不黏"}]
        assert studio.sampling["sources"] == ["精华"], "the question is nothing to copy from"

    virtual_clock.run(main())


@pytest.mark.parametrize(("fault", "state"), [
    (ChildDown("studio is not running"), "down"), (TimedOut("no answer"), "slow"), (BadInput("too long"), "garbage"),
])
def test_what_the_studio_raises_has_a_name(fault: NightAnchorError, state: str) -> None:
    async def main() -> None:
        with pytest.raises(EngineFault) as caught:
            async for _ in ResidentEngine(Studio(["它"], fault).write, "resident").stream(ASKED, Sampling()):
                pass
        assert caught.value.state == state

    virtual_clock.run(main())


def test_a_text_that_is_given_up_ends_in_the_studio() -> None:
    async def main() -> None:
        studio = Studio(["它"] * 1000)
        stream = ResidentEngine(studio.write, "resident").stream(ASKED, Sampling())
        assert await anext(stream) == "它"
        await stream.aclose()
        assert studio.ended

    virtual_clock.run(main())


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
@pytest.mark.parametrize("text", [
    "小明，现在是99.9元。质地很清爽！你可以放心。好的。嗯。最后一句没有句号", "他说：“好的。”然后走了。今天……真好。",
    "Hello there, it costs 12.5 dollars. Dr. Smith likes it. It is light, e.g. in summer. ok", "第一行\n第二行。\n- 列表",
    "長い" * 60 + "。短い文です。次の文もあります。", "", "。。。！！",
])
def test_a_text_in_pieces_is_cut_like_a_whole_one(text: str, size: int) -> None:
    cutter = Cutter()
    out = [s for at in range(0, len(text), size) for s in cutter.feed(text[at : at + size])] + cutter.end()
    # A second mark that ends the same sentence may come too late for it.
    wanted = [s for s in (s.replace("…", "").strip("。！") for s in split(text)) if s]
    assert [s for s in (s.replace("…", "").strip("。！") for s in out) if s] == wanted


def test_a_sentence_is_given_before_the_next_begins() -> None:
    cutter = Cutter()
    assert cutter.feed("这瓶精华质地很清爽。") == ["这瓶精华质地很清爽。"]
    assert cutter.feed("It costs 12.") == [] and cutter.feed("5 dollars. Good") == ["It costs 12.5 dollars."]


def test_what_sounds_the_same_counts_as_said() -> None:
    clock = [0.0]
    lately = Lately(60.0, clock=lambda: clock[0])
    lately.note("小明，这瓶精华质地很清爽。", ["小明"])
    for same in ("这瓶精华质地很清爽！", "这瓶精华，质地很清爽", "这瓶 精华质地很清爽。"):
        assert not lately.fresh(same)
    assert lately.fresh("这瓶面霜质地很滋润。")
    again = Lately(60.0, clock=lambda: clock[0], state=lately.state())
    assert again.age("这瓶精华质地很清爽。") == 0.0
    assert lately.freshest(["这瓶精华质地很清爽。", "新的一句话。"], str) == "新的一句话。"
    clock[0] = 61.0
    assert lately.fresh("这瓶精华质地很清爽。")
    forgetful = Lately(0.0, clock=lambda: clock[0])
    forgetful.note("一句话。")
    assert forgetful.fresh("一句话。")


def test_a_text_that_says_a_thing_twice_is_said_once() -> None:
    async def main() -> None:
        told = "我们聊聊这款精华吧。质地像清水一样，两三下就能推开呢。还有哦，质地像清水一样，两三下就能推开。先看看需不需要。"
        chain = Chain([FakeEngine(lambda r: told, name="one")], Sampling(), clock=now)
        draft, _ = await drafted(chain)
        assert draft.sentences == ["我们聊聊这款精华吧。", "质地像清水一样，两三下就能推开呢。", "先看看需不需要。"]
        assert [reason for _, reason in draft.rejects] == ["repeated"]
        await chain.close()

    virtual_clock.run(main())


@pytest.mark.parametrize(("text", "other", "same"), [
    ("One tube holds 50 ml.", "One tube holds 50 ml.", True),
    ("Also, one tube holds 50 ml.", "One tube holds 50 ml.", True),
    ("昼は一度塗り、夜は二度塗り。", "夜は二度塗り、夜は二度塗り。", False),
    ("价格是99.9元。", "价格是139元。", False),
    ("好的。", "好的，没问题，慢慢挑。", False),
    ("不含香精。", "不含香精，不含酒精，也不含色素，孕妇可以问医生。", False),
])
def test_what_says_the_same(text: str, other: str, same: bool) -> None:
    assert says_again(text, other) == says_again(other, text) == same
