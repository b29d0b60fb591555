import pytest

from streaming.clock import TickClock

MS = 1_000_000


class Wall:
    def __init__(self) -> None:
        self.ns = 5_000_000_007

    def __call__(self) -> int:
        return self.ns


@pytest.mark.parametrize("fps", [(25, 1), (30, 1), (30_000, 1001)])
@pytest.mark.parametrize("rate", [44_100, 48_000, 22_050])
def test_samples_of_successive_ticks_neither_overlap_nor_leave_gaps(fps, rate):
    clock = TickClock(*fps, rate, Wall())
    end = 0
    for _ in range(5000):
        first, after = clock.samples()
        assert first == end
        assert abs((after - first) - rate * fps[1] / fps[0]) < 1
        end = after
        clock.advance()


def test_a_day_of_ticks_has_exactly_a_day_of_samples():
    clock = TickClock(30_000, 1001, 44_100, Wall())
    ticks = 24 * 3600 * 30_000 // 1001
    assert abs(clock.samples(ticks)[0] - 44_100 * clock.seconds(ticks)) < 1


def test_deadlines_do_not_drift_over_a_day():
    wall = Wall()
    clock = TickClock(30_000, 1001, 44_100, wall)
    clock.start()
    origin = wall.ns
    clock.tick = 24 * 3600 * 30_000 // 1001
    assert abs(clock.deadline_ns() - origin - clock.seconds() * 1e9) < 1000


def run_tick(clock: TickClock) -> int:
    behind = clock.begin()
    clock.advance()
    return behind


def test_a_tick_on_time_is_not_late():
    wall = Wall()
    clock = TickClock(25, 1, 44_100, wall)
    clock.start()
    for _ in range(100):
        wall.ns = clock.deadline_ns() + MS
        assert run_tick(clock) == 0
    assert clock.missed == clock.reanchored == 0


def test_up_to_200_ms_late_it_catches_up():
    wall = Wall()
    clock = TickClock(25, 1, 44_100, wall)
    clock.start()
    due = clock.deadline_ns()
    wall.ns = due + 170 * MS
    assert [run_tick(clock) for _ in range(5)] == [4, 3, 2, 1, 0]
    assert clock.missed == 4
    assert clock.reanchored == 0
    assert clock.deadline_ns() == due + 200 * MS


def test_beyond_200_ms_the_origin_moves_and_ticks_stay_contiguous():
    wall = Wall()
    clock = TickClock(25, 1, 44_100, wall)
    clock.start()
    run_tick(clock)
    wall.ns += 3_000 * MS
    assert run_tick(clock) == 0
    assert clock.reanchored == 1
    assert clock.tick == 2
    assert clock.deadline_ns() == wall.ns + 40 * MS


def test_remaining_time_is_never_negative():
    wall = Wall()
    clock = TickClock(25, 1, 44_100, wall)
    clock.start()
    clock.advance()
    assert clock.remaining_s() == pytest.approx(0.04)
    wall.ns += 90 * MS
    assert clock.remaining_s() == 0


@pytest.mark.parametrize("bad", [(0, 1, 44_100), (25, 0, 44_100), (25, 1, 0)])
def test_nonsense_is_refused(bad):
    with pytest.raises(ValueError, match="clock of"):
        TickClock(*bad)
