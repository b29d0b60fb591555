"""What a receiver gets: the demo on air, pushed to a real RTMP server and pulled back with ffmpeg."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from bench.instance import Instance
from bench.soak import mouth_box
from streaming.overlays.label import paint_label
from streaming.overlays.layout import Layout
from tests.e2e.conftest import needs
from tests.e2e.received import luma, probe, pull, sound
from tests.nginx import RtmpServer

pytestmark = pytest.mark.integration

SECONDS = 14.0
QUIET = 10 ** (-60 / 20)


@pytest.fixture(scope="module")
def received(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Fourteen seconds of the demo, as another machine would have received them."""
    needs("ffmpeg", "ffprobe", "nginx")
    folder = tmp_path_factory.mktemp("received")
    with RtmpServer(folder / "nginx") as rtmp:
        server, _, key = rtmp.url("room").rpartition("/")
        body = {"room": "main", "name": "nginx", "kind": "rtmp", "url": server, "key": key}
        output = instance.api.post("/outputs", json=body)
        output.raise_for_status()
        number = output.json()["id"]
        instance.until(lambda: state_of(instance, number) == "live", 30, "the destination to be live")
        yield pull(rtmp.url("room"), folder / "received.flv", SECONDS)
        instance.api.delete(f"/outputs/{number}")


def state_of(instance: Instance, number: int) -> str:
    return next((o["state"] for o in instance.status()["outputs"] if o["id"] == number), "")


def test_streams_are_what_platforms_take(received: Path) -> None:
    streams = {s["codec_type"]: s for s in probe(received, "-show_streams")["streams"]}
    video, audio = streams["video"], streams["audio"]
    assert (video["codec_name"], video["width"], video["height"], video["pix_fmt"]) == ("h264", 720, 1280, "yuv420p")
    assert video["has_b_frames"] == 0
    assert (audio["codec_name"], audio["sample_rate"], audio["channels"]) == ("aac", "44100", 2)


def test_timestamps_are_even_and_an_idr_comes_every_two_seconds(received: Path) -> None:
    packets = probe(received, "-select_streams", "v:0", "-show_entries", "packet=pts_time,flags")["packets"]
    times = np.array([float(p["pts_time"]) for p in packets])
    assert len(times) > SECONDS * 25 * 0.9
    assert np.allclose(np.diff(times), 0.04, atol=0.0021)
    keys = times[[p["flags"].startswith("K") for p in packets]]
    assert len(keys) >= 5
    assert np.allclose(np.diff(keys), 2.0, atol=0.003)


def test_ai_label_is_on_every_frame(received: Path, instance: Instance) -> None:
    room = instance.api.get("/rooms/main").json()
    label = paint_label(Layout(720, 1280), "", room["lang"])
    box = (label.rect.x, label.rect.y, label.rect.w, label.rect.h)
    reference = written(luma(received, box)[0])
    assert reference.mean() > 0.04, "the label's text is not there"
    for n, picture in enumerate(luma(received, box)):
        both = (written(picture) & reference).sum()
        assert both > 0.9 * reference.sum(), f"frame {n} has no label"


def written(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Pixels as bright as the label's text."""
    return picture > 190


def test_mouth_moves_with_the_voice_and_only_then(received: Path, instance: Instance) -> None:
    mouth = luma(received, mouth_box(instance)).astype(np.float32)
    moved = np.abs(np.diff(mouth, axis=0)).mean((1, 2))
    pcm, rate = sound(received)
    level = np.array([
        np.abs(pcm[int(n * rate / 25) : int((n + 1) * rate / 25)]).max(initial=0.0) for n in range(len(mouth) - 1)
    ])
    voiced = np.convolve(level > QUIET, np.ones(9), "same") > 0
    silent = np.convolve(level > QUIET, np.ones(15), "same") == 0
    assert voiced.sum() > 50, "nothing was said"
    assert np.percentile(moved[voiced], 70) > 2.0 * max(0.2, float(np.median(moved[silent])) if silent.any() else 0.2)


def test_voice_is_levelled_and_never_clips(received: Path) -> None:
    done = subprocess.run(
        ["ffmpeg", "-nostats", "-i", str(received), "-vn", "-af", "ebur128=peak=true", "-f", "null", "-"],
        capture_output=True, text=True, check=True,
    )
    summary = done.stderr[done.stderr.rindex("Summary:") :]
    loudness = float(summary.split("I:")[1].split("LUFS")[0])
    peak = float(summary.split("Peak:")[1].split("dBFS")[0])
    assert -17.5 < loudness < -14.5, summary
    assert peak < -0.8, summary


def test_any_player_opens_the_pull_address(instance: Instance, tmp_path: Path) -> None:
    needs("ffmpeg", "ffprobe")
    path = pull(f"{instance.base}/rooms/main/live.flv", tmp_path / "live.flv", 4.0)
    packets = probe(path, "-select_streams", "v:0", "-show_entries", "packet=pts_time,flags")["packets"]
    assert packets[0]["flags"].startswith("K")
    assert float(packets[0]["pts_time"]) < 0.2
    assert len(packets) >= 80


def test_an_answer_is_spoken_and_uses_the_price_of_now(instance: Instance) -> None:
    products = instance.api.get("/products", params={"room": "main"}).json()
    serum = next(p for p in products if "精华" in p["name"]["zh"])
    changed = instance.api.patch(f"/products/{serum['id']}", json={"price": "87.60"})
    changed.raise_for_status()
    said: list[str] = []
    ask(instance, "buyer", "精华多少钱？")

    def answered() -> bool:
        now = instance.status()["now"]
        if now and now["text"] not in said:
            said.append(now["text"])
        return any("87.6" in text for text in said)

    instance.until(answered, 30, f"the new price in the answer; said {said}")


def ask(instance: Instance, user: str, text: str) -> None:
    body = {"room": "main", "user": user, "text": text, "kind": "question"}
    answer = instance.api.post("/chat", json=body)
    answer.raise_for_status()
    assert answer.json()["accepted"], answer.text


def test_hostile_chat_leaves_the_show_on_air(instance: Instance) -> None:
    before = instance.status()["playout"]["restarts"]
    for text in (
        "x" * 10_000, "😀🏳️‍🌈👩‍👩‍👧‍👦" * 20, "\u202eمرحبا بالعالم", "a\x00b\x07\x1b[31m", "<script>alert(1)</script>",
    ):
        instance.api.post("/chat", json={"room": "main", "user": "<b>mallory</b>", "text": text, "kind": "question"})
    time.sleep(2.0)
    status = instance.status()
    assert status["on_air"]
    assert status["playout"]["restarts"] == before
    assert status["playout"]["fps"] > 20
