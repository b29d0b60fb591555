"""Status: what the panel shows of a room (docs/api.md)."""

from __future__ import annotations

import time
from typing import Any

from server.db.models import now
from server.rooms.room import Room

STALE_S = 3.0
_PLAYOUT = ("fps", "bitrate_kbps", "ticks_missed", "ticks_repeated", "reanchored", "late_ms", "av_offset_ms", "look",
            "encoder")
_SINK = {"state": "starting", "reason": "", "message": "", "next_step": "", "bitrate_kbps": 0, "dropped": 0,
         "reconnects": 0, "connected_s": 0.0, "retry_s": 0.0}
_FAULTS = {
    "playout_down": {"zh": "画面进程正在恢复。", "en": "Playout is coming back."},
    "airlog_down": {
        "zh": "播出日志写不进磁盘，请检查磁盘空间。", "en": "The air log can't be written; is the disk full?",
    },
    "output_trouble": {"zh": "有推流目标未连通，请查看推流页面。", "en": "A destination is down; see Destinations."},
}
_TROUBLE = {"stalled", "backoff", "failed"}


def off_air(spec: dict[str, Any], outputs: list[dict[str, Any]]) -> dict[str, Any]:
    """The status of a room that is not on air."""
    return {
        "room": spec["id"], "on_air": False, "state": "down", "ts": now(), "paused": False, "title": spec["title"],
        "look": None, "pinned_product_id": None, "playout": {"state": "down"}, "voice": {"state": "down"},
        "outputs": [_output(o, None) for o in outputs], "now": None, "next": [], "queue_s": 0.0, "chat_waiting": 0,
        "running_order": None, "writer": None, "takeover": False, "slate": {"on": False, "text": ""},
        "faults": [],
    }


def status(room: Room, outputs: list[dict[str, Any]], look_name: str) -> dict[str, Any]:
    """The status of a room on air."""
    shown = room.show.snapshot()
    playout, voice = _process(room.children.get(room.playout)), _process(room.children.get("voice"))
    entry = room.children.get(room.playout, {})
    playout |= {key: entry.get("status", {}).get(key) for key in _PLAYOUT}
    on_air = playout["state"] == "running" and bool(playout["fps"])
    sinks = [_output(o, room.children.get(f"sink:{room.spec.id}:{o['id']}")) for o in outputs]
    faults = list(shown["faults"])
    if playout["state"] not in ("running", "starting"):
        faults.append({"code": "playout_down", "message": _FAULTS["playout_down"]})
    if room.unlogged:
        faults.append({"code": "airlog_down", "message": _FAULTS["airlog_down"]})
    if any(s["state"] in _TROUBLE for s in sinks):
        faults.append({"code": "output_trouble", "message": _FAULTS["output_trouble"]})
    return {
        "room": room.spec.id, "on_air": on_air, "state": shown["state"] if on_air else "down", "ts": now(),
        "paused": shown["paused"], "title": room.spec.title,
        "look": {"id": room.spec.look_id, "name": look_name} if room.spec.look_id else None,
        "pinned_product_id": shown["pinned_product_id"], "on_air_product_id": shown["on_air_product_id"],
        "playout": playout, "voice": voice, "outputs": sinks, "now": shown["now"], "next": shown["next"],
        "queue_s": shown["queue_s"], "chat_waiting": shown["chat_waiting"], "faults": faults,
        "counts": shown["counts"], "running_order": shown["running_order"], "takeover": shown["takeover"],
        "slate": {"on": room.spec.slate is not None, "text": room.spec.slate or ""},
        "writer": shown["writer"],
    }


def _process(entry: dict[str, Any] | None) -> dict[str, Any]:
    if entry is None:
        return {"state": "down", "uptime_s": 0.0, "restarts": 0, "rss_mb": 0.0, "cpu": 0.0}
    since = float(entry.get("since") or 0.0)
    fresh = time.monotonic() - entry["seen"] < STALE_S
    return {
        "state": entry["state"] if fresh else "down", "uptime_s": since, "restarts": entry["restarts"],
        "rss_mb": entry["rss_mb"], "cpu": round(entry["cpu_s"] / since, 3) if since > 1 else 0.0,
    }


def _output(output: dict[str, Any], entry: dict[str, Any] | None) -> dict[str, Any]:
    said = dict(entry.get("status", {})) if entry else {}
    out = {"id": output["id"], "name": output["name"], "kind": output["kind"]}
    for key, default in _SINK.items():
        out[key] = said.get(key, default)
    if entry is None:
        out["state"] = "paused" if output["paused"] else "idle"
    elif entry["state"] != "running" and not said:
        out["state"] = "connecting"
    return out
