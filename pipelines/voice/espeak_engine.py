"""EspeakEngine: espeak-ng behind the engine interface, with voices for Chinese, English and Japanese."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipelines.line import Lang, Phone
from pipelines.voice.engine import Clip, Mood, VoiceInfo
from pipelines.voice.espeak import Library, Spoken
from streaming.errors import BadInput

_LANGUAGE: dict[Lang, str] = {"zh": "cmn", "en": "en-us", "ja": "ja"}
_PAUSE = "_"
_VOWELS = set("aeiouyAEIOUVQ03@")


class _Timbre(NamedTuple):
    variant: str
    pitch: int
    name: dict[str, str]


_TIMBRES: dict[str, _Timbre] = {
    "lin": _Timbre("f2", 58, {"zh": "林晚（柔和女声）", "en": "Lin (soft, female)"}),
    "mei": _Timbre("f4", 66, {"zh": "梅朵（明快女声）", "en": "Mei (bright, female)"}),
    "yun": _Timbre("f5", 50, {"zh": "云裳（沉静女声）", "en": "Yun (calm, female)"}),
    "han": _Timbre("m3", 44, {"zh": "寒舟（男声）", "en": "Han (male)"}),
}
_RATE: dict[Lang, dict[Mood, int]] = {
    "zh": {"calm": 205, "warm": 222, "lively": 240},
    "en": {"calm": 150, "warm": 162, "lively": 175},
    "ja": {"calm": 140, "warm": 150, "lively": 162},
}
"""espeak's "words a minute"; chosen for 4.7, 5.1 and 5.5 syllables a second in Chinese."""
_RANGE: dict[Mood, int] = {"calm": 42, "warm": 55, "lively": 68}


class EspeakEngine:
    """See `pipelines.voice.engine.Engine`."""

    name = "espeak-ng"

    def __init__(self) -> None:
        self._library = Library()

    def voices(self) -> list[VoiceInfo]:
        """Every timbre in every language."""
        return [VoiceInfo(f"{lang}-{key}", lang, t.name) for lang in _LANGUAGE for key, t in _TIMBRES.items()]

    def warm_up(self) -> None:
        """Load the dictionaries of all languages."""
        for lang, text in (("zh", "好"), ("en", "yes"), ("ja", "ハイ")):
            self.synthesise(text, lang, "", "warm")  # type: ignore[arg-type]

    def synthesise(self, text: str, lang: Lang, voice: str, mood: Mood) -> Clip:
        """Say `text`; see the protocol."""
        key = voice.rpartition("-")[2] or "lin"
        timbre = _TIMBRES.get(key)
        if timbre is None or (voice and voice.partition("-")[0] not in _LANGUAGE):
            raise BadInput(f"there is no voice {voice!r}", next_step="choose one of GET /voices")
        spoken = self._library.speak(
            text, f"{_LANGUAGE[lang]}+{timbre.variant}", words_per_minute=_RATE[lang][mood], pitch=timbre.pitch,
            pitch_range=_RANGE[mood],
        )
        return _clip(spoken)


def _clip(spoken: Spoken) -> Clip:
    rate = spoken.rate
    pcm = spoken.pcm.astype(np.float32) * np.float32(1 / 32768)
    phones: list[Phone] = []
    end = len(pcm) / rate
    starts = [min(sample / rate, end) for _, sample in spoken.phonemes]
    for n, (name, _) in enumerate(spoken.phonemes):
        t0, t1 = starts[n], starts[n + 1] if n + 1 < len(starts) else end
        if t1 <= t0:
            continue
        bare = name.strip("'," + "%=")
        pause = bare.startswith(_PAUSE) and not _VOWELS & set(bare)
        # "_|" only parts words; the mouth goes on to the next sound.
        if name == "_|" and phones and t1 - t0 < 0.09:
            last = phones[-1]
            phones[-1] = Phone(last.name, last.t0, t1, last.stress)
            continue
        phones.append(Phone(_PAUSE if pause else bare, t0, t1, name.startswith("'")))
    if phones and phones[0].t0 > 0:
        phones[0] = Phone(phones[0].name, 0.0, phones[0].t1, phones[0].stress)
    words = tuple((at, at + length, sample / rate) for at, length, sample in spoken.words if at >= 0)
    return Clip(pcm, rate, tuple(phones), words)
