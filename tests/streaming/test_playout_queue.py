import numpy as np
import pytest

from streaming.errors import Conflict
from streaming.playout.player import Player
from streaming.take_queue import Finished, TakeQueue
from tests.streaming.playout_process import make_take

RATE = 44_100
TICK = 1764


def ends(finished: list[Finished]) -> list[tuple[str, str]]:
    return [(f.take_id, f.outcome) for f in finished]


def test_takes_leave_in_order_and_a_front_take_goes_first():
    queue = TakeQueue()
    queue.add(make_take(1, take_id="a"))
    queue.add(make_take(1, take_id="b"))
    queue.add(make_take(1, take_id="c"), front=True)
    assert queue.ids == ["c", "a", "b"]
    assert queue.queued_s == pytest.approx(3)
    assert queue.pop().take_id == "c"
    assert queue.queued_s == pytest.approx(2)


def test_the_queue_is_bounded_by_seconds_of_speech():
    queue = TakeQueue(limit_s=5)
    queue.add(make_take(3, take_id="a"))
    with pytest.raises(Conflict) as refusal:
        queue.add(make_take(2.5, take_id="b"))
    assert refusal.value.next_step
    queue.add(make_take(2, take_id="c"))
    assert queue.ids == ["a", "c"]


def test_a_sentence_longer_than_the_bound_can_still_be_spoken():
    queue = TakeQueue(limit_s=2)
    queue.add(make_take(3, take_id="long"))
    assert queue.ids == ["long"]


def test_the_same_take_twice_is_a_conflict():
    queue = TakeQueue()
    queue.add(make_take(1, take_id="a"))
    with pytest.raises(Conflict):
        queue.add(make_take(1, take_id="a"))


def test_cancel_names_what_it_dropped():
    queue = TakeQueue()
    for name in "abc":
        queue.add(make_take(1, take_id=name))
    assert ends(queue.cancel(["b", "nobody"])) == [("b", "cancelled")]
    assert ends(queue.cancel(None)) == [("a", "cancelled"), ("c", "cancelled")]
    assert queue.queued_s == 0


def test_a_newer_epoch_drops_older_takes_and_refuses_to_go_back():
    queue = TakeQueue()
    queue.add(make_take(1, take_id="old", epoch=1))
    queue.add(make_take(1, take_id="new", epoch=3))
    assert ends(queue.raise_epoch(3)) == [("old", "stale")]
    assert queue.raise_epoch(2) == []
    assert queue.epoch == 3
    assert ends(queue.add(make_take(1, take_id="late", epoch=2))) == [("late", "stale")]
    assert queue.ids == ["new"]


def play(player: Player, ticks: int) -> tuple[np.ndarray, list[Finished], list[bool]]:
    sound, ended, speaking = [], [], []
    for _ in range(ticks):
        step = player.step(TICK)
        assert len(step.pcm) == TICK
        sound.append(step.pcm)
        ended += step.finished
        speaking.append(step.face is not None)
    return np.concatenate(sound), ended, speaking


def test_a_take_is_heard_whole_and_silence_follows():
    queue = TakeQueue()
    take = make_take(0.5)
    queue.add(take)
    player = Player(queue, RATE)
    sound, ended, speaking = play(player, 20)
    assert np.array_equal(sound[: len(take.pcm)], take.pcm)
    assert not sound[len(take.pcm) :].any()
    assert [f.outcome for f in ended] == ["played"]
    assert speaking == [True] * 13 + [False] * 7


def test_the_face_of_each_tick_is_the_takes_own():
    queue = TakeQueue()
    take = make_take(0.4)
    take.face["open"][:] = np.linspace(0, 1, take.ticks)
    take.face["yaw"][:] = -0.25
    queue.add(take)
    player = Player(queue, RATE)
    faces = [player.step(TICK).face for _ in range(take.ticks)]
    assert [f.open for f in faces] == pytest.approx(list(take.face["open"]))
    assert {f.yaw for f in faces} == {-0.25}


def test_takes_follow_each_other_without_a_silent_tick():
    queue = TakeQueue()
    queue.add(make_take(0.4, take_id="a"))
    queue.add(make_take(0.4, take_id="b"))
    _, ended, speaking = play(Player(queue, RATE), 25)
    assert ends(ended) == [("a", "played"), ("b", "played")]
    assert speaking == [True] * 20 + [False] * 5


def test_stop_fades_out_within_120_ms_without_a_click():
    queue = TakeQueue()
    take = make_take(2, amplitude=0.9)
    take.pcm[:] = 20_000
    queue.add(take)
    player = Player(queue, RATE)
    play(player, 5)
    assert player.stop() is take
    sound, ended, speaking = play(player, 10)
    assert ends(ended) == [(take.take_id, "stopped")]
    assert sound[0] > 19_000
    assert np.abs(np.diff(sound.astype(int))).max() < 40
    assert not sound[round(0.12 * RATE) :].any()
    assert speaking.index(False) == 3


def test_stop_in_silence_stops_nothing():
    player = Player(TakeQueue(), RATE)
    assert player.stop() is None
    assert player.step(TICK).finished == []


def test_a_take_without_face_or_sound_does_no_harm():
    queue = TakeQueue()
    empty = make_take(0.0, take_id="empty")
    bare = make_take(0.2, take_id="bare")
    bare.face.clear()
    queue.add(empty)
    queue.add(bare)
    _, ended, _ = play(Player(queue, RATE), 10)
    assert ends(ended) == [("empty", "played"), ("bare", "played")]
