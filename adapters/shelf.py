"""Shelf: adapters staged on the device, ready to be swapped in, within a budget of memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from adapters.convert import Adapter, read_canonical, sha256
from adapters.errors import AdapterError, NoSpace, Refused
from adapters.resident import ResidentBase, matrices_of


@dataclass(frozen=True, slots=True, eq=False)
class Staged:
    """One adapter at one weight: a flat tensor for each part it changes."""

    key: str
    adapter: Adapter
    parts: Mapping[str, Tensor]

    @property
    def bytes(self) -> int:
        """Memory it holds on the device."""
        return sum(t.numel() * t.element_size() for t in self.parts.values())


class Shelf:
    """Staged adapters of one base, by key; what no slot wears is dropped first when the budget is spent."""

    def __init__(self, bases: Mapping[str, ResidentBase], *, fingerprint: str, budget_bytes: int) -> None:
        self.bases = bases
        self._fingerprint, self._budget = fingerprint, budget_bytes
        self._staged: OrderedDict[str, Staged] = OrderedDict()
        self._lock = threading.Lock()

    def stage(self, path: Path, digest: str, weight: float = 1.0) -> Staged:
        """Load, scale and place a canonical file; does nothing when it is staged already.

        Raises `Refused` when the file is not what the catalogue recorded, `NoSpace` when memory is spent.
        """
        key = f"{digest[:16]}@{weight:g}"
        with self._lock:
            if key in self._staged:
                self._staged.move_to_end(key)
                return self._staged[key]
        if not path.is_file():
            raise Refused("deleted", f"the adapter's file {path.name} is gone", next_step="Add it again.")
        if sha256(path) != digest:
            raise Refused(
                "corrupt", f"{path.name} is not what was added: its sha256 differs", next_step="Add it again."
            )
        adapter, _ = read_canonical(path)
        if adapter.fingerprint != self._fingerprint:
            raise Refused(
                "wrong_base", f"it was added for another base ({adapter.family})",
                next_step="Add an adapter trained on the base in use.",
            )
        try:
            staged = Staged(key, adapter, self._place(path, adapter, weight))
        except (MemoryError, torch.OutOfMemoryError) as e:
            raise _no_memory() from e
        except RuntimeError as e:
            if "memory" in str(e).lower():
                raise _no_memory() from e
            raise
        with self._lock:
            self._make_room(staged.bytes)
            self._staged[key] = staged
        return staged

    def _place(self, path: Path, adapter: Adapter, weight: float) -> dict[str, Tensor]:
        tensors = load_file(path)
        out: dict[str, Tensor] = {}
        for part, base in self.bases.items():
            matrices = matrices_of(tensors, adapter.alphas, part)
            unfit = next((p for p, (a, _, _) in matrices.items() if p not in base.places or len(a) > base.rank), None)
            if unfit is not None:
                raise Refused(
                    "targets", f"{unfit} does not fit the layers injected into this base",
                    next_step="Add the adapter again, now that the studio's rank or targets have changed.",
                )
            if matrices:
                out[part] = base.place(base.pack({p: (a, b, s * weight) for p, (a, b, s) in matrices.items()}))
        return out

    def _make_room(self, wanted: int) -> None:
        used = self.used
        for key in list(self._staged):
            if used + wanted <= self._budget:
                return
            if not self._worn(self._staged[key]):
                used -= self._staged.pop(key).bytes
        if used + wanted > self._budget:
            raise _no_memory()

    def _worn(self, staged: Staged) -> bool:
        return any(self.bases[part].holds(tensor) for part, tensor in staged.parts.items())

    def get(self, key: str) -> Staged:
        """A staged adapter; raises `AdapterError` when it was dropped meanwhile."""
        with self._lock:
            staged = self._staged.get(key)
            if staged is None:
                raise AdapterError(f"adapter {key} is not staged any more", next_step="Activate it again.")
            self._staged.move_to_end(key)
            return staged

    def drop(self, digest: str) -> None:
        """Forget an adapter that was deleted; a slot that wears it goes on with its copy."""
        with self._lock:
            for key in [k for k in self._staged if k.startswith(digest[:16])]:
                del self._staged[key]

    @property
    def used(self) -> int:
        """Bytes on the device."""
        return sum(s.bytes for s in self._staged.values())

    def __len__(self) -> int:
        return len(self._staged)


def _no_memory() -> NoSpace:
    return NoSpace(
        "no_memory", "there is no memory left for one more staged adapter",
        next_step="Raise studio.staged_mb, lower rank_max, or remove personas from the schedule.",
    )
