"""Rooms: which there are, which are on air, and where each event goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipelines.line import Lang
from pipelines.rundown import Plan
from pipelines.writer import Writer
from server.airlog import AirLog
from server.bus import Bus
from server.catalogue import Catalogue
from server.chats import MAX_TEXT, Chats
from server.db.models import LookRow, RoomRow
from server.db.store import Store
from server.desk import Desk
from server.documents import ChatIn, GuardWords, RoomIn, RoomPatch
from server.looks import Looks
from server.outputs import Outputs
from server.rooms import status
from server.rooms.room import Ears, Room, RoomSpec
from server.scripts import Scripts
from server.settings import Settings
from server.wardrobe.worn import worn_by
from streaming.channel import Message
from streaming.errors import Conflict, NotFound

Feed = Callable[[dict[str, Any]], None]


class Rooms:
    """All rooms of one installation; `wardrobe` adds to a room's status who is on air, `writer` makes one."""

    def __init__(
        self, settings: Settings, data: Path, store: Store, bus: Bus, catalogue: Catalogue, scripts: Scripts,
        outputs: Outputs, looks: Looks, chats: Chats, airlog: AirLog,
    ) -> None:
        self._settings, self._data, self._store, self._bus = settings, data, store, bus
        self._catalogue, self._scripts, self._outputs = catalogue, scripts, outputs
        self._looks, self._chats, self._airlog = looks, chats, airlog
        self.on_air: dict[str, Room] = {}
        self._children: dict[str, Message] = {}
        self._feeds: dict[str, set[Feed]] = {}
        self.writer: Callable[[str], Writer | None] = lambda room_id: None
        self.desk = Desk()
        self.words: Callable[[str], GuardWords] = lambda room_id: GuardWords()
        self.plan: Callable[[str], Plan | None] = lambda room_id: None
        self.fingerprint: Callable[[str | None], str | None] = lambda adapter: adapter
        self.wardrobe: Callable[[str], dict[str, Any]] = lambda room_id: {}
        self.run = ""
        catalogue.changed = scripts.changed = self._reload
        outputs.changed = self._rearrange
        looks.ready = self._look_ready
        bus.listen("child", self._on_child)
        bus.listen("take.started", self._on_take)
        bus.listen("take.finished", self._on_take)
        bus.listen("sink.state", self._on_sink)

    # -- rows ------------------------------------------------------------------------------------

    def every(self) -> list[dict[str, Any]]:
        """Every room."""
        with self._store.session() as s:
            return [self._document(row) for row in s.scalars(select(RoomRow).order_by(RoomRow.created, RoomRow.id))]

    def get(self, room_id: str) -> dict[str, Any]:
        """One room; raises `NotFound`."""
        with self._store.session() as s:
            return self._document(_row(s, room_id))

    def create(self, body: RoomIn, *, on_air: bool = False) -> dict[str, Any]:
        """Add a room."""
        with self._store.session() as s:
            if s.get(RoomRow, body.id) is not None:
                raise Conflict(f"there is a room {body.id!r} already", next_step="choose another id")
            _need_look(s, body.look_id)
            row = RoomRow(**body.model_dump(), on_air=on_air)
            s.add(row)
            s.flush()
            return self._document(row)

    def patch(self, room_id: str, body: RoomPatch) -> dict[str, Any]:
        """Change a room; a new format restarts its playout, everything else is seamless."""
        with self._store.session() as s:
            row = _row(s, room_id)
            values = body.model_dump(exclude_unset=True)
            _need_look(s, values.get("look_id"))
            for key, value in values.items():
                if value is not None or key in ("look_id", "width", "height", "fps", "video_kbps"):
                    setattr(row, key, value)
            if row.worn is not None:
                # Said of the room, it is said of whoever is on air in it.
                said = {k: v for k, v in values.items() if k in ("lang", "voice", "look_id") and v is not None}
                row.worn = row.worn | said
            s.flush()
            spec, changed = self._spec(row), self._document(row)
        room = self.on_air.get(room_id)
        if room is not None:
            room.set_spec(spec)
        return changed

    async def delete(self, room_id: str) -> None:
        """Remove a room with all that belongs to it."""
        await self.stop(room_id)
        with self._store.session() as s:
            s.delete(_row(s, room_id))
        self.desk.forget(room_id)

    def spec(self, room_id: str) -> RoomSpec:
        """A room with the settings' defaults filled in; raises `NotFound`."""
        with self._store.session() as s:
            return self._spec(_row(s, room_id))

    def _spec(self, row: RoomRow) -> RoomSpec:
        v = self._settings.video
        return RoomSpec(
            row.id, row.title, row.subtitle, cast(Lang, row.lang), row.voice, row.look_id, row.width or v.width,
            row.height or v.height, row.fps or v.fps, row.video_kbps or v.kbps, row.currency, row.on_air, row.paused,
            worn_by(row), row.takeover, row.slate,
        )

    def _document(self, row: RoomRow) -> dict[str, Any]:
        spec = self._spec(row)
        return {
            "id": spec.id, "title": spec.title, "subtitle": spec.subtitle, "lang": spec.lang, "voice": spec.voice,
            "look_id": spec.look_id, "width": spec.width, "height": spec.height, "fps": spec.fps,
            "video_kbps": spec.video_kbps, "on_air": spec.on_air, "currency": spec.currency,
        }

    # -- on and off air --------------------------------------------------------------------------

    async def start_all(self) -> None:
        """Put every room on air that was on air when the server ended."""
        for room in self.every():
            if room["on_air"]:
                await self.start(room["id"])

    async def start(self, room_id: str) -> dict[str, Any]:
        """Put a room on air; does nothing when it is."""
        with self._store.session() as s:
            row = _row(s, room_id)
            row.on_air = True
            s.flush()
            spec, document = self._spec(row), self._document(row)
        if room_id not in self.on_air:
            room = Room(
                spec, self._settings, self._data, self._bus, self._catalogue, self._scripts, self._outputs,
                self._looks, self._airlog, Ears(self._on_answered, self._tell, self.fingerprint, self.desk.note),
                self.writer(room_id), run=self.run,
            )
            room.set_words(self.words(room_id))
            room.set_running_order(self.plan(room_id))
            self.on_air[room_id] = room
            for entry in self._children.values():
                if _concerns(entry, room_id):
                    room.on_child(entry)
            room.start()
        return document

    async def stop(self, room_id: str) -> dict[str, Any]:
        """Take a room off air and end its processes."""
        with self._store.session() as s:
            row = _row(s, room_id)
            row.on_air, row.takeover, row.slate = False, False, None
            s.flush()
            document = self._document(row)
        room = self.on_air.pop(room_id, None)
        if room is not None:
            await room.stop(processes=True)
        return document

    async def close(self) -> None:
        """End the shows, but not their processes."""
        rooms = list(self.on_air.values())
        self.on_air.clear()
        await asyncio.gather(*(room.stop(processes=False) for room in rooms))

    def need(self, room_id: str) -> Room:
        """The room on air; raises `NotFound` or `Conflict`."""
        room = self.on_air.get(room_id)
        if room is None:
            self.get(room_id)
            raise Conflict(f"room {room_id} is not on air", next_step=f"POST /rooms/{room_id}/start first")
        return room

    def pause(self, room_id: str, on: bool) -> dict[str, Any]:
        """Stop talking after this sentence, or go on."""
        room = self.need(room_id)
        with self._store.session() as s:
            _row(s, room_id).paused = on
        room.show.pause(on)
        return self.status(room_id)

    def skip(self, room_id: str) -> dict[str, Any]:
        """Drop the sentence on air."""
        self.need(room_id).show.skip()
        return self.status(room_id)

    def status(self, room_id: str) -> dict[str, Any]:
        """The room's status document."""
        outputs = self._outputs.every(room_id)
        room = self.on_air.get(room_id)
        if room is None:
            return status.off_air(self.get(room_id), outputs) | self.wardrobe(room_id)
        return status.status(room, outputs, self._looks.name(room.spec.look_id)) | self.wardrobe(room_id)

    def sink(self, output: dict[str, Any]) -> dict[str, Any]:
        """What one output is doing."""
        found = (o for o in self.status(output["room"])["outputs"] if o["id"] == output["id"])
        return next(found, {})

    def activate_look(self, room_id: str, look_id: str) -> None:
        """Show a look in a room; raises `Conflict` when it is not ready."""
        look = self._looks.get(look_id)
        if look["state"] != "ready":
            raise Conflict(f"look {look_id} is {look['state']}", next_step="wait for it, or set its landmarks")
        self.patch(room_id, RoomPatch(look_id=look_id))

    # -- chat ------------------------------------------------------------------------------------

    def chat(self, body: ChatIn) -> dict[str, Any]:
        """Take a viewer's line in; returns its id and what the inbox made of it."""
        line = self._chats.add(body.room, body.user, body.text, body.kind)
        room = self.on_air.get(body.room)
        if room is None:
            accepted, reason = False, "off_air"
        else:
            # The inbox sees the whole text, so that it can refuse what is too long.
            text = body.text if len(body.text) > MAX_TEXT else line["text"]
            verdict = room.chat(str(line["id"]), line["user"], text, body.kind)
            accepted, reason = verdict.accepted, verdict.reason
        self._chats.settle(line["id"], accepted=accepted, reason=reason)
        self._tell(body.room, {"type": "chat", **line, "accepted": accepted, "reason": reason})
        return {"id": line["id"], "accepted": accepted, "reason": reason}

    def set_words(self, room_id: str) -> None:
        """The words of a room's guard have changed."""
        if room_id in self.on_air:
            self.on_air[room_id].set_words(self.words(room_id))

    def set_running_order(self, room_id: str) -> None:
        """The running order of a room has changed."""
        if room_id in self.on_air:
            self.on_air[room_id].set_running_order(self.plan(room_id))

    def _on_answered(self, room_id: str, event_id: str) -> None:
        line = self._chats.answered(int(event_id)) if event_id.isdigit() else None
        if line is not None:
            self._tell(room_id, {"type": "chat", **line})

    def feed(self, room_id: str, feed: Feed) -> Callable[[], None]:
        """Have `feed` called with every chat line; returns what ends it."""
        feeds = self._feeds.setdefault(room_id, set())
        feeds.add(feed)
        return lambda: feeds.discard(feed)

    def _tell(self, room_id: str, document: dict[str, Any]) -> None:
        for feed in list(self._feeds.get(room_id, ())):
            feed(document)

    # -- events ----------------------------------------------------------------------------------

    def _on_child(self, message: Message) -> None:
        if message.get("state") == "gone":
            self._children.pop(str(message.get("name")), None)
        else:
            self._children[str(message.get("name"))] = message
        for room_id, room in self.on_air.items():
            if _concerns(message, room_id):
                room.on_child(message)

    def _on_take(self, message: Message) -> None:
        room = self.on_air.get(str(message.get("from")).partition(":")[2])
        if room is not None:
            room.on_take(message)

    def _on_sink(self, message: Message) -> None:
        parts = str(message.get("from")).split(":")
        if len(parts) == 3 and parts[1] in self.on_air:
            self.on_air[parts[1]].on_sink(message)

    def children(self) -> list[Message]:
        """Every child as last heard of."""
        return list(self._children.values())

    def _reload(self, room_id: str) -> None:
        if room_id in self.on_air:
            self.on_air[room_id].reload()

    def _rearrange(self, room_id: str) -> None:
        if room_id in self.on_air:
            self.on_air[room_id].rearrange()

    def _look_ready(self, look_id: str) -> None:
        for room in self.on_air.values():
            if room.spec.look_id == look_id:
                room.rearrange()


def _concerns(message: Message, room_id: str) -> bool:
    name = str(message.get("name"))
    return name == "voice" or name.split(":")[1:2] == [room_id]


def _row(s: Session, room_id: str) -> RoomRow:
    row = s.get(RoomRow, room_id)
    if row is None:
        raise NotFound(f"there is no room {room_id!r}", next_step="list them with GET /rooms")
    return row


def _need_look(s: Session, look_id: str | None) -> None:
    if look_id is not None and s.get(LookRow, look_id) is None:
        raise NotFound(f"there is no look {look_id!r}", next_step="list them with GET /looks")
