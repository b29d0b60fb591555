"""The chain that makes the demo's models: every part in order, whole or in a share, and none twice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from adapters.training.config import load
from assets.demo_models import build
from server.demo_models import FOLDER


def value(command: list[str], option: str) -> str:
    return command[command.index(option) + 1]


def test_a_share_makes_less_of_everything_but_enough_to_be_judged() -> None:
    whole, some = build.parts(Path("b"), 2), build.parts(Path("b"), 2, Path("o"), 0.01)
    assert list(whole) == list(some)
    for name in ("words", "autoencoder", "judge", "upscaler", "painter", "language"):
        assert int(value(whole[name][0], "--steps")) == build.STEPS[name]
        assert int(value(some[name][0], "--steps")) == max(build.FEWEST["steps"], round(build.STEPS[name] * 0.01))
    assert int(value(some["pictures"][0], "--count")) == build.FEWEST["pictures"]
    assert value(some["assemble"][0], "--out") == "o" and value(whole["assemble"][0], "--out") == str(FOLDER)


@pytest.mark.parametrize("name", [*build.SUBJECTS, *build.STYLES])
def test_an_adapter_is_trained_as_its_config_says_and_where_the_chain_is(name: str) -> None:
    (command,) = build.parts(Path("elsewhere"), 1)[name]
    over = {k: yaml.safe_load(v) for k, v in (word.split("=", 1) for word in command if "=" in word)}
    config = load(build.CONFIGS / f"{name}.yaml", **over)
    assert config.max_steps == build.STEPS[name] == load(build.CONFIGS / f"{name}.yaml").max_steps
    for path in (config.train_data_dir, config.base_model, config.output_dir):
        assert Path(path).parts[0] == "elsewhere"


def test_what_is_done_is_not_done_again_and_a_fault_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    class Fake:
        def __init__(self, command: list[str]) -> None:
            self.name = command[2]

        def wait(self) -> int:
            ran.append(self.name)
            return int(self.name == "assets.demo_models.judge")

    monkeypatch.setattr(subprocess, "Popen", Fake)
    monkeypatch.setattr("assets.demo_models.run.lower", lambda nice: None)
    monkeypatch.setattr(sys, "argv", ["build", "--build", str(tmp_path), "--threads", "1"])
    with pytest.raises(SystemExit, match="judge ended with 1"):
        build.main()
    ran.clear()
    with pytest.raises(SystemExit):
        build.main()
    assert ran == ["assets.demo_models.judge"]


def test_a_share_does_not_take_the_place_of_what_ships(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["build", "--share", "0.1"])
    with pytest.raises(SystemExit):
        build.main()
