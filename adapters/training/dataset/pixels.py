"""Pixels: what is wrong with pictures themselves — blur, size, doubles, faces."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from adapters.errors import BadConfig
from adapters.training.pictures import open_rgb

SIDE = 512
BLURRED = 0.0035
"""Share of a picture's contrast that lies in its finest detail; tests/training/test_dataset.py shows what it parts."""
SMALL = 384
NEAR_BITS = 5
"""Of 64; the same picture saved again or scaled differs in up to two, two pictures of a person in eight and more."""


@dataclass(frozen=True, slots=True)
class Measured:
    """`sharpness` is the variance of the Laplacian over that of the picture; `phash` 64 bits of its coarse shape."""

    sha256: str
    width: int
    height: int
    sharpness: float
    phash: int
    faces: int | None = None


def measure(path: Path, faces: Faces | None = None) -> Measured:
    """Of one picture; raises `BadDataset` when it can't be read."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    image = open_rgb(path)
    width, height = image.size
    image.thumbnail((SIDE, SIDE))
    rgb = np.asarray(image)
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    detail = float(cv2.Laplacian(gray, cv2.CV_32F).var())
    return Measured(digest, width, height, detail / max(1.0, float(gray.var())), phash(gray),
                    faces.count(rgb) if faces is not None else None)


def phash(gray: NDArray[np.float32]) -> int:
    """The signs of the 8x8 lowest frequencies against their median (as in pHash.org's DCT hash)."""
    small = cv2.resize(gray, (32, 32), interpolation=cv2.INTER_AREA)
    low = cv2.dct(small.astype(np.float32))[:8, :8].flatten()
    bits = low > np.median(low[1:])
    return int(sum(1 << n for n, bit in enumerate(bits) if bit))


def near(hashes: Sequence[int]) -> list[tuple[int, int]]:
    """Pairs of positions whose hashes differ in at most `NEAR_BITS` bits."""
    values = np.array(hashes, dtype=np.uint64)
    out = []
    for n in range(len(values) - 1):
        distance = np.bitwise_count(values[n] ^ values[n + 1 :])
        out += [(n, n + 1 + int(k)) for k in np.nonzero(distance <= NEAR_BITS)[0]]
    return out


class Faces:
    """OpenCV's YuNet detector from a model file; raises `BadConfig` when it can't be loaded."""

    def __init__(self, model: Path) -> None:
        try:
            if not model.is_file():
                raise OSError("there is no such file")
            self._detector: Any = cv2.FaceDetectorYN.create(str(model), "", (SIDE, SIDE), 0.8)
        except (OSError, cv2.error) as e:
            raise BadConfig("face_model", f"{model} is no face detector: {e}",
                            next_step="Give an .onnx file of YuNet, or leave it out.") from e

    def count(self, rgb: NDArray[Any]) -> int:
        """Faces in a picture."""
        self._detector.setInputSize((rgb.shape[1], rgb.shape[0]))
        _, found = self._detector.detect(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
        return 0 if found is None else len(found)
