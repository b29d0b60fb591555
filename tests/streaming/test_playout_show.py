import json

import numpy as np
import pytest

from streaming.canvas import Canvas, Rect
from streaming.errors import BadInput, Conflict, Corrupt, NightAnchorError, NotFound
from streaming.ring import VIDEO
from tests.streaming.playout_process import make_take
from tests.streaming.playout_stage import MOUTH, Show, label_seen

CARD = Rect(200, 1110, 300, 130)
CHEST = Rect(300, 560, 100, 60)
ASIDE = Rect(60, 300, 100, 60)
"""Where no overlay but a slate lies."""


@pytest.fixture
def show(tmp_path):
    show = Show(tmp_path, title="晚安好物", look="/looks/100")
    yield show
    show.close()


def test_idle_ticks_make_pictures_and_silence(show):
    show.run(60)
    pictures = show.tape.decode_pictures()
    assert sorted(pictures) == list(range(60))
    first, sound = show.tape.decode_sound()
    assert first == 0
    assert len(sound) > 60 * 1764 - 4096
    assert np.abs(sound).max() < 1e-4


def test_a_take_is_heard_at_the_sample_where_it_started_and_the_mouth_moves_only_then(show):
    show.run(7)
    take = make_take(1.0)
    assert show.enqueue(take) == {"queued_s": 1.0}
    show.run(60)
    started = show.heard("take.started")
    assert [s["take_id"] for s in started] == [take.take_id]
    assert show.outcomes() == [(take.take_id, "played")]
    first, sound = show.tape.decode_sound()
    loud = np.flatnonzero(np.abs(sound) > 0.1) + first
    assert abs(loud[0] - 7 * 1764) < 64
    assert abs(loud[-1] - (7 * 1764 + 44_100)) < 128
    x, y, w, h = MOUTH
    opened = {
        tick: bool(picture[y + 10 : y + h - 10, x + 10 : x + w - 10].mean() > 170)
        for tick, picture in show.tape.decode_pictures().items()
    }
    assert [t for t, is_open in opened.items() if is_open] == list(range(7, 32))


def test_the_label_is_on_every_frame_whatever_else_is_shown(show):
    show.run(5)
    show.ask("card", product={"name": "保温杯", "price": "¥99.90"})
    show.ask("chat", user="小明", text="你好", kind="question")
    show.run(10)
    show.enqueue(make_take(1.0))
    show.ask("look", path="/looks/220", fade_ms=400, when="now")
    show.run(30)
    show.ask("slate", on=True, text="AI")
    show.run(15)
    show.ask("slate", on=False, text="")
    show.ask("header", title="很长" * 500, subtitle="很长" * 500)
    show.run(15)
    pictures = show.tape.decode_pictures()
    assert len(pictures) == 75
    assert min(label_seen(p, show.playout) for p in pictures.values()) > 0.9


def test_a_slate_asked_for_again_does_not_uncover_the_picture(show):
    show.ask("slate", on=True, text="休息")
    show.run(10)
    covered = show.luma(ASIDE)
    for text in ("休息", "休息", "马上回来"):
        show.ask("slate", on=True, text=text)
        for _ in range(8):
            show.run(1)
            assert abs(show.luma(ASIDE) - covered) < 1
    show.ask("slate", on=False, text="")
    show.run(10)
    assert show.luma(ASIDE) == pytest.approx(100, abs=1)


def test_a_playout_that_was_killed_begins_with_the_slate_and_the_label(show, tmp_path):
    show.ask("slate", on=True, text="休息")
    show.run(8)
    again = Show(tmp_path, title="晚安好物", look="/looks/100")
    again.run(6)
    pictures = again.tape.decode_pictures()
    x, y, w, h = ASIDE
    assert max(p[y : y + h, x : x + w].mean() for p in pictures.values()) < 60
    assert min(label_seen(p, again.playout) for p in pictures.values()) > 0.9
    again.close()


def test_a_start_is_told_with_its_place_in_the_stream(show):
    show.run(50)
    show.enqueue(make_take(0.4))
    show.run(15)
    assert show.heard("take.started")[0]["pts_s"] == pytest.approx(2.0, abs=0.05)


def test_the_check_for_the_label_can_fail(show):
    show.run(2)
    bare = Canvas(720, 1280)
    bare.y[:] = 100
    assert label_seen(bare.data, show.playout) < 0.5


