"""Header: the table of contents of a safetensors file, read without trusting a byte of it.

Format: u64 little-endian length, that many bytes of JSON `{name: {dtype, shape, data_offsets}}` with an optional
`__metadata__` of text to text, then the data, without holes (https://github.com/huggingface/safetensors, "Format").
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adapters.errors import Refused

MAX_HEADER = 16 << 20
MAX_TENSORS = 16_384
MAX_NAME = 300
WIDTH = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
_NUMPY = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "I16": "<i2"}
_NAME = re.compile(r"[A-Za-z0-9_.\-:]+")
_AGAIN = "Export it again as .safetensors."
_MAGIC = (
    (b"PK\x03\x04", "archive", "a zip archive, or a PyTorch .pt/.ckpt file, which can run code when it is loaded"),
    (b"PK\x05\x06", "archive", "an empty zip archive"),
    (b"\x1f\x8b", "archive", "a gzip archive"), (b"7z\xbc\xaf\x27\x1c", "archive", "a 7z archive"),
    (b"Rar!", "archive", "a rar archive"), (b"BZh", "archive", "a bzip2 archive"),
    (b"\xfd7zXZ", "archive", "an xz archive"), (b"(\xb5/\xfd", "archive", "a zstd archive"),
    (b"GGUF", "not_safetensors", "a GGUF file"), (b"\x89HDF", "not_safetensors", "an HDF5 file"),
)


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One tensor: `start` and `end` are byte positions in the file."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says it holds."""

    path: Path
    tensors: dict[str, TensorInfo]
    metadata: dict[str, str]


def read_header(path: Path) -> Header:
    """Read and check the header; raises `Refused` before any weight is read."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(512)
        _refuse_magic(head)
        if size < 8:
            raise Refused("truncated", f"the file has {size} bytes", next_step="Copy it again; it is not complete.")
        (length,) = struct.unpack_from("<Q", head)
        if length > MAX_HEADER and not head[8:9] == b"{":
            raise Refused("not_safetensors", "this is no safetensors file", next_step=_AGAIN)
        if length > MAX_HEADER:
            raise Refused("header", f"the header claims {length} bytes; {MAX_HEADER} are the most", next_step=_AGAIN)
        if 8 + length > size:
            raise Refused(
                "truncated", f"the header claims {length} bytes, the file has {size}",
                next_step="Copy it again; it is not complete.",
            )
        file.seek(8)
        blob = file.read(length)
    entries = _parse(blob)
    metadata = entries.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise Refused("header", "the file's metadata is not text", next_step=_AGAIN)
    if len(entries) > MAX_TENSORS:
        raise Refused("header", f"the file has {len(entries)} tensors", next_step="An adapter has far fewer.")
    tensors = {name: _tensor(name, entry, 8 + length) for name, entry in entries.items()}
    _check_layout(tensors.values(), 8 + length, size)
    return Header(path, tensors, metadata)


def read_tensor(header: Header, info: TensorInfo) -> NDArray[Any]:
    """The values as float32, whatever the file's type."""
    count = math.prod(info.shape)
    raw = np.fromfile(header.path, dtype=_NUMPY[info.dtype], count=count, offset=info.start)
    if raw.size != count:
        raise Refused("truncated", f"{info.name} is cut short", next_step="Copy the file again; it is not complete.")
    if info.dtype == "BF16":
        raw = (raw.astype(np.uint32) << 16).view(np.float32)
    return raw.astype(np.float32, copy=False).reshape(info.shape)


def write(path: Path, tensors: dict[str, tuple[str, NDArray[Any]]], metadata: dict[str, str]) -> None:
    """Write a file; each tensor is (dtype of the format, array whose bytes are that type's)."""
    entries: dict[str, Any] = {"__metadata__": metadata}
    at = 0
    for name, (dtype, array) in tensors.items():
        entries[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    blob = json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode()
    blob += b" " * (-len(blob) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(blob)) + blob)
        for _, array in tensors.values():
            file.write(np.ascontiguousarray(array).tobytes())


def _refuse_magic(head: bytes) -> None:
    for magic, reason, what in _MAGIC:
        if head.startswith(magic):
            raise Refused(reason, f"this is {what}", next_step="Unpack or convert it, and add the .safetensors file.")
    if head[257:262] == b"ustar":
        raise Refused("archive", "this is a tar archive", next_step="Unpack it, and add the .safetensors file.")
    # A pickle of protocol 2 to 5; a safetensors header of 128 + 256·n bytes starts alike but has `{` at byte 8.
    if head[:1] == b"\x80" and len(head) > 1 and head[1] in (2, 3, 4, 5) and head[8:9] != b"{":
        raise Refused(
            "pickle", "this is a pickle, which can run code when it is loaded",
            next_step="Have its maker export it as .safetensors; converting it here would run it.",
        )


def _parse(blob: bytes) -> dict[str, Any]:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key, value in items:
            if key in out:
                raise Refused("duplicate", f"the name {key[:80]!r} is there twice", next_step=_AGAIN)
            out[key] = value
        return out

    try:
        entries = json.loads(blob, object_pairs_hook=pairs)
    except (ValueError, RecursionError) as e:
        raise Refused("not_safetensors", "the header is no JSON", next_step=_AGAIN) from e
    if not isinstance(entries, dict):
        raise Refused("not_safetensors", "the header is no object", next_step=_AGAIN)
    return entries


def _tensor(name: str, entry: Any, data_at: int) -> TensorInfo:
    if len(name) > MAX_NAME or ".." in name or not _NAME.fullmatch(name):
        raise Refused("name", f"the name {name[:80]!r} is no module's", next_step=_AGAIN)
    try:
        dtype, shape, (start, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
    except (TypeError, KeyError, ValueError) as e:
        raise Refused("header", f"the entry of {name} is not as the format wants it", next_step=_AGAIN) from e
    if dtype not in WIDTH:
        raise Refused("dtype", f"{name} is of type {str(dtype)[:20]}", next_step="Save it as F32, F16 or BF16.")
    whole = all(type(n) is int and 0 <= n < 1 << 32 for n in shape) and len(shape) <= 6
    if not whole or type(start) is not int or type(end) is not int or start < 0:
        raise Refused("header", f"the entry of {name} is not as the format wants it", next_step=_AGAIN)
    if end - start != math.prod(shape) * WIDTH[dtype]:
        raise Refused("header", f"{name}: shape and length do not agree", next_step=_AGAIN)
    return TensorInfo(name, dtype, shape, data_at + start, data_at + end)


def _check_layout(tensors: Iterable[TensorInfo], data_at: int, size: int) -> None:
    at = data_at
    for info in sorted(tensors, key=lambda t: (t.start, t.end)):
        if info.start != at:
            raise Refused("header", f"{info.name} does not begin where the one before ends", next_step=_AGAIN)
        at = info.end
    if at > size:
        raise Refused(
            "truncated", f"the file should have {at} bytes, it has {size}",
            next_step="Copy it again; it is not complete.",
        )
    if at < size:
        raise Refused("header", f"{size - at} bytes follow the last tensor", next_step=_AGAIN)
