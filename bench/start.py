"""From `nightanchor run`, installed, to the first frame in the packet ring, and to the presenter."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from bench.instance import Instance
from bench.row import row
from streaming.ring import VIDEO, RingReader


def first_frame(instance: Instance) -> float:
    """Seconds from the start until the encoder has written its first video packet."""

    def ring() -> RingReader | None:
        try:
            reader = RingReader(instance.run_dir() / "main.packets.ring")
        except (LookupError, FileNotFoundError, OSError):
            return None
        return reader

    reader = instance.until(ring, 60, "the packet ring")
    while True:
        reader.renewed()
        if any(r.stream == VIDEO for r in reader.read()):
            return time.monotonic() - instance.started
        time.sleep(0.005)


def main() -> None:
    """First start (database and presenter are made) and second start, on one data folder."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("first start", "second start"):
            instance = Instance(Path(folder) / "data")
            try:
                row(f"{name}: command to first frame on air", first_frame(instance), "s")
                instance.wait_ready()
                instance.until(lambda i=instance: i.status()["playout"].get("look"), 60, "the presenter")
                row(f"{name}: command to the presenter on air", time.monotonic() - instance.started, "s")
            finally:
                took = instance.stop()
            row(f"{name}: Ctrl-C to the end of every process", took, "s")


if __name__ == "__main__":
    main()
