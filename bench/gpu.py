"""Resident bases and their adapters on a CUDA GPU; prints a table and writes bench/results-gpu.json.

    python bench/gpu.py [--quick] [part ...]
    python bench/gpu.py --device cpu --tiny        tries the same code on a machine without a GPU

The parts of bench/adapters.py, in half precision, and: a UNet captured in a CUDA graph while adapters are swapped, and
what adapter layers cost a UNet's steps and a 7B model's tokens. Every part runs in a process of its own.
"""

from __future__ import annotations

import argparse
import sys
import time
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
if sys.path[0] == str(HERE):
    # Started as a script: `adapters` must be the package, not the benchmark beside this file.
    sys.path[0] = str(HERE.parent)

from bench.__main__ import show, write_results  # noqa: E402
from bench.adapters import NEEDED  # noqa: E402
from bench.parts import run_part  # noqa: E402

RESULTS = HERE / "results-gpu.json"
MODES = ("eager", "captured", "compiled")
PARTS = (
    "unet", "llm", "memory-visual", "memory-language", "rows", "recompiles", "graph",
    *(f"steps-{mode}" for mode in MODES), *(f"decode-{mode}" for mode in MODES),
)
QUICK = ("unet", "llm", "memory-visual", "rows", "graph", "steps-eager", "steps-captured", "decode-captured")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python bench/gpu.py")
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], default=[])
    parser.add_argument("--quick", action="store_true", help="nothing compiled, 0.5B instead of 7B")
    parser.add_argument("--device", default="cuda", help="cuda, cuda:1, or cpu to try the code")
    parser.add_argument("--dtype", choices=("bf16", "fp16", "fp32"), help="default: the studio's choice")
    parser.add_argument("--tiny", action="store_true", help="tiny models, to try the code")
    parser.add_argument("--out", type=Path, help="where figures go; default: bench/results-gpu.json, nowhere for a try")
    parser.add_argument("--here", action="store_true", help="measure in this process")
    return parser.parse_args()


def main() -> int:
    """Run the parts one after another; a part that fails does not keep the others from running."""
    options = arguments()
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        print(f"Nothing was measured: {', '.join(missing)} not installed. Install what the studio needs: make studio")
        return 0
    import torch

    cuda = options.device.startswith("cuda")
    if cuda and not torch.cuda.is_available():
        print(
            "Nothing was measured: PyTorch sees no CUDA GPU on this machine. "
            "To try the code without one: python bench/gpu.py --device cpu --tiny"
        )
        return 0
    if options.here:
        for name in options.parts:
            measure(name, options)
        return 0
    rows, failed = [], []
    for name in options.parts or (QUICK if options.quick else PARTS):
        began = time.monotonic()
        command = ["-m", "bench.gpu", "--here", "--device", options.device, *flags(options), name]
        found, status = run_part(command, name)
        print(f"  {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        rows += [r | {"bench": "gpu"} for r in found]
        if status:
            failed.append(name)
    out = options.out or (RESULTS if cuda and not options.tiny else None)
    if rows:
        show(rows)
    if rows and out:
        device = torch.cuda.get_device_name(options.device) if cuda else "no GPU"
        write_results(rows, out, f"{device}, PyTorch {torch.__version__}")
    if failed:
        print(f"Failed: {', '.join(failed)}; what they said is above.", file=sys.stderr)
    return int(bool(failed))


def flags(options: argparse.Namespace) -> list[str]:
    """The options that a part needs to know."""
    out = [f"--{name}" for name in ("quick", "tiny") if getattr(options, name)]
    return [*out, *(["--dtype", options.dtype] if options.dtype else [])]


def measure(name: str, options: argparse.Namespace) -> None:
    """Print the rows of one part."""
    import torch

    from bench import residents, steps, swaps
    from bench.bases import NAMES, Where
    from pipelines.studio.config import StudioConfig

    device = torch.device(options.device)
    chosen = {text: dtype for dtype, text in NAMES.items()}
    dtype = chosen[options.dtype] if options.dtype else StudioConfig().resolve_dtype(device)
    where = Where(device, dtype, options.tiny)
    if device.type == "cuda":
        torch.cuda.set_device(device)
    else:
        torch.set_num_threads(StudioConfig().threads)
    part, _, mode = name.rpartition("-")
    match part or name:
        case "steps":
            steps.unet(where, mode)
        case "decode":
            steps.decode(where, mode, "0.5B" if options.quick else "7B")
        case _:
            {
                "unet": swaps.unet, "llm": swaps.llm, "memory-visual": residents.memory_visual,
                "memory-language": residents.memory_language, "rows": residents.rows,
                "recompiles": residents.recompiles, "graph": steps.graph,
            }[name](where)


if __name__ == "__main__":
    sys.exit(main())
