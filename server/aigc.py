"""What a room's streams and recordings say of who made them (GB 45438-2025); `streaming.aigc` writes it."""

from __future__ import annotations

import contextlib
import re
import secrets
from pathlib import Path

from server.settings import AigcSection

FILE = "installation.id"


def notice(settings: AigcSection, data: Path, room: str) -> dict[str, str]:
    """The `aigc` part of the configs of mux and sinks; the content's number begins with the installation's own."""
    return {
        "producer": settings.producer, "propagator": settings.propagator,
        "content": f"{settings.content or 'na-' + installation(data)}-{room}",
    }


def installation(data: Path) -> str:
    """Twelve hexadecimal digits that tell this installation from others; made once, kept in the data folder."""
    path = data / FILE
    with contextlib.suppress(OSError):
        known = path.read_text(encoding="utf-8").strip()
        if re.fullmatch(r"[0-9a-f]{12}", known):
            return known
    made = secrets.token_hex(6)
    with contextlib.suppress(OSError):
        path.write_text(made, encoding="utf-8")
    return made
