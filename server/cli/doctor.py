"""`nightanchor doctor`: what this machine has, what it lacks, and what to do about it.

Whatever needs a native library is asked in a process of its own: a library that crashes is a finding, too.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple


class Finding(NamedTuple):
    """One check; `ok` is None for what is merely worth knowing."""

    ok: bool | None
    what: str
    next_step: str = ""


def examine(data: Path, config: Path | None = None) -> list[Finding]:
    """Check everything; the order is the order a newcomer would ask in."""
    return [
        _python(), *_memory(), _disk(data), *_encoder(), _voice(), *_fonts(), *_studio(config),
    ]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding(sys.version_info >= (3, 11), f"Python {version}", "install Python 3.11 or newer")


def _memory() -> list[Finding]:
    import psutil

    total = psutil.virtual_memory().total / 2**30
    out = [Finding(total > 1.8, f"{os.cpu_count()} cores, {total:.1f} GB memory", "2 GB are needed at least")]
    try:
        free = shutil.disk_usage("/dev/shm").free / 2**20
    except OSError:
        free = 0.0
    out.append(Finding(
        True if free > 96 else None, f"/dev/shm has {free:.0f} MB free",
        f"rings will live in {tempfile.gettempdir()} instead; in Docker use --shm-size=256m",
    ))
    return out


def _disk(data: Path) -> Finding:
    place = data.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free / 2**30
    writable = os.access(place, os.W_OK)
    what = f"{place}: {free:.1f} GB free" + ("" if writable else ", not writable")
    return Finding(writable and free > 0.5, what, "choose another folder with --data, or free some space")


def _ask(code: str, limit_s: float = 60.0) -> tuple[dict[str, Any] | None, str]:
    """Run `code`, which prints one JSON object; returns it, or None and the last line of the error."""
    try:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=limit_s)
    except subprocess.TimeoutExpired:
        return None, f"no answer within {limit_s:.0f} s"
    try:
        answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        return None, (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]
    return answer, ""


_ENCODE = """
import json, time, numpy as np, av
out = {"version": av.__version__}
rng = np.random.default_rng(1)
noise = rng.integers(0, 24, (1080 + 64, 720), np.uint8)
frames = [av.VideoFrame.from_ndarray(noise[k:k + 1080] + np.uint8(90), format="yuv420p") for k in range(0, 64, 2)]
for name in ("libx264", "h264_nvenc"):
    try:
        c = av.CodecContext.create(name, "w")
        c.width, c.height, c.pix_fmt, c.bit_rate = 720, 720, "yuv420p", 2_500_000
        from fractions import Fraction
        c.time_base = Fraction(1, 25)
        if name == "libx264":
            c.options = {"preset": "veryfast", "tune": "zerolatency"}
        c.open()
        began = time.perf_counter()
        for n in range(75):
            f = frames[n % len(frames)]
            f.pts = n
            c.encode(f)
        out[name] = 75 / (time.perf_counter() - began) * 720 / 1280
    except Exception as e:
        out[name] = None
print(json.dumps(out))
"""


def _encoder() -> list[Finding]:
    answer, fault = _ask(_ENCODE)
    if answer is None:
        return [Finding(False, f"PyAV does not work: {fault}", "reinstall: make clean, then make run")]
    speed = answer["libx264"]
    if speed is None:
        return [Finding(False, "this PyAV has no x264", "reinstall: make clean, then make run")]
    out = [Finding(
        speed > 50, f"PyAV {answer['version']}, x264 about {speed:.0f} frames/s at 720x1280 (25 are needed)",
        "set encoder preset `ultrafast`, a smaller picture, or end other programs",
    )]
    if answer["h264_nvenc"]:
        out.append(Finding(True, "NVENC is there and will be used"))
    return out


def _voice() -> Finding:
    code = "import json, espeakng_loader as e, ctypes; ctypes.CDLL(e.get_library_path()); print(json.dumps({}))"
    answer, fault = _ask(code)
    what = "espeak-ng loads" if answer is not None else f"espeak-ng does not load: {fault}"
    return Finding(answer is not None, what, "reinstall: make clean, then make run")


def _fonts() -> list[Finding]:
    code = "import json, streaming.overlays.fonts as f; print(json.dumps({'ok': True}))"
    answer, fault = _ask(code)
    if answer is None:
        return [Finding(False, f"the captions' font is missing: {fault}", "reinstall: make clean, then make run")]
    return [Finding(True, "captions have their font")]


_TORCH = """
import json, torch
gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else ""
memory = torch.cuda.get_device_properties(0).total_memory / 2**30 if gpu else 0.0
print(json.dumps({"version": torch.__version__, "gpu": gpu, "memory": memory}))
"""


def _studio(config: Path | None) -> list[Finding]:
    from server.settings import load

    settings = load(config)
    bases = {"visual": settings.visual.path, "language": settings.language.path}
    missing = [n for n in ("torch", "diffusers", "transformers", "peft") if find_spec(n) is None]
    if not any(bases.values()):
        return [Finding(None, "no base model is set up; personas change looks and voices only", "see docs/adapters.md")]
    if missing:
        return [Finding(False, f"the studio lacks {', '.join(missing)}", "make studio")]
    answer, fault = _ask(_TORCH)
    if answer is None:
        return [Finding(False, f"PyTorch does not work: {fault}", "reinstall: make clean, then make studio")]
    where = f"{answer['gpu']}, {answer['memory']:.0f} GB" if answer["gpu"] else "CPU; portraits take minutes"
    out = [Finding(True, f"PyTorch {answer['version']} on {where}")]
    for kind, path in bases.items():
        if path:
            out.append(Finding(Path(path).exists(), f"{kind} base {path}", f"set {kind}.path to a model that is there"))
    return out
