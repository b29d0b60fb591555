"""Unpack: uploaded files and archives as a folder of data, with nothing in it that is no data."""

from __future__ import annotations

import re
import shutil
import unicodedata
import zipfile
from pathlib import Path, PurePosixPath
from typing import IO

from adapters.training import dialogues, pictures
from server.problems import TooLarge
from streaming.errors import BadInput, Spent

CHUNK = 1 << 20
MAX_FILES = 20_000
SUFFIXES = (*pictures.SUFFIXES, *dialogues.SUFFIXES, ".caption")


def safe_name(name: str) -> PurePosixPath | None:
    """A relative path of plain names for what a browser or an archive calls a file; None for what is left out."""
    parts = [unicodedata.normalize("NFC", p) for p in re.split(r"[\\/]+", name) if p not in ("", ".")]
    if not parts or any(p == ".." or p.startswith((".", "__MACOSX")) for p in parts):
        return None
    clean = [re.sub(r'[\x00-\x1f<>:"|?*]', "_", p)[:120] for p in parts[-3:]]
    path = PurePosixPath(*clean)
    return path if path.suffix.lower() in SUFFIXES else None


class Inbox:
    """Takes files into a folder up to a number of bytes."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder, self._left = folder, limit
        self._limit = limit
        self.count = 0

    def take(self, name: str, source: IO[bytes]) -> None:
        """One uploaded file, or all files of one .zip; raises `TooLarge`, `BadInput` or `Spent`."""
        if name.lower().endswith(".zip"):
            self._unzip(name, source)
            return
        path = safe_name(name)
        if path is not None:
            self._keep(path, source)

    def _unzip(self, name: str, source: IO[bytes]) -> None:
        try:
            with zipfile.ZipFile(source) as archive:
                for info in archive.infolist():
                    text = info.filename if info.flag_bits & 0x800 else _renamed(info.filename)
                    path = None if info.is_dir() else safe_name(text)
                    if path is not None:
                        with archive.open(info) as file:
                            self._keep(path, file)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as e:
            raise BadInput(f"{name} can't be unpacked: {e}", next_step="pack it again as a plain .zip") from e

    def _keep(self, path: PurePosixPath, source: IO[bytes]) -> None:
        self.count += 1
        if self.count > MAX_FILES:
            raise TooLarge(f"over {MAX_FILES} files", next_step="20 to 200 good pictures are enough")
        out = self.folder / path
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            with out.open("wb") as file:
                while chunk := source.read(CHUNK):
                    self._left -= len(chunk)
                    if self._left < 0:
                        raise TooLarge(f"the data is over {self._limit >> 20} MB",
                                       next_step="use fewer or smaller pictures, or raise training.max_upload_mb")
                    file.write(chunk)
        except OSError as e:
            error = Spent(f"the data can't be kept: {e.strerror}", next_step="free some space")
            error.reason = "no_disk"
            raise error from e


def _renamed(name: str) -> str:
    """Chinese Windows packs names in GBK, which the format takes for code page 437."""
    try:
        return name.encode("cp437").decode("gb18030")
    except UnicodeError:
        return name


def remove(folder: Path) -> None:
    """Remove a folder and all in it."""
    shutil.rmtree(folder, ignore_errors=True)
