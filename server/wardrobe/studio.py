"""Studio: the server's end of the studio process — its configuration, whether it is there, and what its bases are."""

from __future__ import annotations

import asyncio
import importlib
import itertools
import json
import logging
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

from adapters.errors import Refused
from adapters.spec import BaseSpec, Kind, spec_of_folder
from server.bus import Bus
from server.demo_models import AUTO
from server.settings import Settings
from streaming.channel import Message
from streaming.errors import NightAnchorError, Unavailable

log = logging.getLogger("nightanchor.studio")

NAME = "studio"
STAGE_LIMIT_S, TRY_LIMIT_S, PAINT_LIMIT_S, WRITE_LIMIT_S, SWAP_LIMIT_S = 120.0, 120.0, 1800.0, 120.0, 10.0
PACKAGES = ("torch", "diffusers", "transformers", "safetensors", "peft", "accelerate")
RETRY_S, WAIT_S = 2.0, 5.0


class Studio:
    """Asks the studio; `ready` is called whenever a new one has come up."""

    def __init__(self, settings: Settings, data: Path, bus: Bus) -> None:
        self._settings, self._bus = settings, bus
        self._spec_dir = data / "bases"
        self._child: Message = {}
        self._pid: int | None = None
        self._bases: dict[str, Any] = {}
        self._texts: dict[str, Callable[[str], None]] = {}
        self._jobs = itertools.count(1)
        self._specs: dict[str, tuple[float, BaseSpec]] = {}
        self.ready: Callable[[], None] = lambda: None
        bus.listen("child", self._on_child)
        bus.listen("studio.text", self._on_text)

    # -- the process -----------------------------------------------------------------------------

    @property
    def wanted(self) -> bool:
        """Whether a base is named at all."""
        return self.has("visual") or self.has("language")

    @property
    def running(self) -> bool:
        """Whether it answers."""
        return self._child.get("state") == "running"

    @property
    def missing(self) -> list[str]:
        """Packages it needs that are not installed."""
        # They may be being installed just now.
        importlib.invalidate_caches()
        return [name for name in PACKAGES if not _installed(name)]

    def has(self, kind: Kind) -> bool:
        """Whether a base of a kind is set up."""
        return bool(self._path(kind))

    async def run(self) -> None:
        """Have the process run, until cancelled."""
        told: list[str] = []
        while self.wanted:
            missing = self.missing
            if missing:
                if missing != told:
                    log.warning("the studio needs %s; install them with: make studio", ", ".join(missing))
                told = missing
                await asyncio.sleep(WAIT_S)
                continue
            try:
                await self._bus.request("supervisor", "ensure", name=NAME, kind=NAME, config=self._config())
                return
            except NightAnchorError as e:
                log.warning("studio: %s", e)
                await asyncio.sleep(RETRY_S)

    def _config(self) -> dict[str, Any]:
        s, v, w = self._settings.studio, self._settings.visual, self._settings.language
        return {
            "device": s.device, "dtype": s.dtype, "threads": s.threads, "rooms": s.rooms, "staged_mb": s.staged_mb,
            "compile": s.compile, "spec_dir": str(self._spec_dir.absolute()),
            "visual_path": self._absolute("visual"), "visual_rank": v.rank_max,
            "visual_targets": v.targets, "visual_scheduler": v.scheduler,
            "language_path": self._absolute("language"), "language_rank": w.rank_max,
        }

    def _absolute(self, kind: Kind) -> str:
        path = self._path(kind)
        return str(Path(path).absolute()) if path else ""

    def _on_child(self, entry: Message) -> None:
        if entry.get("name") != NAME:
            return
        self._child = {} if entry.get("state") == "gone" else entry
        pid = entry.get("pid")
        if self.running and pid != self._pid:
            self._pid = pid if isinstance(pid, int) else None
            self._bases = {}
            self.ready()

    def _on_text(self, message: Message) -> None:
        tell = self._texts.get(str(message.get("job")))
        if tell is not None:
            tell(str(message.get("text", "")))

    # -- what its bases are ----------------------------------------------------------------------

    def specs(self) -> list[BaseSpec]:
        """The bases that adapters are judged by, known without loading them."""
        kinds: tuple[Kind, ...] = ("visual", "language")
        return [spec for kind in kinds if (spec := self.spec(kind)) is not None]

    def spec(self, kind: Kind) -> BaseSpec | None:
        """One base; None when none is set up. Raises `Unavailable` when it can't be read yet."""
        path = self._path(kind)
        if not path:
            return None
        folder = Path(path).absolute()
        rank = (self._settings.visual if kind == "visual" else self._settings.language).rank_max
        try:
            stamp = folder.stat().st_mtime
            known = self._specs.get(kind)
            if known is None or known[0] != stamp:
                spec = (
                    spec_of_folder(folder, rank_max=rank, targets=self._settings.visual.targets)
                    if folder.is_dir() else self._left(kind, folder, rank)
                )
                self._specs[kind] = known = (stamp, spec)
        except (OSError, Refused) as e:
            raise Unavailable(
                f"the {kind} base {folder} can't be read: {e}", next_step=f"Set {kind}.path to a model folder."
            ) from e
        return known[1]

    def _left(self, kind: str, path: Path, rank: int) -> BaseSpec:
        """What the studio wrote down of a single-file base."""
        try:
            data = json.loads((self._spec_dir / f"{kind}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            data = {}
        if data.get("path") != str(path) or data["spec"]["rank_max"] != rank:
            raise Unavailable(
                f"the {kind} base is being loaded for the first time", next_step="Try again in a minute."
            )
        return BaseSpec.from_json(data["spec"])

    def _path(self, kind: Kind) -> str:
        path = (self._settings.visual if kind == "visual" else self._settings.language).path
        return "" if path == AUTO else path

    async def document(self) -> dict[str, Any]:
        """`GET /studio`."""
        status = self._child.get("status") or {}
        out: dict[str, Any] = {
            "state": self.state, "device": status.get("device", ""), "uptime_s": self._child.get("since", 0.0),
            "memory_mb": status.get("memory_mb", 0.0), "restarts": self._child.get("restarts", 0), "visual": None,
            "language": None, "missing": self.missing if self.wanted else [],
        }
        if self.running:
            try:
                self._bases = await self._bus.request(NAME, "state", timeout_s=5.0)
            except NightAnchorError:
                log.warning("the studio did not say its state")
        return out | {k: self._bases.get(k) for k in ("visual", "language")} | {"graphs": self._bases.get("graphs", 0)}

    @property
    def state(self) -> str:
        """`off` when no base is named, else `running`, `starting` or `down`."""
        if not self.wanted:
            return "off"
        state = str(self._child.get("state", "down"))
        return {"running": "running", "starting": "starting", "waiting": "down"}.get(state, "down")

    # -- work ------------------------------------------------------------------------------------

    async def ask(self, op: str, timeout_s: float, **fields: Any) -> Message:
        """One request; raises what the studio raised, `Unavailable` when it is away."""
        if not self.wanted:
            raise Unavailable(
                "this installation has no base model", next_step="Set visual.path or language.path in nightanchor.yaml."
            )
        return await self._bus.request(NAME, op, timeout_s=timeout_s, **fields)

    def give_up(self, job: str) -> None:
        """Have a text or a painting ended; what it got to is dropped."""
        self._bus.send(NAME, "cancel", job=job)

    async def write(
        self, room: str, messages: list[dict[str, str]], sampling: dict[str, Any],
        tell: Callable[[str], None] = lambda piece: None,
    ) -> str:
        """Have a text written in what the room wears; `tell` gets the pieces."""
        job = f"{room}-{next(self._jobs)}"
        self._texts[job] = tell
        try:
            answer = await self.ask(
                "write", WRITE_LIMIT_S, room=room, messages=messages, sampling=sampling, job=job
            )
        except BaseException:
            self.give_up(job)
            raise
        finally:
            del self._texts[job]
        return str(answer["text"])


def _installed(name: str) -> bool:
    """Whether a package is wholly there: its record is what an installer writes last."""
    try:
        return bool(metadata.distribution(name).read_text("RECORD"))
    except metadata.PackageNotFoundError:
        return False
