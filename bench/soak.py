"""A long run on air, judged on the stream that an RTMP server received.

    python -m bench.soak --minutes 30

Prints JSON rows and puts them into bench/results.json: ticks missed, the A/V offset of the first and
the last minute as received, the memory of each process after ten minutes, and its slope.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from bench import avsync
from bench.__main__ import show, write_results
from bench.instance import Instance, running
from bench.row import row
from tests.nginx import RtmpServer

CHATTER = ("精华多少钱", "防晒有货吗", "How much is the cream?", "口红适合黄皮吗", "このクリームはいくらですか")
SAMPLE_S = 10.0


def mouth_box(instance: Instance) -> tuple[int, int, int, int]:
    """x, y, w, h of the mouth on the canvas, from the Look that is on air."""
    look = json.loads(Path(instance.status()["playout"]["look"], "look.json").read_text())
    region = next(r for r in look["regions"] if r["name"] == "mouth")
    x, y, w, h = region["rect"]
    return x, y, w, h


def memory(instance: Instance) -> dict[str, float]:
    """Module -> resident memory in MB, of every process."""
    out = {"supervisor": psutil.Process(instance.process.pid).memory_info().rss / 2**20}
    for pid, argv in instance.children().items():
        with contextlib.suppress(psutil.Error):
            name = argv.removeprefix("-m ").split(" ")[0]
            out[name] = out.get(name, 0.0) + psutil.Process(pid).memory_info().rss / 2**20
    return out


def watch(instance: Instance, seconds: float) -> list[tuple[float, dict[str, float]]]:
    """Chat now and then and sample the memory until the time is over."""
    began, samples, asked = time.monotonic(), [], 0
    while (elapsed := time.monotonic() - began) < seconds:
        samples.append((elapsed, memory(instance)))
        body = {"room": "main", "user": f"v{asked}", "text": CHATTER[asked % len(CHATTER)], "kind": "question"}
        instance.api.post("/chat", json=body)
        asked += 1
        time.sleep(max(0.0, SAMPLE_S - (time.monotonic() - began - elapsed)))
    return samples


def report(instance: Instance, received: Path, seconds: float, samples: list[tuple[float, dict[str, float]]]) -> None:
    """Print the rows."""
    label = f"{seconds / 60:.0f} min on air"
    playout = instance.status()["playout"]
    for key in ("ticks_missed", "ticks_repeated", "reanchored"):
        row(key.replace("_", " "), int(playout[key]), "ticks", label)
    box = mouth_box(instance)
    duration = float(
        subprocess.run(
            ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(received)],
            capture_output=True, text=True, check=True,
        ).stdout
    )
    row("received", duration, "s", label)
    first = avsync.offset(*avsync.mouth_and_voice(received, box, 5, 60))
    last = avsync.offset(*avsync.mouth_and_voice(received, box, duration - 66, 60))
    row("A/V offset by content, first minute", first.seconds * 1000, "ms", f"correlation {first.correlation:.2f}")
    row("A/V offset by content, last minute", last.seconds * 1000, "ms", f"correlation {last.correlation:.2f}")
    start, end = avsync.timestamps(received)
    row("A/V timestamps apart at the end less at the start", (end - start) * 1000, "ms", "one AAC frame is 23 ms")
    for name in sorted(samples[-1][1]):
        series = [(t, m[name]) for t, m in samples if name in m]
        ten = min(series, key=lambda s: abs(s[0] - 600))
        row(f"memory of {name} after {ten[0] / 60:.0f} min", ten[1], "MB")
        late = [s for s in series if s[0] > 300] or series
        slope = float(np.polyfit([t for t, _ in late], [m for _, m in late], 1)[0]) * 3600 if len(late) > 2 else 0.0
        row(f"memory slope of {name}", slope, "MB/h", f"from minute 5, {label}")


def main() -> None:
    """Run, watch, judge."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak")
    parser.add_argument("--minutes", type=float, default=30.0)
    seconds = parser.parse_args().minutes * 60
    out = io.StringIO()
    with tempfile.TemporaryDirectory() as folder:
        received = Path(folder) / "received.flv"
        with RtmpServer(Path(folder) / "nginx") as rtmp, running(Path(folder) / "data") as instance:
            instance.until(lambda: instance.status()["playout"].get("look"), 60, "the presenter")
            url = rtmp.url("soak")
            server, _, key = url.rpartition("/")
            body = {"room": "main", "name": "soak", "kind": "rtmp", "url": server, "key": key}
            instance.api.post("/outputs", json=body).raise_for_status()
            time.sleep(5)
            puller = subprocess.Popen(
                ["ffmpeg", "-v", "error", "-i", url, "-c", "copy", "-y", str(received)], stdin=subprocess.DEVNULL
            )
            samples = watch(instance, seconds)
            with contextlib.redirect_stdout(out):
                puller.terminate()
                puller.wait()
                report(instance, received, seconds, samples)
    rows = [json.loads(line) | {"bench": "soak"} for line in out.getvalue().splitlines()]
    write_results(rows)
    show(rows)


if __name__ == "__main__":
    sys.exit(main())
