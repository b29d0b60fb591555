"""Room: the processes and the show of one room while it is on air.

Playout, mux and sinks belong to the supervisor and outlive this process; a room that finds them running
carries on with them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from pipelines.catalogue import Product
from pipelines.events import ChatEvent, ChatKind
from pipelines.inbox import Verdict
from pipelines.line import LANGS, Lang
from pipelines.profile import Mood, RoomProfile
from pipelines.rundown import Plan
from pipelines.show import RoomShow
from pipelines.writer import Writer
from server.aigc import notice
from server.airlog import AirLog
from server.bus import Bus
from server.catalogue import Catalogue
from server.documents import GuardWords
from server.looks import Looks
from server.outputs import Outputs
from server.rooms.backstage import SAMPLE_RATE, BusStage, BusVoice
from server.rooms.card import card
from server.scripts import Scripts
from server.settings import Settings
from server.wardrobe.worn import Worn
from streaming.channel import Message
from streaming.errors import NightAnchorError, NotFound

log = logging.getLogger("nightanchor.room")

RETRY_S = 1.0
SAVE_EVERY_S = 2.0
LOOK_FADE_MS, LOOK_LIMIT_S = 400, 20.0


@dataclass(frozen=True, slots=True)
class RoomSpec:
    """A room's row with the settings' defaults filled in."""

    id: str
    title: str
    subtitle: str
    lang: Lang
    voice: str
    look_id: str | None
    width: int
    height: int
    fps: int
    video_kbps: int
    currency: str
    on_air: bool
    paused: bool
    presenter: Worn
    takeover: bool = False
    slate: str | None = None


@dataclass(frozen=True, slots=True)
class Ears:
    """Whom a room tells: `answered` (room, event id), `guarded` (room, event), `desk` (room, any event of the show).

    `fingerprint` is an adapter's hash.
    """

    answered: Callable[[str, str], None]
    guarded: Callable[[str, dict[str, Any]], None]
    fingerprint: Callable[[str | None], str | None]
    desk: Callable[[str, dict[str, Any]], None] = lambda room, event: None


class Room:
    """One room on air; made when it starts, thrown away when it stops."""

    def __init__(
        self, spec: RoomSpec, settings: Settings, data: Path, bus: Bus, catalogue: Catalogue, scripts: Scripts,
        outputs: Outputs, looks: Looks, airlog: AirLog, ears: Ears, writer: Writer | None = None, *, run: str = "",
    ) -> None:
        self.spec, self._run = spec, run
        self._aigc = notice(settings.aigc, data, spec.id)
        self._speaking, self._resumed = "", False
        self._began_s: float | None = None
        self.children: dict[str, dict[str, Any]] = {}
        self._settings, self._bus = settings, bus
        self._catalogue, self._scripts, self._outputs, self._looks = catalogue, scripts, outputs, looks
        self._airlog = airlog
        self._answered, self._guarded, self._fingerprint = ears.answered, ears.guarded, ears.fingerprint
        self._desk, self._spoken = ears.desk, LANGS
        self._file = data / "rooms" / f"{spec.id}.show.json"
        self._products: dict[str, Product] = {}
        self._card_id: str | None = None
        self._shown: dict[str, str] | None = None
        self._playout_pid: int | None = None
        self._voice_pid: int | None = None
        self._wake = asyncio.Event()
        self._sinks: dict[str, tuple[str, dict[str, Any]]] = {}
        self._fresh = True
        self._dressing = asyncio.Lock()
        self.show = RoomShow(
            self._profile(), BusVoice(bus, spec.fps), BusStage(bus, spec.id), clock=time.monotonic,
            rng=random.Random(), state=self._load(), on_event=self._on_show, hour=self._hour,
            writer=writer, no_repeat_s=settings.show.no_repeat_min * 60.0, low_stock=settings.show.low_stock,
        )
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def playout(self) -> str:
        """The name of the room's playout."""
        return f"playout:{self.spec.id}"

    @property
    def unlogged(self) -> bool:
        """Whether what is said can't be recorded now."""
        return self._airlog.down

    def _hour(self) -> int:
        """The hour of the clock in the room's picture."""
        zone = self._settings.show.time_zone
        return datetime.now(ZoneInfo(zone) if zone else None).hour

    def _profile(self) -> RoomProfile:
        s, p, show = self.spec, self.spec.presenter, self._settings.show
        voices = {p.lang: p.voice} if p.voice else {}
        mood = cast(Mood, p.mood or show.mood)
        rest_s = show.rest_s if p.rest_s is None else p.rest_s
        return RoomProfile(
            s.id, s.title, p.lang, voices, mood, rest_s, p.greeting, p.prompt, p.language, self._spoken,
            show.notice_min * 60.0,
        )

    # -- start and stop --------------------------------------------------------------------------

    def start(self) -> None:
        """Begin; returns at once, the processes come up by themselves."""
        self.reload()
        self.show.pause(self.spec.paused)
        self.show.take_over(self.spec.takeover)
        self.show.emergency(self.spec.slate is not None)
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(c) for c in (self.show.run(), self._keep(), self._save_often())]
        for task in self._tasks:
            task.add_done_callback(_report)

    async def stop(self, *, processes: bool) -> None:
        """End the show; with `processes`, its processes, too."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._save(over=processes)
        if not processes:
            return
        self.note("off air")
        names = [*self._sinks, f"mux:{self.spec.id}", self.playout]
        for name in names:
            with contextlib.suppress(NightAnchorError):
                await self._bus.request("supervisor", "remove", name=name)

    async def _keep(self) -> None:
        """Bring the processes in line with what should run, now and whenever something changed."""
        while True:
            self._wake.clear()
            try:
                await self._arrange()
            except NightAnchorError as e:
                log.warning("room %s: %s", self.spec.id, e)
                await asyncio.sleep(RETRY_S)
                continue
            await self._wake.wait()

    async def _arrange(self) -> None:
        room = self.spec.id
        await self._ensure("voice", "voice", {})
        await self._ensure(self.playout, "playout", self._playout_config())
        await self._ensure(f"mux:{room}", "mux", {"room": room, "aigc": self._aigc})
        wanted = {n: (kind, {**config, "aigc": self._aigc}) for n, (kind, config) in self._outputs.sinks(room).items()}
        running = set(self._sinks)
        if self._fresh:
            running |= {n for n in self.children if n.startswith(f"sink:{room}:")}
            self._fresh = False
        for name in running - set(wanted):
            with contextlib.suppress(NotFound):
                await self._bus.request("supervisor", "remove", name=name)
            self.children.pop(name, None)
        for name, (kind, config) in wanted.items():
            await self._ensure(name, kind, config)
        self._sinks = wanted
        await self._listen_to_voice()
        await self._dress()

    async def _listen_to_voice(self) -> None:
        """In which languages there is a voice: viewers are answered in these."""
        if self.children.get("voice", {}).get("state") != "running":
            return
        voices = (await self._bus.request("voice", "voices"))["voices"]
        spoken = tuple(lang for lang in LANGS if any(v["lang"] == lang for v in voices))
        if spoken and spoken != self._spoken:
            self._spoken = spoken
            self.show.set_profile(self._profile())

    async def _ensure(self, name: str, kind: str, config: dict[str, Any]) -> None:
        await self._bus.request("supervisor", "ensure", name=name, kind=kind, config=config)

    def _playout_config(self) -> dict[str, Any]:
        # Look, title and card are told in messages: a different config would restart the picture.
        s, v = self.spec, self._settings.video
        return {
            "room": s.id, "width": s.width, "height": s.height, "fps_num": s.fps, "fps_den": 1,
            "sample_rate": SAMPLE_RATE, "video_kbps": s.video_kbps, "audio_kbps": self._settings.audio.kbps,
            "encoder": v.encoder, "preset": v.preset, "threads": v.threads, "look": "", "title": "", "subtitle": "",
            "label": self._settings.show.label, "lang": s.lang, "clock_tz": self._settings.show.time_zone,
        }

    async def _dress(self) -> None:
        """Tell playout what to show, if it is there; the journal keeps it over its restarts."""
        if self.children.get(self.playout, {}).get("state") != "running":
            return
        async with self._dressing:
            s = self.spec
            await self._tell_slate()
            await self._bus.request(self.playout, "header", title=s.title, subtitle=s.subtitle)
            await self._show_card(force=True)
            if s.look_id is not None and self._looks.path(s.look_id, s.width, s.height) is None:
                self._looks.want(s.look_id, s.width, s.height)
            elif s.look_id is not None:
                await self.show_look(s.look_id)

    async def show_look(self, look_id: str) -> None:
        """Cross-fade to a look that is baked, unless it is on already; raises what playout raises."""
        path = self._looks.path(look_id, self.spec.width, self.spec.height)
        if path is None:
            raise NotFound(f"look {look_id} is not baked for this picture", next_step="Activate it again.")
        state = await self._bus.request(self.playout, "state")
        if state.get("look") != str(path):
            await self._bus.request(
                self.playout, "look", timeout_s=LOOK_LIMIT_S, path=str(path), fade_ms=LOOK_FADE_MS, when="now"
            )

    # -- changes ---------------------------------------------------------------------------------

    def reload(self) -> None:
        """Products or scripts have changed: effective at once, on the card and for the next sentence."""
        products = self._catalogue.products(self.spec.id)
        self._products = {p.product_id: p for p in products}
        self.show.set_products(products)
        self.show.set_scripts(self._scripts.scripts(self.spec.id))
        self._wake.set()

    def set_words(self, words: GuardWords) -> None:
        """The guard's own words, for the very next sentence."""
        self.show.set_words([w.model_dump() for w in words.own], words.allowed)

    def set_running_order(self, plan: Plan | None) -> None:
        """The room's running order; None: one that is derived from catalogue and scripts."""
        self.show.set_running_order(plan)

    def take_over(self, spec: RoomSpec) -> None:
        """Somebody has taken over, or handed back."""
        self.spec = spec
        self.show.take_over(spec.takeover)

    async def slate(self, spec: RoomSpec) -> None:
        """Show the slate that the room's row has, or none; a playout that is away shows it when it is back."""
        self.spec = spec
        try:
            await self._tell_slate()
        except NightAnchorError as e:
            log.warning("room %s: the slate waits for playout: %s", spec.id, e)
            self._wake.set()

    async def _tell_slate(self) -> None:
        text = self.spec.slate
        await self._bus.request(self.playout, "slate", on=text is not None, text=text or "")

    def rearrange(self) -> None:
        """Outputs or looks have changed."""
        self._wake.set()

    def set_spec(self, spec: RoomSpec) -> None:
        """The room's row has changed; a new format restarts its playout."""
        self.spec = spec
        self.show.set_profile(self._profile())
        self._wake.set()

    async def switch(
        self, commit: Callable[[], Awaitable[None]], spec: Callable[[], RoomSpec], patience_s: float
    ) -> None:
        """Change the presenter at a sentence boundary: `commit`, then go on as `spec` says."""

        async def change() -> RoomProfile:
            # Nothing else may dress the stage meanwhile, or it would put the old look back.
            async with self._dressing:
                await commit()
                self.spec = spec()
            return self._profile()

        await self.show.switch(change, patience_s=patience_s)
        self.note("presenter changed")
        self._wake.set()

    # -- chat ------------------------------------------------------------------------------------

    def chat(self, event_id: str, user: str, text: str, kind: str) -> Verdict:
        """One chat line: onto the picture if it may be seen there, and into the show."""
        verdict = self.show.on_chat(
            ChatEvent("panel", event_id, cast(ChatKind, kind), user, text, time.monotonic())
        )
        if verdict.accepted:
            self._bus.send(self.playout, "chat", user=user, text=text, kind=kind)
        return verdict

    # -- events ----------------------------------------------------------------------------------

    def on_child(self, entry: Message) -> None:
        """The supervisor's word about one of this room's children, or the voice."""
        name = str(entry.get("name"))
        before = self.children.get(name, {})
        self.children[name] = {**entry, "seen": time.monotonic()}
        if entry.get("state") == "gone":
            self.children.pop(name, None)
            return
        pid, running = entry.get("pid"), entry.get("state") == "running"
        if name == self.playout and running and pid != self._playout_pid:
            if self._playout_pid is not None:
                self.show.on_stage_restarted()
            known = "server restarted" if self._resumed else "on air"
            self.note(known if self._playout_pid is None else "playout restarted")
            self._playout_pid = cast(int, pid)
            self._shown = None
            self._wake.set()
        if name == "voice" and running and pid != self._voice_pid:
            self._voice_pid = cast(int, pid)
            self._wake.set()
            if before:
                self.show.on_voice_restarted()

    def on_take(self, message: Message) -> None:
        """Playout's word about a take: it began, or how it ended."""
        take_id, line_id = str(message.get("take_id")), str(message.get("line_id"))
        if message["op"] == "take.started":
            self._speaking, self._began_s = line_id, message.get("pts_s")
            self.show.on_take_started(take_id)
            self._began_s = None
            return
        outcome = str(message.get("outcome"))
        if line_id == self._speaking:
            self._speaking = ""
            if outcome in ("stopped", "lost"):
                self._airlog.post(self.spec.id, "cut", line_id=line_id, note=outcome, tick=self._media_time())
        self.show.on_take_finished(take_id, outcome)

    def on_sink(self, message: Message) -> None:
        """A sink's own word about its state, ahead of its next heartbeat."""
        name = str(message.get("from"))
        entry = self.children.get(name)
        if entry is not None:
            said = {k: v for k, v in message.items() if k not in ("op", "to", "from")}
            entry["status"] = {**entry.get("status", {}), **said}

    def _on_show(self, event: dict[str, Any]) -> None:
        self._desk(self.spec.id, event)
        if event["type"] in ("said", "guarded"):
            self._log(event)
        if event.get("source") == "notice" and event["type"] == "said":
            # A server that is killed now must not say it again.
            self._save()
        if event["type"] == "guarded":
            self._guarded(self.spec.id, event)
        elif event["type"] == "card":
            self._card_id = event["product_id"]
            self._wake.set()
        elif event["type"] == "answered":
            self._answered(self.spec.id, str(event["event_id"]))

    def _log(self, event: dict[str, Any]) -> None:
        worn = self.spec.presenter
        fields: dict[str, Any] = {k: event[k] for k in ("line_id", "text", "lang", "source", "product_id")}
        guard = event.get("guard")
        if event["type"] == "guarded":
            guard = {"guard": event["action"], "said": event["said"], "rules": [h["rule"] for h in event["hits"]]}
        self._airlog.post(
            self.spec.id, event["type"], **fields, reply_to=event.get("reply_to"), guard=guard,
            persona=worn.persona, visual=self._fingerprint(worn.visual), language=self._fingerprint(worn.language),
            tick=self._media_time(), recording=self._recording(), by=event.get("by"),
            voice=bool(event.get("voice")), duration_s=event.get("duration_s"),
        )

    def note(self, text: str, by: dict[str, str] | None = None) -> None:
        """Write into the air log what happened to the room, and who did it."""
        worn = self.spec.presenter
        self._airlog.post(self.spec.id, "event", note=text, persona=worn.persona, tick=self._media_time(), by=by)

    def _media_time(self) -> float | None:
        """Seconds since playout's first frame: those at which the sentence began that is told of, else those of now."""
        if self._began_s is not None:
            return self._began_s
        entry = self.children.get(self.playout, {})
        pts = entry.get("status", {}).get("pts_s")
        return None if pts is None else round(pts + time.monotonic() - entry["seen"], 2)

    def _recording(self) -> dict[str, Any] | None:
        """The file that is being recorded and the place in it, now."""
        for name, entry in self.children.items():
            status = entry.get("status", {})
            if name in self._sinks and status.get("file") and status.get("state") == "live":
                at, first = self._media_time(), status.get("first_s")
                offset = status["connected_s"] + time.monotonic() - entry["seen"]
                # A file of the encoder before: playout was restarted, and the recorder has not said so yet.
                if at is not None and first is not None and at >= first:
                    offset = at - first
                return {"file": status["file"], "offset_s": round(offset, 2)}
        return None

    async def _show_card(self, *, force: bool = False) -> None:
        pinned = next((p for p in self._products.values() if p.pinned), None)
        product = pinned or self._products.get(self._card_id or "") or next(iter(self._products.values()), None)
        fields = card(product, self.spec.lang) if product else None
        if force or fields != self._shown:
            await self._bus.request(self.playout, "card", product=fields)
            self._shown = fields

    # -- what is kept over a restart -------------------------------------------------------------

    def _load(self) -> dict[str, Any] | None:
        try:
            state = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(state, dict):
            return None
        # Another run, or after going off air: this is an opening, and begins with the notice.
        self._resumed = state.get("run") == self._run
        return state if self._resumed else state | {"notice_at": None}

    def _save(self, *, over: bool = False) -> None:
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            part = self._file.with_suffix(".part")
            state = self.show.state() | {"run": "" if over else self._run}
            part.write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")
            os.replace(part, self._file)

    async def _save_often(self) -> None:
        while True:
            await asyncio.sleep(SAVE_EVERY_S)
            self._save()


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("a room's task ended", exc_info=task.exception())
