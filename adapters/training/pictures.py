"""Pictures with their prompts: a folder, and the metadata.csv that says what each one shows."""

from __future__ import annotations

import json
import re
import unicodedata
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from adapters.errors import BadDataset
from adapters.training.text import decode, read_table, read_text

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".jfif")
METADATA = ("metadata.csv", "metadata.jsonl")
MAX_PIXELS = 200_000_000
FILE_COLUMNS = ("file_name", "file", "filename", "image", "image_file", "path", "图片", "文件名", "文件")
PROMPT_COLUMNS = ("prompt", "text", "caption", "description", "additional_feature", "描述", "提示词", "标签", "文本")


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture; `width` and `height` as it is seen, `repeats` how often an epoch shows it."""

    path: Path
    prompt: str
    width: int
    height: int
    repeats: int = 1


@dataclass(frozen=True, slots=True)
class Fault:
    """Something left out, and why: `code` is `broken`, `missing_file`, `outside`, `too_small`, `row` or `empty`."""

    code: str
    file: str
    message: str


@dataclass(frozen=True, slots=True)
class PictureSet:
    """What can be learnt from, and what was left out."""

    items: tuple[Picture, ...]
    faults: tuple[Fault, ...]


def files_in(folder: Path) -> list[Path]:
    """All pictures below a folder by name; hidden files and those of archives' makers left out."""
    found = [
        p for p in folder.rglob("*")
        if p.suffix.lower() in SUFFIXES and p.is_file()
        and not any(part.startswith((".", "__MACOSX")) for part in p.relative_to(folder).parts)
    ]
    return sorted(found, key=lambda p: p.relative_to(folder).as_posix())


def open_rgb(path: Path) -> Image.Image:
    """A picture of any kind as RGB: turned as its EXIF says, the first frame, on white where it is transparent.

    Raises `BadDataset` for what is empty, cut off, too large or no picture.
    """
    try:
        if path.stat().st_size == 0:
            raise BadDataset(f"{path.name} is empty", next_step="Copy it again.")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(path)
            with image:
                if image.width * image.height > MAX_PIXELS:
                    raise BadDataset(f"{path.name} has over {MAX_PIXELS // 10**6} million pixels",
                                     next_step="Make it smaller.")
                return ImageOps.exif_transpose(_rgb(image))
    except BadDataset:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, EOFError) as e:
        raise BadDataset(f"{path.name} can't be read: {e}", next_step="Copy it again, or leave it out.") from e


def _rgb(image: Image.Image) -> Image.Image:
    image.seek(0)
    image.load()
    exif = image.getexif()
    if image.mode.startswith(("I;16", "I")) or image.mode == "F":
        values = np.asarray(image, dtype=np.float32)
        top = 65535.0 if values.max(initial=0.0) > 255.0 else 255.0
        image = Image.fromarray((values * (255.0 / top)).clip(0, 255).astype(np.uint8))
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        whole = image.convert("RGBA")
        ground = Image.new("RGBA", whole.size, "white")
        out = Image.alpha_composite(ground, whole).convert("RGB")
    else:
        out = image.convert("RGB")
    if exif.get(0x0112, 1) != 1:
        out.getexif()[0x0112] = exif[0x0112]
    return out


def read_pictures(folder: Path, metadata: Path | None = None) -> PictureSet:
    """The pictures of a folder with their prompts; raises `BadDataset` when there is nothing to learn from.

    Prompts come from `metadata`, or the folder's own metadata.csv or metadata.jsonl; where there is none, from a .txt
    or .caption file beside each picture, or the name of the folder (`10_name` as kohya has it: ten times an epoch).
    """
    if not folder.is_dir():
        raise BadDataset(f"there is no folder {folder}", next_step="Set train_data_dir to the folder of your pictures.")
    if metadata is not None and not metadata.is_file():
        raise BadDataset(f"there is no file {metadata}",
                         next_step="Correct metadata_path, or make one: nightanchor dataset prepare " + str(folder))
    table = metadata or next((p for n in METADATA if (p := folder / n).is_file()), None)
    faults: list[Fault] = []
    wanted = _from_table(folder, table, faults) if table else _from_names(folder)
    items: list[Picture] = []
    for path, prompt, repeats in wanted:
        try:
            width, height = size_of(path)
        except BadDataset as e:
            faults.append(Fault("broken", _name(path, folder), e.message))
            continue
        items.append(Picture(path, prompt, width, height, repeats))
    if not items:
        why = f"; {faults[0].message}" if faults else ""
        raise BadDataset(f"there is no picture to learn from in {folder}{why}",
                         next_step="Put JPEG, PNG or WebP pictures there, 20 to 200 of them.")
    return PictureSet(tuple(items), tuple(faults))


