"""Context: what one running server has, made once and handed to every route."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path

from server.auth import Tokens
from server.bus import Bus
from server.catalogue import Catalogue
from server.chats import Chats
from server.db.store import Store
from server.looks import Looks
from server.outputs import Outputs
from server.rooms.rooms import Rooms
from server.scripts import Scripts
from server.settings import Settings


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
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    started: float = field(default_factory=time.monotonic)


def make_context(settings: Settings, data: Path, run_dir: Path, bus: Bus) -> Context:
    """Wire the services up; the database must have been migrated."""
    from server.db.store import FILE

    store = Store(data / FILE)
    tokens = Tokens(store, settings.server.session_hours * 3600.0)
    catalogue = Catalogue(store, data / "pictures")
    scripts, chats = Scripts(store), Chats(store)
    outputs = Outputs(store, settings.recording, data)
    looks = Looks(store, data / "looks", settings)
    rooms = Rooms(settings, data, store, bus, catalogue, scripts, outputs, looks, chats)
    return Context(settings, data, run_dir, store, bus, tokens, catalogue, scripts, outputs, looks, chats, rooms)
