"""The lives of a job's process: servers that end or die, stops, and what is told of it. No model is trained here."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from server.training import process
from server.training.jobs import Jobs
from tests.server.test_training import dataset, job, started, state, until
from tests.server.wardrobe import Wardrobe, wardrobe

__all__ = ["started"]
NICE = process.NICE
"""As it is; the other tests do not wait for whatever else this machine does."""
pytestmark = [pytest.mark.integration, pytest.mark.timeout(420)]


@pytest.fixture
async def w(
    tmp_path: Path, visual_folder: Path, language_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Wardrobe]:
    monkeypatch.setattr(process, "COMMAND", (sys.executable, "-m", "tests.server.stand_in"))
    monkeypatch.setattr(process, "POLL_S", 0.05)
    monkeypatch.setattr(process, "NICE", 0)
    async with wardrobe(tmp_path, visual_folder, language_folder) as made:
        yield made
        await made.context.datasets.close()


def server(w: Wardrobe) -> Jobs:
    """The jobs of another server on the same data, as after a start."""
    c = w.context
    made = Jobs(c.settings, w.tmp / "data" / "training", c.datasets, c.studio, c.adapters)
    c.jobs = made
    return made


@asynccontextmanager
async def running(jobs: Jobs) -> AsyncIterator[None]:
    """A server that is killed at the end: nobody says goodbye to the training."""
    task = asyncio.ensure_future(jobs.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def place(jobs: Jobs, key: str) -> Path:
    return jobs._shelf.folder(key)


def pid(jobs: Jobs, key: str) -> int:
    return int((place(jobs, key) / process.PID).read_text())


async def begun(w: Wardrobe, name: str = "long") -> str:
    key = await job(w, await dataset(w), name=name)
    await until(lambda: w.context.jobs.get(key)["step"] > 3)
    return key


async def test_a_job_outlives_the_server_and_is_taken_up_again(w: Wardrobe) -> None:
    async with running(w.context.jobs):
        key = await begun(w)
    before = pid(w.context.jobs, key)
    after = server(w)
    async with running(after):
        step = after.get(key)["step"]
        await until(lambda: after.get(key)["step"] > step + 3)
        assert after.get(key)["state"] == "running" and pid(after, key) == before, "the same process"
        # An orderly end: it is asked to save, and goes on at the next start.
        await after.close()
        await until(lambda: not process.alive(place(after, key)))
        await asyncio.sleep(3 * process.POLL_S)
        assert not process.alive(place(after, key)) and pid(after, key) == before, "nothing is begun at the end"
    at = after.get(key)["step"]
    again = server(w)
    async with running(again):
        await until(lambda: again.get(key)["step"] > at)
        assert pid(again, key) != before
        points = [p[0] for p in again.curve(key)["train"]]
        assert points == list(range(1, len(points) + 1)), "every step once"


async def test_a_training_has_the_lowest_priority(w: Wardrobe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "NICE", NICE)
    async with running(w.context.jobs):
        key = await job(w, await dataset(w), name="long")
        await until(lambda: state(w, key) in ("preparing", "running") and (place(w.context.jobs, key) / "pid").is_file())
        assert os.getpriority(os.PRIO_PROCESS, pid(w.context.jobs, key)) == 19


async def test_a_server_that_ends_at_once_reaches_what_an_earlier_one_started(w: Wardrobe) -> None:
    async with running(w.context.jobs):
        key = await begun(w)
    after = server(w)
    task = asyncio.ensure_future(after.run())  # It has had no time to look.
    await after.close()
    await until(lambda: not process.alive(place(after, key)))
    await asyncio.wait_for(task, 30)
    assert after.get(key)["state"] == "queued"


@pytest.mark.parametrize("followed", [True, False])
async def test_a_stop_holds_though_the_server_ends_meanwhile(w: Wardrobe, followed: bool) -> None:
    async with running(w.context.jobs):
        key = await begun(w)
        if followed:
            w.context.jobs.stop(key)
            await w.context.jobs.close()
    if not followed:
        # It is gone without a word, as when the machine loses power during the stop.
        w.context.jobs._set(key, state="stopping")
        os.kill(pid(w.context.jobs, key), signal.SIGKILL)
    await until(lambda: not process.alive(place(w.context.jobs, key)))
    after = server(w)
    async with running(after):
        await until(lambda: state(w, key) == "stopped")
        await asyncio.sleep(3 * process.POLL_S)
        assert not process.alive(place(after, key))


async def test_what_is_taken_out_while_it_waits_for_an_old_process_is_not_started(w: Wardrobe) -> None:
    async with running(w.context.jobs):
        key = await begun(w)
    os.kill(pid(w.context.jobs, key), signal.SIGSTOP)
    after = server(w)
    after._set(key, state="queued")
    async with running(after):
        await asyncio.sleep(2 * process.POLL_S)
        answer = await w.client.post(f"/training/jobs/{key}/stop")
        assert answer.json()["state"] == "stopped"
        before = pid(after, key)
        os.kill(before, signal.SIGKILL)
        await until(lambda: not process.alive(place(after, key)))
        await asyncio.sleep(3 * process.POLL_S)
        assert state(w, key) == "stopped" and pid(after, key) == before


async def test_how_an_earlier_run_ended_is_not_taken_for_how_this_one_did(w: Wardrobe) -> None:
    async with running(w.context.jobs):
        key = await begun(w)
        await w.client.post(f"/training/jobs/{key}/stop")
        await until(lambda: state(w, key) == "stopped")
        w.context.jobs._set(key, name="dies")
        await w.client.post(f"/training/jobs/{key}/resume")
        await until(lambda: state(w, key) == "failed")
        found: dict[str, Any] = w.context.jobs.get(key)
        assert "SIGKILL" in found["message"] and "resume" in found["next_step"]


async def test_the_next_in_the_queue_starts_when_one_has_finished(w: Wardrobe) -> None:
    data = await dataset(w)
    first, second = await job(w, data, name="short"), await job(w, data, name="short")
    async with running(w.context.jobs):
        await until(lambda: state(w, first) in ("preparing", "running"))
        assert state(w, second) == "queued"
        await until(lambda: state(w, second) == "finished")
        documents = [w.context.jobs.get(k) for k in (first, second)]
        assert [d["step"] for d in documents] == [30, 30] and documents[0]["ended"] <= documents[1]["started"]


async def test_a_full_disk_is_said_and_what_is_true_is_written_down_later(
    w: Wardrobe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.training.jobs.AGAIN_S", 0.05)
    data = await dataset(w)
    key = await job(w, data, name="short")
    write, full = os.replace, [True]

    def replace(source: Any, target: Any) -> None:
        if full[0] and Path(target).name == "job.json":
            raise OSError(28, "No space left on device")
        write(source, target)

    async with running(w.context.jobs):
        await until(lambda: state(w, key) in ("preparing", "running"))
        monkeypatch.setattr("server.training.folders.os.replace", replace)
        body = {"name": "x", "kind": "language", "dataset": data, "settings": {}}
        refused = await w.client.post("/training/jobs", json=body)
        assert refused.status_code == 503 and refused.json()["next_step"] == "free some space", refused.text
        assert [j["id"] for j in w.context.jobs.every()] == [key], "what was refused left nothing behind"
        await until(lambda: not process.alive(place(w.context.jobs, key)))
        await asyncio.sleep(4 * process.POLL_S)
        full[0] = False
        await until(lambda: state(w, key) == "finished")


@pytest.fixture(autouse=True)
def _reaped(started: Iterator[None]) -> Iterator[None]:
    yield
