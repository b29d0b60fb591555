"""A training's process without models: it holds the folder, tells its steps, and saves when it is asked to end.

    python -m tests.server.stand_in --config JOB/config.yaml [--resume]

The name of the training says what it does: `short` finishes after thirty steps, `dies` is killed at its first one.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import time
from pathlib import Path

import yaml

from adapters.training import journal
from adapters.training.folder import Folder, write_whole
from adapters.training.journal import Journal

PAUSE_S = 0.02


def main() -> None:
    """Train nothing until asked to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    config = yaml.safe_load(options.config.read_text(encoding="utf-8"))
    kind = json.loads((options.config.parent / "job.json").read_text(encoding="utf-8"))["name"]
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))
    folder = Folder(Path(config["output_dir"]), "adapter")
    folder.claim(resume=options.resume, overwrite=False)
    step = 0
    if options.resume:
        step = max(int(p.parent.name) for p in folder.checkpoints.glob("*/state.json"))
        journal.forget_after(folder.run, step)
    told = Journal(folder.run)
    steps = 30 if kind == "short" else 100_000
    told.tell("begin", steps=steps, epochs=1, items=1, held_out=0, step=step, device="CPU", memory_mb=1.0)
    while step < steps and not asked:
        if kind == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(PAUSE_S)
        step += 1
        told.tell("step", step=step, epoch=1, loss=1.0, speed=50.0, left_s=1.0, memory_mb=1.0)
    write_whole(folder.checkpoints / f"{step:08d}" / "state.json", b"{}")
    state = "stopped" if asked else "finished"
    told.tell("end", state=state, message=f"{state} after step {step}", next_step="")
    folder.release()


if __name__ == "__main__":
    main()
