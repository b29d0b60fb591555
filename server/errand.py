"""Errand: a command run beside the show at the lowest priority, whose last line of output is its answer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
from typing import Any

from streaming.child import ERRAND_OF
from streaming.priority import lower

log = logging.getLogger("nightanchor.errand")

NICE = 19


async def last_json(command: list[str], limit_s: float) -> dict[str, Any]:
    """The JSON object that a command printed last; `ok` is false in it when there was none."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        start_new_session=True, env={**os.environ, ERRAND_OF: str(os.getpid())},
    )
    lower(NICE, process.pid)
    try:
        async with asyncio.timeout(limit_s):
            out, err = await process.communicate()
    except BaseException as e:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()  # Nothing of it is left behind when this returns.
        if isinstance(e, TimeoutError):
            return {"ok": False, "message": f"it took over {limit_s:.0f} s", "next_step": "use less or smaller data"}
        raise
    for line in reversed(out.decode(errors="replace").splitlines()):
        with contextlib.suppress(ValueError):
            answer = json.loads(line)
            if isinstance(answer, dict):
                return answer
    log.error("%s ended with %s: %s", command[1:4], process.returncode, err.decode(errors="replace")[-2000:])
    return {"ok": False, "message": "it could not be done", "next_step": "see data/logs/server.log"}
