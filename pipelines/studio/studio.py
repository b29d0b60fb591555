"""Studio: the resident bases, and which room wears what.

Slot 0 of a base is bare, slot 1 is for painting and samples, every room has two of the others: the one that is read on
air, and a spare into which the next adapter is copied and tried out ahead of time. So a commit copies nothing: it has
the room read the other slot, of both bases at once, and going back is the same.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import resource
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import torch

from adapters.errors import NoSpace, Refused
from adapters.shelf import Shelf, Staged
from pipelines.looks.find import confirm
from pipelines.studio.canary import judge
from pipelines.studio.config import StudioConfig
from pipelines.studio.language import LanguageBase, Sampling
from pipelines.studio.visual import Brief, VisualBase
from streaming.errors import BadInput, Conflict, Unavailable

log = logging.getLogger("nightanchor.studio")

TRIAL = 1
FIRST_ROOM = 2
TRIAL_TOKENS = 12


@dataclass(frozen=True, slots=True)
class _Worn:
    """What a room wears; None is the bare base."""

    visual: Staged | None = None
    language: Staged | None = None

    def keys(self) -> dict[str, str | None]:
        """As the channel names them."""
        seen, heard = self.visual, self.language
        return {"visual": seen.key if seen else None, "language": heard.key if heard else None}


@dataclass(slots=True)
class _Wardrobe:
    """A room's two slots, `live` and `spare`, and what it wears and wore."""

    live: int
    spare: int
    now: _Worn = _Worn()
    before: _Worn | None = None