def test_each_enqueued_take_ends_exactly_once(show):
    names = {}
    for i, epoch in enumerate([0, 0, 0, 5, 5, 2]):
        take = make_take(0.4, take_id=f"t{i}", epoch=epoch)
        names[take.take_id] = 0
        show.enqueue(take)
    assert show.ask("take.cancel", take_ids=["t1"]) == {"cancelled": ["t1"]}
    show.run(3)
    assert show.ask("epoch", epoch=5) == {}
    late = make_take(0.4, take_id="late", epoch=1)
    assert "queued_s" in show.enqueue(late)
    assert show.ask("take.stop") == {"stopped": "t0"}
    show.run(60)
    assert sorted(show.outcomes()) == [
        ("late", "stale"), ("t0", "stopped"), ("t1", "cancelled"), ("t2", "stale"), ("t3", "played"),
        ("t4", "played"), ("t5", "stale"),
    ]


def test_a_front_take_is_spoken_next(show):
    for name in ("a", "b"):
        show.enqueue(make_take(0.4, take_id=name))
    show.enqueue(make_take(0.4, take_id="answer"), at="front")
    show.run(40)
    assert [s["take_id"] for s in show.heard("take.started")] == ["answer", "a", "b"]


def test_more_speech_than_the_bound_is_refused_and_the_file_kept_for_another_try(show):
    for name in ("a", "b"):
        show.enqueue(make_take(25, take_id=name))
    refusal = show.enqueue(make_take(25, take_id="c"))
    assert isinstance(refusal, Conflict)
    assert (show.run_dir / "takes" / "c.take").exists()
    assert not (show.run_dir / "takes" / "a.take").exists()
    assert show.ask("state")["queue"] == ["a", "b"]


@pytest.mark.parametrize(("fps", "rate"), [(30, 44_100), (25, 48_000)])
def test_a_take_for_another_clock_is_refused(show, fps, rate):
    refusal = show.enqueue(make_take(1.0, fps=fps, rate=rate))
    assert isinstance(refusal, BadInput)
    assert "44100" in refusal.next_step
    assert list((show.run_dir / "takes").iterdir()) == []


def test_bad_take_files_are_refused_and_the_show_goes_on(show):
    folder = show.run_dir / "takes"
    (folder / "junk.take").write_bytes(b"NATAKE01" + b"\xff" * 100)
    assert isinstance(show.ask("take.enqueue", take=str(folder / "junk.take")), Corrupt)
    assert isinstance(show.ask("take.enqueue", take=str(folder / "absent.take")), Corrupt)
    outside = show.run_dir / "other.take"
    outside.write_bytes(b"x")
    assert isinstance(show.ask("take.enqueue", take=str(outside)), BadInput)
    assert isinstance(show.ask("take.enqueue", take=str(folder / ".." / "other.take")), BadInput)
    assert outside.exists()
    show.run(5)
    assert show.playout.status()["tick"] == 5


@pytest.mark.parametrize(
    "message",
    [
        {}, {"op": None}, {"op": 7}, {"op": "no.such"}, {"op": "take.enqueue"}, {"op": "epoch"},
        {"op": "epoch", "epoch": "x"}, {"op": "epoch", "epoch": None}, {"op": "take.cancel", "take_ids": 3},
        {"op": "card"}, {"op": "card", "product": [1]}, {"op": "look"}, {"op": "look", "path": None},
        {"op": "look", "path": "/looks/9", "fade_ms": "x"}, {"op": "look", "path": "/looks/9", "when": "soon"},
        {"op": "slate"}, {"op": "take.enqueue", "take": "\0", "at": "back"},
        {"op": "take.enqueue", "take": "x", "at": "middle"},
    ],
)
def test_junk_messages_get_an_error_and_the_show_goes_on(show, message):
    show.control.handle({**message, "id": 1})
    show.settle()
    answer = show.port.answers[1]
    assert isinstance(answer, NightAnchorError)
    show.control.handle(message | {"id": 2})
    show.run(3)
    assert show.playout.status()["tick"] == 3
    assert show.playout.repeated == 0


@pytest.mark.parametrize(
    "product",
    [
        {}, {"name": None}, {"name": 5, "price": 3.5, "stock": [1], "picture": 8},
        {"name": "<b>杯</b>" * 500, "price": "x" * 5000, "picture": "/etc/passwd"}, {"surprise": 1},
    ],
)
def test_odd_products_still_make_a_card(show, product):
    assert show.ask("card", product=product) == {}
    show.run(10)
    assert show.luma(CARD) > 150
    assert show.playout.faults == {}


