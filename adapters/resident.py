"""ResidentBase: one base model whose LoRA layers are injected once and whose adapters are swapped by one copy.

Every target layer reads its matrices A (rank, in) and B (out, rank) from views into one flat buffer `live` of shape
(slots, n). Ranks below `rank` are padded with zeros and alpha/rank is folded into B, so all adapters of a base have
the same shape and scale: nothing that a compiler or a CUDA graph has seen ever changes but the values in `live`.

With one slot every row of a batch wears that slot. With more, slot 0 is the bare base and `wear` says which slot each
row of the next batches wears (as in S-LoRA, arXiv:2311.03285, with a gather in place of its kernels).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from adapters.errors import AdapterError

BARE = 0
MAX_ROWS = 64


@dataclass(frozen=True, slots=True)
class Place:
    """Where one layer's matrices lie in a slot: element offsets, and their shapes."""

    path: str
    a_at: int
    a_shape: tuple[int, ...]
    b_at: int
    b_shape: tuple[int, ...]


class _Slotted:
    """What a target layer gains; its class becomes a subclass of both this and its own."""

    slot_a: Tensor
    slot_b: Tensor
    slot_rows: Tensor


class _SlottedLinear(_Slotted, nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        """(…, in) -> (…, out)."""
        out = super().forward(x)
        if self.slot_a.shape[0] == 1:
            return out + F.linear(F.linear(x, self.slot_a[0]), self.slot_b[0])
        rows = self.slot_rows[: x.shape[0]]
        flat = x.reshape(x.shape[0], -1, x.shape[-1])
        delta = torch.bmm(torch.bmm(flat, self.slot_a[rows].transpose(1, 2)), self.slot_b[rows].transpose(1, 2))
        return out + delta.reshape(out.shape)


class _SlottedConv2d(_Slotted, nn.Conv2d):
    def forward(self, x: Tensor) -> Tensor:
        """(rows, in, height, width) -> (rows, out, height', width')."""
        out = super().forward(x)
        stride, padding, dilation = self.stride, self.padding, self.dilation
        if self.slot_a.shape[0] == 1:
            return out + F.conv2d(F.conv2d(x, self.slot_a[0], None, stride, padding, dilation), self.slot_b[0])
        n = x.shape[0]
        rows = self.slot_rows[:n]
        # One grouped convolution: each row is a group of its own with its own kernels.
        a = self.slot_a[rows].flatten(0, 1)
        hidden = F.conv2d(x.reshape(1, n * x.shape[1], *x.shape[2:]), a, None, stride, padding, dilation, n)
        hidden = hidden.reshape(n, self.slot_a.shape[1], -1)
        delta = torch.bmm(self.slot_b[rows].flatten(2), hidden)
        return out + delta.reshape(out.shape)


_CLASSES: dict[type, type] = {}


def _slotted(cls: type) -> type:
    """A subclass of `cls` that adds the slots; also of layers that derive from Linear, such as quantised ones."""
    if cls not in _CLASSES:
        mixin = _SlottedConv2d if issubclass(cls, nn.Conv2d) else _SlottedLinear
        bases = (mixin,) if cls in (nn.Linear, nn.Conv2d) else (mixin, cls)
        _CLASSES[cls] = type("Slotted" + cls.__name__, bases, {})
    return _CLASSES[cls]


class ResidentBase:
    """A base model with slots; put the model on its device and into its type before making one.

    `targets` are module paths of linear layers and ungrouped convolutions; raises `AdapterError` for any other.
    """

    def __init__(self, model: nn.Module, targets: Sequence[str], *, rank: int, slots: int = 1) -> None:
        self.model, self.rank, self.slots = model, rank, slots
        modules = {path: model.get_submodule(path) for path in targets}
        self.places: dict[str, Place] = {}
        at = 0
        for path, module in modules.items():
            a_shape, b_shape = _shapes(path, module, rank)
            b_at = at + math.prod(a_shape)
            self.places[path] = Place(path, at, a_shape, b_at, b_shape)
            at = b_at + math.prod(b_shape)
        self.size = at
        first = next(model.parameters())
        self.dtype = first.dtype if first.is_floating_point() else torch.float32
        self.device = first.device
        self.live = torch.zeros(slots, at, dtype=self.dtype, device=self.device)
        self.versions = [0] * slots
        """How often each slot was written; what was computed from a slot is valid for one version of it."""
        self._rows = torch.zeros(MAX_ROWS, dtype=torch.long, device=self.device)
        self._worn: tuple[int, ...] = ()
        self._before: dict[int, Tensor | None] = {}
        self._now: dict[int, Tensor | None] = {}
        for path, module in modules.items():
            self._inject(module, self.places[path])

    def _inject(self, module: nn.Module, place: Place) -> None:
        a_end, b_end = place.a_at + math.prod(place.a_shape), place.b_at + math.prod(place.b_shape)
        module.register_buffer(
            "slot_a", self.live[:, place.a_at : a_end].view(self.slots, *place.a_shape), persistent=False
        )
        module.register_buffer(
            "slot_b", self.live[:, place.b_at : b_end].view(self.slots, *place.b_shape), persistent=False
        )
        module.register_buffer("slot_rows", self._rows, persistent=False)
        module.__class__ = _slotted(type(module))

    # -- staging ---------------------------------------------------------------------------------

    def pack(self, matrices: Mapping[str, tuple[Tensor, Tensor, float]]) -> Tensor:
        """One flat tensor (size,) of this base's type, on the CPU, from path -> (A, B, scale).

        Raises `AdapterError` when a scaled value does not fit the type.
        """
        flat = torch.zeros(self.size, dtype=torch.float32)
        for path, (a, b, scale) in matrices.items():
            place = self.places[path]
            rank = a.shape[0]
            into_a = flat[place.a_at : place.a_at + math.prod(place.a_shape)].view(place.a_shape)
            into_b = flat[place.b_at : place.b_at + math.prod(place.b_shape)].view(place.b_shape)
            into_a[:rank] = a.reshape(rank, *place.a_shape[1:])
            into_b[:, :rank] = (b.float() * scale).reshape(place.b_shape[0], rank, *place.b_shape[2:])
        out = flat.to(self.dtype)
        if not torch.isfinite(out).all():
            raise AdapterError(
                f"scaled by its alpha, the adapter does not fit {self.dtype}", next_step="Lower its weight or alpha."
            )
        return out

    def place(self, packed: Tensor) -> Tensor:
        """A packed adapter on the base's device, ready to be swapped in."""
        if self.device.type == "cuda":
            packed = packed.pin_memory()
        return packed.to(self.device, non_blocking=True)

    # -- swapping --------------------------------------------------------------------------------

    @torch.no_grad()
    def swap(self, staged: Tensor | None, slot: int = 0) -> None:
        """Have `slot` wear a staged adapter, or nothing; what it wore before is kept for `rollback`."""
        if slot == BARE and self.slots > 1:
            raise AdapterError("slot 0 is the bare base", next_step="Use another slot.")
        if staged is None:
            self.live[slot].zero_()
        else:
            self.live[slot].copy_(staged)
        self._before[slot], self._now[slot] = self._now.get(slot), staged
        self.versions[slot] += 1

    def rollback(self, slot: int = 0) -> None:
        """Have `slot` wear what it wore before the last swap."""
        self.swap(self._before.get(slot), slot)

    def wears(self, slot: int) -> Tensor | None:
        """The staged tensor in a slot."""
        return self._now.get(slot)

    def holds(self, staged: Tensor) -> bool:
        """Whether a slot wears it, or would after a rollback."""
        return any(t is staged for t in (*self._now.values(), *self._before.values()))

    def wear(self, rows: Sequence[int]) -> None:
        """Say which slot each row of the next batches wears; a batch may be shorter."""
        worn = tuple(rows)
        if worn != self._worn:
            if len(worn) > MAX_ROWS or not all(0 <= r < self.slots for r in worn):
                raise AdapterError(f"rows {worn} are not within {self.slots} slots and {MAX_ROWS} rows")
            self._rows[: len(worn)] = torch.tensor(worn, dtype=torch.long)
            self._worn = worn

    @property
    def slot_bytes(self) -> int:
        """Memory of one slot, which is that of one staged adapter."""
        return self.size * self.live.element_size()


def _shapes(path: str, module: nn.Module, rank: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if isinstance(module, nn.Linear):
        return (rank, module.in_features), (module.out_features, rank)
    if isinstance(module, nn.Conv2d) and module.groups == 1 and module.padding_mode == "zeros":
        kernel = cast(tuple[int, int], module.kernel_size)
        return (rank, module.in_channels, *kernel), (module.out_channels, rank, 1, 1)
    raise AdapterError(f"{path} is a {type(module).__name__}, which can't wear an adapter")


def matrices_of(tensors: Mapping[str, Any], alphas: Mapping[str, float], part: str) -> dict[str, Any]:
    """Canonical tensors -> path -> (A, B, alpha / rank) for one part, as `ResidentBase.pack` takes them."""
    out: dict[str, Any] = {}
    end = ".lora_A.weight"
    for name, a in tensors.items():
        if name.startswith(part + ".") and name.endswith(end):
            where = name.removesuffix(end)
            out[where.removeprefix(part + ".")] = (a, tensors[f"{where}.lora_B.weight"], alphas[where] / a.shape[0])
    return out
