"""Starting, stopping and the mistakes one can make while doing so."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bench.instance import ROOT, Instance, free_port

pytestmark = pytest.mark.integration


def nightanchor(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "server.cli", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=90,
        stdin=subprocess.DEVNULL, env={**os.environ, "LANG": "C.UTF-8"},
    )


def test_ctrl_c_ends_everything_and_a_second_start_keeps_the_data(tmp_path: Path) -> None:
    data = tmp_path / "data"
    first = Instance(data)
    try:
        first.wait_ready()
        token = first.token
        first.api.patch("/rooms/main", json={"title": "夜里的小店"}).raise_for_status()
        first.until(lambda: first.status()["on_air"], 40, "the room to be on air")
        run_dir = first.run_dir()
        children = list(first.children())
        assert len(children) >= 4
    finally:
        took = first.stop()
    assert took < 3.5
    assert first.process.returncode == 0
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]
    assert not run_dir.exists()

    second = Instance(data)
    try:
        second.wait_ready()
        assert second.token == token, "a token is made once"
        assert token not in second.output
        assert second.api.get("/rooms/main").json()["title"] == "夜里的小店"
        assert len(second.api.get("/products", params={"room": "main"}).json()) == 6
    finally:
        second.stop()


def test_a_taken_port_is_named_and_says_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = nightanchor("run", "--port", str(port), "--data", str(tmp_path / "data"), "--no-browser")
    assert done.returncode == 2
    assert f"port {port} is taken" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_data_folder_belongs_to_one_instance(tmp_path: Path) -> None:
    first = Instance(tmp_path / "data")
    try:
        first.wait_ready()
        done = nightanchor("run", "--port", str(free_port()), "--data", str(tmp_path / "data"), "--no-browser")
    finally:
        first.stop()
    assert done.returncode == 2
    assert "another NightAnchor uses this data folder" in done.stderr


def test_a_corrupt_database_is_named_and_left_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "nightanchor.db").write_bytes(b"this is no database" * 400)
    done = nightanchor("run", "--port", str(free_port()), "--data", str(data), "--no-browser")
    assert done.returncode != 0
    assert "nightanchor.db" in done.stderr
    assert "Traceback" not in done.stderr
    assert (data / "nightanchor.db").read_bytes().startswith(b"this is no database")


def test_doctor_reports_on_this_machine(tmp_path: Path) -> None:
    done = nightanchor("doctor", "--data", str(tmp_path))
    assert done.returncode == 0, done.stdout
    assert "x264" in done.stdout
    assert "espeak-ng loads" in done.stdout


def test_a_look_needs_a_picture_and_a_show(tmp_path: Path) -> None:
    done = nightanchor("looks", "add", str(tmp_path / "none.png"), "--data", str(tmp_path))
    assert done.returncode == 2
    assert "there is no picture" in done.stderr
    (tmp_path / "some.png").write_bytes(b"x")
    done = nightanchor("looks", "add", str(tmp_path / "some.png"), "--data", str(tmp_path))
    assert "nothing is on air" in done.stderr
