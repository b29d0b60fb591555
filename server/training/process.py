"""Process: the training's own process, which outlives the server that started it.

Who runs is told by the lock in the output folder and by the command line of a process, not by its id alone, which
another may have by now.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

from adapters.training.folder import RUN
from streaming.priority import lower

NICE = 19
POLL_S = 0.5
PID, OUT = "pid", "out"
COMMAND = (sys.executable, "-m", "adapters.training")


def start(job: Path, *, resume: bool, threads: int) -> subprocess.Popen[bytes]:
    """Start one at the lowest priority, in a session of its own, with its output in log.txt."""
    command = [*COMMAND, "--config", str(job / "config.yaml")]
    if resume:
        command.append("--resume")
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "PYTHONUNBUFFERED": "1", "NO_COLOR": "1",
                                "HF_HUB_OFFLINE": "1"}
    with (job / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            env=environment, cwd=Path(__file__).parents[2],
        )
    lower(NICE, process.pid)
    (job / PID).write_text(str(process.pid))
    return process


def alive(job: Path) -> bool:
    """Whether a process works on a job: it holds the output folder, or is about to."""
    if _process_of(job) is not None:
        return True
    try:
        file = (job / OUT / RUN / ".lock").open()
    except OSError:
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def ask_to_stop(job: Path) -> None:
    """Have a running one end after its step, with a checkpoint."""
    pid = _process_of(job)
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


def _process_of(job: Path) -> int | None:
    """The process that was started for a job, if it still is that one: an id may have been given away anew."""
    try:
        pid = int((job / PID).read_text())
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    return pid if str(job / "config.yaml").encode() in words else None


async def ended(process: subprocess.Popen[bytes] | None, job: Path) -> int | None:
    """Wait for the end of a process, or of one that an earlier server started (None: its code is not known)."""
    while True:
        if process is not None:
            code = process.poll()
            if code is not None:
                return code
        elif not alive(job):
            return None
        await asyncio.sleep(POLL_S)
