"""A thousand alternating activations on air: two personas with a visual and a language adapter each, in turn.

The bases are small ones of the true architectures with random weights; what is measured is the way of an activation
through server, studio, playout and database, and what it leaves behind.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from bench.instance import Instance, running
from bench.row import percentile, row

COUNT = int(os.environ.get("BENCH_ACTIVATIONS", "1000"))
WARM = max(10, COUNT // 10)
"""The first ones fill caches and allocators; growth is counted from here on."""
PERSONAS = {"one": ("yun", "zh-yun"), "two": ("mei", "zh-mei")}
OVER = ("committed", "failed", "superseded", "cancelled")
MODULES = {"server": "server.main", "studio": "pipelines.studio.worker", "playout": "streaming.playout"}


def main() -> None:
    """Set up two personas and change between them."""
    try:
        from tests.adapters import tiny
    except ImportError as e:
        print(f"skipped: {e}; install what the studio needs with: make studio")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        visual, language = tiny.save_visual(folder / "sd"), tiny.save_language(folder / "llm")
        env = {
            "NIGHTANCHOR_VISUAL__PATH": str(visual), "NIGHTANCHOR_VISUAL__RANK_MAX": "8",
            "NIGHTANCHOR_LANGUAGE__PATH": str(language), "NIGHTANCHOR_LANGUAGE__RANK_MAX": "8",
        }
        with running(folder / "data", env=env) as instance:
            prepare(instance, folder, visual, language)
            measure(instance)


def prepare(instance: Instance, folder: Path, visual: Path, language: Path) -> None:
    """Looks baked, studio up, two adapters of each kind in the catalogue, two personas."""
    from adapters.spec import spec_of_folder
    from tests.adapters.files import kohya_file, peft_folder

    instance.until(lambda: instance.api.get("/studio").json()["state"] == "running", 120, "the studio")
    instance.until(lambda: all(x["state"] == "ready" for x in instance.api.get("/looks").json()), 180, "the looks")
    seen, heard = spec_of_folder(visual, rank_max=8), spec_of_folder(language, rank_max=8)
    for seed, (persona, (look, voice)) in enumerate(PERSONAS.items()):
        picture = kohya_file(folder / f"v{seed}.safetensors", seen, seed)
        manner = peft_folder(folder / f"l{seed}", heard, seed)
        ids = {
            "visual_id": add(instance, picture, None), "language_id": add(instance, manner, "adapter_config.json"),
        }
        body = {"id": persona, "name": persona, "look_id": look, "voice": voice, **ids}
        instance.api.post("/personas", json=body).raise_for_status()
    instance.until(
        lambda: all(a["sample_state"] != "pending" for a in instance.api.get("/adapters").json()), 300, "the samples"
    )


def add(instance: Instance, path: Path, config: str | None) -> str:
    """Upload one adapter."""
    files = {"file": (path.name, path.read_bytes())}
    if config:
        files["config"] = (config, (path.parent / config).read_bytes())
    answer = instance.api.post("/adapters", files=files, data={"likeness": "none"}, timeout=60)
    answer.raise_for_status()
    return str(answer.json()["id"])


def activate(instance: Instance, persona: str) -> dict[str, Any]:
    """One activation, to its end."""
    answer = instance.api.post("/adapters/activate", json={"room": "main", "persona": persona, "when": "now"})
    answer.raise_for_status()
    document: dict[str, Any] = answer.json()
    until = time.monotonic() + 120
    while document["state"] not in OVER:
        time.sleep(0.02)
        document = instance.api.get(f"/adapters/activations/{document['id']}").json()
        if time.monotonic() > until:
            raise AssertionError(document)
    if document["state"] != "committed":
        raise AssertionError(document)
    return document


def measure(instance: Instance) -> None:
    """Change a thousand times and print what that did."""
    activate(instance, "one")
    before: dict[str, Any] = {}
    swaps, whole = [], []
    for n in range(COUNT):
        began = time.monotonic()
        document = activate(instance, ("two", "one")[n % 2])
        whole.append(time.monotonic() - began)
        swaps.append(float(document["swap_ms"]))
        if n == WARM:
            before = {"memory": memory(instance), "graphs": graphs(instance), "status": instance.status()["playout"]}
    after, status = memory(instance), instance.status()["playout"]
    count = f"{COUNT - WARM} activations on air"
    row("missed ticks while personas change", status["ticks_missed"] - before["status"]["ticks_missed"], "", count)
    row("playout restarts while personas change", status["restarts"], "", count)
    row("graphs compiled anew by swaps", graphs(instance) - before["graphs"], "",
        f"{count}; the CPU runs eager, bench adapters measures the compiled UNet")
    for process in MODULES:
        grown = after[process] - before["memory"][process]
        row(f"memory growth of {process}", grown, "MB", f"{count}; {after[process]:.0f} MB at the end")
    row("swap of both adapters, first ten", statistics.median(swaps[:10]), "ms", "median")
    row("swap of both adapters, last ten", statistics.median(swaps[-10:]), "ms", "median")
    row("whole activation, p50", percentile(whole, 0.5), "s", "when: now; staged, tried out, committed")
    row("whole activation, p95", percentile(whole, 0.95), "s")


def graphs(instance: Instance) -> int:
    """Graphs that the studio has compiled."""
    return int(instance.api.get("/studio").json()["graphs"])


def memory(instance: Instance) -> dict[str, float]:
    """Memory of its own of each process in MB, without files that are mapped (RssAnon)."""
    out = {}
    for name, module in MODULES.items():
        pid = instance.pid_of(module)
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                out[name] = int(line.split()[1]) / 1024
    return out


if __name__ == "__main__":
    try:
        main()
    except httpx.HTTPStatusError as e:
        raise SystemExit(f"{e}: {e.response.text}") from None
