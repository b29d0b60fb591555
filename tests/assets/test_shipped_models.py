"""The models that ship: small enough for a clone, whole, and fit for each other and for what they are for."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import torch

from adapters.convert import inspect
from adapters.load import visual
from adapters.spec import spec_of_folder
from assets.demo_models.assemble import LANGUAGE
from assets.demo_models.grids import CELL, COLUMNS, grid
from assets.demo_models.judge import labels, load, small
from assets.demo_models.language.judge import Speaker, dictions, held_out, judged, styled, summary
from assets.demo_models.painter import paint
from assets.demo_models.pictures import draw, example
from assets.demo_models.traits import plain_caption
from server import demo_models

TOTAL, LARGEST = 60_000_000, 20_000_000
PAINTED = 3
"""Pictures; a portrait takes seconds on a small machine."""


@pytest.fixture(scope="module")
def models() -> demo_models.DemoModels:
    found = demo_models.read()
    if found is None:
        pytest.skip("assets/models holds no models; `make demo-models` makes them")
    return found


def test_they_are_small_enough_to_be_cloned(models: demo_models.DemoModels) -> None:
    sizes = {p: p.stat().st_size for p in demo_models.FOLDER.rglob("*") if p.is_file()}
    assert sum(sizes.values()) < TOTAL
    assert max(sizes.values()) < LARGEST


def test_every_adapter_fits_its_base_and_every_persona_wears_one_of_each(models: demo_models.DemoModels) -> None:
    specs = [
        spec_of_folder(p, rank_max=models.settings[kind]["rank_max"])
        for kind, p in (("visual", models.visual), ("language", models.language)) if p is not None
    ]
    kinds = {}
    for entry in models.adapters:
        spec, found = inspect(Path(entry["path"]), specs)
        assert spec.kind == found.kind == entry["kind"]
        assert entry["licence"] == "Apache-2.0"
        kinds[entry["id"]] = entry["kind"]
    assert len(models.portraits) >= 3
    for worn in models.portraits.values():
        for kind in {spec.kind for spec in specs}:
            assert kinds[worn[kind]] == kind


def test_people_are_painted_as_asked(models: demo_models.DemoModels) -> None:
    if models.visual is None:
        pytest.skip("no visual base ships")
    made = visual(models.visual, torch.float32)
    judge = load(demo_models.FOLDER / "judge")
    people = [example(2_000_000 + n) for n in range(PAINTED)]
    painted = [paint(made, plain_caption(c, "zh"), n) for n, (c, _) in enumerate(people)]
    with torch.no_grad():
        scores = judge(torch.stack([small(p) for p in painted]))
    wanted = labels([c for c, _ in people])
    right = [bool(scores[t][n].argmax() == wanted[t][n]) for t in wanted for n in range(PAINTED)]
    assert sum(right) / len(right) > 0.8
    assert any((a != b).any() for a, b in itertools.pairwise(painted))


def test_goods_that_were_never_seen_are_spoken_of_truly(models: demo_models.DemoModels) -> None:
    if models.language is None:
        pytest.skip("no language base ships")
    found = summary(judged(Speaker(models.language), held_out(40)))
    assert found["copy"]["all"] > 0.9
    assert found["well_formed"] > 0.9


def test_a_grid_shows_every_picture() -> None:
    pictures = [draw(example(n)[1]) for n in range(2)]
    image = grid([pictures, pictures[:1]])
    assert image.size == (CELL[0] * COLUMNS, CELL[1] * 2)
    assert image.getpixel((CELL[0] // 2, CELL[1] // 2)) != (0, 0, 0)
    assert image.getpixel((CELL[0] + 5, CELL[1] + 5)) == (0, 0, 0), "where there is none it is left free"


def test_a_manner_is_known_by_its_words_and_stays_true(models: demo_models.DemoModels) -> None:
    if models.language is None:
        pytest.skip("no language base ships")
    speaker, ears = Speaker(models.language), dictions(200)
    for style in LANGUAGE.values():
        path = next(e["path"] for e in models.adapters if e["id"] == f"demo-{style}")
        said, heard = styled(speaker, path, style, ears, 15)
        assert sum(heard) >= 14, style
        assert summary(said)["copy"]["all"] > 0.7, style
