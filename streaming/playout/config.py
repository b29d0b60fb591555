"""What a playout process is told at its start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from streaming.encoder import EncoderSettings
from streaming.errors import BadInput


@dataclass(frozen=True, slots=True)
class PlayoutConfig:
    """The `playout` config of docs/architecture.md, checked."""

    room: str
    encoder: EncoderSettings
    look: str = ""
    title: str = ""
    subtitle: str = ""
    label: str = ""
    lang: str = "zh"
    clock_tz: str = ""

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> PlayoutConfig:
        """Read a config message; absent or null fields take their defaults. Raises `BadInput`."""

        def number(name: str, default: int, low: int, high: int) -> int:
            value = data.get(name)
            if value is None:
                return default
            try:
                out = int(value)
            except (TypeError, ValueError):
                out = low - 1
            if not low <= out <= high:
                raise BadInput(
                    f"{name} is {value!r}", next_step=f"Set {name} to a whole number from {low} to {high}."
                )
            return out

        def text(name: str, default: str = "") -> str:
            value = data.get(name)
            return default if value is None or value == "" else str(value)

        room = text("room")
        if not room:
            raise BadInput("playout was given no room", next_step="Send `room` in its config.")
        encoder = EncoderSettings(
            width=number("width", 720, 160, 3840) // 2 * 2,
            height=number("height", 1280, 160, 3840) // 4 * 4,
            fps_num=number("fps_num", 25, 1, 120_000),
            fps_den=number("fps_den", 1, 1, 1001),
            sample_rate=number("sample_rate", 44_100, 8_000, 48_000),
            video_kbps=number("video_kbps", 2500, 100, 50_000),
            audio_kbps=number("audio_kbps", 128, 32, 320),
            encoder=text("encoder", "auto"),
            preset=text("preset", "veryfast"),
            threads=number("threads", 1, 1, 16),
        )
        if not 5 <= encoder.fps_num / encoder.fps_den <= 60:
            raise BadInput(
                f"frame rate {encoder.fps_num}/{encoder.fps_den}", next_step="Use 25 or 30 frames a second."
            )
        return cls(
            room=room, encoder=encoder, look=text("look"), title=text("title"), subtitle=text("subtitle"),
            label=text("label"), lang=text("lang", "zh"), clock_tz=text("clock_tz"),
        )

    @property
    def zone(self) -> ZoneInfo | None:
        """The room's time zone; None (the machine's own) when it is empty or unknown."""
        try:
            return ZoneInfo(self.clock_tz) if self.clock_tz else None
        except (ValueError, OSError, KeyError):
            return None
