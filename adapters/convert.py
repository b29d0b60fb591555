"""Convert: a file of any layout becomes one canonical adapter, or is refused with a reason. No torch.

Canonical file: `<part>.<path>.lora_A.weight` (rank, in[, kh, kw]) and `.lora_B.weight` (out, rank[, 1, 1]) in the
type of the source, and the metadata key `nightanchor`: a JSON object as `Adapter.head`. The output of a module is
base(x) + B(A(x)) * alpha / rank (LoRA, arXiv:2106.09685).
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adapters.errors import NoSpace, Refused
from adapters.header import Header, TensorInfo, read_header, read_tensor, write
from adapters.layouts import Layout, Names, read_names
from adapters.spec import BaseSpec, Kind

KEY = "nightanchor"
VERSION = 1
MAX_FILE = 1 << 30
_FLOATS = {"F64", "F32", "F16", "BF16"}
_TABLE = ("ss_steps", "ss_num_epochs", "ss_learning_rate", "ss_network_dim", "ss_resolution", "ss_optimizer",
          "ss_num_train_images", "ss_base_model_version")


@dataclass(frozen=True, slots=True)
class Adapter:
    """What is known of an adapter; `alphas` are by `<part>.<path>`, `rank` the largest."""

    kind: Kind
    family: str
    fingerprint: str
    layout: Layout
    rank: int
    alpha: float
    alphas: Mapping[str, float]
    text_encoder: bool
    trigger_words: tuple[str, ...]
    table: Mapping[str, str]
    source_sha256: str

    def head(self) -> dict[str, Any]:
        """As kept in the canonical file."""
        return {
            "v": VERSION, "kind": self.kind, "family": self.family, "fingerprint": self.fingerprint,
            "layout": self.layout, "rank": self.rank, "alpha": self.alpha, "alphas": dict(self.alphas),
            "text_encoder": self.text_encoder, "trigger_words": list(self.trigger_words), "table": dict(self.table),
            "source_sha256": self.source_sha256,
        }

    @classmethod
    def from_head(cls, head: Mapping[str, Any]) -> Adapter:
        """The adapter that `head` described."""
        fields = {k: v for k, v in head.items() if k != "v"}
        return cls(**fields | {"trigger_words": tuple(head["trigger_words"])})


@dataclass(frozen=True, slots=True)
class _Module:
    """One module of a file that was found good."""

    where: str
    down: TensorInfo
    up: TensorInfo
    alpha: float


def inspect(path: Path, specs: list[BaseSpec], *, config: Mapping[str, Any] | None = None) -> tuple[BaseSpec, Adapter]:
    """Judge a file against the bases; returns the one it fits. Raises `Refused`; loads no weight but to check it.

    `config` is the `adapter_config.json` of PEFT, which holds the alpha that its file lacks.
    """
    adapter, _, _, spec = _judge(path, specs, config)
    return spec, adapter


def convert(
    path: Path, out: Path, specs: list[BaseSpec], *, config: Mapping[str, Any] | None = None
) -> tuple[BaseSpec, Adapter]:
    """As `inspect`, and write the canonical file to `out`; raises `Refused` or `NoSpace` and leaves nothing behind."""
    adapter, header, modules, spec = _judge(path, specs, config)
    tensors: dict[str, tuple[str, NDArray[Any]]] = {}
    for m in modules:
        for name, info in ((f"{m.where}.lora_A.weight", m.down), (f"{m.where}.lora_B.weight", m.up)):
            tensors[name] = (info.dtype, _raw(header, info))
    part = out.with_suffix(".part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write(part, tensors, {KEY: json.dumps(adapter.head(), ensure_ascii=False)})
        os.replace(part, out)
    except OSError as e:
        part.unlink(missing_ok=True)
        raise NoSpace(
            "no_disk", f"the adapter can't be kept: {e.strerror}", next_step="Free some space and add it again."
        ) from e
    return spec, adapter


def sha256(path: Path) -> str:
    """Hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _judge(
    path: Path, specs: list[BaseSpec], config: Mapping[str, Any] | None
) -> tuple[Adapter, Header, list[_Module], BaseSpec]:
    if path.stat().st_size > MAX_FILE:
        raise Refused("too_large", f"the file is over {MAX_FILE >> 20} MB", next_step="Reduce its rank.")
    if not specs:
        raise Refused("wrong_base", "no base model is set up to judge it by", next_step="Name one in `studio`.")
    header = read_header(path)
    refusals: list[Refused] = []
    for spec in specs:
        try:
            naming = read_names(header.tensors, spec)
            modules = [_module(header, where, names, spec, config) for where, names in naming.modules.items()]
        except Refused as e:
            refusals.append(e)
            continue
        for m in modules:
            _check_values(header, m)
        return _adapter(path, header, naming.layout, modules, spec), header, modules, spec
    raise next((e for e in refusals if e.reason != "wrong_base"), refusals[0])


