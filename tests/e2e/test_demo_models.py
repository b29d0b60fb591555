"""The demo with the models that ship: her lines are the model's, and a click changes in whose manner she speaks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bench.instance import Instance, running
from server import demo_models
from tests.e2e.test_wardrobe import activate, active, over

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """On air as `make run` puts it, with the bases that ship."""
    if demo_models.read() is None:
        pytest.skip("assets/models holds no models; `make demo-models` makes them")
    folder = tmp_path_factory.mktemp("demo-models")
    env = {"NIGHTANCHOR_VISUAL__PATH": "auto", "NIGHTANCHOR_LANGUAGE__PATH": "auto"}
    with running(folder / "data", env=env) as instance:
        instance.until(lambda: instance.status()["playout"].get("look"), 60, "the presenter to be on air")
        instance.until(lambda: instance.api.get("/studio").json()["state"] == "running", 120, "the studio")
        yield instance


def said(demo: Instance, **wanted: Any) -> list[dict[str, Any]]:
    answer = demo.api.get("/airlog/export", params={"room": "main", "format": "jsonl"})
    rows = [json.loads(line) for line in answer.text.splitlines()]
    return [r for r in rows if r["kind"] == "said" and all(r.get(k) == v for k, v in wanted.items())]


def test_the_bases_that_ship_are_resident_and_the_personas_wear_their_adapters(demo: Instance) -> None:
    models = demo_models.read()
    assert models is not None
    studio = demo.api.get("/studio").json()
    for kind in ("visual", "language"):
        assert (studio[kind] is not None) == (getattr(models, kind) is not None), kind
    personas = {p["id"]: p for p in demo.api.get("/personas").json()}
    for persona, worn in models.portraits.items():
        for kind in ("visual", "language"):
            assert personas[persona][f"{kind}_id"] == worn.get(kind)


def test_her_lines_are_written_by_the_model(demo: Instance) -> None:
    demo.until(lambda: demo.status()["writer"]["engine"] == "resident", 60, "the writer")
    demo.until(lambda: said(demo, source="writer"), 120, "a line of the model's")


def test_a_click_changes_her_manner_on_air(demo: Instance) -> None:
    models = demo_models.read()
    assert models is not None
    before = demo.status()["playout"]["restarts"]
    for persona in ("makeup", "tang"):
        document = over(demo, activate(demo, persona=persona))
        assert document["state"] == "committed", document
        now = active(demo)
        for kind in ("visual", "language"):
            assert now[kind] == models.portraits[persona].get(kind), now
    count = len(said(demo, source="writer"))
    demo.until(lambda: len(said(demo, source="writer")) > count, 120, "a line in the new manner")
    assert demo.status()["playout"]["restarts"] == before == 0
