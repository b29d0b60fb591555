"""Parts: the pieces of a benchmark, each in a process of its own, so that its memory is given back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
QUIET = {
    "TRANSFORMERS_VERBOSITY": "error", "DIFFUSERS_VERBOSITY": "error", "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_OFFLINE": "1", "PYTHONWARNINGS": "ignore", "TQDM_DISABLE": "1",
}


def run_part(command: Sequence[str], name: str, *, show: bool = True) -> tuple[list[dict[str, Any]], int]:
    """Run one part, pass on what it prints as it comes (`show`); its rows and its exit status."""
    print(f"measuring {name} ...", file=sys.stderr, flush=True)
    rows = []
    with subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env={**os.environ, **QUIET}, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if show and line.startswith(("{", "skipped:")):
                print(line, end="", flush=True)
            if line.startswith("{"):
                rows.append(json.loads(line))
    return rows, child.returncode
