"""A take survives the way through a file, and a damaged file is refused."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.errors import Corrupt
from streaming.take import FACE_TRACKS, FaceFrame, Mark, Take, load, save


def make(samples: int = 4410, text: str = "你好 hello 👋") -> Take:
    pcm = (np.sin(np.arange(samples) / 20) * 9000).astype(np.int16)
    ticks = -(-samples * 25 // 44100)
    face = {name: np.linspace(0, 1, ticks, dtype=np.float32) for name in FACE_TRACKS}
    return Take(
        "t1", "l1", "main", 3, text, "zh", 25, 1, 44100, pcm, face, (Mark(0, 2, 0.0, 0.05),), {"source": "reply"}
    )


def test_round_trip(tmp_path: Path) -> None:
    take, path = make(), tmp_path / "t1.take"
    save(take, path)
    back = load(path)
    assert (back.text, back.epoch, back.marks, back.meta) == (take.text, 3, take.marks, {"source": "reply"})
    np.testing.assert_array_equal(back.pcm, take.pcm)
    for name in FACE_TRACKS:
        np.testing.assert_array_equal(back.face[name], take.face[name])
    assert not list(tmp_path.glob("*.part"))


@given(st.integers(0, 500_000), st.sampled_from([(25, 1), (30, 1), (30000, 1001)]), st.sampled_from([44100, 48000]))
def test_ticks_cover_the_sound_exactly(samples: int, fps: tuple[int, int], rate: int) -> None:
    take = Take("t", "l", "r", 0, "", "zh", *fps, rate, np.zeros(samples, np.int16), {})
    tick_s = Fraction(fps[1], fps[0])
    assert take.ticks * tick_s >= Fraction(samples, rate)
    assert (take.ticks - 1) * tick_s < Fraction(samples, rate) or samples == 0


def test_face_frame_has_the_tracks_in_order() -> None:
    assert FaceFrame._fields == FACE_TRACKS


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damage_is_refused_or_harmless(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("take") / "t.take"
    save(make(), path)
    blob = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        blob = blob[: data.draw(st.integers(0, len(blob) - 1))]
    else:
        at = data.draw(st.integers(0, 700))
        blob[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(blob)
    try:
        take = load(path)
    except Corrupt as e:
        assert path.name in e.message
    else:
        assert take.pcm.dtype == np.int16


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Corrupt, match="can't be read"):
        load(tmp_path / "none.take")
