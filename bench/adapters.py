"""Resident bases and their adapters on the CPU: swaps, memory, mixed batches, recompiles.

Models have their true sizes and random weights; every part runs in a process of its own, one after another.

    python -m bench.adapters [part ...]
"""

from __future__ import annotations

import argparse
import sys
import time
from importlib.util import find_spec

from bench.parts import run_part

PARTS = (
    "unet-bf16", "unet-fp32", "llm-bf16", "llm-fp32", "memory-visual-bf16", "memory-language-bf16", "rows-fp32",
    "recompiles-fp32",
)
NEEDED = ("torch", "diffusers", "transformers", "peft", "accelerate")


def main() -> None:
    """Run the parts that were named, or all; the machine's GPU is left to bench/gpu.py."""
    parser = argparse.ArgumentParser(prog="python -m bench.adapters")
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], default=[])
    parser.add_argument("--here", action="store_true", help="measure in this process")
    parser.add_argument("--small", action="store_true", help="tiny models, to try the code itself")
    options = parser.parse_args()
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        print(f"skipped: adapters: {', '.join(missing)} not installed; install what the studio needs with: make studio")
        return
    if options.here:
        for name in options.parts:
            measure(name, options.small)
        return
    failed = []
    for name in options.parts or PARTS:
        began = time.monotonic()
        flags = ["--here", *(["--small"] if options.small else [])]
        _, status = run_part(["-m", "bench.adapters", *flags, name], name)
        print(f"  {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        if status:
            failed.append(name)
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


def measure(name: str, small: bool) -> None:
    """Print the rows of one part."""
    import torch

    from bench import residents, swaps
    from bench.bases import Where
    from pipelines.studio.config import StudioConfig

    # As many threads as a studio takes on a CPU, where a show runs beside it.
    torch.set_num_threads(StudioConfig().threads)
    part, _, kind = name.rpartition("-")
    where = Where(torch.device("cpu"), {"bf16": torch.bfloat16, "fp32": torch.float32}[kind], small)
    {
        "unet": swaps.unet, "llm": swaps.llm, "memory-visual": residents.memory_visual,
        "memory-language": residents.memory_language, "rows": residents.rows, "recompiles": residents.recompiles,
    }[part](where)


if __name__ == "__main__":
    main()
