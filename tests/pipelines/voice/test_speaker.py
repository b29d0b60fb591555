"""Speech has the right level, timings that fit the text, and a mouth that fits the speech."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pipelines.face import face_track
from pipelines.line import Lang, Line, Speech
from pipelines.voice import loudness
from pipelines.voice.espeak_engine import EspeakEngine
from pipelines.voice.speaker import Speaker
from streaming.errors import BadInput
from tests.streaming.child_process import ChildProcess

LINES: list[tuple[Lang, str]] = [
    ("zh", "今天的价格只要99.90元，喜欢的朋友点下方商品卡。"), ("zh", "妈妈爸爸，SPF50+的防晒乳也有。"),
    ("en", "The Morning Dew Serum is 99.9 yuan tonight."), ("ja", "朝露ヒアルロン酸セラムは99.9元です。"), ("zh", "好"),
]
RATE = 44_100


@pytest.fixture(scope="module")
def speaker() -> Speaker:
    return Speaker(EspeakEngine())


def say(speaker: Speaker, lang: Lang, text: str, **fields: str) -> Speech:
    return speaker.speak(Line("l", "main", 0, text, lang, "script", **fields), RATE)  # type: ignore[arg-type]


def test_the_meter_agrees_with_the_standard() -> None:
    # EBU Tech 3341, case 1: a 1 kHz sine of -23 dBFS on both channels measures -23 LUFS.
    tone = (10 ** (-23 / 20) * np.sin(2 * np.pi * 1000 * np.arange(RATE * 5) / RATE)).astype(np.float32)
    assert loudness.loudness(tone, RATE) == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize(("lang", "text"), LINES)
def test_speech_is_levelled_and_does_not_clip(speaker: Speaker, lang: Lang, text: str) -> None:
    speech = say(speaker, lang, text)
    assert loudness.loudness(speech.pcm, RATE) == pytest.approx(-16.0, abs=0.5)
    assert loudness.true_peak(speech.pcm) < -1.0
    assert abs(float(speech.pcm[0])) < 1e-3 and abs(float(speech.pcm[-1])) < 1e-3


@pytest.mark.parametrize(("lang", "text"), LINES)
def test_timings_cover_the_text_in_order(speaker: Speaker, lang: Lang, text: str) -> None:
    speech = say(speaker, lang, text)
    seconds = len(speech.pcm) / RATE
    assert speech.phones[0].t0 == 0
    assert speech.phones[-1].t1 == pytest.approx(seconds, abs=0.01)
    for one, two in zip(speech.phones, speech.phones[1:], strict=False):
        assert one.t0 < one.t1 <= two.t0 + 1e-6
    covered = set()
    for one, two in zip(speech.words, speech.words[1:], strict=False):
        assert one.t0 <= two.t0 and one.start <= two.start
    for word in speech.words:
        assert word.t0 <= word.t1 <= seconds
        covered |= set(range(word.start, word.end))
    letters = {k for k, c in enumerate(text) if c.isalnum()}
    assert len(letters - covered) <= 0.1 * len(letters)


@pytest.mark.parametrize(("lang", "text"), LINES)
@pytest.mark.parametrize("fps", [25, 30])
def test_the_mouth_is_shut_in_silence_and_moves_in_speech(speaker: Speaker, lang: Lang, text: str, fps: int) -> None:
    speech = say(speaker, lang, text)
    face = face_track(speech, fps_num=fps)
    opening = face["open"]
    assert len(opening) == -(-len(speech.pcm) * fps // RATE)
    assert opening.max() > 0.3
    for track in face.values():
        assert track[-1] == 0
        assert np.abs(track).max() <= 1
    level = np.array([np.abs(speech.pcm[int(k * RATE / fps) : int((k + 1) * RATE / fps)]).max() for k in range(len(opening))])
    silent = np.convolve(level > 0.003, np.ones(5), "same") == 0
    assert not opening[silent].any()


def test_lips_close_on_bilabials(speaker: Speaker) -> None:
    speech = say(speaker, "zh", "妈妈爸爸慢慢跑步")
    opening = face_track(speech, fps_num=100)["open"]
    lips = [phone for phone in speech.phones if phone.name in ("m", "p", "ph", "b")]
    assert len(lips) >= 6
    for phone in lips:
        if phone.t0 > 0.1:
            middle = int(((phone.t0 + phone.t1) / 2 - 0.045) * 100)
            assert opening[max(0, middle - 3) : middle + 4].min() < 0.08, phone


def test_two_lines_do_not_move_the_head_alike(speaker: Speaker) -> None:
    speech = say(speaker, *LINES[0])
    one, two = (face_track(speech, fps_num=25, seed=k)["yaw"] for k in (1, 2))
    assert not np.allclose(one, two, atol=0.05)
    assert np.abs(np.diff(one)).max() < 0.15


def test_what_cannot_be_said_is_refused(speaker: Speaker) -> None:
    for text in ("", "😀", "x" * 1000):
        with pytest.raises(BadInput) as caught:
            say(speaker, "zh", text)
        assert caught.value.next_step
    with pytest.raises(BadInput, match="no-such"):
        say(speaker, "zh", "你好", voice="zh-no-such")


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[ChildProcess]:
    with ChildProcess("pipelines.voice.worker", tmp_path, "voice") as process:
        process.until(lambda: "spoken" in process.status, 40)
        yield process


@pytest.mark.integration
def test_the_voice_process_makes_takes(worker: ChildProcess, tmp_path: Path) -> None:
    from streaming import take as takes

    line = {"line_id": "a", "room": "main", "epoch": 3, "text": "精华99.90元。", "lang": "zh", "source": "script"}
    answer = worker.ask("speak", line=line, fps_num=25, fps_den=1, sample_rate=RATE)
    take = takes.load(Path(answer["take"]))
    assert (take.line_id, take.epoch, take.text, take.ticks) == ("a", 3, "精华99.90元。", answer["ticks"])
    assert [take.text[m.start : m.end] for m in take.marks] == ["精", "华", "99.90元"]
    refused = worker.ask("speak", line=line | {"text": "😀"}, fps_num=25, fps_den=1, sample_rate=RATE)
    assert refused["error"]["code"] == "bad_input"
    assert not worker.ask("speak", line={"nonsense": 1}, fps_num=25)["ok"]
    assert {v["lang"] for v in worker.ask("voices")["voices"]} == {"zh", "en", "ja"}
