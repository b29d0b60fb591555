"""A picture becomes a presenter that can be shown, or is refused with a reason."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from pipelines.looks import bake
from pipelines.looks.bake import NeedsLandmarks, prepare
from streaming.canvas import Canvas, i420_to_rgb
from streaming.errors import BadInput, BadPicture, Corrupt
from streaming.look import Look
from streaming.presenter import Presenter
from streaming.take import FaceFrame

LIN = Path(__file__).parents[3] / "assets" / "portraits" / "lin.jpg"
SIZE = (360, 640)
MARKS = {
    "left_eye": [160, 260], "right_eye": [240, 260], "mouth_left": [172, 345], "mouth_right": [228, 345],
    "mouth_top": [200, 338], "mouth_bottom": [200, 354], "chin": [200, 390],
}
Rgb = npt.NDArray[np.uint8]


def photo(path: Path, w: int = 400, h: int = 700) -> Path:
    """A plain face on a plain ground: skin, two dark eyes, a red mouth."""
    rgb = np.full((h, w, 3), (120, 150, 170), np.uint8)
    cv2.ellipse(rgb, (200, 280), (85, 115), 0, 0, 360, (225, 185, 160), -1, cv2.LINE_AA)
    cv2.rectangle(rgb, (60, 420), (340, h), (60, 70, 120), -1)
    for x in (160, 240):
        cv2.ellipse(rgb, (x, 260), (16, 8), 0, 0, 360, (40, 30, 30), -1, cv2.LINE_AA)
    cv2.ellipse(rgb, (200, 346), (28, 8), 0, 0, 360, (190, 70, 80), -1, cv2.LINE_AA)
    Image.fromarray(rgb).save(path)
    return path


@pytest.fixture(scope="module")
def lin(tmp_path_factory: pytest.TempPathFactory) -> Look:
    out = tmp_path_factory.mktemp("look")
    bake.bake(prepare(LIN, None), out, *SIZE, "lin")
    return Look.open(out)


def shown(look: Look, face: FaceFrame | None, tick: int = 3) -> Rgb:
    canvas = Canvas(look.width, look.height)
    presenter = Presenter(look, 25.0, 1)
    presenter.paint_all(canvas)
    presenter.render(canvas, tick, face)
    return i420_to_rgb(canvas)


def box(look: Look, name: str) -> tuple[slice, slice]:
    x, y, w, h = next(r.rect for r in look.regions if r.name == name)
    return slice(y, y + h), slice(x, x + w)


def test_the_resting_picture_is_the_portrait(lin: Look) -> None:
    with Image.open(LIN) as source:
        small = np.asarray(source.resize(SIZE, Image.Resampling.BOX)).astype(int)
    canvas = Canvas(*SIZE, lin.rest.copy())
    assert np.abs(i420_to_rgb(canvas).astype(int) - small).mean() < 4


def test_the_mouth_opens_and_only_the_face_changes(lin: Look) -> None:
    closed, opened = shown(lin, FaceFrame(0.0)), shown(lin, FaceFrame(1.0))
    rows, cols = box(lin, "mouth")
    change = np.abs(opened.astype(int) - closed.astype(int)).max(2)
    assert change[rows, cols].max() > 80
    change[rows, cols] = 0
    assert change.max() <= 3


def test_lip_shapes_differ(lin: Look) -> None:
    rows, cols = box(lin, "mouth")
    round_, spread = (shown(lin, FaceFrame(0.5, wide))[rows, cols].astype(int) for wide in (-1.0, 1.0))
    assert np.abs(round_ - spread).max() > 60


def test_nobody_speaking_keeps_the_mouth_shut_while_the_head_lives(lin: Look) -> None:
    canvas = Canvas(*SIZE)
    presenter = Presenter(lin, 25.0, 7)
    presenter.paint_all(canvas)
    rows, cols = box(lin, "mouth")
    frames = []
    for tick in range(500):
        presenter.render(canvas, tick, None)
        frames.append(i420_to_rgb(canvas))
    open_mouth = shown(lin, FaceFrame(0.6))[rows, cols].astype(int)
    still = frames[0][rows, cols].astype(int)
    far = np.abs(open_mouth - still).mean()
    assert max(np.abs(f[rows, cols].astype(int) - still).mean() for f in frames) < 0.6 * far
    moved = np.array([np.abs(b.astype(int) - a.astype(int)).mean() for a, b in itertools.pairwise(frames)])
    assert (moved > 0).mean() > 0.8, "she stands like a picture"
    assert moved.max() < 3.0, "she jumps"
    assert all(not np.array_equal(frames[100], f) for f in frames[101:]), "the motion loops"


def test_blinks_come_and_go(lin: Look) -> None:
    canvas = Canvas(*SIZE)
    presenter = Presenter(lin, 25.0, 3)
    presenter.paint_all(canvas)
    rows, cols = box(lin, "eyes")
    dark = []
    for tick in range(750):
        presenter.render(canvas, tick, None)
        dark.append(float((i420_to_rgb(canvas)[rows, cols].mean(2) < 70).mean()))
    usual = float(np.median(dark))
    shut = np.array(dark) < 0.6 * usual
    blinks = int((np.diff(shut.astype(int)) == 1).sum())
    assert 4 <= blinks <= 20
    assert shut.mean() < 0.12


def test_speech_that_is_cut_off_lets_the_head_settle(lin: Look) -> None:
    canvas = Canvas(*SIZE)
    presenter = Presenter(lin, 25.0, 1)
    presenter.paint_all(canvas)
    frames = []
    for tick in range(40):
        presenter.render(canvas, tick, FaceFrame(0.0, yaw=1.0, pitch=-1.0) if tick < 20 else None)
        frames.append(i420_to_rgb(canvas).astype(int))
    steps = [np.abs(b - a).mean() for a, b in itertools.pairwise(frames[19:])]
    assert steps[0] < 2.5
    assert max(steps) == pytest.approx(steps[0], rel=0.6)


@pytest.mark.parametrize("size", [(640, 360), (1080, 1920), (720, 720)])
def test_other_canvases_keep_the_face_in_frame(tmp_path: Path, size: tuple[int, int]) -> None:
    bake.bake(prepare(LIN, None), tmp_path, *size, "lin")
    look = Look.open(tmp_path)
    marks = json.loads((tmp_path / "look.json").read_text())["landmarks"]
    for x, y in marks.values():
        assert 0 < x < look.width and 0 < y < look.height
    assert marks["chin"][1] < 0.7 * look.height
    shown(look, FaceFrame(0.5))


def test_a_photo_with_marks_learns_to_speak(tmp_path: Path) -> None:
    bake.bake(prepare(photo(tmp_path / "me.png"), MARKS), tmp_path / "out", *SIZE, "me")
    look = Look.open(tmp_path / "out")
    rows, cols = box(look, "mouth")
    closed, opened = (shown(look, FaceFrame(o))[rows, cols] for o in (0.0, 1.0))
    darker = closed.mean(2).astype(int) - opened.mean(2).astype(int)
    assert (darker > 60).sum() > 40, "no mouth opens"


def bake_in_process(picture: Path, out: Path, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    bake.main(["--picture", str(picture), "--out", str(out), "--width", "360", "--height", "640", "--name", "x", *more])
    answer: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return answer


def test_no_face_asks_for_marks_and_suggests_some(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (600, 500, 3), dtype=np.uint8)).save(tmp_path / "n.png")
    answer = bake_in_process(tmp_path / "n.png", tmp_path / "out", capsys)
    assert answer["code"] == "needs_landmarks"
    assert set(answer["suggested"]) == set(MARKS)
    again = bake_in_process(photo(tmp_path / "me.png"), tmp_path / "out", capsys, "--landmarks", json.dumps(MARKS))
    assert again["ok"] and again["width"] == 400


def test_marks_are_in_pixels_of_the_file_however_large(tmp_path: Path) -> None:
    photo(tmp_path / "small.png")
    with Image.open(tmp_path / "small.png") as image:
        image.resize((4000, 7000)).save(tmp_path / "large.jpg")
    portrait = prepare(tmp_path / "large.jpg", {k: [10 * x, 10 * y] for k, (x, y) in MARKS.items()})
    assert max(portrait.picture.shape) <= 2160
    x, y = portrait.landmarks["left_eye"]
    assert (x / portrait.picture.shape[1], y / portrait.picture.shape[0]) == pytest.approx((0.4, 260 / 700), abs=0.01)


@pytest.mark.parametrize(
    "marks",
    [MARKS | {"chin": [200, 100]}, MARKS | {"right_eye": [100, 260]}, MARKS | {"chin": [200, 9000]}, {"left_eye": [1, 2]},
     {k: "x" for k in MARKS}],
)
def test_marks_that_make_no_face_are_refused(tmp_path: Path, marks: dict[str, Any]) -> None:
    with pytest.raises(BadInput) as caught:
        prepare(photo(tmp_path / "me.png"), marks)
    assert caught.value.next_step


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_bytes(b"hello")
    whole = photo(tmp_path / "whole.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    Image.new("RGB", (1, 1)).save(tmp_path / "tiny.png")
    Image.new("1", (20_000, 300)).save(tmp_path / "huge.png")
    for name in ("text", "cut", "tiny", "huge"):
        with pytest.raises(BadPicture) as caught:
            prepare(tmp_path / f"{name}.png", None)
        assert caught.value.next_step, name


def test_a_face_outside_the_frame_and_no_face_at_all(tmp_path: Path) -> None:
    Image.new("RGBA", (600, 600), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    with pytest.raises(NeedsLandmarks):
        prepare(tmp_path / "clear.png", None)


def test_a_damaged_bank_is_refused(tmp_path: Path) -> None:
    bake.bake(prepare(LIN, None), tmp_path, 180, 320, "lin")
    bank, sheet = tmp_path / "bank.bin", tmp_path / "look.json"
    good, text = bank.read_bytes(), sheet.read_text()
    bank.write_bytes(good[:-5000])
    with pytest.raises(Corrupt):
        Look.open(tmp_path)
    bank.write_bytes(good)
    for broken in (text[:200], text.replace("nightanchor.look/1", "other"), text.replace('"offset": ', '"offset": 9'), "[]"):
        sheet.write_text(broken)
        with pytest.raises(Corrupt):
            Look.open(tmp_path)
    sheet.write_text(text)
    Look.open(tmp_path)