class Studio:
    """Both bases of one device; loading takes as long as it takes."""

    def __init__(self, config: StudioConfig) -> None:
        self.config = config
        self.device = config.resolve_device()
        self.dtype = config.resolve_dtype(self.device)
        if self.device.type == "cpu":
            torch.set_num_threads(config.threads)
            cv2.setNumThreads(config.threads)
        slots = FIRST_ROOM + 2 * config.rooms
        self.visual: VisualBase | None = None
        self.language: LanguageBase | None = None
        self.shelves: dict[str, Shelf] = {}
        self.load_s: dict[str, float] = {}
        began = time.monotonic()
        if config.visual_path:
            self.visual = VisualBase.load(
                Path(config.visual_path), device=self.device, dtype=self.dtype, rank=config.visual_rank,
                targets=config.visual_targets, slots=slots, scheduler=config.visual_scheduler, compiled=config.compile,
            )
            if config.compile:
                # Compiling takes longer than an activation may wait.
                self.visual.try_out(0)
            self.load_s["visual"] = time.monotonic() - began
        began = time.monotonic()
        if config.language_path:
            self.language = LanguageBase.load(
                Path(config.language_path), device=self.device, dtype=self.dtype, rank=config.language_rank, slots=slots
            )
            self.load_s["language"] = time.monotonic() - began
        self._rooms: dict[str, _Wardrobe] = {}
        self._fitting = threading.Lock()
        budget = config.staged_mb << 20
        if self.visual is not None:
            parts = {"unet": self.visual.unet, "text_encoder": self.visual.encoder}
            self.shelves["visual"] = Shelf(parts, fingerprint=self.visual.spec.fingerprint, budget_bytes=budget)
        if self.language is not None:
            self.shelves["language"] = Shelf(
                {"model": self.language.resident}, fingerprint=self.language.spec.fingerprint, budget_bytes=budget
            )
        self._side = torch.cuda.Stream(self.device) if self.device.type == "cuda" else None  # type: ignore[no-untyped-call]
        self._keep_specs()

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Work that must not hold up what is written for the air: on a GPU, in a stream of its own, done at the end."""
        if self._side is None:
            yield
            return
        with torch.cuda.stream(self._side):
            yield
        self._side.synchronize()

    def _keep_specs(self) -> None:
        """Leave what the bases look like where adapters are judged without them."""
        if not self.config.spec_dir:
            return
        folder = Path(self.config.spec_dir)
        folder.mkdir(parents=True, exist_ok=True)
        for kind, base, path in (
            ("visual", self.visual, self.config.visual_path), ("language", self.language, self.config.language_path)
        ):
            if base is not None:
                part = folder / f".{kind}.part"
                part.write_text(json.dumps({"path": path, "spec": base.spec.to_json()}), encoding="utf-8")
                os.replace(part, folder / f"{kind}.json")

    # -- adapters --------------------------------------------------------------------------------

    def stage(self, kind: str, path: Path, digest: str, weight: float) -> dict[str, Any]:
        """Bring an adapter onto the device; raises `Refused`, `NoSpace`, or `Unavailable` without such a base."""
        began = time.monotonic()
        staged = self._shelf(kind).stage(path, digest, weight)
        return {"key": staged.key, "bytes": staged.bytes, "ms": _ms(began)}

    def try_out(self, room: str, visual: str | None, language: str | None) -> dict[str, Any]:
        """Copy staged adapters into a room's spare slot and compute a little with them, off air.

        Raises `Refused` when that gives NaN, `NoSpace` when all slots are taken.
        """
        began = time.monotonic()
        wanted = self._find(visual, language)
        with self._fitting:
            slot = self._fit(self._wardrobe(room), wanted)
        sample = ""
        if wanted.visual is not None and self.visual is not None and not self.visual.try_out(slot):
            raise Refused(
                "canary", "with this adapter the visual base computes NaN", next_step="Lower its weight."
            )
        if wanted.language is not None:
            sample = self._sample("你好，请介绍一下自己。", TRIAL_TOKENS, slot)
        return {"ms": _ms(began), "sample": sample}

    def commit(self, room: str, visual: str | None, language: str | None) -> dict[str, Any]:
        """Have a room wear staged adapters (None: the bare base), both or none.

        What was tried out last lies in the spare slot already; anything else is copied there now.
        """
        wanted = self._find(visual, language)
        with self._fitting:
            wardrobe = self._wardrobe(room)
            began = time.perf_counter()
            self._fit(wardrobe, wanted)
            self._turn(wardrobe, wanted)
            return {"swap_ms": _swap_ms(began), **wanted.keys()}

    def rollback(self, room: str) -> dict[str, Any]:
        """Have a room wear what it wore before the last commit."""
        with self._fitting:
            wardrobe = self._rooms.get(room)
            if wardrobe is None or wardrobe.before is None:
                raise Conflict(f"room {room} has worn nothing before", next_step="Activate a persona instead.")
            before = wardrobe.before
            began = time.perf_counter()
            self._fit(wardrobe, before)
            self._turn(wardrobe, before)
            return {"swap_ms": _swap_ms(began), **before.keys()}

    def _fit(self, wardrobe: _Wardrobe, wanted: _Worn) -> int:
        """See that the spare slot holds what is wanted."""
        slot, copied = wardrobe.spare, False
        if self.visual is not None and not self.visual.wears(slot, wanted.visual):
            self.visual.swap(wanted.visual, slot)
            copied = True
        if self.language is not None:
            part = wanted.language.parts.get("model") if wanted.language else None
            if self.language.resident.wears(slot) is not part:
                self.language.swap(part, slot)
                copied = True
        if copied and self.device.type == "cuda":
            torch.cuda.current_stream(self.device).synchronize()
        return slot

    def _turn(self, wardrobe: _Wardrobe, wanted: _Worn) -> None:
        wardrobe.live, wardrobe.spare = wardrobe.spare, wardrobe.live
        wardrobe.before, wardrobe.now = wardrobe.now, wanted

    def release(self, room: str) -> None:
        """Give a room's slots back."""
        with self._fitting:
            wardrobe = self._rooms.pop(room, None)
            if wardrobe is None:
                return
            for slot in (wardrobe.live, wardrobe.spare):
                if self.visual is not None:
                    self.visual.swap(None, slot)
                if self.language is not None:
                    self.language.swap(None, slot)

    def drop(self, digest: str) -> None:
        """Forget an adapter that was deleted."""
        for shelf in self.shelves.values():
            shelf.drop(digest)

    def slot_of(self, room: str) -> int:
        """The slot a room reads; the bare one when it never committed."""
        wardrobe = self._rooms.get(room)
        return wardrobe.live if wardrobe is not None else 0

    # -- work ------------------------------------------------------------------------------------

    def paint(self, brief: Brief, key: str | None, out: Path, wanted: Any) -> dict[str, Any]:
        """Paint a portrait into `out`; raises `Refused` when it is black, flat or noise."""
        visual = self._visual()
        began = time.monotonic()
        staged = self._get("visual", key) if key is not None else None
        visual.swap(staged, TRIAL)
        picture = visual.paint(brief, staged=staged, slot=TRIAL, wanted=wanted)
        fault = judge(picture)
        if fault is not None:
            raise Refused("canary", fault, next_step="Try another seed, prompt or weight.")
        height, width = picture.shape[:2]
        points = visual.card.points(width, height) if brief.init is None and not brief.width else {}
        if points and not confirm(picture, points):
            raise Refused("canary", "no face was found in the painting", next_step="Try another seed or prompt.")
        save_png(picture, out)
        return {"path": str(out), "ms": _ms(began), "width": width, "height": height, "landmarks": points or None}

    def sample_picture(self, key: str, prompt: str, out: Path) -> dict[str, Any]:
        """A small picture of what an adapter does, not judged; for its card."""
        visual = self._visual()
        staged = self._get("visual", key)
        visual.swap(staged, TRIAL)
        own = bool(visual.card.landmarks)
        brief = Brief(prompt, steps=12, guidance=3.0) if own else Brief(prompt, width=256, height=384, steps=6)
        save_png(visual.paint(brief, staged=staged, slot=TRIAL), out)
        return {"path": str(out)}

    def sample_line(self, key: str, prompt: str) -> dict[str, Any]:
        """A line in an adapter's manner; for its card."""
        language = self._language()
        language.swap(self._get("language", key).parts.get("model"), TRIAL)
        return {"text": self._sample(prompt, 48, TRIAL)}

    def _sample(self, prompt: str, tokens: int, slot: int) -> str:
        how = Sampling(max_tokens=tokens, temperature=0.0)
        return "".join(self._language().stream([{"role": "user", "content": prompt}], how, slot=slot)).strip()

    # -- state -----------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Device, memory and bases."""
        out: dict[str, Any] = {
            "device": _name(self.device), "memory_mb": self.memory_mb, "graphs": _graphs(), "visual": None,
            "language": None,
        }
        if self.visual is not None:
            out["visual"] = self._base("visual", self.config.visual_path, self.visual.spec, self.visual.pipeline.unet)
        if self.language is not None:
            spec = self.language.spec
            out["language"] = self._base("language", self.config.language_path, spec, self.language.model)
        return out

    def _base(self, kind: str, path: str, spec: Any, model: Any) -> dict[str, Any]:
        shelf = self.shelves[kind]
        weights = sum(p.numel() * p.element_size() for p in model.parameters())
        slots = sum(base.live.numel() * base.live.element_size() for base in shelf.bases.values())
        return {
            "name": Path(path).name, "family": spec.family, "fingerprint": spec.fingerprint,
            "parameters": sum(p.numel() for p in model.parameters()), "rank_max": spec.rank_max,
            "slots": self.config.rooms, "staged": len(shelf), "load_s": round(self.load_s[kind], 2),
            "memory_mb": round((weights + slots + shelf.used) / (1 << 20), 1),
            "slot_mb": round(sum(b.slot_bytes for b in shelf.bases.values()) / (1 << 20), 2),
        }

    @property
    def memory_mb(self) -> float:
        """What the process holds: on the GPU, else in RAM at its highest."""
        if self.device.type == "cuda":
            return round(torch.cuda.memory_allocated(self.device) / (1 << 20), 1)
        return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)

    # -- inside ----------------------------------------------------------------------------------

    def _wardrobe(self, room: str) -> _Wardrobe:
        if room not in self._rooms:
            taken = {slot for w in self._rooms.values() for slot in (w.live, w.spare)}
            free = sorted(set(range(FIRST_ROOM, FIRST_ROOM + 2 * self.config.rooms)) - taken)
            if len(free) < 2:
                raise NoSpace(
                    "no_memory", f"the slots of all {self.config.rooms} rooms are taken",
                    next_step="Raise studio.rooms, or take a room off air.",
                )
            self._rooms[room] = _Wardrobe(free[0], free[1])
        return self._rooms[room]

    def _find(self, visual: str | None, language: str | None) -> _Worn:
        return _Worn(
            self._get("visual", visual) if visual is not None else None,
            self._get("language", language) if language is not None else None,
        )

    def _get(self, kind: str, key: str) -> Staged:
        return self._shelf(kind).get(key)

    def _shelf(self, kind: str) -> Shelf:
        if kind not in ("visual", "language"):
            raise BadInput(f"there is no kind {kind!r} of adapter")
        if kind not in self.shelves:
            raise _no_base(kind)
        return self.shelves[kind]

    def _visual(self) -> VisualBase:
        if self.visual is None:
            raise _no_base("visual")
        return self.visual

    def _language(self) -> LanguageBase:
        if self.language is None:
            raise _no_base("language")
        return self.language


def _no_base(kind: str) -> Unavailable:
    return Unavailable(f"this studio has no {kind} base", next_step=f"Set {kind}.path in nightanchor.yaml.")


def save_png(picture: Any, out: Path) -> None:
    """Write a picture so that a reader sees all of it or none; raises `NoSpace`."""
    from PIL import Image

    part = out.with_suffix(".part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(part, "PNG")
        os.replace(part, out)
    except OSError as e:
        part.unlink(missing_ok=True)
        raise NoSpace("no_disk", f"the picture can't be kept: {e.strerror}", next_step="Free some space.") from e


def _graphs() -> int:
    """How many graphs torch.compile has made in this process; a swap adds none."""
    dynamo = sys.modules.get("torch._dynamo.utils")
    return int(dynamo.counters["stats"]["unique_graphs"]) if dynamo is not None else 0


def _ms(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 3)


def _swap_ms(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 4)


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
