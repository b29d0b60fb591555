"""What the demo ships is complete, consistent and small."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.demo import load_demo
from pipelines.line import LANGS

ASSETS = Path(__file__).parents[2] / "assets"
NAMES = ("lin", "mei", "yun")


@pytest.mark.parametrize("name", NAMES)
def test_a_portrait_is_whole(name: str) -> None:
    folder = ASSETS / "portraits"
    sheet = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    w, h = sheet["size"]
    assert (w, h) == (1080, 1920)
    for key in ("picture", "mask", "background"):
        with Image.open(folder / sheet[key]) as image:
            assert image.size == (w, h)
    with Image.open(folder / sheet["picture"]) as image:
        picture = np.asarray(image.convert("RGB")).astype(int)
    for part, rows, columns in (("eyes", len(sheet["eyes"]["closed"]), 1),
                                ("mouth", len(sheet["mouth"]["open"]), len(sheet["mouth"]["wide"]))):
        x0, y0, x1, y1 = sheet[part]["rect"]
        with Image.open(folder / sheet[part]["file"]) as image:
            tiles = np.asarray(image.convert("RGB")).astype(int)
        assert tiles.shape[:2] == (rows * (y1 - y0), columns * (x1 - x0))
        still = picture[y0:y1, x0:x1]
        for r in range(rows):
            for c in range(columns):
                tile = tiles[r * (y1 - y0) : (r + 1) * (y1 - y0), c * (x1 - x0) : (c + 1) * (x1 - x0)]
                apart = tile - still
                edge = np.concatenate([apart[0], apart[-1], apart[:, 0], apart[:, -1]])
                assert np.abs(edge).mean() < 3, "a seam would show"
    for point in sheet["landmarks"].values():
        assert 0 < point[0] < w and 0 < point[1] < h


@pytest.mark.parametrize("name", NAMES)
def test_faces_are_symmetric_and_the_eyes_are_open(name: str) -> None:
    sheet = json.loads((ASSETS / "portraits" / f"{name}.json").read_text(encoding="utf-8"))
    points = sheet["landmarks"]
    assert points["left_eye"][0] + points["right_eye"][0] == pytest.approx(1080, abs=1)
    assert points["left_eye"][1] == points["right_eye"][1]
    assert points["left_lid_bottom"][1] - points["left_lid_top"][1] > 30


def test_the_demo_shop_speaks_three_languages() -> None:
    demo = load_demo()
    assert len(demo.products) == 6
    for product in demo.products:
        assert product.picture is not None and Path(product.picture).is_file()
        assert all(product.name[lang] and len(product.facts[lang]) >= 5 for lang in LANGS)
        assert len(product.faq) >= 6
        assert all(f.question[lang] and f.answer[lang] for f in product.faq for lang in LANGS)
        assert sum(s.product_id == product.product_id and s.lang == "zh" for s in demo.scripts) >= 3
    kinds = {s.kind for s in demo.scripts if s.lang == "zh"}
    assert kinds == {"greeting", "pitch", "transition", "thanks", "cta", "closing"}


def test_the_demo_keeps_clear_of_forbidden_claims() -> None:
    text = "".join((ASSETS / "demo" / f"{n}.yaml").read_text(encoding="utf-8") for n in ("catalogue", "scripts"))
    for word in ("最好", "第一品牌", "国家级", "根治", "治愈", "美白", "祛斑", "抗衰", "100%有效", "全网最低", "绝对"):
        assert word not in text, word


def test_files_are_small() -> None:
    size = {p: p.stat().st_size for p in ASSETS.rglob("*") if p.is_file()}
    models = ASSETS / "models"
    assert max(size.values()) < 20_000_000
    assert sum(n for p, n in size.items() if p.is_relative_to(models)) < 60_000_000
    assert sum(n for p, n in size.items() if not p.is_relative_to(models)) < 30_000_000
