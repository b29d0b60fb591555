"""Sinks as processes, against a real RTMP server, a bad one, and a disk."""

from __future__ import annotations

import itertools
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests import nginx
from tests.e2e.received import probe, pull
from tests.faultserver import FaultServer
from tests.nginx import RtmpServer
from tests.packets import Packets
from tests.streaming.child_process import ChildProcess

pytestmark = pytest.mark.integration


@pytest.fixture
def packets(tmp_path: Path) -> Iterator[Packets]:
    with Packets(tmp_path) as source:
        yield source


def rtmp_sink(run_dir: Path, url: str, **config: Any) -> ChildProcess:
    return ChildProcess(
        "streaming.sinks.rtmp", run_dir, "sink:main:1", room="main", output_id=1, url=url, **config
    )


def need_nginx() -> None:
    if nginx.missing() or shutil.which("ffmpeg") is None:
        pytest.skip(nginx.missing() or "ffmpeg is not installed; `make test-deps` installs it")


def first_packets(path: Path) -> list[dict[str, Any]]:
    entries = "packet=stream_index,codec_type,pts_time,flags"
    found: list[dict[str, Any]] = probe(path, "-show_entries", entries)["packets"]
    return found


def test_a_stream_arrives_from_an_idr_at_zero_and_comes_back_after_the_server_did(
    tmp_path: Path, packets: Packets
) -> None:
    need_nginx()
    with RtmpServer(tmp_path / "nginx") as rtmp, rtmp_sink(tmp_path, rtmp.url("one")) as sink:
        sink.reach("live")
        video = [p for p in first_packets(pull(rtmp.url("one"), tmp_path / "a.flv", 3)) if p["codec_type"] == "video"]
        assert video[0]["flags"].startswith("K")
        assert float(video[-1]["pts_time"]) < 30, "time starts at 0 with each connection"
        rtmp.stop()
        sink.reach("backoff")
        assert sink.status["reason"] in ("lost", "refused", "closed")
        assert "one" not in sink.status["message"]
        rtmp.start()
        sink.reach("live", 30)
        assert sink.status["reconnects"] >= 1
        assert probe(pull(rtmp.url("one"), tmp_path / "b.flv", 2), "-show_streams")["streams"]


def test_a_frozen_server_is_noticed_and_left(tmp_path: Path) -> None:
    need_nginx()
    with (
        Packets(tmp_path, width=720, height=1280, kbps=4000),
        RtmpServer(tmp_path / "nginx") as rtmp, rtmp_sink(tmp_path, rtmp.url("two")) as sink,
    ):
        sink.reach("live")
        rtmp.freeze()
        sink.until(lambda: sink.status.get("state") in ("stalled", "backoff"), 40)
        sink.until(lambda: sink.status.get("state") == "backoff", 40)
        rtmp.freeze(False)
        sink.reach("live", 40)


def test_a_refused_key_is_said_without_showing_it(tmp_path: Path, packets: Packets) -> None:
    need_nginx()
    with RtmpServer(tmp_path / "nginx") as rtmp, rtmp_sink(tmp_path, rtmp.url("topsecret", app="closed")) as sink:
        sink.until(lambda: sink.status.get("reason") in ("rejected", "lost"), 30)
        assert sink.status["state"] == "backoff"
        assert "topsecret" not in str(sink.events)


@pytest.mark.parametrize(("fault", "reason"), [("silent", "silent"), ("drop", "closed"), ("garbage", "protocol")])
def test_bad_servers_are_told_apart(tmp_path: Path, packets: Packets, fault: str, reason: str) -> None:
    with FaultServer(fault) as server, rtmp_sink(tmp_path, server.url) as sink:
        sink.reach("backoff")
        assert sink.status["reason"] == reason
        assert sink.status["next_step"]
        sink.until(lambda: server.connections >= 2)
        assert "secret-key" not in str(sink.events)


def test_nobody_there_and_no_such_name(tmp_path: Path, packets: Packets) -> None:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    with rtmp_sink(tmp_path, f"rtmp://127.0.0.1:{port}/live/x") as sink:
        sink.reach("backoff")
        assert sink.status["reason"] == "refused"
        sink.ask("address", url="rtmp://no-such-host.invalid/live/x")
        sink.until(lambda: sink.status.get("reason") == "dns")
        bad = sink.ask("address", url="http://127.0.0.1/live")
        assert not bad["ok"]
        assert bad["error"]["code"] == "bad_address"


def test_pause_and_resume(tmp_path: Path, packets: Packets) -> None:
    need_nginx()
    with RtmpServer(tmp_path / "nginx") as rtmp, rtmp_sink(tmp_path, rtmp.url("three"), paused=True) as sink:
        sink.reach("paused")
        sink.ask("resume")
        sink.reach("live")
        sink.ask("pause")
        sink.reach("paused")


def test_one_bad_destination_disturbs_no_other(tmp_path: Path, packets: Packets) -> None:
    need_nginx()
    with (
        RtmpServer(tmp_path / "nginx") as rtmp, FaultServer("silent") as bad,
        rtmp_sink(tmp_path, bad.url) as one, rtmp_sink(tmp_path, rtmp.url("good")) as other,
    ):
        other.reach("live")
        one.reach("backoff")
        until = time.monotonic() + 4
        while time.monotonic() < until:
            other.poll()
            one.poll()
        assert other.status["state"] == "live"
        assert other.status["reconnects"] == 0


