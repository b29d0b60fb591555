"""What a base says of itself, and pictures doubled by its own upscaler."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipelines.studio import upscaler
from pipelines.studio.base_card import FORMAT, NAME, BaseCard
from pipelines.studio.upscaler import Upscaler
from streaming.errors import BadInput

CARD: dict[str, Any] = {"format": FORMAT, "size": [384, 704], "landmarks": {"left_eye": [0.4, 0.25]}, "upscaler": "up"}


def put(folder: Path, **changed: Any) -> Path:
    (folder / NAME).write_text(json.dumps({**CARD, **changed}))
    return folder


def test_a_base_without_a_card_is_any_other_base(tmp_path: Path) -> None:
    card = BaseCard.read(tmp_path)
    assert (card.width, card.height, card.upscaler, dict(card.landmarks)) == (512, 768, None, {})


def test_a_card_is_read_with_points_in_any_size(tmp_path: Path) -> None:
    card = BaseCard.read(put(tmp_path))
    assert (card.width, card.height, card.upscaler, card.contours) == (384, 704, tmp_path / "up", False)
    assert BaseCard.read(put(tmp_path, contours=True)).contours
    assert card.points(768, 1408) == {"left_eye": [307.2, 352.0]}


@pytest.mark.parametrize("changed", [
    {"format": "other/1"}, {"size": [384]}, {"size": [0, 704]}, {"size": "big"}, {"size": [384, 99999]},
    {"landmarks": {"left_eye": [1.4, 0.2]}}, {"landmarks": {"left_eye": [0.4]}}, {"landmarks": 3},
    {"upscaler": "../up"}, {"upscaler": "/up"}, {"contours": "yes"},
])
def test_a_damaged_card_says_what_is_wrong(tmp_path: Path, changed: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="damaged") as e:
        BaseCard.read(put(tmp_path, **changed))
    assert e.value.next_step


def test_a_card_that_is_no_json_says_so(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("{")
    with pytest.raises(BadInput, match="damaged"):
        BaseCard.read(tmp_path)


def rough(seed: int = 0) -> Upscaler:
    torch.manual_seed(seed)
    net = Upscaler(8, 4)
    torch.nn.init.normal_(net.leave.weight, std=0.05)
    return net.eval()


def test_a_picture_worked_on_in_bands_has_no_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (150, 40, 3), dtype=np.uint8)
    net = rough()
    monkeypatch.setattr(upscaler, "BAND", 1000)
    whole = net.enlarge(picture)
    monkeypatch.setattr(upscaler, "BAND", 32)
    banded = net.enlarge(picture)
    assert whole.shape == (300, 80, 3)
    assert np.abs(whole.astype(int) - banded).max() <= 1


def test_an_upscaler_that_has_learnt_nothing_is_bicubic() -> None:
    ramp = np.repeat(np.linspace(20, 220, 32, dtype=np.uint8)[None, :, None], 32, 0).repeat(3, 2)
    out = Upscaler(8, 2).enlarge(ramp).astype(int)
    assert np.abs(out[::2, ::2][4:-4, 4:-4] - ramp[4:-4, 4:-4]).max() <= 4
