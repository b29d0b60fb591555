"""What a receiver gets when an operator takes over, speaks or stops everything, and what tells it that an AI speaks."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from bench.instance import Instance
from bench.soak import mouth_box
from pipelines.line import Line
from streaming.canvas import Canvas, Rect
from streaming.overlays.label import paint_label
from streaming.overlays.layout import Layout
from tests.e2e.conftest import needs
from tests.e2e.received import luma, probe, pull, sound
from tests.nginx import RtmpServer
from tests.pipelines.voice.speech import speak

pytestmark = pytest.mark.integration

QUIET, SPOKEN = 10 ** (-50 / 20), 10 ** (-36 / 20)
"""Peaks of a picture's sound: below is silence; above is speech, not the noise of the room it was spoken in."""
ASIDE = (40, 200, 640, 300)
"""Where the presenter's hair and face are, and of a slate nothing but its ground."""
PAUSE_S = 1.2


@pytest.fixture(scope="module")
def stream(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the demo on a real RTMP server; it is recorded, too."""
    needs("ffmpeg", "ffprobe", "nginx")
    with RtmpServer(tmp_path_factory.mktemp("nginx"), "meta copy;") as rtmp:
        server, _, key = rtmp.url("room").rpartition("/")
        for more in ({"kind": "rtmp", "url": server, "key": key}, {"kind": "record"}):
            instance.api.post("/outputs", json={"room": "main", "name": "out", **more}).raise_for_status()
        instance.until(lambda: all(o["state"] == "live" for o in instance.status()["outputs"]), 40, "both to be live")
        yield rtmp.url("room")


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A man's voice as a browser records it: quiet, in Opus, with silence before, within and after."""
    speech = speak(
        Line("x", "main", 0, "大家好，我是店长，今天由我来陪大家。", "zh", "script", voice="zh-han"), 44_100
    )
    pause = np.zeros(int(PAUSE_S * 44_100), np.float32)
    pcm = np.concatenate((pause, speech.pcm * 0.12, pause, speech.pcm * 0.12, pause))
    pcm += np.random.default_rng(3).normal(0, 2e-4, len(pcm)).astype(np.float32)
    folder = tmp_path_factory.mktemp("voice")
    with wave.open(str(folder / "v.wav"), "wb") as f:
        f.setnchannels(1)
        f.setsampwidth(2)
        f.setframerate(44_100)
        f.writeframes((pcm * 32767).astype("<i2").tobytes())
    done = ["ffmpeg", "-v", "error", "-i", str(folder / "v.wav"), "-c:a", "libopus", "-ar", "48000"]
    subprocess.run([*done, str(folder / "v.webm")], check=True, timeout=60, stdin=subprocess.DEVNULL)
    return folder / "v.webm"


def order(instance: Instance, what: str, **body: Any) -> dict[str, Any]:
    answer = instance.api.post(f"/rooms/main/{what}", json=body)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def records(instance: Instance, kind: str) -> list[dict[str, Any]]:
    rows = instance.api.get("/airlog", params={"room": "main", "limit": 1000}).json()
    return [r for r in rows if r["kind"] == kind]


def levels(path: Path) -> npt.NDArray[np.float32]:
    """Peak of the sound of each picture."""
    pcm, rate = sound(path)
    edges = [n * rate // 25 for n in range(len(pcm) * 25 // rate + 1)]
    return np.array([np.abs(pcm[a:b]).max(initial=0.0) for a, b in itertools.pairwise(edges)], np.float32)


def labelled(path: Path) -> float:
    """Smallest part of the label's letters that is bright in any picture."""
    layout = Layout(720, 1280)
    sprite = paint_label(layout, "", "zh")
    black = Canvas(720, 1280)
    sprite.blend(black, Rect(0, 0, 720, 1280))
    letters = black.planes(sprite.rect)[0] > 220
    return float(min((picture[letters] > 170).mean() for picture in luma(path, tuple(sprite.rect))))


def test_the_show_opens_by_saying_that_an_ai_speaks(instance: Instance) -> None:
    first = records(instance, "said")[0]
    assert first["source"] == "notice" and "AI" in first["text"]


def test_the_notice_for_machines_is_in_every_stream_and_file(instance: Instance, stream: str, tmp_path: Path) -> None:
    pulled = [
        pull(stream, tmp_path / "rtmp.flv", 2), pull(f"{instance.base}/rooms/main/live.flv", tmp_path / "live.flv", 2),
        *sorted((instance.data / "recordings" / "main").glob("*.mp4")),
    ]
    assert len(pulled) >= 3
    for path in pulled:
        fields = json.loads(probe(path, "-show_format")["format"]["tags"]["AIGC"])
        assert fields["Label"] == "1" and fields["ContentProducer"] == "NightAnchor", path
        assert "-main-20" in fields["ProduceID"]


def test_an_emergency_is_silence_and_a_slate_with_the_label(instance: Instance, stream: str, tmp_path: Path) -> None:
    order(instance, "emergency", on=False)
    instance.until(lambda: instance.status()["now"], 30, "a sentence to be spoken")
    cut = instance.status()["now"]["text"]
    order(instance, "emergency", on=True, text="马上回来")
    time.sleep(2.5)
    path = pull(stream, tmp_path / "slate.flv", 4)
    assert levels(path).max() < QUIET
    assert np.ptp(luma(path, ASIDE).mean((1, 2))) < 1 and luma(path, ASIDE).std() < 3, "nothing shows through"
    assert labelled(path) > 0.9
    order(instance, "emergency", on=False)
    seen: list[str] = []

    def again() -> bool:
        seen.append((instance.status()["now"] or {}).get("text", ""))
        return cut in seen

    instance.until(again, 20, f"what was cut off to be said again; heard {set(seen)}")


def test_a_killed_playout_and_a_killed_server_leave_the_slate_on(
    instance: Instance, stream: str, tmp_path: Path
) -> None:
    order(instance, "emergency", on=True, text="稍等")
    time.sleep(3.0)  # A pull begins with the newest IDR, up to two seconds ago.
    path = tmp_path / "killed.flv"
    url = f"{instance.base}/rooms/main/live.flv"
    with subprocess.Popen(
        ["ffmpeg", "-v", "error", "-i", url, "-t", "8", "-c", "copy", "-y", str(path)], stdin=subprocess.DEVNULL
    ) as puller:
        time.sleep(2.5)
        os.kill(instance.pid_of("streaming.playout"), signal.SIGKILL)
        puller.wait(60)
    pictures = luma(path, ASIDE)
    assert len(pictures) > 100 and np.ptp(pictures.mean((1, 2))) < 1, "not one picture of the room"
    assert labelled(path) > 0.9
    os.kill(instance.pid_of("server.main"), signal.SIGKILL)
    instance.until(lambda: instance.status()["slate"] == {"on": True, "text": "稍等"}, 60, "the slate to be known")
    assert instance.status()["now"] is None
    order(instance, "emergency", on=False)
    instance.until(lambda: instance.status()["now"], 30, "the show to go on")
    instance.until(lambda: instance.status()["playout"].get("look"), 30, "the presenter to be back")


def test_the_operators_own_voice_is_levelled_lip_synced_and_found_in_the_recording(
    instance: Instance, stream: str, voice: Path, tmp_path: Path
) -> None:
    order(instance, "takeover", on=True)
    instance.until(lambda: instance.status()["now"] is None, 20, "the automation to end its sentence")
    instance.until(lambda: all(o["state"] == "live" for o in instance.status()["outputs"]), 40, "both to be live")
    time.sleep(2.5)  # A pull begins with the newest IDR, up to two seconds ago.
    path = tmp_path / "voice.flv"
    url = f"{instance.base}/rooms/main/live.flv"
    with subprocess.Popen(
        ["ffmpeg", "-v", "error", "-i", url, "-t", "17", "-c", "copy", "-y", str(path)], stdin=subprocess.DEVNULL
    ) as puller:
        time.sleep(3.0)
        answer = instance.api.post(
            "/rooms/main/voice", files={"file": ("v.webm", voice.read_bytes())}, data={"override": "true"}
        )
        assert answer.status_code == 202, answer.text
        puller.wait(60)
    loud = levels(path) > SPOKEN
    spoken = np.flatnonzero(loud)
    assert 6 < len(spoken) / 25 < 12 and spoken[0] > 25, "only what was spoken, after silence"
    seconds = (spoken[-1] - spoken[0]) / 25
    done = subprocess.run(
        ["ffmpeg", "-nostats", "-ss", str(spoken[0] / 25), "-t", str(seconds), "-i", str(path), "-vn", "-af", "ebur128",
         "-f", "null", "-"], capture_output=True, text=True, check=True, timeout=60, stdin=subprocess.DEVNULL,
    )
    heard = float(done.stderr[done.stderr.rindex("Summary:") :].split("I:")[1].split("LUFS")[0])
    assert heard == pytest.approx(-16, abs=1.0)
    mouth = luma(path, mouth_box(instance)).astype(np.float32)
    moved = np.abs(np.diff(mouth, axis=0)).mean((1, 2))[: len(loud)]
    silent = np.convolve(loud, np.ones(15), "same")[: len(moved)] == 0
    voiced = np.convolve(loud, np.ones(5), "same")[: len(moved)] > 0
    assert np.median(moved[voiced]) > 4 * max(0.15, float(np.median(moved[silent])))
    within = silent.copy()
    within[: spoken[0]] = within[spoken[-1] :] = False
    assert within.any() and np.median(moved[within]) < 0.6, "lips rest in a pause"
    record = next(r for r in records(instance, "said") if r["line_id"] == answer.json()["line_id"])
    assert record["voice"] and record["source"] == "operator" and record["by"]["role"] == "owner"
    recording = instance.data / "recordings" / "main" / record["recording"]["file"]
    offset = record["recording"]["offset_s"]
    time.sleep(1.5)
    begun = np.flatnonzero(levels(recording)[round(offset * 25) - 20 :] > SPOKEN)[0] - 20
    assert 0 <= begun <= 6, f"the sound begins {begun / 25:.2f} s after the place that is noted"
    order(instance, "takeover", on=False)
    instance.until(lambda: instance.status()["now"], 30, "the show to go on")
    report = instance.api.get("/airlog/verify", params={"room": "main"}).json()
    assert report["ok"] and not report["torn"], report
