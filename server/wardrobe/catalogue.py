"""AdapterCatalogue: adapters on disk and in the database.

`data/adapters/<id>/` holds the canonical file, a manifest with all that is known of it, and its preview picture.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import secrets
import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from adapters import convert
from adapters.convert import Adapter
from adapters.spec import BaseSpec
from server.db.models import AdapterRow, PersonaRow, RoomRow, now
from server.db.store import Store
from server.wardrobe.documents import AdapterIn, AdapterPatch
from server.wardrobe.studio import STAGE_LIMIT_S, TRY_LIMIT_S, Studio
from streaming.errors import BadInput, Conflict, NightAnchorError, NotFound, Unavailable

log = logging.getLogger("nightanchor.adapters")

FILE, MANIFEST, PREVIEW = "adapter.safetensors", "manifest.json", "preview.png"
PICTURE_PROMPT = "portrait of a woman, front view"
LINE_PROMPT = "用一句话向观众打招呼。"


class AdapterCatalogue:
    """All adapters of one installation."""

    def __init__(self, store: Store, folder: Path, studio: Studio) -> None:
        self._store, self.folder, self._studio = store, folder, studio
        self._sampling = asyncio.Event()
        self._sampling.set()

    # -- reading ---------------------------------------------------------------------------------

    def every(self) -> list[dict[str, Any]]:
        """Every adapter, newest first."""
        with self._store.session() as s:
            rows = s.scalars(select(AdapterRow).order_by(AdapterRow.created.desc(), AdapterRow.id)).all()
            return [self._document(s, row) for row in rows]

    def get(self, adapter_id: str) -> dict[str, Any]:
        """One adapter; raises `NotFound`."""
        with self._store.session() as s:
            return self._document(s, _row(s, adapter_id))

    def fingerprint(self, adapter_id: str | None) -> str | None:
        """The hash of an adapter's file, or the id of one that is gone; None for none."""
        if adapter_id is None:
            return None
        with self._store.session() as s:
            digest = s.scalar(select(AdapterRow.sha256).where(AdapterRow.id == adapter_id))
        return digest or adapter_id

    def path(self, adapter_id: str) -> Path:
        """Its canonical file."""
        return self.folder / adapter_id / FILE

    def preview(self, adapter_id: str) -> Path:
        """Its picture; raises `NotFound` while there is none."""
        self.get(adapter_id)
        path = self.folder / adapter_id / PREVIEW
        if not path.is_file():
            raise NotFound("there is no preview of this adapter", next_step="it is made once the studio is up")
        return path

    def fault(self, document: dict[str, Any]) -> str:
        """Why an adapter can't be worn with the bases of now; empty when it can."""
        kind = document["kind"]
        try:
            spec = self._studio.spec(kind)
        except NightAnchorError as e:
            return e.message
        if spec is None:
            return f"no {kind} base is set up"
        if spec.fingerprint != document["fingerprint"]:
            return f"it was made for another base ({document['base']})"
        if document["rank"] > spec.rank_max:
            return f"its rank {document['rank']} is over {spec.rank_max}, what the studio holds now"
        return ""

    def _document(self, s: Session, row: AdapterRow) -> dict[str, Any]:
        head = row.head
        mine = PersonaRow.visual_id if row.kind == "visual" else PersonaRow.language_id
        used = s.scalars(select(PersonaRow.id).where(mine == row.id).order_by(PersonaRow.id)).all()
        worn = [r.id for r in s.scalars(select(RoomRow)) if row.id in ((r.worn or {}).get("visual"),
                                                                      (r.worn or {}).get("language"))]
        document = {
            "id": row.id, "name": row.name, "kind": row.kind, "base": head["family"], "layout": head["layout"],
            "fingerprint": row.fingerprint, "rank": head["rank"], "alpha": head["alpha"],
            "modules": len(head["alphas"]), "text_encoder": head["text_encoder"], "size_bytes": row.size,
            "sha256": row.sha256, "trigger_words": row.trigger_words, "licence": row.licence,
            "likeness": row.likeness, "consent": row.consent, "table": head["table"] or None,
            "has_preview": (self.folder / row.id / PREVIEW).is_file(), "sample_line": row.sample_line,
            "sample_state": row.sample_state, "used_by": list(used), "active_in": worn, "created": row.created,
        }
        fault = self.fault(document)
        return {**document, "state": "incompatible" if fault else "ready", "error": fault}

    # -- changing --------------------------------------------------------------------------------

    async def add(self, source: Path, body: AdapterIn, file_name: str, config: bytes | None) -> dict[str, Any]:
        """Inspect an uploaded file, convert it and keep it; raises `Refused`, `NoSpace` or `Conflict`."""
        specs = self._studio.specs()
        peft = _config(config)
        base = re.sub(r"[^a-z0-9]+", "-", (body.name or Path(file_name).stem).lower()).strip("-")[:30]
        adapter_id = f"{base or 'adapter'}-{secrets.token_hex(3)}"
        folder = self.folder / adapter_id
        try:
            spec, adapter, digest = await asyncio.to_thread(_convert, source, folder / FILE, specs, peft)
            return self._keep(adapter_id, body, file_name, spec, adapter, digest)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def add_shipped(self, adapter_id: str, source: Path, body: AdapterIn) -> bool:
        """See that an adapter that ships with the program is in the catalogue; False when it was already."""
        folder = self.folder / adapter_id
        part = folder.with_name(f".{adapter_id}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        try:
            spec, adapter, digest = _convert(source, part / FILE, self._studio.specs(), None)
            with self._store.session() as s:
                row = s.get(AdapterRow, adapter_id)
                if row is not None and row.sha256 == digest and self.path(adapter_id).is_file():
                    return False
                if row is not None:
                    # Another release brings another file; personas go on naming it by its id.
                    s.delete(row)
            shutil.rmtree(folder, ignore_errors=True)
            os.replace(part, folder)
            self._keep(adapter_id, body, source.name, spec, adapter, digest)
            return True
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def _keep(
        self, adapter_id: str, body: AdapterIn, file_name: str, spec: BaseSpec, adapter: Adapter, digest: str
    ) -> dict[str, Any]:
        words = [w.strip()[:60] for w in body.trigger_words.split(",") if w.strip()] or list(adapter.trigger_words)
        with self._store.session() as s:
            twin = s.scalar(select(AdapterRow.id).where(AdapterRow.sha256 == digest))
            if twin is not None:
                raise Conflict(f"this adapter is in the catalogue already, as {twin}", next_step="use that one")
            row = AdapterRow(
                id=adapter_id, name=body.name or Path(file_name).stem[:80], kind=adapter.kind,
                fingerprint=spec.fingerprint, sha256=digest, size=self.path(adapter_id).stat().st_size,
                head=adapter.head(), trigger_words=words[:20], licence=body.licence, sample_state="pending",
                likeness=body.likeness if adapter.kind == "visual" else "none", consent=None,
            )
            _consent(row, body.consent_by, body.consent_note)
            s.add(row)
            s.flush()
            self._write_manifest(row)
            document = self._document(s, row)
        self._sampling.set()
        return document

    def patch(self, adapter_id: str, body: AdapterPatch) -> dict[str, Any]:
        """Change what is said of an adapter."""
        values = body.model_dump(exclude_unset=True, exclude_none=True)
        with self._store.session() as s:
            row = _row(s, adapter_id)
            for key in ("name", "licence", "likeness", "trigger_words"):
                if key in values:
                    setattr(row, key, values[key])
            old = row.consent or {}
            _consent(row, values.get("consent_by", old.get("by", "")), values.get("consent_note", old.get("note", "")))
            s.flush()
            self._write_manifest(row)
            return self._document(s, row)

    async def delete(self, adapter_id: str) -> None:
        """Remove one that no persona uses and no room wears."""
        with self._store.session() as s:
            row = _row(s, adapter_id)
            document = self._document(s, row)
            if document["used_by"] or document["active_in"]:
                where = document["used_by"] or document["active_in"]
                raise Conflict(
                    f"this adapter is used by {', '.join(where)}", next_step="take it out of the persona first"
                )
            s.delete(row)
        shutil.rmtree(self.folder / adapter_id, ignore_errors=True)
        if self._studio.running:
            try:
                await self._studio.ask("drop", 5.0, sha256=document["sha256"])
            except NightAnchorError as e:
                log.info("the studio keeps %s until it restarts: %s", adapter_id, e)

    def _write_manifest(self, row: AdapterRow) -> None:
        path = self.folder / row.id / MANIFEST
        manifest = {
            "id": row.id, "name": row.name, "sha256": row.sha256, "trigger_words": row.trigger_words,
            "licence": row.licence, "likeness": row.likeness, "consent": row.consent, "created": row.created,
            **row.head,
        }
        part = path.with_suffix(".part")
        part.write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
        os.replace(part, path)

    # -- samples ---------------------------------------------------------------------------------

    def wake(self) -> None:
        """The studio is up: make the samples that are owed."""
        self._sampling.set()

    async def run(self) -> None:
        """Make preview pictures and sample lines, one at a time, until cancelled."""
        while True:
            await self._sampling.wait()
            self._sampling.clear()
            while self._studio.running and (document := self._owed()) is not None:
                try:
                    line = await self._sample(document)
                except Unavailable as e:
                    log.info("sample of %s is put off: %s", document["id"], e)
                    break
                except NightAnchorError as e:
                    self._set_sample(document["id"], "failed", "")
                    log.warning("no sample of %s: %s", document["id"], e)
                else:
                    self._set_sample(document["id"], "ready", line)

    def _owed(self) -> dict[str, Any] | None:
        with self._store.session() as s:
            rows = s.scalars(select(AdapterRow).where(AdapterRow.sample_state == "pending")).all()
            documents = [self._document(s, row) for row in rows]
        return next((d for d in documents if d["state"] == "ready"), None)

    async def _sample(self, d: dict[str, Any]) -> str:
        staged = await self.stage(d, 1.0)
        key, words = staged["key"], ", ".join(d["trigger_words"])
        if d["kind"] == "visual":
            out = str((self.folder / d["id"] / PREVIEW).absolute())
            prompt = ", ".join(filter(None, (words, PICTURE_PROMPT)))
            await self._studio.ask("sample", TRY_LIMIT_S, kind="visual", key=key, prompt=prompt, out=out)
            return ""
        answer = await self._studio.ask("sample", TRY_LIMIT_S, kind="language", key=key, prompt=LINE_PROMPT)
        return "".join(c for c in str(answer["text"]) if c.isprintable() and c != "\ufffd").strip()[:300]

    async def stage(self, document: dict[str, Any], weight: float) -> dict[str, Any]:
        """Bring an adapter onto the studio's device; returns its `key`, `bytes` and `ms`."""
        return await self._studio.ask(
            "stage", STAGE_LIMIT_S, kind=document["kind"], path=str(self.path(document["id"]).absolute()),
            sha256=document["sha256"], weight=weight,
        )

    def _set_sample(self, adapter_id: str, state: str, line: str) -> None:
        with self._store.session() as s:
            row = s.get(AdapterRow, adapter_id)
            if row is not None:
                row.sample_state, row.sample_line = state, line


def _convert(
    source: Path, out: Path, specs: list[BaseSpec], config: dict[str, Any] | None
) -> tuple[BaseSpec, Adapter, str]:
    spec, adapter = convert.convert(source, out, specs, config=config)
    return spec, adapter, convert.sha256(out)


def _config(raw: bytes | None) -> dict[str, Any] | None:
    if raw is None:
        return None
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise BadInput("the configuration is no JSON object", next_step="give the adapter_config.json of PEFT")
    return data


def _consent(row: AdapterRow, by: str, note: str) -> None:
    """Record who consented, and when that was said first; only a person's likeness needs it."""
    if row.likeness != "person" or not by:
        row.consent = None
        return
    old = row.consent or {}
    same = old.get("by") == by and old.get("note") == note
    row.consent = {"by": by, "note": note, "at": old["at"] if same else now()}


def _row(s: Session, adapter_id: str) -> AdapterRow:
    row = s.get(AdapterRow, adapter_id)
    if row is None:
        raise NotFound(f"there is no adapter {adapter_id!r}", next_step="list them with GET /adapters")
    return row
