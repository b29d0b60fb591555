"""espeak-ng, loaded at run time as a shared library (GPL-3.0-or-later, from its own package).

Only the voice process loads it. The C interface is espeak-ng's `speak_lib.h`; synthesis is synchronous, so that
one call returns all PCM and events of a text.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, byref, c_char_p, c_int, c_short, c_size_t, c_uint, c_void_p
from dataclasses import dataclass, field

import espeakng_loader
import numpy as np
import numpy.typing as npt

from streaming.errors import BadInput, Unavailable

_SYNCHRONOUS = 2
_PHONEME_EVENTS = 1
_CHARACTERS = 1
_UTF8 = 1
_RATE, _VOLUME, _PITCH, _RANGE, _GAP = 1, 2, 3, 4, 7
_WORD, _END, _PHONEME = 1, 5, 7


class _Id(ctypes.Union):
    _fields_ = [("number", c_int), ("name", c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", c_int), ("unique_identifier", c_uint), ("text_position", c_int), ("length", c_int),
        ("audio_position", c_int), ("sample", c_int), ("user_data", c_void_p), ("id", _Id),
    ]


_CALLBACK = ctypes.CFUNCTYPE(c_int, POINTER(c_short), c_int, POINTER(_Event))


@dataclass(slots=True)
class Spoken:
    """What one call gave: PCM at `rate`; phonemes as (name, sample); words as (start, length, sample)."""

    rate: int
    pcm: npt.NDArray[np.int16]
    phonemes: list[tuple[str, int]] = field(default_factory=list)
    words: list[tuple[int, int, int]] = field(default_factory=list)


class Library:
    """The library, opened once in a process; not thread-safe."""

    def __init__(self) -> None:
        try:
            self._lib = ctypes.CDLL(espeakng_loader.get_library_path())
        except OSError as e:
            raise Unavailable(f"espeak-ng does not load: {e}", next_step="reinstall: make clean, then make run") from e
        path = espeakng_loader.get_data_path().encode()
        self.rate = int(self._lib.espeak_Initialize(_SYNCHRONOUS, 0, path, _PHONEME_EVENTS))
        if self.rate <= 0:
            raise Unavailable("espeak-ng finds no data", next_step="reinstall: make clean, then make run")
        self._lib.espeak_Synth.argtypes = [
            c_void_p, c_size_t, c_uint, c_int, c_uint, c_uint, POINTER(c_uint), c_void_p,
        ]
        self._callback = _CALLBACK(self._take)
        self._lib.espeak_SetSynthCallback(self._callback)
        self._voice = ""
        self._chunks: list[npt.NDArray[np.int16]] = []
        self._spoken = Spoken(self.rate, np.empty(0, np.int16))

    def _take(self, wav: object, count: int, events: object) -> int:
        if wav and count > 0:
            self._chunks.append(np.ctypeslib.as_array(wav, (count,)).copy())
        n = 0
        while events[n].type:  # type: ignore[index]
            event = events[n]  # type: ignore[index]
            if event.type == _PHONEME:
                self._spoken.phonemes.append((event.id.string.decode(errors="replace"), event.sample))
            elif event.type == _WORD:
                self._spoken.words.append((event.text_position - 1, event.length, event.sample))
            n += 1
        return 0

    def speak(self, text: str, voice: str, *, words_per_minute: int, pitch: int, pitch_range: int) -> Spoken:
        """Synthesise `text` with an espeak voice name such as `cmn+f2`; raises `BadInput` for an unknown voice."""
        if voice != self._voice:
            if self._lib.espeak_SetVoiceByName(voice.encode()) != 0:
                raise BadInput(f"espeak-ng has no voice {voice!r}", next_step="choose one of GET /voices")
            self._voice = voice
        for parameter, value in ((_RATE, words_per_minute), (_PITCH, pitch), (_RANGE, pitch_range), (_VOLUME, 100)):
            self._lib.espeak_SetParameter(parameter, value, 0)
        self._chunks = []
        self._spoken = Spoken(self.rate, np.empty(0, np.int16))
        data = text.encode() + b"\0"
        number = c_uint(0)
        code = self._lib.espeak_Synth(data, len(data), 0, _CHARACTERS, 0, _UTF8, byref(number), None)
        if code != 0:
            raise Unavailable(f"espeak-ng failed with code {code}", next_step="try the line again")
        spoken = self._spoken
        if self._chunks:
            spoken.pcm = np.concatenate(self._chunks)
        return spoken
