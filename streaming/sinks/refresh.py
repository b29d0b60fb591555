"""Refresh: asks the owner's own hook for an address that is valid now."""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from streaming.sinks.probe import Unreachable

LIMIT_S = 5.0
MAX_BYTES = 8192


def refresh(url: str, command: list[str]) -> str | None:
    """The new address, None when there is no hook; raises `Unreachable` when the hook fails.

    The hook is an http(s) address or a program; it answers with the address as plain text, or as JSON
    `{"url": …}` or `{"url": …, "key": …}`.
    """
    if not url and not command:
        return None
    step = "see that the refresh hook answers with an rtmp address"
    try:
        if command:
            done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=True)
            text = done.stdout
        else:
            if urlsplit(url).scheme not in ("http", "https"):
                raise Unreachable("refresh", "the refresh address is neither http nor https", step)
            with urllib.request.urlopen(url, timeout=LIMIT_S) as answer:
                text = answer.read(MAX_BYTES).decode()
    except (OSError, ValueError, subprocess.SubprocessError, urllib.error.URLError) as e:
        raise Unreachable("refresh", f"the refresh hook failed: {type(e).__name__}", step) from e
    text = text.strip()
    if text.startswith("{"):
        try:
            given = json.loads(text)
            key = str(given.get("key") or "")
            text = str(given["url"]).rstrip("/") + (f"/{key}" if key else "")
        except (ValueError, KeyError, AttributeError) as e:
            raise Unreachable("refresh", "the refresh hook's answer is not understood", step) from e
    if not text:
        raise Unreachable("refresh", "the refresh hook answered nothing", step)
    return text