def size_of(path: Path) -> tuple[int, int]:
    """Width and height as it is seen; the whole picture is decoded, so that a cut-off one is found now."""
    image = open_rgb(path)
    return image.width, image.height


def place_of(said: str, folder: Path, beside: Path) -> tuple[Path | None, str]:
    """The file that a metadata row means, or None and a code why not.

    Windows paths, absolute paths of another machine and paths from the metadata's own folder are understood; nothing
    outside the data folder is ever read.
    """
    text = unicodedata.normalize("NFC", said.strip().strip('"')).replace("\\", "/")
    text = re.sub(r"^[A-Za-z]:/", "/", text)
    for candidate in (folder / text.lstrip("/"), beside / text.lstrip("/"), Path(text)):
        try:
            inside = candidate.resolve().is_relative_to(folder.resolve())
            if inside and candidate.is_file():
                return candidate, ""
        except (OSError, ValueError):
            continue
    if ".." in text.split("/"):
        return None, "outside"
    last = folder / text.rsplit("/", 1)[-1]
    return (last, "") if "/" in text and last.is_file() else (None, "missing_file")


def rows_of(table: Path) -> list[tuple[str, str]]:
    """(file, prompt) of each row; raises `BadDataset` when no column names the file."""
    if table.suffix.lower() in (".jsonl", ".json"):
        rows = _json_rows(table)
    else:
        rows = read_table(table)
        if not rows:
            return []
    file_column = _column(rows, FILE_COLUMNS)
    if file_column is None:
        raise BadDataset(
            f"{table.name} has no column that names the pictures; it has {', '.join(rows[0]) or 'none'}",
            next_step="Name its columns file_name and prompt.",
        )
    prompt_column = _column(rows, PROMPT_COLUMNS)
    if prompt_column is None:
        raise BadDataset(
            f"{table.name} has no column that says what they show; it has {', '.join(rows[0])}",
            next_step="Name its columns file_name and prompt.",
        )
    return [(str(r.get(file_column, "")), str(r.get(prompt_column, ""))) for r in rows]


def _column(rows: Iterable[dict[str, str]], names: Iterable[str]) -> str | None:
    first = next(iter(rows), {})
    return next((n for n in names if n in first), None)


def _json_rows(table: Path) -> list[dict[str, str]]:
    text = read_text(table)
    try:
        found = json.loads(text) if table.suffix.lower() == ".json" else [
            json.loads(line) for line in text.split("\n") if line.strip()
        ]
    except ValueError as e:
        raise BadDataset(f"{table.name} is no JSON: {e}", next_step="Give one JSON object a line.") from e
    return [{str(k).lower(): str(v) for k, v in row.items()} for row in found if isinstance(row, dict)]


def _from_table(folder: Path, table: Path, faults: list[Fault]) -> list[tuple[Path, str, int]]:
    out: dict[Path, tuple[Path, str, int]] = {}
    for n, (said, prompt) in enumerate(rows_of(table), 2):
        if not said:
            faults.append(Fault("row", table.name, f"row {n} of {table.name} names no file"))
            continue
        path, code = place_of(said, folder, table.parent)
        if path is None:
            what = "lies outside the data folder" if code == "outside" else "is not there"
            faults.append(Fault(code, said, f"{said} (row {n} of {table.name}) {what}"))
            continue
        out.setdefault(path.resolve(), (path, prompt, 1))
    return list(out.values())


def _from_names(folder: Path) -> list[tuple[Path, str, int]]:
    out = []
    for path in files_in(folder):
        repeats, name = repeats_of(path.parent.name if path.parent != folder else folder.name)
        out.append((path, sidecar(path) or name, repeats))
    return out


def repeats_of(folder_name: str) -> tuple[int, str]:
    """`10_lady in red` -> (10, "lady in red"); any other name -> (1, the name)."""
    m = re.fullmatch(r"(\d{1,4})_(.+)", folder_name)
    return (max(1, int(m[1])), m[2].strip()) if m else (1, folder_name.replace("_", " ").strip())


def sidecar(path: Path) -> str:
    """What the .txt or .caption file beside a picture says; empty when there is none."""
    for suffix in (".txt", ".caption"):
        beside = path.with_suffix(suffix)
        if beside.is_file():
            return " ".join(decode(beside.read_bytes(), beside.name).split())
    return ""


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
