"""`python train.py --config X.yaml`, as people know it from lora-scripts; the same as `nightanchor train`."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent
OWN = ROOT / ".venv" / "bin" / "python"

if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    missing = [name for name in ("torch", "diffusers", "transformers", "peft", "pydantic") if find_spec(name) is None]
    if missing and OWN.exists() and Path(sys.prefix) != ROOT / ".venv":
        # The packages are in the project's own environment.
        os.execv(OWN, [str(OWN), str(Path(__file__).resolve()), *sys.argv[1:]])
    if missing:
        sys.exit(f"✗ {', '.join(missing)} not installed · 缺少软件包\n  -> make studio")
    from adapters.training.__main__ import main

    sys.exit(main())
