"""The playout process: `python -m streaming.playout`, started by the supervisor."""

from __future__ import annotations

import gc
import logging
import sys

import cv2

from streaming.child import Child
from streaming.playout.config import PlayoutConfig
from streaming.playout.control import Control
from streaming.playout.playout import Playout

SWITCH_S = 0.0005
"""How long a worker thread may keep the interpreter from the tick."""
COLLECT_TICKS = 250
COLLECT_SLACK_S = 0.015


def main() -> None:
    """Run until the supervisor says stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    child = Child.from_env()
    cv2.setNumThreads(1)
    sys.setswitchinterval(SWITCH_S)
    playout = Playout(PlayoutConfig.from_dict(child.config), child.run_dir, child)
    control = Control(playout)
    clock = playout.clock
    playout.start()
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        while child.running:
            while child.running:
                wait_s = clock.remaining_s()
                for message in child.poll(wait_s):
                    control.handle(message)
                playout.drain()
                if clock.remaining_s() <= 0:
                    break
            playout.tick()
            child.beat(playout.status(), force=clock.tick == 1)
            if clock.tick % COLLECT_TICKS == 0 and clock.remaining_s() > COLLECT_SLACK_S:
                gc.collect()
    finally:
        playout.close()


if __name__ == "__main__":
    main()
