"""Build: every model of the demo from nothing, in order; what is done is not done again, what was cut off goes on.

    python -m assets.demo_models.build [--build build/demo-models] [--out F] [--threads N] [--until PART] [--share S]

Hours on two cores, and meant to run in the background: everything is at the lowest priority. `--share 0.01` makes a
hundredth of the pictures, texts and steps: models of no use, in minutes, that show that every part works.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import yaml

from assets.demo_models.run import modest
from server.demo_models import FOLDER

PICTURES, LARGE, PERSONA = 1600, 160, 64
DIALOGUES = 6000
STEPS = {
    "words": 1500, "autoencoder": 8000, "judge": 900, "upscaler": 1500, "painter": 4500, "language": 9000,
}
FEWEST = {"pictures": 40, "large": 6, "persona": 8, "dialogues": 60, "steps": 4}
"""Less than that some part has nothing to learn from or to be judged by."""
STYLES = ("warm", "lively", "classical")
SUBJECTS = ("skincare", "makeup", "tang")
CONFIGS = Path(__file__).parent / "configs"
STEPS |= {
    name: yaml.safe_load((CONFIGS / f"{name}.yaml").read_text(encoding="utf-8"))["max_steps"]
    for name in (*SUBJECTS, *STYLES)
}


def parts(build: Path, threads: int, out: Path = FOLDER, share: float = 1.0) -> dict[str, list[list[str]]]:
    """Name of a part -> commands, which run side by side."""
    b, n = str(build), ["--threads", str(threads)]
    here = "assets.demo_models"
    drawn = f"{b}/pictures"
    vae = ["--autoencoder", f"{b}/autoencoder"]

    def count(of: str, whole: int) -> list[str]:
        return ["--count", str(max(FEWEST[of], round(whole * share)))]

    def steps(name: str) -> str:
        return str(max(FEWEST["steps"], round(STEPS[name] * share)))

    def how(name: str) -> list[str]:
        return ["--steps", steps(name), *n]

    drawing = [f"{here}.pictures", "--out", drawn, *count("pictures", PICTURES), "--step", str(threads)]
    made: dict[str, list[list[str]]] = {
        "pictures": [[*drawing, "--first", str(k)] for k in range(threads)],
        "large": [[f"{here}.pictures", "--out", f"{b}/large", *count("large", LARGE), "--size", "2"]],
        "words": [[f"{here}.words", "--out", f"{b}/words", *how("words")]],
        "autoencoder": [[f"{here}.autoencoder", "--pictures", drawn, "--out", f"{b}/autoencoder", *how("autoencoder")]],
        "judge": [[f"{here}.judge", "train", "--pictures", drawn, "--out", f"{b}/judge", *how("judge")]],
        "upscaler": [
            [f"{here}.upscaler", "--pictures", f"{b}/large", *vae, "--out", f"{b}/upscaler", *how("upscaler")]
        ],
        "painter": [
            [f"{here}.painter", "--pictures", drawn, *vae, "--words", f"{b}/words", "--out", f"{b}/sd", *how("painter")]
        ],
        "language": [[f"{here}.language", "train", "--out", f"{b}/llm", *how("language")]],
    }
    for name in SUBJECTS:
        made[f"{name}-pictures"] = [
            [f"{here}.personas", name, "--out", f"{b}/personas/{name}", *count("persona", PERSONA)]
        ]
    for name in STYLES:
        made[f"{name}-dialogues"] = [
            [f"{here}.language", "dialogues", name, "--out", f"{b}/dialogues/{name}", *count("dialogues", DIALOGUES)]
        ]
    for name in (*SUBJECTS, *STYLES):
        visual = name in SUBJECTS
        data = f"{b}/{'personas' if visual else 'dialogues'}/{name}"
        given = {
            "train_data_dir": data, "base_model": f"{b}/{'sd' if visual else 'llm'}/model",
            "output_dir": f"{b}/adapters/{name}", "max_steps": steps(name), "threads": str(threads),
        } | ({"metadata_path": f"{data}/metadata.csv"} if visual else {})
        made[name] = [[
            "adapters.training", "--config", str(CONFIGS / f"{name}.yaml"),
            "--resume" if _begun(build, name) else "--overwrite",
            *(word for key, value in given.items() for word in ("--set", f"{key}={value}")),
        ]]
    made["assemble"] = [[f"{here}.assemble", "--build", b, "--out", str(out)]]
    made["grids"] = [[f"{here}.grids", "--models", str(out), "--out", f"{out}/grids", *n]]
    return made


def _begun(build: Path, name: str) -> bool:
    return any((build / "adapters" / name / "run" / "checkpoints").glob("*"))


def main() -> None:
    """Run what is not done yet."""
    parser = argparse.ArgumentParser(prog="python -m assets.demo_models.build")
    parser.add_argument("--build", type=Path, default=Path("build/demo-models"))
    parser.add_argument("--out", type=Path, default=FOLDER, help="where the finished models go")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--until", default="grids", help="the last part to make")
    parser.add_argument("--share", type=float, default=1.0, help="of the whole work; below 1 to see that it runs")
    given = parser.parse_args()
    if not 0 < given.share <= 1:
        parser.error("--share must be above 0 and at most 1")
    if given.share < 1 and given.out.resolve() == FOLDER.resolve():
        parser.error("a share of the work makes models of no use; name another folder with --out, and one with --build")
    modest(1)
    done = given.build / "done"
    done.mkdir(parents=True, exist_ok=True)
    for name, commands in parts(given.build, given.threads, given.out, given.share).items():
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
