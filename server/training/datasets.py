"""Datasets: pictures or dialogues to learn from. `data/datasets/<id>/` holds dataset.json, files/ and thumbnails/."""

from __future__ import annotations

import asyncio
import csv
import io
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from PIL import Image

from adapters.errors import AdapterError
from adapters.training import dialogues, pictures
from server.db.models import now
from server.errand import last_json
from server.training.documents import PrepareIn
from server.training.folders import Shelf
from server.training.unpack import Inbox, remove
from streaming.errors import BadInput, Conflict, NotFound

log = logging.getLogger("nightanchor.training")

PREPARE_LIMIT_S = 1800.0
FILES, THUMBNAILS, METADATA = "files", "thumbnails", "metadata.csv"
MOST_FINDINGS, MOST_FILES = 100, 8


class Datasets:
    """All data sets of one installation; `used` says which jobs learn from one."""

    def __init__(self, root: Path, limit_bytes: int) -> None:
        self._shelf = Shelf(root, "dataset.json", "data set")
        self._limit = limit_bytes
        self._tasks: set[asyncio.Task[None]] = set()
        self.used: Callable[[str], list[str]] = lambda dataset_id: []

    # -- reading ---------------------------------------------------------------------------------

    def every(self) -> list[dict[str, Any]]:
        """Newest first."""
        return [_public(d) for d in self._shelf.every()]

    def get(self, key: str) -> dict[str, Any]:
        """One; raises `NotFound`."""
        return _public(self._shelf.read(key))

    def files(self, key: str) -> Path:
        """The folder of its data."""
        return self._shelf.folder(key) / FILES

    def items(self, key: str, offset: int, limit: int) -> dict[str, Any]:
        """A page of pictures with prompts, or of dialogues."""
        every = self._pictures(key) if self.get(key)["kind"] == "visual" else self._dialogues(key)
        return {"total": len(every), "items": every[offset : offset + limit]}

    def _pictures(self, key: str) -> list[dict[str, Any]]:
        folder = self.files(key)
        codes = self._codes(key)
        out = []
        for name, prompt in _rows(folder):
            width = height = 0
            try:
                with Image.open(folder / name) as image:
                    width, height = image.size
            except (OSError, ValueError):
                pass
            out.append({"file_name": name, "prompt": prompt, "width": width, "height": height,
                        "codes": codes.get(name, [])})
        return out

    def _dialogues(self, key: str) -> list[dict[str, Any]]:
        codes = self._codes(key)
        try:
            found = dialogues.read_dialogues(self.files(key)).items
        except AdapterError:
            return []
        return [
            {"file_name": d.source, "prompt": "\n".join(c for _, c in d.messages[:-1]), "answer": d.messages[-1][1],
             "codes": codes.get(d.source, [])}
            for d in found
        ]

    def _codes(self, key: str) -> dict[str, list[str]]:
        out: dict[str, list[str]] = {}
        for finding in self._shelf.read(key)["findings"]:
            for file in finding["all_files"]:
                out.setdefault(file, []).append(finding["code"])
        return out

    def picture(self, key: str, name: str, size: int) -> Path:
        """A picture, made small once; raises `NotFound`."""
        folder = self.files(key)
        source = _inside(folder, name)
        thumbnail = self._shelf.folder(key) / THUMBNAILS / f"{size}-{name.replace('/', '__')}.jpg"
        if not thumbnail.is_file() or thumbnail.stat().st_mtime < source.stat().st_mtime:
            try:
                small = pictures.open_rgb(source)
            except AdapterError as e:
                raise NotFound(e.message, next_step=e.next_step) from e
            small.thumbnail((size, size))
            thumbnail.parent.mkdir(exist_ok=True)
            part = thumbnail.with_suffix(".part")
            small.save(part, "JPEG", quality=85)
            os.replace(part, thumbnail)
        return thumbnail

    # -- changing --------------------------------------------------------------------------------

    def add(self, name: str, kind: str, trigger: str, files: Sequence[tuple[str, IO[bytes]]]) -> dict[str, Any]:
        """Keep uploaded files; raises `BadInput` when none of them is data."""
        key, folder = self._shelf.make(name)
        inbox = Inbox(folder / FILES, self._limit)
        try:
            for file_name, source in files:
                inbox.take(file_name, source)
            if not inbox.count:
                raise BadInput("there is nothing to learn from in these files",
                               next_step="upload pictures (JPEG, PNG, WebP), .csv, .jsonl or .txt files, or one .zip")
        except BaseException:
            remove(folder)
            raise
        body = {
            "id": key, "name": name, "kind": kind, "state": "preparing", "error": "", "items": 0, "trigger": trigger,
            "bytes": _size(folder / FILES), "created": now(), "findings": [],
        }
        self._shelf.write(key, body)
        return body

    def prepare(self, key: str, body: PrepareIn) -> dict[str, Any]:
        """Put it in order in the background: captions, cleaning, findings; watch `state`."""
        document = self._shelf.read(key)
        if document["state"] == "preparing" and any(t.get_name() == key for t in self._tasks):
            raise Conflict("it is being prepared already", next_step="wait until it is ready")
        if body.trigger is not None:
            document["trigger"] = body.trigger
        document |= {"state": "preparing", "error": ""}
        self._shelf.write(key, document)
        task = asyncio.get_running_loop().create_task(self._prepare(key, body.caption), name=key)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return _public(document)

    async def _prepare(self, key: str, caption: str) -> None:
        document = self._shelf.read(key)
        command = [
            sys.executable, "-m", "adapters.training.dataset", "prepare", str(self.files(key)), "--kind",
            document["kind"], "--caption", caption, "--json",
        ]
        if document["trigger"]:
            command += ["--trigger", document["trigger"]]
        answer = await last_json(command, PREPARE_LIMIT_S)
        try:
            document = self._shelf.read(key)
        except NotFound:
            return
        if "findings" in answer:
            document |= {"state": "ready", "items": answer.get("items", 0),
                         "findings": [_short(f) for f in answer["findings"][:MOST_FINDINGS]]}
        else:
            why = " ".join(filter(None, (str(answer.get("message", "")), str(answer.get("next_step", "")))))
            document |= {"state": "failed", "error": why or "it could not be prepared"}
        document["bytes"] = _size(self.files(key))
        self._shelf.write(key, document)

    def resume(self) -> None:
        """Take up what an earlier run left undone."""
        for document in self.every():
            if document["state"] == "preparing":
                self.prepare(document["id"], PrepareIn())

    def caption(self, key: str, name: str, prompt: str) -> dict[str, Any]:
        """Say what a picture shows; raises `NotFound`, or `Conflict` while somebody learns from it."""
        folder = self.files(key)
        _inside(folder, name)
        if self.used(key):
            raise Conflict("a training is using this data set", next_step="wait until it has ended, or stop it")
        rows = [(n, prompt if n == name else p) for n, p in _rows(folder)]
        if name not in [n for n, _ in rows]:
            rows.append((name, prompt))
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        writer.writerow(("file_name", "prompt"))
        writer.writerows(rows)
        part = folder / f"{METADATA}.part"
        part.write_text(buffer.getvalue(), encoding="utf-8", newline="")
        os.replace(part, folder / METADATA)
        return next(i for i in self._pictures(key) if i["file_name"] == name)

    def delete(self, key: str) -> None:
        """Remove one that no job is using."""
        folder = self._shelf.folder(key)
        users = self.used(key)
        if users:
            raise Conflict(f"the training {users[0]} is using this data set", next_step="stop it first")
        for task in self._tasks:
            if task.get_name() == key:
                task.cancel()
        remove(folder)

    async def close(self) -> None:
        """End what is being prepared; the next start takes it up again."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _rows(folder: Path) -> list[tuple[str, str]]:
    """(file name, prompt) of every picture, whatever the metadata forgets."""
    said: dict[str, str] = {}
    table = folder / METADATA
    if table.is_file():
        try:
            for name, prompt in pictures.rows_of(table):
                path, _ = pictures.place_of(name, folder, folder)
                if path is not None:
                    said[path.relative_to(folder).as_posix()] = prompt
        except AdapterError as e:
            log.warning("%s: %s", table, e.message)
    for path in pictures.files_in(folder):
        said.setdefault(path.relative_to(folder).as_posix(), pictures.sidecar(path))
    return list(said.items())


def _inside(folder: Path, name: str) -> Path:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise NotFound(f"there is no picture {name!r} in this data set", next_step="list its items")
    return path


def _short(finding: dict[str, Any]) -> dict[str, Any]:
    files = [str(f) for f in finding.get("files", [])]
    return {
        "level": finding.get("level", "info"), "code": finding.get("code", "other"),
        "count": finding.get("count", len(files)), "files": files[:MOST_FILES], "all_files": files[:2000],
        "message": finding.get("message", ""), "next_step": finding.get("next_step", ""),
    }


def _public(document: dict[str, Any]) -> dict[str, Any]:
    shown = [{k: v for k, v in f.items() if k != "all_files"} for f in document["findings"]]
    return document | {"findings": shown}


def _size(folder: Path) -> int:
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
