"""`python -m pipelines.looks.bake`: a picture becomes a look bank (streaming/look.py).

    python -m pipelines.looks.bake --picture P --out DIR --width W --height H --name N [--landmarks JSON]

Prints one JSON object as its last line: `{"ok": true, "landmarks", "width", "height"}` or `{"ok": false, "code",
"message", "next_step", "suggested"}`. Landmarks are in pixels of the picture's file.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from pipelines.looks.ease import ease
from pipelines.looks.expressions import complete
from pipelines.looks.find import find_landmarks
from pipelines.looks.fit import Fit, fit
from pipelines.looks.picture import POINTS, Portrait, Rgb, open_portrait
from streaming.canvas import Rect, rgb_to_i420
from streaming.child import die_with_parent
from streaming.errors import BadInput, BadPicture, NightAnchorError
from streaming.look import FORMAT

Field = npt.NDArray[np.float32]

YAW = (-1.0, -2 / 3, -1 / 3, 0.0, 1 / 3, 2 / 3, 1.0)
PITCH = (-1.0, 0.0, 1.0)
GAZE = (-1.0, 0.0, 1.0)
BROW = (0.0, 1.0)
BREATH = (0.0, 1 / 3, 2 / 3, 1.0)
SWAY = (-1.0, 0.0, 1.0)
YAW_PX, PITCH_PX, BREATH_PX, SWAY_PX, GAZE_PX, BROW_PX = 5.0, 1.7, 3.4, 1.6, 3.0, 4.0
"""Ranges in pixels for eyes 109 pixels apart; neighbouring states lie about 1.5 pixels apart, so blends stay sharp."""


class NeedsLandmarks(BadInput):
    """Eyes and mouth were not found; `suggested` is where they might be."""

    code = "needs_landmarks"

    def __init__(self, suggested: dict[str, Any]) -> None:
        super().__init__("eyes and mouth were not found in the picture", next_step="drag the marks onto them")
        self.suggested = suggested


@dataclass(slots=True)
class _Face:
    """Measures of the face on the canvas, in pixels."""

    cx: float
    eye_y: float
    eyes: tuple[tuple[float, float], tuple[float, float]]
    span: float
    mouth_y: float
    chin_y: float
    unit: float


def bake(portrait: Portrait, out: Path, width: int, height: int, name: str) -> None:
    """Write the bank of a portrait whose landmarks are known."""
    complete(portrait)
    place = fit(portrait.picture, portrait.landmarks, width, height)
    face = _measure(portrait, place)
    rest = place.apply(portrait.picture)
    plan = _Plan(portrait, place, face, rest)
    out.mkdir(parents=True, exist_ok=True)
    regions: list[dict[str, Any]] = []
    with open(out / "bank.bin", "wb") as bank:
        bank.write(_i420(rest))
        for region in (plan.torso, plan.head, plan.eyes, plan.mouth):
            region(bank, regions)
        size = bank.tell()
    preview = Image.fromarray(rest)
    preview.thumbnail((720, 1280))
    preview.save(out / "preview.jpg", quality=88)
    head = {
        "format": FORMAT, "name": name, "width": width, "height": height, "size": size, "regions": regions,
        "landmarks": {k: [round(c, 1) for c in place.point(v)] for k, v in portrait.landmarks.items()},
    }
    (out / "look.json").write_text(json.dumps(head, indent=1), encoding="utf-8")


def _i420(rgb: Rgb) -> bytes:
    return b"".join(plane.tobytes() for plane in rgb_to_i420(rgb))


def _measure(portrait: Portrait, place: Fit) -> _Face:
    p = {k: place.point(portrait.landmarks[k]) for k in POINTS}
    left, right = p["left_eye"], p["right_eye"]
    span = float(np.hypot(right[0] - left[0], right[1] - left[1]))
    return _Face(
        cx=(left[0] + right[0]) / 2, eye_y=(left[1] + right[1]) / 2, eyes=(left, right), span=span,
        mouth_y=(p["mouth_top"][1] + p["mouth_bottom"][1]) / 2, chin_y=p["chin"][1], unit=span / 109.0,
    )


class _Plan:
    """The regions of one look and how each is drawn."""

    def __init__(self, portrait: Portrait, place: Fit, face: _Face, rest: Rgb) -> None:
        self._portrait, self._place, self._face, self._rest = portrait, place, face, rest
        self._w, self._h = place.width, place.height
        f = face
        head = max(f.chin_y - f.eye_y, f.span)
        self._head_rect = self._rect(
            f.cx - 1.75 * head, f.eye_y - 1.95 * head, f.cx + 1.75 * head, f.chin_y + 0.85 * head
        )
        bottom = min(self._h, f.chin_y + 2.7 * head)
        # Below the head's region: where regions overlapped, each would undo the other's motion.
        top = self._head_rect.y + self._head_rect.h
        self._torso_rect = self._rect(f.cx - 2.6 * head, top, f.cx + 2.6 * head, max(bottom, top + 0.5 * head))
        self._head = head

    def _rect(self, x0: float, y0: float, x1: float, y1: float) -> Rect:
        found = Rect.around(max(0.0, x0), max(0.0, y0), x1, y1).inside(self._w, self._h)
        if found is None or found.w < 16 or found.h < 16:
            raise BadPicture("the face lies outside the picture", next_step="drag the marks onto eyes, mouth and chin")
        return found

    def _near(self, rect: tuple[int, int, int, int] | None, margin: float) -> Rect:
        assert rect is not None
        (x0, y0), (x1, y1) = self._place.point(rect[:2]), self._place.point(rect[2:])
        m = margin * self._face.unit
        return self._rect(x0 - m, y0 - m, x1 + m, y1 + m)

    def _head_field(self, rect: Rect, yaw: float, pitch: float) -> tuple[Field, Field]:
        """Where each pixel of `rect` comes from for a head pose."""
        f, r = self._face, self._head_rect
        x, y = _pixels(rect)
        edge = 0.38 * self._head
        free = ease(np.minimum(np.minimum(x - r.x, r.x + r.w - x), y - r.y) / edge)
        # The neck bends: what lies below the chin moves less and less.
        free = free * ease((r.y + r.h - 4 - y) / (r.y + r.h - 4 - (f.chin_y - 0.05 * self._head)))
        u, v = (x - f.cx) / (0.95 * self._head), (y - f.eye_y - 0.3 * self._head) / (1.25 * self._head)
        front = np.exp(-(u * u + v * v))
        dx = yaw * YAW_PX * f.unit * free * (0.55 + 0.45 * front)
        # Turning makes the far side of the face a little narrower; tilting goes with it.
        dx += yaw * 0.9 * f.unit * free * front * np.clip(1 - ((x - f.cx) / (0.9 * self._head)) ** 2, 0, 1)
        dy = yaw * 0.010 * (x - f.cx) * free
        dy += pitch * PITCH_PX * f.unit * free * (0.5 + 0.5 * front)
        return np.asarray(x - dx, np.float32), np.asarray(y - dy, np.float32)

    def head(self, bank: BinaryIO, regions: list[dict[str, Any]]) -> None:
        rect = self._head_rect
        _begin(bank, regions, "head", rect, yaw=YAW, pitch=PITCH)
        for yaw, pitch in itertools.product(YAW, PITCH):
            bank.write(_i420(_sample(self._rest, *self._head_field(rect, yaw, pitch))))

    def mouth(self, bank: BinaryIO, regions: list[dict[str, Any]]) -> None:
        rect = self._near(self._portrait.mouth_rect, 8)
        opens = sorted({k[0] for k in self._portrait.mouth})
        wides = sorted({k[1] for k in self._portrait.mouth})
        pictures = {k: self._place.apply(v) for k, v in self._portrait.mouth.items()}
        _begin(bank, regions, "mouth", rect, yaw=YAW, pitch=PITCH, open=opens, wide=wides)
        for yaw, pitch in itertools.product(YAW, PITCH):
            field = self._head_field(rect, yaw, pitch)
            for key in itertools.product(opens, wides):
                bank.write(_i420(_sample(pictures[key], *field)))

    def eyes(self, bank: BinaryIO, regions: list[dict[str, Any]]) -> None:
        rect = self._near(self._portrait.eyes_rect, 8)
        closeds = sorted(self._portrait.eyes)
        pictures = {k: self._place.apply(v) for k, v in self._portrait.eyes.items()}
        f, (x, y) = self._face, _pixels(rect)
        iris = sum(_spot(x - ex, y - ey, 0.20 * f.span, 0.17 * f.span) for ex, ey in f.eyes)
        brows = sum(_spot(x - ex, y - ey + 0.40 * f.span, 0.52 * f.span, 0.17 * f.span) for ex, ey in f.eyes)
        across = np.minimum(x - rect.x, rect.x + rect.w - 1 - x)
        border = ease(np.minimum(across, np.minimum(y - rect.y, rect.y + rect.h - 1 - y)) / (6 * f.unit))
        _begin(bank, regions, "eyes", rect, yaw=YAW, pitch=PITCH, closed=closeds, gaze=GAZE, brow=BROW)
        for yaw, pitch in itertools.product(YAW, PITCH):
            sx, sy = self._head_field(rect, yaw, pitch)
            for closed, gaze, brow in itertools.product(closeds, GAZE, BROW):
                gx = sx - gaze * GAZE_PX * f.unit * (1 - closed) * iris * border
                gy = sy + brow * BROW_PX * f.unit * brows * border
                bank.write(_i420(_sample(pictures[closed], np.asarray(gx, np.float32), np.asarray(gy, np.float32))))

    def torso(self, bank: BinaryIO, regions: list[dict[str, Any]]) -> None:
        rect = self._torso_rect
        f, (x, y) = self._face, _pixels(rect)
        edge = 0.6 * self._head
        sides = np.minimum(x - rect.x, rect.x + rect.w - x)
        free = ease(np.minimum(sides, np.minimum(1.5 * (y - rect.y), rect.y + rect.h - y)) / edge)
        apart = np.clip((x - f.cx) / (2.4 * self._head), -1, 1)
        _begin(bank, regions, "torso", rect, breath=BREATH, sway=SWAY)
        for breath, sway in itertools.product(BREATH, SWAY):
            dy = -(breath - 0.5) * BREATH_PX * f.unit * free
            dx = (sway * SWAY_PX + (breath - 0.5) * 1.6 * apart) * f.unit * free
            bank.write(_i420(_sample(self._rest, np.asarray(x - dx, np.float32), np.asarray(y - dy, np.float32))))


def _spot(x: Field, y: Field, rx: float, ry: float) -> npt.NDArray[Any]:
    """1 in the middle of an ellipse, falling steeply to 0 outside."""
    return np.asarray(np.exp(-((x / rx) ** 4 + (y / ry) ** 4)))


def _pixels(rect: Rect) -> tuple[Field, Field]:
    x, y = np.meshgrid(
        np.arange(rect.x, rect.x + rect.w, dtype=np.float32), np.arange(rect.y, rect.y + rect.h, dtype=np.float32)
    )
    return x, y


def _sample(rgb: Rgb, x: Field, y: Field) -> Rgb:
    return np.asarray(cv2.remap(rgb, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _begin(bank: BinaryIO, regions: list[dict[str, Any]], name: str, rect: Rect, **axes: Any) -> None:
    regions.append(
        {
            "name": name, "rect": list(rect), "offset": bank.tell(),
            "axes": [{"name": k, "grid": list(v)} for k, v in axes.items()],
        }
    )


def prepare(path: Path, landmarks: dict[str, Any] | None) -> Portrait:
    """Open a picture and settle where its face is; raises `NeedsLandmarks` or `BadPicture`."""
    portrait = open_portrait(path)
    if landmarks:
        try:
            points = {k: (float(landmarks[k][0]), float(landmarks[k][1])) for k in POINTS}
        except (KeyError, IndexError, TypeError, ValueError) as e:
            raise BadInput(f"landmarks: {e!r}", next_step=f"give all of: {', '.join(POINTS)}") from e
        portrait.landmarks = {k: (x * portrait.scale, y * portrait.scale) for k, (x, y) in points.items()}
        _check(portrait)
    if not portrait.landmarks:
        found, sure = find_landmarks(portrait.picture)
        if not sure:
            s = portrait.scale
            raise NeedsLandmarks({k: [round(x / s, 1), round(y / s, 1)] for k, (x, y) in found.items()})
        portrait.landmarks = found
    return portrait


def _check(portrait: Portrait) -> None:
    p, (h, w) = portrait.landmarks, portrait.picture.shape[:2]
    eyes_y = (p["left_eye"][1] + p["right_eye"][1]) / 2
    span = p["right_eye"][0] - p["left_eye"][0]
    right_way = span > 0.02 * w and p["mouth_right"][0] > p["mouth_left"][0] + 0.2 * span
    ordered = eyes_y < p["mouth_top"][1] <= p["mouth_bottom"][1] <= p["chin"][1]
    inside = all(0 <= x <= w and 0 <= y <= h for x, y in p.values())
    if not (right_way and ordered and inside):
        raise BadInput(
            "the marks don't make a face",
            next_step="put the eyes above the mouth and the mouth above the chin, left and right as you see them",
        )


def main(arguments: list[str]) -> int:
    """Bake, and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.looks.bake")
    parser.add_argument("--picture", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--width", type=int, required=True)
    parser.add_argument("--height", type=int, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--landmarks", type=json.loads)
    given = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    try:
        portrait = prepare(given.picture, given.landmarks)
        bake(portrait, given.out, given.width // 2 * 2, given.height // 4 * 4, given.name)
        s = portrait.scale
        points = {k: [round(x / s, 1), round(y / s, 1)] for k, (x, y) in portrait.landmarks.items() if k in POINTS}
        h, w = portrait.picture.shape[:2]
        answer: dict[str, Any] = {"ok": True, "landmarks": points, "width": round(w / s), "height": round(h / s)}
    except NeedsLandmarks as e:
        answer = {"ok": False, **e.to_wire(), "suggested": e.suggested}
    except NightAnchorError as e:
        answer = {"ok": False, **e.to_wire()}
    print(json.dumps(answer), flush=True)
    return 0 if answer["ok"] else 1


if __name__ == "__main__":
    # A server that was killed is started anew, and has the same look baked into the same folder.
    die_with_parent()
    sys.exit(main(sys.argv[1:]))
