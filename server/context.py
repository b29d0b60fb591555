"""Context: what one running server has, made once and handed to every route."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from server.airlog import AirLog
from server.auth import Tokens
from server.bus import Bus
from server.catalogue import Catalogue
from server.chats import Chats
from server.db.store import Store
from server.desk import Desk
from server.guarding import Guarding
from server.lines import Lines
from server.looks import Looks
from server.outputs import Outputs
from server.rooms.rooms import Rooms
from server.running_orders import RunningOrders
from server.scripts import Scripts
from server.settings import Settings
from server.takeover import Takeover
from server.training.datasets import Datasets
from server.training.jobs import Jobs
from server.wardrobe.activations import Activations
from server.wardrobe.catalogue import AdapterCatalogue
from server.wardrobe.personas import Personas
from server.wardrobe.portraits import Portraits
from server.wardrobe.schedules import Schedules
from server.wardrobe.studio import Studio
from server.writing import Writing


@dataclass(slots=True)
class Context:
    """Services and state of one server."""

    settings: Settings
    data: Path
    run_dir: Path
    store: Store
    bus: Bus
    tokens: Tokens
    catalogue: Catalogue
    scripts: Scripts
    outputs: Outputs
    looks: Looks
    chats: Chats
    rooms: Rooms
    studio: Studio
    adapters: AdapterCatalogue
    personas: Personas
    portraits: Portraits
    activations: Activations
    schedules: Schedules
    datasets: Datasets
    jobs: Jobs
    airlog: AirLog
    guarding: Guarding
    takeover: Takeover
    lines: Lines
    running_orders: RunningOrders
    writing: Writing
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    on_studio: list[Callable[[], None]] = field(default_factory=list)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    started: float = field(default_factory=time.monotonic)

    def active(self, room: str) -> dict[str, Any]:
        """Who is on air in a room, since when, and until when by the schedule."""
        worn, until = self.activations.worn(room), self.schedules.until(room)
        return {
            "room": room, "persona": worn.persona, "name": worn.name, "visual": worn.visual,
            "language": worn.language, "weight": worn.visual_weight if worn.visual else worn.language_weight,
            "look_id": worn.look_id, "since": worn.since, "source": worn.source,
            "until": until.isoformat().replace("+00:00", "Z") if until else None,
        }

    def wardrobe_status(self, room: str) -> dict[str, Any]:
        """What the wardrobe adds to a room's status."""
        worn = self.active(room)
        persona = {"id": worn["persona"], **{k: worn[k] for k in ("name", "since", "source", "until")}}
        return {
            "persona": persona if worn["persona"] else None, "activation": self.activations.record.latest(room),
            "studio": {"state": self.studio.state},
        }

    @property
    def desk(self) -> Desk:
        """What is written in the rooms, and why."""
        return self.rooms.desk

    def engine_changed(self, document: dict[str, Any]) -> None:
        """A writing engine is down, slow or back: shown on the desk of every room on air."""
        for room in self.rooms.on_air:
            self.desk.note(room, {"type": "engine", **document})

    def studio_up(self) -> None:
        """A studio has come up: dress it, and make the samples that are owed."""
        for tell in self.on_studio:
            tell()
        self.adapters.wake()
        self.portraits.resume()
        task = asyncio.get_running_loop().create_task(self.activations.redress())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


def make_context(settings: Settings, data: Path, run_dir: Path, bus: Bus) -> Context:
    """Wire the services up; the database must have been migrated."""
    from server.db.store import FILE

    store = Store(data / FILE)
    tokens = Tokens(store, settings.server.session_hours * 3600.0)
    catalogue = Catalogue(store, data / "pictures")
    scripts, chats = Scripts(store), Chats(store)
    outputs = Outputs(store, settings.recording, data)
    looks = Looks(store, data / "looks", settings)
    airlog = AirLog(data / "airlog", settings.airlog.keep_days)
    rooms = Rooms(settings, data, store, bus, catalogue, scripts, outputs, looks, chats, airlog)
    guarding = Guarding(store, catalogue)
    studio = Studio(settings, data, bus)
    adapters, personas = AdapterCatalogue(store, data / "adapters", studio), Personas(store)
    portraits = Portraits(settings, looks, studio, adapters)
    activations = Activations(store, rooms, studio, adapters, personas, looks, portraits)
    schedules = Schedules(store, activations, follow=settings.schedule.follow)
    datasets = Datasets(data / "datasets", settings.training.max_upload_mb << 20)
    jobs = Jobs(settings, data / "training", datasets, studio, adapters)
    context = Context(
        settings, data, run_dir, store, bus, tokens, catalogue, scripts, outputs, looks, chats, rooms, studio, adapters,
        personas, portraits, activations, schedules, datasets, jobs, airlog,
        guarding, Takeover(store, rooms, bus, run_dir), Lines(store, rooms),
        RunningOrders(store, catalogue, scripts, rooms), Writing(settings, studio),
    )
    rooms.writer = context.writing.writer
    context.writing.chain.listen(context.engine_changed)
    guarding.changed = rooms.set_words
    rooms.plan, context.running_orders.changed = context.running_orders.plan, rooms.set_running_order
    rooms.words, rooms.fingerprint = guarding.words, adapters.fingerprint
    rooms.run = run_dir.name
    rooms.wardrobe, studio.ready = context.wardrobe_status, context.studio_up
    return context