def test_the_card_comes_changes_and_goes(show):
    show.run(2)
    bare = show.luma(CARD)
    show.ask("card", product={"name": "保温杯", "price": "¥99.90"})
    show.run(1)
    assert bare < show.luma(CARD) < 200
    show.run(9)
    shown = show.playout.compositor.frame.planes(CARD)[0].copy()
    assert shown.mean() > 200
    show.ask("card", product={"name": "保温杯", "price": "¥59.90"})
    show.run(1)
    changed = show.playout.compositor.frame.planes(CARD)[0]
    assert changed.mean() > 200
    assert np.abs(changed.astype(int) - shown).max() > 100
    show.ask("card", product=None)
    show.run(10)
    assert show.luma(CARD) == pytest.approx(bare, abs=1)


def test_captions_are_shown_while_speaking_and_light_up(show):
    area = show.playout.layout.captions
    show.run(2)
    quiet = show.playout.compositor.frame.planes(area)[0].copy()
    show.enqueue(make_take(2.0))
    tints = []
    for _ in range(50):
        show.run(1)
        tints.append(int((show.playout.compositor.frame.planes(area)[1].astype(int) < 80).sum()))
    assert show.playout.compositor.frame.planes(area)[0].max() > 200
    assert tints[40] > tints[20] > tints[3]
    show.run(25)
    assert np.array_equal(show.playout.compositor.frame.planes(area)[0], quiet)


def test_the_clock_shows_the_next_minute(show):
    show.run(2)
    spot = Rect(600, 34, 100, 60)
    before = show.playout.compositor.frame.planes(spot)[0].copy()
    show.run(2)
    assert np.array_equal(show.playout.compositor.frame.planes(spot)[0], before)
    show.wall += 60
    show.run(2)
    assert not np.array_equal(show.playout.compositor.frame.planes(spot)[0], before)


def test_a_look_changes_at_the_boundary_with_a_dissolve(show):
    show.enqueue(make_take(1.0))
    show.run(2)
    assert show.luma(CHEST) == pytest.approx(100, abs=1)
    assert show.ask("look", path="/looks/200", fade_ms=400, when="boundary") == {}
    show.run(20)
    assert show.luma(CHEST) == pytest.approx(100, abs=1)
    assert len(show.heard("look.shown")) == 1
    show.run(4)
    levels = []
    for _ in range(12):
        show.run(1)
        levels.append(show.luma(CHEST))
    assert levels == sorted(levels)
    assert any(120 < v < 180 for v in levels)
    assert levels[-1] == pytest.approx(200, abs=1)
    assert show.heard("look.shown")[-1] == {"path": "/looks/200"}
    assert show.ask("state")["look"] == "/looks/200"


def test_now_does_not_wait_for_the_boundary(show):
    show.enqueue(make_take(1.0))
    show.run(2)
    show.ask("look", path="/looks/200", fade_ms=0, when="now")
    show.run(1)
    assert show.luma(CHEST) == pytest.approx(200, abs=1)


def test_an_unreadable_look_is_refused_and_the_old_one_stays(show):
    show.run(2)
    refusal = show.ask("look", path="/looks/broken", fade_ms=0, when="now")
    assert isinstance(refusal, BadInput)
    show.run(2)
    assert show.luma(CHEST) == pytest.approx(100, abs=1)
    assert show.playout.status()["look"] == "/looks/100"


def test_a_room_without_a_readable_look_shows_the_backdrop_with_its_title(tmp_path):
    show = Show(tmp_path, title="晚安好物", look="/looks/broken")
    show.run(3)
    frame = show.playout.compositor.frame
    assert frame.y.mean() > 40
    assert frame.planes(Rect(120, 420, 480, 200))[0].max() > 220
    assert "broken" in show.playout.status()["faults"]["look"]
    show.close()


def test_a_presenter_that_fails_repeats_the_frame_then_leaves_the_stage(show):
    show.run(2)
    show.playout.compositor.presenter.broken = True
    show.run(5)
    assert show.playout.status()["ticks_repeated"] == 5
    assert "vanished" in show.playout.status()["faults"]["render"]
    assert show.luma(CHEST) == pytest.approx(100, abs=1)
    show.run(30)
    assert show.playout.compositor.presenter is None
    assert len([r for r in show.tape.records if r.stream == VIDEO]) == 37


def test_late_ticks_repeat_the_picture_but_never_the_sound(show):
    show.enqueue(make_take(1.0))
    show.run(5)
    # The next ticks begin 90, 50 and 10 ms late; only the first two are late by a whole tick.
    show.ns += 130_000_000
    while show.playout.clock.deadline_ns() < show.ns:
        show.playout.tick()
    show.run(40)
    status = show.playout.status()
    assert status["ticks_repeated"] == 2
    assert status["reanchored"] == 0
    assert status["av_offset_ms"] == 0
    first, sound = show.tape.decode_sound()
    loud = np.flatnonzero(np.abs(sound) > 0.1) + first
    assert abs(loud[-1] - 44_100) < 128


