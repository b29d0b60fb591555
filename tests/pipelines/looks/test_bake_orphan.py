"""A bake ends with the server that asked for it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PARENT = """
import os, subprocess, sys, time
p = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, env={**os.environ, "NIGHTANCHOR_ERRAND_OF": str(os.getpid())})
time.sleep(float(sys.stdin.readline()))
print(p.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("seconds", [0.0, 2.0], ids=["before it is ready", "at work"])
def test_a_killed_server_leaves_no_bake_behind(tmp_path: Path, seconds: float) -> None:
    bake = [
        sys.executable, "-m", "pipelines.looks.bake", "--picture", str(ROOT / "assets/portraits/lin.jpg"), "--out",
        str(tmp_path), "--width", "1080", "--height", "1920", "--name", "lin",
    ]
    command = [sys.executable, "-c", PARENT, *bake]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdin is not None and parent.stdout is not None
        parent.stdin.write(f"{seconds}\n")
        parent.stdin.flush()
        pid = int(parent.stdout.readline())
        assert alive(pid), "it must still be at work for this test to mean something"
        parent.kill()
        parent.wait()
    until = time.monotonic() + 10
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not alive(pid)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