def test_the_refresh_hook_gives_the_address(tmp_path: Path, packets: Packets) -> None:
    need_nginx()
    with RtmpServer(tmp_path / "nginx") as rtmp:
        class Hook(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                server, _, key = rtmp.url("fresh").rpartition("/")
                self.wfile.write(f'{{"url": "{server}", "key": "{key}"}}'.encode())

            def log_message(self, *_args: object) -> None:
                pass

        with HTTPServer(("127.0.0.1", 0), Hook) as hook:
            thread = Thread(target=hook.serve_forever, daemon=True)
            thread.start()
            url = f"http://127.0.0.1:{hook.server_port}/address"
            with rtmp_sink(tmp_path, "rtmp://127.0.0.1:1/stale/key", refresh_url=url) as sink:
                sink.reach("live")
            hook.shutdown()
            thread.join()


def recorder(run_dir: Path, folder: Path, **config: Any) -> ChildProcess:
    return ChildProcess(
        "streaming.sinks.record", run_dir, "sink:main:2", room="main", output_id=2, folder=str(folder), **config
    )


def test_machines_read_on_the_server_and_in_a_recording_that_an_ai_made_it(tmp_path: Path, packets: Packets) -> None:
    need_nginx()
    folder = tmp_path / "rec"
    aigc = {"producer": "晚安小店", "content": "na-1-main", "propagator": "某平台"}
    with (
        RtmpServer(tmp_path / "nginx", "meta copy;") as rtmp,
        rtmp_sink(tmp_path, rtmp.url("marked"), aigc=aigc) as sink,
        recorder(tmp_path, folder, segment_s=600, keep_gb=1, aigc=aigc) as recording,
    ):
        sink.reach("live")
        received = pull(rtmp.url("marked"), tmp_path / "received.flv", 2)
        recording.reach("live")
    for path in (received, *folder.glob("*.mp4")):
        tags = probe(path, "-show_format")["format"]["tags"]
        fields = json.loads(tags["AIGC"])
        assert (fields["Label"], fields["ContentProducer"]) == ("1", "晚安小店"), path
        assert fields["ContentPropagator"] == "某平台"
        assert fields["ProduceID"] == fields["PropagateID"] and fields["ProduceID"].startswith("na-1-main-")


def duration(path: Path) -> float:
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(path)],
        capture_output=True, text=True, check=True,
    )
    return float(done.stdout)


def test_recordings_are_cut_at_idrs_and_each_plays_alone(tmp_path: Path, packets: Packets) -> None:
    if shutil.which("ffprobe") is None:
        pytest.skip("ffprobe is not installed; `make test-deps` installs it")
    folder = tmp_path / "rec"
    with recorder(tmp_path, folder, segment_s=2, keep_gb=1) as sink:
        sink.until(lambda: len(list(folder.glob("*.mp4"))) >= 3, 30)
        told = [e for e in sink.events if e.get("op") == "sink.state" and e.get("file")]
    assert len({e["file"] for e in told}) >= 3, "the server is told of each file as it begins"
    starts = [e["first_s"] for e in told]
    assert all(b - a == pytest.approx(2.0, abs=0.05) for a, b in itertools.pairwise(starts))
    done = sorted(folder.glob("*.mp4"), key=lambda p: p.stat().st_mtime)[:2]
    for path in done:
        assert duration(path) == pytest.approx(2.0, abs=0.15)
        video = [p for p in first_packets(path) if p["codec_type"] == "video"]
        assert video[0]["flags"].startswith("K")
        assert float(video[0]["pts_time"]) == pytest.approx(0, abs=0.05)
        assert len(video) == 50


def test_the_oldest_recordings_go_first(tmp_path: Path, packets: Packets) -> None:
    folder = tmp_path / "rec"
    folder.mkdir()
    (folder / "20200101-000000.mp4").write_bytes(b"x" * 300_000)
    with recorder(tmp_path, folder, segment_s=2, keep_gb=0.0002) as sink:
        sink.reach("live")
        sink.until(lambda: not (folder / "20200101-000000.mp4").exists())


def test_a_folder_that_cannot_be_written_is_named_and_used_once_it_can(tmp_path: Path, packets: Packets) -> None:
    blocker = tmp_path / "rec"
    blocker.write_text("a file where the folder should be")
    with recorder(tmp_path, blocker, segment_s=60, keep_gb=1) as sink:
        sink.reach("backoff")
        assert sink.status["reason"] == "unwritable"
        assert str(blocker) in sink.status["message"]
        blocker.unlink()
        sink.reach("live", 20)


def test_a_full_disk_stops_the_recording_until_there_is_room(tmp_path: Path, packets: Packets) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(disk)], capture_output=True).returncode:
        pytest.skip("a small file system can't be mounted here; it needs root")
    try:
        with recorder(tmp_path, disk / "rec", segment_s=60, keep_gb=1) as sink:
            sink.reach("backoff")
            assert sink.status["reason"] == "disk_full"
            assert "goes on by itself" in sink.status["next_step"]
            subprocess.run(["mount", "-o", "remount,size=200m", str(disk)], check=True)
            sink.reach("live", 20)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
