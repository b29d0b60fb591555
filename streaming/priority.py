"""Priority: who waits when there is not enough CPU for everybody. Playout never does.

Linux puts every session into a scheduling group of its own (sched(7), "The autogroup feature"), and between groups only
the group's nice value counts, so both are set. A priority can be lowered by anybody, but not raised again.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def lower(nice: int, pid: int = 0) -> None:
    """Give a process (0: this one), which leads a session of its own, a nice value 0..19."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, nice)
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid or 'self'}/autogroup").write_text(str(nice))
