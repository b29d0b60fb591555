"""The kinds of children there are: which module each runs, and its budgets.

A playout that has been frozen must be back within two seconds, so its silence is noticed soonest. A sink may
sit in a native call as long as its own time-outs allow; past that it is stuck and is replaced. What viewers would
miss at once is tried again at once, however often it fails. Where there is not enough CPU, playout goes first.
"""

from __future__ import annotations

from streaming.supervisor import KindSpec

KINDS = {
    "server": KindSpec("server.main", beat_timeout_s=4.0, start_timeout_s=40.0, memory_limit_mb=1500, nice=2),
    "voice": KindSpec("pipelines.voice.worker", beat_timeout_s=6.0, start_timeout_s=40.0, memory_limit_mb=1500, nice=4),
    # Loading bases takes minutes from a slow disk, and a native call may hold the interpreter for seconds.
    "studio": KindSpec(
        "pipelines.studio.worker", beat_timeout_s=20.0, start_timeout_s=600.0, memory_limit_mb=64_000,
        stop_timeout_s=2.0, nice=10,
    ),
    "playout": KindSpec(
        "streaming.playout", beat_timeout_s=1.2, memory_limit_mb=1500, stop_timeout_s=1.0, max_pause_s=0.2
    ),
    "mux": KindSpec("streaming.mux", beat_timeout_s=2.0, memory_limit_mb=600, stop_timeout_s=1.0, max_pause_s=0.5),
    "sink.rtmp": KindSpec("streaming.sinks.rtmp", beat_timeout_s=8.0, memory_limit_mb=600, stop_timeout_s=1.5),
    "sink.record": KindSpec("streaming.sinks.record", beat_timeout_s=8.0, memory_limit_mb=600, stop_timeout_s=1.5),
}
