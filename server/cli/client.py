"""A signed-in client of the server that runs on this machine.

Whoever may write the data folder owns it, so the command line signs itself in with a token of its own, which
is revoked at the end.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from server.cli.prepare import in_process
from streaming.errors import NightAnchorError, NotFound

ENDPOINT = "endpoint.json"
"""Written into the data folder while on air: `{"url": …}`."""


@contextlib.contextmanager
def signed_in(data: Path, config: Path | None, role: str) -> Iterator[httpx.Client]:
    """A client of the instance that is on air with `data`; raises `NotFound` when there is none."""
    off_air = NotFound(f"nothing is on air with the data folder {data}", next_step="start it: make run")
    try:
        url = str(json.loads((data / ENDPOINT).read_text())["url"])
        httpx.get(url + "health", timeout=5.0)
    except (OSError, ValueError, KeyError, httpx.HTTPError):
        raise off_air from None
    token = in_process(data, config, "token", role, "command line (temporary)")["token"]
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=15.0) as api:
        try:
            yield api
        finally:
            in_process(data, config, "revoke", token)


def checked(answer: httpx.Response) -> Any:
    """What a good answer holds (None when that is nothing); raises what the problem document of a bad one says."""
    if answer.is_success:
        return answer.json() if answer.content else None
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    stayed = (problem.get("stayed") or {}).get("name")
    stays = f" ({stayed} stays on air · {stayed} 继续直播)" if stayed else ""
    raise NightAnchorError(
        str(problem.get("detail") or problem.get("title") or f"the server said {answer.status_code}") + stays,
        next_step=str(problem.get("next_step", "")),
    )