def test_a_frozen_process_goes_on_with_contiguous_time_stamps(show):
    show.run(10)
    show.ns += 5 * 10**9
    show.playout.tick()
    show.run(10)
    status = show.playout.status()
    assert status["reanchored"] == 1
    show.tape.pull()
    assert [r.pts for r in show.tape.records if r.stream == VIDEO] == list(range(21))


def test_after_a_kill_look_card_header_and_epoch_are_back_and_lost_takes_are_told(tmp_path):
    before = Show(tmp_path, title="晚安好物", look="/looks/100")
    before.ask("look", path="/looks/180", fade_ms=0, when="now")
    before.ask("card", product={"name": "保温杯", "price": "¥99.90"})
    before.ask("chat", user="小明", text="你好", kind="question")
    before.ask("header", title="新标题", subtitle="")
    before.ask("epoch", epoch=4)
    for name in ("speaking", "waiting"):
        before.enqueue(make_take(1.0, take_id=name, epoch=4))
    before.run(10)
    shown = before.playout.compositor.frame.y.copy()
    shown[before.playout.layout.captions.y :][:140] = 0

    after = Show(tmp_path, title="晚安好物", look="/looks/100")
    assert after.outcomes() == [("speaking", "lost"), ("waiting", "lost")]
    assert after.heard("look.shown") == [{"path": "/looks/180"}]
    assert after.ask("state")["epoch"] == 4
    after.run(12)
    again = after.playout.compositor.frame.y.copy()
    again[after.playout.layout.captions.y :][:140] = 0
    x, y, w, h = MOUTH
    shown[y : y + h, x : x + w] = again[y : y + h, x : x + w] = 0
    assert np.abs(again.astype(int) - shown).max() <= 2
    after.close()
    assert not after.playout.journal_path.exists()


def test_a_changed_config_wins_over_what_was_remembered(tmp_path):
    before = Show(tmp_path, look="/looks/100")
    before.ask("look", path="/looks/180", fade_ms=0, when="now")
    before.run(2)
    after = Show(tmp_path, look="/looks/60")
    after.run(2)
    assert after.luma(CHEST) == pytest.approx(60, abs=1)
    after.close()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"takes": 3}', '{"unknown": 1}', '{"product": 5}'])
def test_a_damaged_journal_is_told_and_left_behind(tmp_path, content):
    (tmp_path / "main.playout.json").write_text(content)
    show = Show(tmp_path, look="/looks/100")
    assert "playout.json" in show.playout.status()["faults"]["recall"]
    show.run(2)
    assert show.luma(CHEST) == pytest.approx(100, abs=1)
    show.ask("epoch", epoch=1)
    assert json.loads((tmp_path / "main.playout.json").read_text())["epoch"] == 1
    show.close()


def test_a_good_end_finishes_every_take(tmp_path):
    show = Show(tmp_path)
    for name in "ab":
        show.enqueue(make_take(1.0, take_id=name))
    show.run(2)
    show.close()
    assert show.outcomes() == [("a", "stopped"), ("b", "cancelled")]


def test_status_has_every_field_of_the_contract(show):
    show.run(60)
    status = show.playout.status()
    assert {
        "fps", "tick", "pts_s", "ticks_missed", "ticks_repeated", "reanchored", "late_ms", "bitrate_kbps",
        "queue_s", "playing", "av_offset_ms", "look", "encoder",
    } <= set(status)
    assert status["fps"] == pytest.approx(25, abs=0.1)
    assert status["bitrate_kbps"] == pytest.approx(1500, rel=0.15)
    assert status["look"] == "/looks/100"
    json.dumps(status)


def test_the_config_is_checked():
    from streaming.playout.config import PlayoutConfig

    for bad in ({}, {"room": "m", "width": 5}, {"room": "m", "fps_num": 500}, {"room": "m", "video_kbps": "x"},
                {"room": "m", "encoder": "gif"}):
        with pytest.raises(BadInput):
            PlayoutConfig.from_dict(bad)
    assert PlayoutConfig.from_dict({"room": "m", "clock_tz": "Mars/Olympus"}).zone is None


def test_an_unknown_operation_is_not_found(show):
    assert isinstance(show.ask("dance"), NotFound)
