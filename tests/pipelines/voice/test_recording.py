"""What an operator spoke: whatever a browser records is taken, anything else refused with a reason."""

from __future__ import annotations

import io
import itertools
import wave
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from pipelines.face import face_track, hearing
from pipelines.line import Line, Speech
from pipelines.voice import loudness, recording
from pipelines.voice.worker import Worker, make_take
from streaming import take as takes
from streaming.errors import BadInput
from tests.pipelines.voice.speech import speak

RATE = 44_100
TEXT = "大家好，欢迎来到直播间。今天给大家带来一款非常好用的精华。"
FORMS = [
    ("webm", "libopus", 48_000), ("ogg", "libopus", 48_000), ("wav", "pcm_s16le", 44_100), ("mp3", "mp3", 44_100),
    ("mp4", "aac", 48_000), ("flac", "flac", 16_000), ("adts", "aac", 44_100),
]


@pytest.fixture(scope="module")
def spoken() -> Speech:
    """Speech whose phonemes are known."""
    return speak(Line("x", "main", 0, TEXT, "zh", "script"), RATE)


@pytest.fixture(scope="module")
def raw(spoken: Speech) -> np.ndarray[Any, Any]:
    """As a microphone gives it: quiet, with the room's noise, and a second of nothing before and after."""
    rng = np.random.default_rng(5)
    nothing = np.zeros(RATE, np.float32)
    whole = np.concatenate((nothing, spoken.pcm * 0.1, nothing))
    return (whole + rng.normal(0, 2e-4, len(whole))).astype(np.float32)


def encoded(pcm: np.ndarray[Any, Any], form: str, codec: str, rate: int) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=form) as file:
        stream: Any = file.add_stream(codec, rate=rate)
        frame = av.AudioFrame.from_ndarray(pcm[None].astype(np.float32), format="fltp", layout="mono")
        frame.sample_rate = RATE
        fifo = av.AudioFifo()
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="stereo", rate=rate)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            part.pts = None
            fifo.write(part)
        size = stream.codec_context.frame_size or 1024
        while (part := fifo.read(size, partial=True)) is not None:
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))
    return out.getvalue()


@pytest.mark.parametrize(("form", "codec", "rate"), FORMS)
def test_what_browsers_record_is_levelled_and_trimmed(
    tmp_path: Path, raw: np.ndarray[Any, Any], spoken: Speech, form: str, codec: str, rate: int
) -> None:
    path = tmp_path / "upload"
    path.write_bytes(encoded(raw, form, codec, rate))
    pcm = recording.prepare(recording.decode(path, RATE), RATE)
    assert loudness.loudness(pcm, RATE) == pytest.approx(-16, abs=0.5)
    assert loudness.true_peak(pcm) < -2
    assert len(pcm) / RATE == pytest.approx(len(spoken.pcm) / RATE, abs=0.35), "the silence around it is gone"


