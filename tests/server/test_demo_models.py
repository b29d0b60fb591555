"""The models that ship are what `auto` means in a demo, and give way to whatever an owner has set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from server import demo_models
from server.demo_models import applied, read
from server.settings import Settings
from streaming.errors import Corrupt

LIST: dict[str, Any] = {
    "visual": "demo-sd", "language": "demo-llm",
    "settings": {"visual": {"steps": 16}, "language": {"on_air": True, "max_tokens": 120}},
    "adapters": [{"id": "demo-tang", "file": "adapters/tang.safetensors", "kind": "visual", "name": "唐"}],
    "portraits": {"tang": {"look": "demo-tang", "seed": 7}},
}


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "models.json").write_text(json.dumps(LIST), encoding="utf-8")
    monkeypatch.setattr(demo_models, "read", lambda: read(tmp_path))
    return tmp_path


def test_the_list_names_files_beside_it(shipped: Path) -> None:
    found = read(shipped)
    assert found is not None
    assert (found.visual, found.language) == (shipped / "demo-sd", shipped / "demo-llm")
    assert found.adapters[0]["path"] == shipped / "adapters" / "tang.safetensors"


def test_nothing_shipped_is_no_fault(tmp_path: Path) -> None:
    assert read(tmp_path) is None


@pytest.mark.parametrize("text", ["{", "[]", "{}", json.dumps({**LIST, "adapters": [{}]})])
def test_a_damaged_list_says_what_to_restore(tmp_path: Path, text: str) -> None:
    (tmp_path / "models.json").write_text(text)
    with pytest.raises(Corrupt, match="damaged") as e:
        read(tmp_path)
    assert "assets/models" in e.value.next_step


def test_a_demo_takes_them_with_the_settings_they_want(shipped: Path) -> None:
    out = applied(Settings(demo=True))
    assert out.visual.path == str(shipped / "demo-sd")
    assert out.language.path == str(shipped / "demo-llm")
    assert (out.visual.steps, out.language.on_air, out.language.max_tokens) == (16, True, 120)


def test_one_of_the_two_bases_may_be_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models.json").write_text(json.dumps({k: v for k, v in LIST.items() if k != "visual"}), encoding="utf-8")
    monkeypatch.setattr(demo_models, "read", lambda: read(tmp_path))
    out = applied(Settings(demo=True))
    assert out.visual.path == "" and out.visual.steps == Settings().visual.steps
    assert out.language.path == str(tmp_path / "demo-llm")


def test_what_an_owner_has_set_stays(shipped: Path) -> None:
    mine = Settings.model_validate({"demo": True, "visual": {"path": "/models/sd"}, "language": {"max_tokens": 60}})
    out = applied(mine)
    assert out.visual.path == "/models/sd"
    assert out.visual.steps == Settings().visual.steps
    assert (out.language.path, out.language.max_tokens) == (str(shipped / "demo-llm"), 60)


def test_a_shop_of_ones_own_has_no_models_until_one_is_named(shipped: Path) -> None:
    out = applied(Settings(demo=False))
    assert (out.visual.path, out.language.path) == ("", "")


def test_a_demo_without_them_goes_on_with_what_was_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_models, "read", lambda: None)
    assert applied(Settings(demo=True)).visual.path == ""
