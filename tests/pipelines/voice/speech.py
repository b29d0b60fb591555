"""Speech for tests, from a process of its own: the library keeps state for its process's whole life."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

from pipelines.line import Line, Speech
from pipelines.voice.espeak_engine import EspeakEngine
from pipelines.voice.speaker import Speaker


def speak(line: Line, rate: int) -> Speech:
    """What a new voice process makes of `line`."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_speak, line, rate).result(timeout=120)


def _speak(line: Line, rate: int) -> Speech:
    return Speaker(EspeakEngine()).speak(line, rate)
