"""DemoModels: the small bases and adapters that ship with the program, and which settings they want.

`visual.path` and `language.path` are `auto` unless somebody says otherwise; for a demo that means these.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streaming.errors import Corrupt

if TYPE_CHECKING:
    from server.settings import Settings

FOLDER = Path(__file__).parents[1] / "assets" / "models"
AUTO = "auto"


@dataclass(frozen=True, slots=True)
class DemoModels:
    """What `models.json` lists: adapters by id, and what each persona wears; a base that is left out is None."""

    visual: Path | None
    language: Path | None
    adapters: tuple[dict[str, Any], ...]
    portraits: dict[str, dict[str, Any]]
    settings: dict[str, dict[str, Any]]


def read(folder: Path = FOLDER) -> DemoModels | None:
    """What ships; None when it was left out. Raises `Corrupt` for a damaged list."""
    path = folder / "models.json"
    if not path.is_file():
        return None
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        adapters = tuple({**entry, "path": folder / entry["file"]} for entry in data["adapters"])
        bases = {kind: folder / data[kind] for kind in ("visual", "language") if data.get(kind)}
        if not bases:
            raise KeyError("visual")
        return DemoModels(
            bases.get("visual"), bases.get("language"), adapters, dict(data["portraits"]), dict(data["settings"])
        )
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise Corrupt(f"{path} is damaged: {e!r}", next_step="restore assets/models") from e


def applied(settings: Settings) -> Settings:
    """The settings with `auto` replaced; what the demo's bases want fills in what nobody has set."""
    asked = {kind for kind in ("visual", "language") if getattr(settings, kind).path == AUTO}
    if not asked:
        return settings
    models = read() if settings.demo else None
    changed: dict[str, Any] = {}
    for kind in asked:
        section = getattr(settings, kind)
        base = getattr(models, kind, None)
        path = "" if base is None else str(base)
        wanted = models.settings.get(kind, {}) if models is not None and path else {}
        free = {k: v for k, v in wanted.items() if k not in section.model_fields_set}
        changed[kind] = section.model_copy(update={**free, "path": path})
    return settings.model_copy(update=changed)