def test_a_recording_that_was_cut_off_is_heard_up_to_there(tmp_path: Path, raw: np.ndarray[Any, Any]) -> None:
    data = encoded(raw, "webm", "libopus", 48_000)
    path = tmp_path / "upload"
    path.write_bytes(data[: len(data) // 2])
    assert len(recording.prepare(recording.decode(path, RATE), RATE)) > RATE


def wav(samples: np.ndarray[Any, Any]) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as f:
        f.setnchannels(1)
        f.setsampwidth(2)
        f.setframerate(8000)
        f.writeframes(samples.astype("<i2").tobytes())
    return out.getvalue()


BAD = {
    "empty": b"", "text": b"hello, I am no sound at all", "picture": b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
    "a playlist": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n" + b"\n" * 40, "half a head": b"\x1aE\xdf\xa3" + b"\xff" * 60,
    "ogg of noise": b"OggS" + bytes(range(256)) * 20, "no data": wav(np.zeros(0)), "silence": wav(np.zeros(16_000)),
    "hiss": wav(np.random.default_rng(1).normal(0, 2, 16_000)), "a click": wav(np.full(200, 9000)),
    "too long": wav(np.random.default_rng(1).normal(0, 3000, 8000 * 62)),
}


@pytest.mark.parametrize("name", BAD)
def test_what_can_not_be_said_is_refused_with_a_way_out(tmp_path: Path, name: str) -> None:
    path = tmp_path / "upload"
    path.write_bytes(BAD[name])
    with pytest.raises(BadInput) as caught:
        recording.prepare(recording.decode(path, RATE), RATE)
    assert caught.value.next_step


def test_lips_follow_the_sound_as_they_follow_the_phonemes(raw: np.ndarray[Any, Any], spoken: Speech) -> None:
    pcm = recording.prepare(raw, RATE)
    heard = recording.speech_of(pcm, RATE, "", "zh")
    known, guessed = (face_track(s, fps_num=25)["open"] for s in (spoken, heard))
    agreement = max(
        float(np.corrcoef(known[: len(known) - 8], guessed[k : k + len(known) - 8])[0, 1])
        for k in range(min(6, len(guessed) - len(known) + 8))
    )
    assert agreement > 0.65


def test_lips_rest_in_silence_and_move_in_speech(raw: np.ndarray[Any, Any]) -> None:
    pcm = recording.prepare(raw, RATE)
    pause = np.random.default_rng(2).normal(0, 1e-3, RATE).astype(np.float32)
    whole = np.concatenate((pcm, pause, pcm))
    opening = face_track(recording.speech_of(whole, RATE, "", "zh"), fps_num=25)["open"]
    first, last = (round(t * 25) for t in (len(pcm) / RATE + 0.1, len(pcm) / RATE + 0.9))
    assert opening[first:last].max() == 0
    assert (opening[:first] > 0.2).mean() > 0.4 and opening.max() > 0.5


def test_phonemes_that_are_heard_cover_the_sound(raw: np.ndarray[Any, Any]) -> None:
    row = hearing.phones(raw, RATE)
    assert row[0].t0 == 0 and row[-1].t1 == pytest.approx(len(raw) / RATE)
    assert all(a.t1 == b.t0 for a, b in itertools.pairwise(row))
    assert row[0].name == row[-1].name == "_" and row[0].t1 == pytest.approx(1.0, abs=0.15)


def test_captions_are_spread_over_what_is_spoken(raw: np.ndarray[Any, Any]) -> None:
    spans = recording.spread("你好世界", hearing.phones(raw, RATE))
    assert [(s.start, s.end) for s in spans] == [(k, k + 1) for k in range(4)]
    assert spans[0].t0 > 0.8 and spans[-1].t1 < len(raw) / RATE - 0.8
    assert all(a.t1 <= b.t0 + 1e-6 and a.t0 < a.t1 for a, b in itertools.pairwise(spans))
    assert recording.spread("", hearing.phones(raw, RATE)) == []


def test_the_voice_process_hears_and_says_it(tmp_path: Path, raw: np.ndarray[Any, Any]) -> None:
    (tmp_path / "takes").mkdir()
    worker = Worker(tmp_path)
    upload = tmp_path / "clips" / "upload.bin"
    upload.write_bytes(encoded(raw, "webm", "libopus", 48_000))
    heard = worker.handle({"op": "hear", "path": str(upload), "sample_rate": RATE})
    line = {"line_id": "l1", "room": "main", "epoch": 3, "text": "", "lang": "zh", "source": "operator", "clip": heard["clip"]}
    for _ in range(2):
        answer = worker.handle({"op": "speak", "line": line, "fps_num": 25, "fps_den": 1, "sample_rate": RATE})
        take = takes.load(Path(answer["take"]))
        assert take.duration_s == pytest.approx(heard["duration_s"], abs=0.02)
        assert take.face["open"].max() > 0.5 and take.epoch == 3
    with pytest.raises(BadInput, match="gone"):
        worker.handle({"op": "speak", "line": {**line, "clip": "0" * 16}, "fps_num": 25, "sample_rate": RATE})
    for outside in ("/etc/passwd", str(tmp_path / "clips" / ".." / "x")):
        with pytest.raises(BadInput, match="outside"):
            worker.handle({"op": "hear", "path": outside})
    with pytest.raises(BadInput):
        make_take(
            worker._speaker, Line(**{**line, "clip": "../../etc/passwd"}), fps_num=25, fps_den=1, sample_rate=RATE,
            clips=tmp_path / "clips",
        )
