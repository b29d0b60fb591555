"""Scripts: what operators wrote for the presenter to say."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipelines.line import Lang
from pipelines.scriptbook import Script, ScriptKind
from server.db.models import ProductRow, RoomRow, ScriptRow
from server.db.store import Store
from server.documents import ScriptIn
from streaming.errors import BadInput, NotFound


class Scripts:
    """Scripts in the database; every change is told to the room."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.changed: Callable[[str], None] = lambda room: None

    def every(self, room: str | None = None, product_id: str | None = None) -> list[dict[str, Any]]:
        """Scripts of a room, or of one product."""
        query = select(ScriptRow).order_by(ScriptRow.room, ScriptRow.kind, ScriptRow.id)
        if room is not None:
            query = query.where(ScriptRow.room == room)
        if product_id is not None:
            query = query.where(ScriptRow.product_id == product_id)
        with self._store.session() as s:
            return [document(row) for row in s.scalars(query)]

    def get(self, script_id: str) -> dict[str, Any]:
        """One script; raises `NotFound`."""
        with self._store.session() as s:
            return document(_row(s, script_id))

    def create(self, body: ScriptIn, script_id: str = "") -> dict[str, Any]:
        """Add a script."""
        with self._store.session() as s:
            _check(s, body)
            row = ScriptRow(id=script_id or "s-" + secrets.token_hex(5), **body.model_dump())
            s.add(row)
            s.flush()
            made = document(row)
        self.changed(body.room)
        return made

    def replace(self, script_id: str, body: ScriptIn) -> dict[str, Any]:
        """Overwrite a script."""
        with self._store.session() as s:
            row = _row(s, script_id)
            _check(s, body)
            for key, value in body.model_dump().items():
                setattr(row, key, value)
            s.flush()
            changed = document(row)
        self.changed(body.room)
        return changed

    def delete(self, script_id: str) -> None:
        """Remove a script."""
        with self._store.session() as s:
            row = _row(s, script_id)
            room = row.room
            s.delete(row)
        self.changed(room)

    def scripts(self, room: str) -> list[Script]:
        """The room's scripts as the show needs them."""
        with self._store.session() as s:
            rows = s.scalars(select(ScriptRow).where(ScriptRow.room == room).order_by(ScriptRow.id)).all()
        return [
            Script(r.id, cast(ScriptKind, r.kind), cast(Lang, r.lang), r.text, r.product_id, r.enabled, r.room)
            for r in rows
        ]


def _row(s: Session, script_id: str) -> ScriptRow:
    row = s.get(ScriptRow, script_id)
    if row is None:
        raise NotFound(f"there is no script {script_id!r}", next_step="list them with GET /scripts")
    return row


def _check(s: Session, body: ScriptIn) -> None:
    if s.get(RoomRow, body.room) is None:
        raise NotFound(f"there is no room {body.room!r}", next_step="list them with GET /rooms")
    if body.product_id is not None:
        product = s.get(ProductRow, body.product_id)
        if product is None or product.room != body.room:
            raise NotFound(f"room {body.room} has no product {body.product_id!r}", next_step="list them: GET /products")
    elif body.kind == "pitch" and "{product}" in body.text:
        raise BadInput("a pitch with {product} belongs to a product", next_step="set product_id")


def document(row: ScriptRow) -> dict[str, Any]:
    """A script as the API shows it."""
    return {
        "id": row.id, "room": row.room, "kind": row.kind, "product_id": row.product_id, "lang": row.lang,
        "text": row.text, "enabled": row.enabled,
    }
