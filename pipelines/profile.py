"""RoomProfile: what the show must know of its room and of who is on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pipelines.line import LANGS, Lang

Mood = Literal["calm", "warm", "lively"]


@dataclass(frozen=True, slots=True)
class RoomProfile:
    """`voices` maps a language to a voice id.

    `rest_s` is the silence between two scripts, in which the presenter is idle; `greeting` is said when she comes on,
    `prompt` tells a writer who she is, `adapter` which language adapter she wears; viewers are answered in the
    languages that are `spoken`. `notice_s` is how often she says that she is an AI beside the opening, 0 for not at
    all; None leaves it out of the opening, too, which is for trials of single parts.
    """

    room: str
    title: str
    lang: Lang = "zh"
    voices: Mapping[Lang, str] = field(default_factory=dict)
    mood: Mood = "warm"
    rest_s: float = 1.2
    greeting: str = ""
    prompt: str = ""
    adapter: str | None = None
    spoken: tuple[Lang, ...] = LANGS
    notice_s: float | None = None

    def voice_of(self, lang: Lang) -> str:
        """Her voice in a language: where she has none of her own, her voice of another language says it."""
        return self.voices.get(lang) or self.voices.get(self.lang) or next(iter(self.voices.values()), "")
