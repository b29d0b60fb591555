"""Prepare the data folder in a process of its own, so that the supervisor never loads a database.

`python -m server.cli.prepare DATA CONFIG start | token ROLE NAME | revoke SECRET` prints one JSON object.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from streaming.errors import NightAnchorError, from_wire

LIMIT_S = 60.0


def in_process(data: Path, config: Path | None, *words: str) -> dict[str, Any]:
    """Run this module in a child process and return its answer; raises what it raised."""
    command = [sys.executable, "-m", "server.cli.prepare", str(data), str(config or ""), *words]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT_S)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        tail = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise NightAnchorError(
            f"the data folder {data} could not be prepared: {tail[0]}",
            next_step="see that the folder can be written and has free space, then start again",
        )
    answer: dict[str, Any] = json.loads(lines[-1])
    if "error" in answer:
        raise from_wire(answer["error"])
    return answer


def main(arguments: list[str]) -> int:
    """Do what the command line of this module says."""
    from server import settings
    from server.auth import bootstrap, new_token, revoke

    data, config = Path(arguments[0]), Path(arguments[1]) if arguments[1] else None
    try:
        if arguments[2] == "start":
            loaded = settings.load(config)
            answer: dict[str, Any] = {"token": bootstrap(data)}
            answer |= {"host": loaded.server.host, "port": loaded.server.port}
        elif arguments[2] == "revoke":
            revoke(data, arguments[3])
            answer = {}
        else:
            first = bootstrap(data)
            answer = {"token": first if first and arguments[3] == "owner" else None, "owner": first}
            answer["token"] = answer["token"] or new_token(data, arguments[4], arguments[3])
    except NightAnchorError as e:
        answer = {"error": e.to_wire()}
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