def _module(
    header: Header, where: tuple[str, str], names: Names, spec: BaseSpec, config: Mapping[str, Any] | None
) -> _Module:
    label = ".".join(where)
    target = spec.parts[where[0]][where[1]]
    down, up = header.tensors[names.down], header.tensors[names.up]
    for info in (down, up):
        if info.dtype not in _FLOATS:
            raise Refused("dtype", f"{info.name} is of type {info.dtype}", next_step="Save it as F32, F16 or BF16.")
    if len(down.shape) not in (2, 4) or len(up.shape) != len(down.shape) or down.shape[0] != up.shape[1]:
        raise Refused("shape", f"{label}: {down.shape} and {up.shape} don't belong together", next_step="Export again.")
    rank = down.shape[0]
    if not _fits(down.shape, up.shape, target.shape):
        raise Refused(
            "wrong_base", f"{label} is {(up.shape[0], *down.shape[1:])} in the adapter and {target.shape} in the base",
            next_step="Use an adapter that was trained on this base.",
        )
    if not 1 <= rank <= spec.rank_max:
        raise Refused(
            "rank", f"{label} has rank {rank}; this studio holds at most {spec.rank_max}",
            next_step=f"Reduce it to {spec.rank_max}, or raise the studio's rank_max (it costs memory).",
        )
    if not target.live:
        raise Refused(
            "targets", f"it changes {label}, which is not among the modules prepared for swapping",
            next_step="Set the studio's visual targets to `all`, or use an adapter of the transformer blocks only.",
        )
    alpha = _alpha(header, names, where, rank, config)
    if not math.isfinite(alpha) or alpha <= 0:
        raise Refused("alpha", f"{label} has the alpha {alpha}", next_step="Export it again with a positive alpha.")
    return _Module(label, down, up, alpha)


def _fits(down: tuple[int, ...], up: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    if up[0] != shape[0] or down[1] != shape[1] or any(n != 1 for n in up[2:]):
        return False
    kernel = shape[2:]
    if len(down) == 4:
        return down[2:] == (kernel or (1, 1))
    return all(n == 1 for n in kernel)


def _alpha(
    header: Header, names: Names, where: tuple[str, str], rank: int, config: Mapping[str, Any] | None
) -> float:
    if names.alpha:
        value = read_tensor(header, header.tensors[names.alpha])
        if value.size != 1:
            raise Refused("alpha", f"{names.alpha} is no single number", next_step="Export it again.")
        return float(value.reshape(()))
    config = config if config is not None else _peft_metadata(header, where[0])
    if config is not None:
        base, pattern = config.get("lora_alpha", rank), config.get("alpha_pattern") or {}
        alpha = next((v for k, v in pattern.items() if where[1] == k or where[1].endswith("." + k)), base)
        if not isinstance(alpha, int | float):
            raise Refused("alpha", "the configuration's lora_alpha is no number", next_step="Export it again.")
        if config.get("use_dora"):
            raise Refused("method", "the configuration says DoRA", next_step="Convert it to plain LoRA first.")
        return float(alpha) * (math.sqrt(rank) if config.get("use_rslora") else 1.0)
    if names.down.startswith("base_model.model."):
        raise Refused(
            "alpha", "a PEFT file does not say its alpha", next_step="Add its adapter_config.json along with it."
        )
    return float(rank)


def _peft_metadata(header: Header, part: str) -> Mapping[str, Any] | None:
    """The configuration that diffusers writes into the file's own metadata, for one part."""
    try:
        data = json.loads(header.metadata["lora_adapter_metadata"])
        own = {k.removeprefix(part + "."): v for k, v in data.items() if k.startswith(part + ".")}
    except (KeyError, ValueError, AttributeError):
        return None
    return own or data


def _check_values(header: Header, module: _Module) -> None:
    for info in (module.down, module.up):
        if not np.isfinite(read_tensor(header, info)).all():
            raise Refused(
                "not_finite", f"{info.name} holds NaN or infinity", next_step="Its training diverged; train it again."
            )


def _raw(header: Header, info: TensorInfo) -> NDArray[Any]:
    kind = {"F64": "<f8", "F32": "<f4"}.get(info.dtype, "<u2")
    return np.fromfile(header.path, dtype=kind, count=math.prod(info.shape), offset=info.start).reshape(info.shape)


def _adapter(path: Path, header: Header, layout: Layout, modules: list[_Module], spec: BaseSpec) -> Adapter:
    rank = max(m.down.shape[0] for m in modules)
    meta = header.metadata
    table = {k.removeprefix("ss_"): meta[k][:80] for k in _TABLE if k in meta}
    try:
        table |= {str(k)[:40]: str(v)[:80] for k, v in list(json.loads(meta["nightanchor_table"]).items())[:20]}
    except (KeyError, ValueError, AttributeError):
        pass
    return Adapter(
        kind=spec.kind, family=spec.family, fingerprint=spec.fingerprint, layout=layout, rank=rank,
        alpha=max(m.alpha for m in modules), alphas={m.where: m.alpha for m in modules},
        text_encoder=any(m.where.startswith("text_encoder.") for m in modules),
        trigger_words=_words(meta), table=table, source_sha256=sha256(path),
    )


def _words(meta: Mapping[str, str]) -> tuple[str, ...]:
    raw = meta.get("modelspec.trigger_phrase") or meta.get("ss_trigger_words") or meta.get("trigger_words") or ""
    return tuple(w.strip()[:60] for w in raw.split(",") if w.strip())[:20]


def read_canonical(path: Path) -> tuple[Adapter, Header]:
    """Open a canonical file; raises `Refused` for any other."""
    header = read_header(path)
    try:
        head = json.loads(header.metadata[KEY])
        return Adapter.from_head(head), header
    except (KeyError, ValueError, TypeError) as e:
        raise Refused("header", f"{path.name} is no adapter of this catalogue", next_step="Add it again.") from e


