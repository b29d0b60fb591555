"""The supervisor with real child processes: they die, freeze and overeat, and come back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from streaming.errors import BadInput, NotFound
from streaming.supervisor import ChildSpec, KindSpec, Supervisor

pytestmark = pytest.mark.integration

TOY = KindSpec("tests.streaming.toychild", beat_timeout_s=1.0, start_timeout_s=10.0, stop_timeout_s=1.0)


class Harness:
    """A supervisor turned by hand, with this test standing in for the server."""

    def __init__(self, tmp_path: Path, **kinds: KindSpec) -> None:
        run, logs = tmp_path / "run", tmp_path / "logs"
        run.mkdir()
        logs.mkdir()
        self.notices: list[dict[str, Any]] = []
        self.supervisor = Supervisor(
            run_dir=run, log_dir=logs, kinds={"toy": TOY, **kinds}, on_notice=self.notices.append
        )
        self.answers: list[dict[str, Any]] = []
        self.supervisor._answer = self._answer  # type: ignore[method-assign]
        self._last = time.monotonic()

    def _answer(self, to: str, request_id: Any, *, error: Any = None, **fields: Any) -> None:
        self.answers.append({"to": to, "re": request_id, "error": error, **fields})

    def until(self, condition: Callable[[], bool], limit_s: float = 20.0) -> None:
        deadline = time.monotonic() + limit_s
        while not condition():
            assert time.monotonic() < deadline, [c.entry() for c in self.supervisor.children.values()]
            now = time.monotonic()
            self.supervisor.turn(0.02, min(now - self._last, 0.2))
            self._last = now

    def start(self, name: str, **config: Any) -> int:
        self.supervisor.ensure(ChildSpec(name, "toy", config))
        self.until(lambda: self.supervisor.children[name].state == "running")
        return self.pid(name)

    def pid(self, name: str) -> int:
        process = self.supervisor.children[name].process
        assert process is not None
        return process.pid

    def tell(self, name: str, **message: Any) -> None:
        self.supervisor._send(self.supervisor.children[name], message)


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    h = Harness(tmp_path)
    yield h
    h.supervisor._end()
    h.supervisor.close()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_killed_child_comes_back_with_its_configuration(harness: Harness) -> None:
    first = harness.start("a", colour="blue")
    os.kill(first, signal.SIGKILL)
    child = harness.supervisor.children["a"]
    harness.until(lambda: child.restarts == 1 and child.state == "running")
    assert harness.pid("a") != first
    assert child.spec.config == {"colour": "blue"}
    assert not alive(first)


def test_frozen_child_is_replaced(harness: Harness) -> None:
    first = harness.start("a")
    os.kill(first, signal.SIGSTOP)
    child = harness.supervisor.children["a"]
    harness.until(lambda: child.restarts == 1 and child.state == "running")
    assert not alive(first)
    assert harness.pid("a") != first


def test_child_stuck_in_its_loop_is_replaced(harness: Harness) -> None:
    first = harness.start("a")
    harness.tell("a", op="hang")
    harness.until(lambda: harness.supervisor.children["a"].restarts == 1)
    assert not alive(first)


def test_time_in_which_the_supervisor_itself_was_paused_does_not_count(harness: Harness) -> None:
    first = harness.start("a")
    harness.supervisor.turn(0.0, 0.0)
    time.sleep(2.5 * TOY.beat_timeout_s)
    harness.until(lambda: True)
    for _ in range(5):
        harness.supervisor.turn(0.02, 0.02)
    assert harness.pid("a") == first


def test_a_child_that_keeps_crashing_backs_off(harness: Harness) -> None:
    harness.supervisor.ensure(ChildSpec("a", "toy", {"crash": True}))
    child = harness.supervisor.children["a"]
    harness.until(lambda: child.restarts >= 3)
    assert child.state in ("backoff", "waiting", "starting")
    harness.until(lambda: child.state == "backoff")
    assert child.reason == "exited with 3"


def test_a_child_that_never_starts_is_killed(tmp_path: Path) -> None:
    harness = Harness(tmp_path, slow=KindSpec("tests.streaming.toychild", start_timeout_s=1.0))
    harness.supervisor.ensure(ChildSpec("a", "slow", {"mute": True}))
    harness.until(lambda: harness.supervisor.children["a"].restarts >= 1)
    harness.supervisor._end()
    harness.supervisor.close()


def test_an_overeater_is_replaced(tmp_path: Path) -> None:
    harness = Harness(tmp_path, small=KindSpec("tests.streaming.toychild", memory_limit_mb=80))
    harness.supervisor.ensure(ChildSpec("a", "small", {}))
    child = harness.supervisor.children["a"]
    harness.until(lambda: child.state == "running")
    harness.tell("a", op="eat", mb=200)
    harness.until(lambda: child.restarts == 1)
    harness.supervisor._end()
    harness.supervisor.close()


def test_ensure_leaves_an_unchanged_child_alone_and_restarts_a_changed_one(harness: Harness) -> None:
    first = harness.start("a", n=1)
    assert harness.start("a", n=1) == first
    harness.supervisor.ensure(ChildSpec("a", "toy", {"n": 2}))
    child = harness.supervisor.children["a"]
    harness.until(lambda: child.state == "running" and harness.pid("a") != first)
    assert child.restarts == 0, "a wanted restart is no fault"


def test_remove_ends_the_process(harness: Harness) -> None:
    pid = harness.start("a")
    harness.supervisor.remove("a")
    harness.until(lambda: "a" not in harness.supervisor.children)
    assert not alive(pid)
    with pytest.raises(NotFound):
        harness.supervisor.remove("a")


def test_unknown_kind_is_refused(harness: Harness) -> None:
    with pytest.raises(BadInput, match="no child kind"):
        harness.supervisor.ensure(ChildSpec("x", "nonsense", {}))


def test_request_to_a_dead_child_is_answered(harness: Harness) -> None:
    harness.start("a")
    harness.start("b")
    harness.tell("a", op="ask", message={"op": "echo", "to": "nobody", "text": "x"}, id_to_use=9)
    harness.until(lambda: bool(harness.answers))
    assert harness.answers[0]["re"] == 9
    assert harness.answers[0]["error"].code == "child_down"
    harness.answers.clear()
    harness.tell("a", op="ask", message={"op": "die", "to": "b"}, id_to_use=10)
    harness.until(lambda: bool(harness.answers))
    assert harness.answers[0]["re"] == 10, "a request that was under way when the child died is answered, too"


def test_what_is_asked_of_a_loading_child_is_answered(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOY_LOADS_S", "0.5")
    harness.supervisor.ensure(ChildSpec("slow", "toy", {}))
    harness.tell("slow", op="refuse", id=7, **{"from": "supervisor"})
    harness.tell("slow", op="relay", id=8)
    answered: list[dict[str, Any]] = []
    harness.supervisor._handle = lambda _child, message: answered.append(message)  # type: ignore[method-assign]
    harness.until(lambda: any(m.get("op") == "seen" for m in answered))
    assert any(m.get("re") == 7 for m in answered)


def test_notice_reaches_the_owner(harness: Harness) -> None:
    harness.start("a")
    harness.tell("a", op="ask", message={"op": "notice", "to": "supervisor", "text": "hello"}, id_to_use=1)
    harness.until(lambda: bool(harness.notices))
    assert harness.notices[0]["text"] == "hello"


def test_ctrl_c_ends_everything_and_leaves_no_process(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from streaming.supervisor import *\n"
        f"root = Path({str(tmp_path)!r})\n"
        "kinds = {'toy': KindSpec('tests.streaming.toychild')}\n"
        "specs = [ChildSpec(n, 'toy', {'mute': n == 'c'}) for n in 'abc']\n"
        "sys.exit(supervise(run_dir=root / 'run', log_dir=root / 'logs', kinds=kinds, children=specs,"
        " on_notice=print))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code])

    def descendants() -> list[int]:
        return [int(p) for p in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]

    deadline = time.monotonic() + 10
    while len(descendants()) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    pids = descendants()
    assert len(pids) == 3
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    assert not any(alive(pid) for pid in pids)
    assert not (tmp_path / "run").exists()


def test_children_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path\n"
        "from streaming.supervisor import *\n"
        f"root = Path({str(tmp_path)!r})\n"
        "kinds = {'toy': KindSpec('tests.streaming.toychild')}\n"
        "supervise(run_dir=root / 'run', log_dir=root / 'logs', kinds=kinds,"
        " children=[ChildSpec('a', 'toy', {})], on_notice=print)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    deadline = time.monotonic() + 10
    while not children.read_text().split() and time.monotonic() < deadline:
        time.sleep(0.05)
    pid = int(children.read_text().split()[0])
    time.sleep(0.7)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 5
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(pid)
