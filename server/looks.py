"""Looks: presenters on disk. Baking runs in a process of its own, one at a time, at low priority."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import secrets
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.db.models import LookRow, PersonaRow, RoomRow
from server.db.store import Store
from server.errand import last_json
from server.settings import Settings
from streaming.errors import BadPicture, Conflict, NotFound, TimedOut

log = logging.getLogger("nightanchor.looks")

BAKE_LIMIT_S = 240.0
ORDER = "order.json"
"""What to paint, in the folder of a look."""
PORTRAITS = Path(__file__).parents[1] / "assets" / "portraits"
NAMES = {"lin": "林晚 · Lin", "mei": "梅朵 · Mei", "yun": "云裳 · Yun"}
_TYPES = {b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg", b"RIFF": ".webp", b"GIF8": ".gif", b"BM": ".bmp"}


class Looks:
    """Looks of one installation; `ready` is called with the id when one can be shown."""

    def __init__(self, store: Store, folder: Path, settings: Settings) -> None:
        self._store = store
        self.folder = folder
        self._size = (settings.video.width, settings.video.height)
        self._wanted: asyncio.Queue[tuple[str, int, int]] = asyncio.Queue()
        self._queued: set[tuple[str, int, int]] = set()
        self.ready: Callable[[str], None] = lambda look_id: None

    def every(self) -> list[dict[str, Any]]:
        """Every look, oldest first."""
        with self._store.session() as s:
            return [document(row) for row in s.scalars(select(LookRow).order_by(LookRow.created, LookRow.id))]

    def get(self, look_id: str) -> dict[str, Any]:
        """One look; raises `NotFound`."""
        with self._store.session() as s:
            return document(_row(s, look_id))

    def name(self, look_id: str | None) -> str:
        """What a look is called; empty when there is none."""
        with self._store.session() as s:
            row = s.get(LookRow, look_id) if look_id else None
            return row.name if row else ""

    def add_demo(self) -> str | None:
        """Make rows for the portraits that ship with the program; returns the first one's id."""
        found = sorted(PORTRAITS.glob("*.json"), key=lambda p: (p.stem not in NAMES, list(NAMES).index(p.stem)
                       if p.stem in NAMES else 0, p.stem))
        with self._store.session() as s:
            for n, sheet in enumerate(found):
                picture = sheet.parent / json.loads(sheet.read_text(encoding="utf-8"))["picture"]
                if s.get(LookRow, sheet.stem) is None:
                    row = LookRow(
                        id=sheet.stem, name=NAMES.get(sheet.stem, sheet.stem), source="demo", picture=str(picture)
                    )
                    row.created = f"2000-01-01T00:00:{n:02d}.000Z"
                    s.add(row)
        return found[0].stem if found else None

    def add(self, name: str, data: bytes) -> dict[str, Any]:
        """Keep an uploaded picture and bake it; raises `BadPicture` for what is no picture at all."""
        kind = next((suffix for magic, suffix in _TYPES.items() if data.startswith(magic)), None)
        if kind is None:
            raise BadPicture("this is no picture", next_step="use a PNG, JPEG or WebP file of a person from the front")
        base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:20] or "look"
        look_id = f"{base}-{secrets.token_hex(3)}"
        folder = self.folder / look_id
        folder.mkdir(parents=True)
        picture = folder / f"source{kind}"
        picture.write_bytes(data)
        with self._store.session() as s:
            row = LookRow(id=look_id, name=name.strip()[:80] or look_id, source="photo", picture=str(picture))
            s.add(row)
            s.flush()
            made = document(row)
        self.want(look_id, *self._size)
        return made

    def add_painted(self, name: str, look_id: str = "", order: dict[str, Any] | None = None) -> dict[str, Any]:
        """Make a row for a portrait that is about to be painted into `canvas`; an earlier try is replaced.

        `order` is what to paint, kept so that a painting that was interrupted can be begun again.
        """
        if not look_id:
            base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:20] or "portrait"
            look_id = f"{base}-{secrets.token_hex(3)}"
        shutil.rmtree(self.folder / look_id, ignore_errors=True)
        with self._store.session() as s:
            old = s.get(LookRow, look_id)
            if old is not None:
                s.delete(old)
                s.flush()
            row = LookRow(id=look_id, name=name.strip()[:80], source="portrait", picture=str(self.canvas(look_id)))
            s.add(row)
            s.flush()
            made = document(row)
        if order is not None:
            self.keep_order(look_id, order)
        return made

    def keep_order(self, look_id: str, order: dict[str, Any]) -> None:
        """Remember what to paint."""
        (self.folder / look_id).mkdir(parents=True, exist_ok=True)
        (self.folder / look_id / ORDER).write_text(json.dumps(order, ensure_ascii=False), encoding="utf-8")

    def orders(self) -> dict[str, dict[str, Any]]:
        """Portraits that are still to be painted, oldest first."""
        out = {}
        for look in self.every():
            path = self.folder / look["id"] / ORDER
            if look["state"] == "baking" and not self.canvas(look["id"]).is_file() and path.is_file():
                out[look["id"]] = json.loads(path.read_text(encoding="utf-8"))
        return out

    def canvas(self, look_id: str) -> Path:
        """Where a portrait is painted."""
        return self.folder / look_id / "source.png"

    def painted(self, look_id: str, landmarks: dict[str, Any] | None = None) -> None:
        """Its picture is there, perhaps with where the face is in it: bake it."""
        if landmarks:
            self._set(look_id, "baking", landmarks=landmarks)
        self.want(look_id, *self._size)

    def fail(self, look_id: str, why: str) -> None:
        """Say why there will be no such look."""
        self._set(look_id, "failed", error=why)

    def usable(self, look_id: str) -> bool:
        """Whether there is such a look, ready or on its way."""
        with self._store.session() as s:
            row = s.get(LookRow, look_id)
            return row is not None and row.state in ("ready", "baking")

    async def baked(self, look_id: str, width: int, height: int, limit_s: float) -> Path:
        """Have a look baked for a canvas and wait for it.

        Raises `NotFound`, `BadPicture` when it can't be (reason `look` or `canary`), `TimedOut`.
        """
        try:
            async with asyncio.timeout(limit_s):
                while True:
                    look, path = self.get(look_id), self.path(look_id, width, height)
                    if path is not None:
                        return path
                    if look["state"] in ("failed", "needs_landmarks"):
                        error = BadPicture(look["error"] or "its face was not found", next_step="choose another look")
                        error.reason = "canary" if look["source"] == "portrait" else "look"
                        raise error
                    if look["source"] != "portrait" or self.canvas(look_id).is_file():
                        self.source(look_id)
                        self.want(look_id, width, height)
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise TimedOut(f"look {look_id} was not ready within {limit_s:.0f} s", next_step="try again") from None

    def set_landmarks(self, look_id: str, landmarks: dict[str, Any]) -> dict[str, Any]:
        """Bake again with eyes, mouth and chin where the owner says they are."""
        with self._store.session() as s:
            row = _row(s, look_id)
            row.landmarks, row.state, row.error = landmarks, "baking", ""
            s.flush()
            changed = document(row)
        for old in (self.folder / look_id).glob("*x*"):
            shutil.rmtree(old, ignore_errors=True)
        self.want(look_id, *self._size)
        return changed

    def delete(self, look_id: str) -> None:
        """Remove a look that is on air nowhere."""
        with self._store.session() as s:
            row = _row(s, look_id)
            room = s.scalar(select(RoomRow.id).where(RoomRow.look_id == look_id).limit(1))
            if room is not None:
                raise Conflict(f"this look is shown in room {room}", next_step="activate another one there first")
            persona = s.scalar(select(PersonaRow.name).where(PersonaRow.look_id == look_id).limit(1))
            if persona is not None:
                raise Conflict(f"this is the look of {persona}", next_step="give that persona another look first")
            if row.source == "demo":
                raise Conflict("this look belongs to the demo", next_step="it does no harm; leave it")
            s.delete(row)
        shutil.rmtree(self.folder / look_id, ignore_errors=True)

    def source(self, look_id: str) -> Path:
        """The picture a look was made from; raises `NotFound`."""
        with self._store.session() as s:
            path = Path(_row(s, look_id).picture)
        if not path.is_file():
            raise NotFound(f"the picture of look {look_id} is gone", next_step="upload it again")
        return path

    def preview(self, look_id: str) -> Path:
        """A small picture of the look as baked, or else its source."""
        self.get(look_id)
        baked = sorted((self.folder / look_id).glob("*x*/preview.jpg"))
        return baked[0] if baked else self.source(look_id)

    def path(self, look_id: str, width: int, height: int) -> Path | None:
        """The baked bank for a canvas; None while there is none."""
        folder = self.folder / look_id / f"{width}x{height}"
        return folder if (folder / "look.json").is_file() else None

    def want(self, look_id: str, width: int, height: int) -> None:
        """Have a look baked for a canvas, if it is not yet."""
        task = (look_id, width, height)
        if task not in self._queued and self.path(*task) is None:
            self._queued.add(task)
            self._wanted.put_nowait(task)

    async def run(self) -> None:
        """Bake what is wanted, until cancelled; takes up what an earlier run left undone."""
        for look in self.every():
            if look["state"] != "baking":
                continue
            if look["source"] == "portrait" and not self.canvas(look["id"]).is_file():
                if not (self.folder / look["id"] / ORDER).is_file():
                    self.fail(look["id"], "painting was interrupted; paint it again")
            else:
                self.want(look["id"], *self._size)
        while True:
            task = await self._wanted.get()
            try:
                await self._bake(*task)
            except Exception:
                log.exception("baking %s failed", task)
                self._set(task[0], "failed", error="the look could not be made; see data/logs/server.log")
            finally:
                self._queued.discard(task)

    async def _bake(self, look_id: str, width: int, height: int) -> None:
        with self._store.session() as s:
            row = s.get(LookRow, look_id)
            if row is None:
                return
            name, picture, landmarks, source = row.name, row.picture, row.landmarks, row.source
        if source == "portrait" and not self.canvas(look_id).is_file():
            # It is wanted when it has been painted.
            return
        out = self.folder / look_id / f"{width}x{height}"
        part = out.with_name(f".{width}x{height}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        command = [
            sys.executable, "-m", "pipelines.looks.bake", "--picture", picture, "--out", str(part),
            "--width", str(width), "--height", str(height), "--name", name,
        ]
        if landmarks and source != "demo":
            command += ["--landmarks", json.dumps(landmarks)]
        answer = await last_json(command, BAKE_LIMIT_S)
        if answer.get("ok"):
            shutil.rmtree(out, ignore_errors=True)
            os.replace(part, out)
            sizes = {"width": answer.get("width", width), "height": answer.get("height", height)}
            self._set(look_id, "ready", landmarks=answer.get("landmarks"), **sizes)
            self.ready(look_id)
            return
        shutil.rmtree(part, ignore_errors=True)
        needs = answer.get("code") == "needs_landmarks"
        if needs and source == "portrait":
            self._set(look_id, "failed", error="no face was found in the painting; try another seed or prompt")
            return
        message = " ".join(filter(None, (str(answer.get("message", "")), str(answer.get("next_step", "")))))
        self._set(
            look_id, "needs_landmarks" if needs else "failed", error=message or "the look could not be made",
            landmarks=answer.get("suggested"), width=answer.get("width"), height=answer.get("height"),
        )

    def _set(self, look_id: str, state: str, *, error: str = "", **values: Any) -> None:
        with self._store.session() as s:
            row = s.get(LookRow, look_id)
            if row is not None:
                row.state, row.error = state, error
                for key, value in values.items():
                    if value is not None:
                        setattr(row, key, value)


def _row(s: Session, look_id: str) -> LookRow:
    row = s.get(LookRow, look_id)
    if row is None:
        raise NotFound(f"there is no look {look_id!r}", next_step="list them with GET /looks")
    return row


def document(row: LookRow) -> dict[str, Any]:
    """A look as the API shows it."""
    return {
        "id": row.id, "name": row.name, "state": row.state, "error": row.error, "width": row.width,
        "height": row.height, "landmarks": row.landmarks, "source": row.source, "created": row.created,
    }
