"""What the command line prints, in the language of the terminal."""

from __future__ import annotations

import os
import sys

CHINESE = next((v for k in ("LC_ALL", "LC_MESSAGES", "LANG") if (v := os.environ.get(k))), "").startswith("zh")
_COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ


def _paint(code: str, text: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if _COLOUR else text


def say(zh: str, en: str) -> None:
    """Print one line."""
    print(zh if CHINESE else en, flush=True)


def step(zh: str, en: str) -> None:
    """Print one step of the way on air."""
    print(_paint("2", "  · ") + (zh if CHINESE else en), flush=True)


def done(zh: str, en: str) -> None:
    """Print a step that has been reached."""
    print(_paint("32", "  ✓ ") + (zh if CHINESE else en), flush=True)


def check(ok: bool | None, what: str, next_step: str = "") -> None:
    """Print one finding: good, bad, or worth knowing (None)."""
    mark = {True: _paint("32", "✓"), False: _paint("31", "✗"), None: _paint("33", "!")}[ok]
    print(f"{mark} {what}" + (f"\n    -> {next_step}" if next_step and not ok else ""), flush=True)


def headline(text: str) -> None:
    """Print a line that must not be missed."""
    print(_paint("1;36", text), flush=True)


def failure(what: str, next_step: str = "") -> None:
    """Print an error and what to do about it, to stderr."""
    print(("✗ " + what) + (f"\n  -> {next_step}" if next_step else ""), file=sys.stderr, flush=True)
