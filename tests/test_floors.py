"""The folders' floors hold: an import may only point down."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = {"server", "pipelines", "adapters", "streaming"}
ALLOWED = {
    "server": {"server", "pipelines", "adapters", "streaming"},
    "pipelines": {"pipelines", "adapters", "streaming"},
    "adapters": {"adapters"},
    "streaming": {"streaming"},
}
FORBIDDEN = {"streaming": {"torch", "fastapi", "sqlalchemy"}, "server": {"torch", "av", "cv2"}}


def imports(path: Path) -> set[str]:
    """Top-level names of every module that `path` imports, wherever in the file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("package", sorted(OURS))
def test_imports_point_down(package: str) -> None:
    files = list((ROOT / package).rglob("*.py"))
    assert files
    for path in files:
        found = imports(path)
        assert found & OURS <= ALLOWED[package], path
        assert not found & FORBIDDEN.get(package, set()), path


def loaded_after(module: str) -> set[str]:
    code = f"import sys, {module}; print(' '.join({{m.split('.')[0] for m in sys.modules}}))"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(out.stdout.split())


def test_what_each_process_really_loads() -> None:
    heavy = {"torch", "av", "cv2", "numpy", "fastapi", "sqlalchemy"}
    assert not loaded_after("streaming.supervisor") & heavy
    assert not loaded_after("server.cli.run") & heavy
    assert not loaded_after("server.main") & {"torch", "av", "cv2"}
    assert not loaded_after("streaming.playout.__main__") & {"torch", "fastapi", "sqlalchemy"}
    assert not loaded_after("streaming.mux.__main__") & heavy
