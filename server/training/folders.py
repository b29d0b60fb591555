"""Folders with a JSON document each: how data sets and jobs are kept."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from pathlib import Path
from typing import Any

from streaming.errors import NotFound, Spent

_ID = re.compile(r"^[a-z0-9][a-z0-9_-]{0,47}$")


class Shelf:
    """Documents of one kind; `noun` is what messages call them."""

    def __init__(self, root: Path, file: str, noun: str) -> None:
        self.root, self._file, self._noun = root, file, noun

    def make(self, name: str) -> tuple[str, Path]:
        """A new id and its empty folder; raises `Spent`."""
        base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:30] or self._noun.replace(" ", "-")
        made = f"{base}-{secrets.token_hex(3)}"
        folder = self.root / made
        try:
            folder.mkdir(parents=True)
        except OSError as e:
            raise _full(e, self._noun) from e
        return made, folder

    def folder(self, key: str) -> Path:
        """Where one is kept; raises `NotFound`."""
        folder = self.root / key
        if not _ID.fullmatch(key) or not (folder / self._file).is_file():
            raise NotFound(f"there is no {self._noun} {key!r}", next_step=f"list the {self._noun}s")
        return folder

    def read(self, key: str) -> dict[str, Any]:
        """One document; raises `NotFound`."""
        body: dict[str, Any] = json.loads((self.folder(key) / self._file).read_text(encoding="utf-8"))
        return body

    def write(self, key: str, body: dict[str, Any]) -> None:
        """Replace a document, whole or not at all; raises `Spent`."""
        path = self.root / key / self._file
        part = path.with_suffix(".part")
        try:
            part.write_text(json.dumps(body, ensure_ascii=False, indent=1), encoding="utf-8")
            os.replace(part, path)
        except OSError as e:
            raise _full(e, self._noun) from e

    def every(self) -> list[dict[str, Any]]:
        """All documents, newest first; one that can't be read is left out."""
        out = []
        for path in self.root.glob(f"*/{self._file}"):
            with contextlib.suppress(OSError, ValueError):
                out.append(json.loads(path.read_text(encoding="utf-8")))
        return sorted(out, key=lambda d: (d["created"], d["id"]), reverse=True)


def _full(error: OSError, noun: str) -> Spent:
    made = Spent(f"the {noun} can't be written down: {error.strerror}", next_step="free some space")
    made.reason = "no_disk"
    return made
