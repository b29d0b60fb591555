"""`python -m server.main`: the server process, a child of the supervisor."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from pathlib import Path
from typing import Any

import uvicorn

from server import demo, settings
from server.app import make_app
from server.auth import bootstrap
from server.bus import ChannelBus
from server.context import make_context
from server.dressing import Dressing
from streaming.child import Child
from streaming.errors import NightAnchorError

log = logging.getLogger("nightanchor.server")

CLOSE_S = 1


class _Uvicorn(uvicorn.Server):
    """Uvicorn that leaves signals to the supervised child."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


def main() -> None:
    """Serve until the supervisor says stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    child = Child.from_env()
    try:
        asyncio.run(serve(child))
    except NightAnchorError as e:
        child.send("notice", to="supervisor", message=e.message, next_step=e.next_step)
        log.error("%s; %s", e.message, e.next_step)
        # Not at once: the supervisor would show the same notice again and again.
        time.sleep(2.0)
        raise SystemExit(3) from None


async def serve(child: Child) -> None:
    """Run bus, rooms, baking and HTTP in one event loop."""
    data = Path(child.config["data"])
    config = child.config.get("config")
    loaded = settings.load(Path(config) if config else None)
    bootstrap(data)
    bus = ChannelBus(child, dict)
    context = make_context(loaded, data, child.run_dir, bus)
    demo.seed(context)
    dressing = Dressing(context)
    context.on_studio.append(dressing.begin)
    dressing.begin()
    server = _Uvicorn(
        uvicorn.Config(
            make_app(context), host=child.config["host"], port=child.config["port"], log_level="warning",
            access_log=False, timeout_graceful_shutdown=CLOSE_S, ws_max_size=1 << 16, ws_ping_interval=20.0,
        )
    )
    context.activations.resume()
    context.datasets.resume()
    work = (
        bus.run(), context.looks.run(), context.rooms.start_all(), context.studio.run(), context.adapters.run(),
        context.schedules.run(), context.jobs.run(),
    )
    tasks = [asyncio.ensure_future(c) for c in work]
    http = asyncio.ensure_future(server.serve())
    await asyncio.wait([tasks[0], http], return_when=asyncio.FIRST_COMPLETED)
    context.closing.set()
    server.should_exit = True
    await context.jobs.close()
    await context.datasets.close()
    await context.activations.close()
    await dressing.close()
    await context.portraits.close()
    await context.rooms.close()
    with contextlib.suppress(SystemExit):
        await http
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await context.writing.close()
    context.airlog.close()
    context.store.close()


if __name__ == "__main__":
    main()
