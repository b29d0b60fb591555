"""Running orders: what a room's show consists of, kept in the database, and the jumps within it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from pipelines.rundown import Item, Plan, derive
from pipelines.scriptbook import pitched
from server.catalogue import Catalogue
from server.db.models import RoomRow, RunningOrderRow
from server.db.store import Store
from server.documents import RunningItem, RunningOrderIn
from server.rooms.rooms import Rooms
from server.scripts import Scripts
from streaming.errors import BadInput, NotFound


class BadItem(BadInput):
    """An item that can't be in the order; `extra` names its place for programs."""

    def __init__(self, message: str, at: list[int], *, next_step: str) -> None:
        super().__init__(message, next_step=next_step)
        self.extra = {"what": "items", "at": at}


class RunningOrders:
    """Running orders of all rooms; `changed` is told the room whose order is another now."""

    def __init__(self, store: Store, catalogue: Catalogue, scripts: Scripts, rooms: Rooms) -> None:
        self._store, self._catalogue, self._scripts, self._rooms = store, catalogue, scripts, rooms
        self.changed: Callable[[str], None] = lambda room: None

    def plan(self, room: str) -> Plan | None:
        """What the room's show follows; None when nobody has written a running order for it."""
        with self._store.session() as s:
            row = s.get(RunningOrderRow, room)
            return plan_of(RunningOrderIn.model_validate(row.document)) if row is not None else None

    def get(self, room: str) -> dict[str, Any]:
        """The running order's document: as it is followed on air, else as it would be; raises `NotFound`.

        Items whose product was deleted are left out.
        """
        known = {p.product_id for p in self._catalogue.products(room)}
        on_air = self._rooms.on_air.get(room)
        followed = on_air.show.running_order() if on_air is not None else None
        if followed is not None and followed["plan"].items:
            return _document(room, followed["plan"], known, derived=followed["derived"], now=followed["now"])
        self._need(room)
        plan = self.plan(room)
        return _document(room, plan or self._derived(room), known, derived=plan is None, now=None)

    def _derived(self, room: str) -> Plan:
        scripts = self._scripts.scripts(room)
        able = [p for p in self._catalogue.products(room) if pitched(p.product_id, scripts)]
        return derive(able, self._rooms.spec(room).lang)

    def put(self, room: str, body: RunningOrderIn) -> dict[str, Any]:
        """Replace the order; raises `BadItem` and changes nothing when an item is wrong."""
        self._need(room)
        body = self._checked(room, body)
        with self._store.session() as s:
            row = s.get(RunningOrderRow, room)
            if row is None:
                s.add(RunningOrderRow(room=room, document=body.model_dump(mode="json")))
            else:
                row.document = body.model_dump(mode="json")
        self.changed(room)
        return self.get(room)

    def _checked(self, room: str, body: RunningOrderIn) -> RunningOrderIn:
        known = {p.product_id for p in self._catalogue.products(room)}
        items: list[RunningItem] = []
        seen: dict[str, int] = {}
        for at, item in enumerate(body.items):
            item_id = item.id or "i-" + secrets.token_hex(4)
            if item_id in seen:
                raise BadItem(
                    f"items {seen[item_id] + 1} and {at + 1} have the same id {item_id!r}", [seen[item_id], at],
                    next_step="leave the id of the new one out",
                )
            if item.product_id is not None and item.product_id not in known:
                raise BadItem(
                    f"item {at + 1}: the room has no product {item.product_id!r}", [at],
                    next_step="choose a product of GET /products?room=, or remove the item",
                )
            about = [t for texts in item.points.values() for t in texts if "{product}" in t or "{price}" in t]
            if about and item.product_id is None:
                raise BadItem(
                    f"item {at + 1}: a point with {{product}} or {{price}} belongs to a product", [at],
                    next_step="set product_id, or write the point without it",
                )
            seen[item_id] = at
            items.append(item.model_copy(update={"id": item_id}))
        return body.model_copy(update={"items": items})

    def reset(self, room: str) -> dict[str, Any]:
        """Forget the room's own order: it is derived from catalogue and scripts again."""
        self._need(room)
        with self._store.session() as s:
            row = s.get(RunningOrderRow, room)
            if row is not None:
                s.delete(row)
        self.changed(room)
        return self.get(room)

    def go(self, room: str, item_id: str) -> dict[str, Any]:
        """Begin an item at the next sentence boundary; raises `NotFound` or `Conflict`."""
        self._rooms.need(room).show.go_to(item_id)
        return self.get(room)

    def next(self, room: str) -> dict[str, Any]:
        """Begin the item that follows at the next sentence boundary; raises `Conflict`."""
        self._rooms.need(room).show.next_item()
        return self.get(room)

    def _need(self, room: str) -> None:
        with self._store.session() as s:
            if s.get(RoomRow, room) is None:
                raise NotFound(f"there is no room {room!r}", next_step="list them with GET /rooms")


def plan_of(body: RunningOrderIn) -> Plan:
    """The running order as the show follows it."""
    items = tuple(
        Item(
            i.id or "", i.kind, i.title, i.product_id, i.minutes, i.lang,
            {lang: tuple(texts) for lang, texts in i.points.items()}, i.enabled,
        )
        for i in body.items
    )
    return Plan(items, body.enabled, body.loop)


def _document(
    room: str, plan: Plan, known: set[str], *, derived: bool, now: dict[str, Any] | None
) -> dict[str, Any]:
    items = [
        {
            "id": i.item_id, "kind": i.kind, "title": i.title, "product_id": i.product_id, "minutes": i.minutes,
            "lang": i.lang, "points": {lang: list(texts) for lang, texts in i.points.items()}, "enabled": i.enabled,
        }
        for i in plan.items if i.product_id is None or i.product_id in known
    ]
    return {"room": room, "enabled": plan.enabled, "loop": plan.loop, "derived": derived, "items": items, "now": now}
