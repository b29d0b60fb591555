"""Settings come from a file, the environment and defaults, and mistakes are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.settings import Settings, load
from streaming.errors import BadInput

EXAMPLE = Path(__file__).parents[2] / "nightanchor.example.yaml"


def test_the_example_holds_every_setting_with_its_default() -> None:
    import yaml

    load(EXAMPLE)
    written = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    default = Settings().model_dump()
    default["language"]["remote"]["api_key"] = ""
    assert written == default


def test_file_then_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "n.yaml"
    path.write_text("server: {port: 9000}\nvideo: {width: 1080, height: 1920}\n")
    assert load(path).server.port == 9000
    monkeypatch.setenv("NIGHTANCHOR_SERVER__PORT", "9100")
    loaded = load(path)
    assert (loaded.server.port, loaded.video.width, loaded.video.fps) == (9100, 1080, 25)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("serverr: {}", "did you mean server?"), ("server: {prot: 1}", "did you mean server.port?"),
        ("video: {fps: 24}", "video.fps"),
        ("server: {port: 99999}", "server.port"), ("- a", "holds no keys"), ("{", "not YAML"), ("video: 3", "video"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "n.yaml"
    path.write_text(text)
    with pytest.raises(BadInput) as caught:
        load(path)
    assert named in caught.value.message + caught.value.next_step


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no-such"):
        load(tmp_path / "no-such.yaml")


def test_a_section_within_a_section_comes_from_file_and_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "n.yaml"
    path.write_text("language: {max_tokens: 60, remote: {base_url: 'http://127.0.0.1:1/v1', model: a}}\n")
    monkeypatch.setenv("NIGHTANCHOR_LANGUAGE__REMOTE__API_KEY", "sk-secret")
    monkeypatch.setenv("NIGHTANCHOR_LANGUAGE__REMOTE__LORAS", '{"lin": "lin-lora"}')
    loaded = load(path).language
    assert (loaded.max_tokens, loaded.remote.model, loaded.remote.loras) == (60, "a", {"lin": "lin-lora"})
    assert loaded.remote.api_key.get_secret_value() == "sk-secret" and "sk-secret" not in repr(loaded)
    monkeypatch.delenv("NIGHTANCHOR_LANGUAGE__REMOTE__LORAS")
    for half, named in (
        ("{remote: {base_url: 'http://h/v1', api_key: sk-x}}", "language.remote.model"),
        ("{engine: remote}", "language.remote.base_url"),
    ):
        path.write_text(f"language: {half}\n")
        with pytest.raises(BadInput) as caught:
            load(path)
        assert named in caught.value.next_step and "sk-" not in caught.value.message
    path.write_text("language: {remote: {base_url: 'ftp://x'}}\n")
    with pytest.raises(BadInput, match=r"language\.remote\.base_url"):
        load(path)
