"""Jobs: trainings one after another, each in `data/training/<id>/`: job.json, config.yaml, log.txt, out/."""

from __future__ import annotations

import asyncio
import logging
import signal
from pathlib import Path
from typing import Any

import psutil
import yaml

from adapters.training import journal
from adapters.training.config import TrainConfig
from adapters.training.folder import CHECKPOINTS, RUN, SAMPLES, write_whole
from adapters.training.plan import outline
from server.db.models import now
from server.settings import Settings
from server.training import process
from server.training.datasets import Datasets
from server.training.documents import JobIn
from server.training.folders import Shelf
from server.training.progress import Progress
from server.training.recipes import NAME, Recipes
from server.training.unpack import remove
from server.wardrobe.catalogue import AdapterCatalogue
from server.wardrobe.documents import AdapterIn
from server.wardrobe.studio import Studio
from streaming.errors import Conflict, NotFound, Spent, Unavailable

log = logging.getLogger("nightanchor.training")

LIVE = ("queued", "preparing", "running", "stopping")
AGAIN_S = 5.0
PACKAGES_STEP = "install them with: make studio"


class Jobs:
    """All trainings of one installation; one runs at a time, the others wait."""

    def __init__(
        self, settings: Settings, root: Path, datasets: Datasets, studio: Studio, adapters: AdapterCatalogue
    ) -> None:
        self._datasets, self._studio, self._adapters = datasets, studio, adapters
        self._recipes = Recipes(settings, datasets, adapters)
        self._shelf = Shelf(root.resolve(), "job.json", "training")
        self._progress: dict[str, Progress] = {}
        self._wake = asyncio.Event()
        self._closing = False
        datasets.used = self._users

    # -- reading ---------------------------------------------------------------------------------

    def every(self) -> list[dict[str, Any]]:
        """Newest first."""
        return [self._document(job) for job in self._shelf.every()]

    def get(self, key: str) -> dict[str, Any]:
        """One; raises `NotFound`."""
        return self._document(self._shelf.read(key))

    def curve(self, key: str) -> dict[str, Any]:
        """Losses by step."""
        self._shelf.folder(key)
        return self._read(key).curve()

    def sample(self, key: str, file: str) -> Path:
        """One sample picture; raises `NotFound`."""
        path = self._out(key) / RUN / SAMPLES / Path(file).name
        if not path.is_file():
            raise NotFound(f"there is no sample {file!r}", next_step="list them in the job's document")
        return path

    def report(self, key: str) -> Path:
        """The report; raises `NotFound` until the job has finished."""
        path = self._out(key) / "report.html"
        if not path.is_file():
            raise NotFound("there is no report yet", next_step="it is written when the training has finished")
        return path

    def log(self, key: str, lines: int) -> str:
        """The end of what the process printed."""
        path = self._shelf.folder(key) / "log.txt"
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 400 * lines))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])

    def _out(self, key: str) -> Path:
        return self._shelf.folder(key) / process.OUT

    def _read(self, key: str) -> Progress:
        if key not in self._progress:
            self._progress[key] = Progress(self._shelf.root / key / process.OUT / RUN)
        return self._progress[key].read()

    def _document(self, job: dict[str, Any]) -> dict[str, Any]:
        progress = self._read(job["id"])
        f, end = progress.facts, progress.end or {}
        state = job["state"]
        if state == "running":
            state = f.get("state", "preparing")
        over = state in ("finished", "failed", "stopped")
        return {
            "id": job["id"], "name": job["name"], "kind": job["kind"], "dataset": job["dataset"], "state": state,
            "step": f.get("step", 0), "steps": f.get("steps", 0), "epoch": f.get("epoch", 0),
            "epochs": f.get("epochs", job["epochs"]), "loss": f.get("loss"), "val_loss": f.get("val_loss"),
            "best_step": f.get("best_step"), "speed": f.get("speed"), "left_s": None if over else f.get("left_s"),
            "memory_mb": f.get("memory_mb"), "device": f.get("device", ""), "created": job["created"],
            "started": job["started"], "ended": job["ended"],
            "message": job["message"] or (end.get("message", "") if over else ""),
            "next_step": job["next_step"] or (end.get("next_step", "") if over else ""), "notes": progress.notes,
            "advice": end.get("advice", []) if over else [], "samples": progress.shown_samples(),
            "size_bytes": end.get("size_bytes"), "adapter_id": job["adapter_id"], "settings": job["settings"],
            "init_from": job["init_from"], "has_report": (self._out(job["id"]) / "report.html").is_file(),
        }

    def _users(self, dataset: str) -> list[str]:
        return [j["id"] for j in self._shelf.every() if j["dataset"] == dataset and j["state"] in LIVE]

    # -- asking ----------------------------------------------------------------------------------

    def explain(self, body: JobIn) -> dict[str, Any]:
        """What would happen; raises `BadConfig` that names the field."""
        dataset = self._datasets.get(body.dataset)
        config = self._recipes.config(body, Path("out"))
        return outline(config, int(dataset["items"]), self._history(config)).to_json()

    def create(self, body: JobIn) -> dict[str, Any]:
        """Put one into the queue; raises `BadConfig`, `Conflict` or `Unavailable`."""
        missing = self._studio.missing
        if missing:
            raise Unavailable(f"training needs {', '.join(missing)}", next_step=PACKAGES_STEP)
        self.explain(body)
        dataset = self._datasets.get(body.dataset)
        if dataset["state"] != "ready":
            raise Conflict(f"the data set is {dataset['state']}", next_step="wait until it is ready")
        key, folder = self._shelf.make(body.name)
        config = self._recipes.config(body, folder / process.OUT)
        job = {
            "id": key, "name": body.name, "kind": body.kind, "dataset": body.dataset, "settings": body.settings,
            "init_from": body.init_from, "state": "queued", "epochs": config.epochs, "created": now(), "started": None,
            "ended": None, "message": "", "next_step": "", "adapter_id": None,
        }
        try:
            text = yaml.safe_dump(config.to_json(), allow_unicode=True)
            write_whole(folder / "config.yaml", text.encode())
            self._shelf.write(key, job)
        except BaseException:
            remove(folder)
            raise
        self._wake.set()
        return self.get(key)

    def _history(self, config: TrainConfig) -> dict[str, float] | None:
        """What the latest training of this kind measured here."""
        for job in self._shelf.every():
            if job["kind"] != config.kind:
                continue
            f = self._read(job["id"]).facts
            if f.get("speed") and f.get("memory_mb"):
                before = yaml.safe_load((self._shelf.root / job["id"] / "config.yaml").read_text(encoding="utf-8"))
                items = before["batch_size"] * before["gradient_accumulation"]
                free = psutil.virtual_memory().available / (1 << 20)
                return {"item_s": 1 / f["speed"] / items, "peak_mb": f["memory_mb"], "free_mb": free}
        return None

    def stop(self, key: str) -> dict[str, Any]:
        """End one after its step, with a checkpoint; one that waits is taken out of the queue."""
        job = self._shelf.read(key)
        if job["state"] == "queued":
            self._set(key, state="stopped", ended=now(), message="taken out of the queue",
                      next_step="resume puts it back")
        elif job["state"] in LIVE:
            self._set(key, state="stopping")
            process.ask_to_stop(self._shelf.folder(key))
        else:
            raise Conflict(f"this training has {job['state']}", next_step="there is nothing to stop")
        return self.get(key)

    def resume(self, key: str) -> dict[str, Any]:
        """Put a stopped or failed one back into the queue, to go on where it was."""
        job = self._shelf.read(key)
        if job["state"] not in ("stopped", "failed"):
            raise Conflict(f"this training is {job['state']}", next_step="only a stopped or failed one is resumed")
        self._datasets.get(job["dataset"])
        self._set(key, state="queued", ended=None, message="", next_step="")
        self._wake.set()
        return self.get(key)

    async def publish(self, key: str, body: AdapterIn) -> dict[str, Any]:
        """Put the result into the catalogue; raises what `AdapterCatalogue.add` does."""
        job = self._shelf.read(key)
        if job["state"] != "finished":
            raise Conflict(f"this training is {job['state']}", next_step="publish it when it has finished")
        named = body if body.name else body.model_copy(update={"name": job["name"]})
        made = await self._adapters.add(self._out(key) / f"{NAME}.safetensors", named, f"{key}.safetensors", None)
        self._set(key, adapter_id=made["id"])
        return made

    def delete(self, key: str) -> None:
        """Remove one that does not run, with all it made; what was published stays."""
        job = self._shelf.read(key)
        if job["state"] in LIVE and job["state"] != "queued":
            raise Conflict("this training is running", next_step="stop it first")
        self._progress.pop(key, None)
        remove(self._shelf.folder(key))

    def _set(self, key: str, **values: Any) -> None:
        self._shelf.write(key, self._shelf.read(key) | values)

    # -- running ---------------------------------------------------------------------------------

    async def run(self) -> None:
        """Run what is queued, oldest first, until cancelled; takes up what an earlier server left."""
        while not self._closing:
            self._wake.clear()
            try:
                if not await self._next():
                    await self._wake.wait()
            except (OSError, Spent) as e:
                # A full disk: what is true of a training is in its own folder, and is written down later.
                log.error("%s", e)
                await asyncio.sleep(AGAIN_S)

    async def _next(self) -> bool:
        """See one to its end; false when there is none."""
        every = self._shelf.every()[::-1]
        left = next((j for j in every if j["state"] in LIVE and j["state"] != "queued"), None)
        if left is not None:
            await self._take_up(left["id"], left["state"])
            return True
        waiting = next((j["id"] for j in every if j["state"] == "queued"), None)
        if waiting is None:
            return False
        try:
            await self._start(waiting)
        except NotFound:
            pass  # Deleted while it waited.
        except (OSError, Spent):
            raise
        except Exception as e:
            log.exception("training %s failed to start", waiting)
            self._set(waiting, state="failed", ended=now(), message=f"it could not be started: {e}",
                      next_step="see data/logs/server.log")
        return True

    async def _take_up(self, key: str, state: str) -> None:
        if process.alive(self._shelf.folder(key)):
            await self._follow(key, None)
        elif self._read(key).end is not None or state == "stopping":
            self._judge(key, None)
        else:
            self._set(key, state="queued")

    async def _start(self, key: str) -> None:
        folder, out = self._shelf.folder(key), self._out(key)
        await process.ended(None, folder)  # One that is still saving for the server before this one.
        if self._closing or self._shelf.read(key)["state"] != "queued":
            return
        resume = any((out / RUN / CHECKPOINTS).glob("*/state.json"))
        if not resume:
            # What a start without a checkpoint left is nothing to keep, and must not stand in the way.
            remove(out)
            self._progress.pop(key, None)
        # How an earlier run ended must not be taken for how this one does.
        journal.forget_ends(out / RUN)
        self._set(key, state="running", started=self._shelf.read(key)["started"] or now(), message="", next_step="")
        made = process.start(folder, resume=resume, threads=self._recipes.threads)
        await self._follow(key, made)

    async def _follow(self, key: str, made: Any) -> None:
        self._judge(key, await process.ended(made, self._shelf.folder(key)))

    def _judge(self, key: str, code: int | None) -> None:
        """Say how a process ended."""
        end, before = self._read(key).end, self._shelf.read(key)["state"]
        state = end["state"] if end else "stopped" if before == "stopping" else "failed"
        if self._closing and state != "finished":
            return
        if end is not None or state == "stopped":
            self._set(key, state=state, ended=now())
            return
        if code is not None and code < 0:
            name = signal.Signals(-code).name
            why = f"the process was ended by {name}" + (" (was memory spent?)" if name == "SIGKILL" else "")
        else:
            last = [line for line in self.log(key, 5).splitlines() if line.strip()]
            why = last[-1] if last else "the process ended without a word"
        self._set(key, state="failed", ended=now(), message=why[:500],
                  next_step="resume goes on from the last checkpoint")

    async def close(self) -> None:
        """Have the running one save and end; the next start goes on with it, unless it was being stopped."""
        self._closing = True
        for job in self._shelf.every():
            # By what is written, not by who is followed: one of an earlier server may not have been taken up yet.
            if job["state"] not in LIVE or job["state"] == "queued":
                continue
            process.ask_to_stop(self._shelf.folder(job["id"]))
            if job["state"] != "stopping":
                self._set(job["id"], state="queued")
