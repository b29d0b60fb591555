"""`nightanchor looks`: presenters from the command line, through the API of the running server."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx

from server.cli import terminal
from server.cli.client import checked, signed_in
from streaming.errors import BadPicture, NightAnchorError, NotFound

BAKE_LIMIT_S = 300.0


def add(data: Path, config: Path | None, picture: Path, name: str, landmarks: Path | None) -> int:
    """Upload `picture`, wait until it is baked, and say what came of it."""
    if not picture.is_file():
        raise NotFound(f"there is no picture {picture}", next_step="give the path of a PNG, JPEG or WebP file")
    points = json.loads(landmarks.read_text()) if landmarks else None
    with signed_in(data, config, "operator") as api:
        with open(picture, "rb") as f:
            look = checked(api.post("/looks", files={"file": (picture.name, f)}, data={"name": name}, timeout=60.0))
        terminal.step(f"制作形象“{look['name']}”……", f"making the look {look['name']!r} ...")
        look = _baked(api, look["id"])
        if points is not None:
            checked(api.put(f"/looks/{look['id']}/landmarks", json=points))
            look = _baked(api, look["id"])
    if look["state"] == "ready":
        name = look["id"]
        terminal.done(f"形象 {name} 已就绪，可在控制台启用", f"look {name} is ready; activate it in the panel")
        return 0
    if look["state"] == "needs_landmarks":
        terminal.failure(
            "没有找到五官" if terminal.CHINESE else "eyes and mouth were not found in the picture",
            f"drag them into place in the panel: {api.base_url}#/looks · 请在控制台拖动五官标记",
        )
        return 3
    fault = look.get("error") or "the look could not be made"
    if isinstance(fault, dict):
        raise BadPicture(str(fault.get("message")), next_step=str(fault.get("next_step", "")))
    raise BadPicture(str(fault), next_step="try another picture: front view, mouth closed, shoulders visible")


def show(data: Path, config: Path | None) -> int:
    """Print one line per look."""
    with signed_in(data, config, "viewer") as api:
        for look in checked(api.get("/looks")):
            print(f"{look['id']:16} {look['state']:16} {look.get('width')}x{look.get('height')}  {look['name']}")
    return 0


def _baked(api: httpx.Client, look_id: str) -> dict[str, Any]:
    until = time.monotonic() + BAKE_LIMIT_S
    while time.monotonic() < until:
        for look in checked(api.get("/looks")):
            if str(look["id"]) == str(look_id) and look["state"] != "baking":
                found: dict[str, Any] = look
                return found
        time.sleep(0.5)
    raise NightAnchorError("the look is still being made", next_step="see `nightanchor looks list` in a while")
