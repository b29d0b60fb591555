"""Build: every model of the demo from nothing, in order; what is done is not done again, what was cut off goes on.

    python -m assets.demo_models.build [--build build/demo-models] [--threads N] [--until PART]

Hours on two cores, and meant to run in the background: everything is at the lowest priority.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from assets.demo_models.run import modest

PICTURES, LARGE, PERSONA = 1600, 160, 64
STYLES = ("warm", "lively", "classical")
SUBJECTS = ("skincare", "makeup", "tang")
CONFIGS = Path(__file__).parent / "configs"


def parts(build: Path, threads: int) -> dict[str, list[list[str]]]:
    """Name of a part -> commands, which run side by side."""
    b, n = str(build), ["--threads", str(threads)]
    here = "assets.demo_models"
    drawn = f"{b}/pictures"
    vae = ["--autoencoder", f"{b}/autoencoder"]
    out: dict[str, list[list[str]]] = {
        "pictures": [
            [f"{here}.pictures", "--out", drawn, "--count", str(PICTURES), "--first", str(k), "--step", str(threads)]
            for k in range(threads)
        ],
        "large": [[f"{here}.pictures", "--out", f"{b}/large", "--count", str(LARGE), "--size", "2"]],
        "words": [[f"{here}.words", "--out", f"{b}/words", *n]],
        "autoencoder": [[f"{here}.autoencoder", "--pictures", drawn, "--out", f"{b}/autoencoder", *n]],
        "judge": [[f"{here}.judge", "train", "--pictures", drawn, "--out", f"{b}/judge", *n]],
        "upscaler": [[f"{here}.upscaler", "--pictures", f"{b}/large", *vae, "--out", f"{b}/upscaler", *n]],
        "painter": [[f"{here}.painter", "--pictures", drawn, *vae, "--words", f"{b}/words", "--out", f"{b}/sd", *n]],
        "language": [[f"{here}.language", "train", "--out", f"{b}/llm", *n]],
    }
    for name in SUBJECTS:
        out[f"{name}-pictures"] = [[f"{here}.personas", name, "--out", f"{b}/personas/{name}", "--count", str(PERSONA)]]
    for name in STYLES:
        out[f"{name}-dialogues"] = [[f"{here}.language", "dialogues", name, "--out", f"{b}/dialogues/{name}"]]
    for name in (*SUBJECTS, *STYLES):
        config = str(CONFIGS / f"{name}.yaml")
        out[name] = [["adapters.training", "--config", config, "--resume" if _begun(build, name) else "--overwrite"]]
    out["assemble"] = [[f"{here}.assemble", "--build", b]]
    out["grids"] = [[f"{here}.grids", *n]]
    return out


def _begun(build: Path, name: str) -> bool:
    return any((build / "adapters" / name / "run" / "checkpoints").glob("*"))


def main() -> None:
    """Run what is not done yet."""
    parser = argparse.ArgumentParser(prog="python -m assets.demo_models.build")
    parser.add_argument("--build", type=Path, default=Path("build/demo-models"))
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--until", default="grids", help="the last part to make")
    given = parser.parse_args()
    modest(1)
    done = given.build / "done"
    done.mkdir(parents=True, exist_ok=True)
    for name, commands in parts(given.build, given.threads).items():
        if not (done / name).is_file():
            print(f"== {name}", flush=True)
            running = [subprocess.Popen([sys.executable, "-m", *c]) for c in commands]
            codes = [p.wait() for p in running]
            if any(codes):
                raise SystemExit(f"{name} ended with {max(codes)}; mend what it says and start again, it goes on there")
            (done / name).touch()
        if name == given.until:
            break


if __name__ == "__main__":
    main()
