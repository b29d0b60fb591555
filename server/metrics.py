"""Metrics for Prometheus, read at scrape time from what the processes last said."""

from __future__ import annotations

import time
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from server.context import Context

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PLAYOUT_GAUGES = {
    "fps": "Frames a second that playout encodes", "bitrate_kbps": "Bit rate of the encoder in kbit/s",
    "late_ms": "How late the last tick was in milliseconds", "av_offset_ms": "Sound ahead of picture in milliseconds",
    "queue_s": "Seconds of speech queued",
}
_PLAYOUT_COUNTERS = {
    "ticks_missed": "Ticks that were missed", "ticks_repeated": "Ticks that showed the last picture again",
    "reanchored": "Times the clock was set anew",
}
_SINK_STATES = ("idle", "connecting", "live", "stalled", "backoff", "paused", "failed")


class _Collector:
    def __init__(self, context: Context) -> None:
        self._context = context

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily(
            "nightanchor_uptime_seconds", "Seconds since the server started",
            value=time.monotonic() - self._context.started,
        )
        yield from self._processes()
        yield from self._playouts()
        yield from self._sinks()
        yield from self._shows()
        yield from self._operators()
        yield from self._wardrobe()
        yield from self._writer()

    def _writer(self) -> Iterable[Metric]:
        up = GaugeMetricFamily("nightanchor_writer_up", "Whether a writing engine is asked", labels=["engine"])
        first = GaugeMetricFamily("nightanchor_writer_first_ms", "Mean time to the first piece", labels=["engine"])
        speed = GaugeMetricFamily("nightanchor_writer_tokens_per_second", "Mean pieces a second", labels=["engine"])
        texts = CounterMetricFamily("nightanchor_writer_texts", "Texts by outcome", labels=["engine", "outcome"])
        for breaker in self._context.writing.chain.breakers:
            name = [breaker.engine.kind]
            up.add_metric(name, 1.0 if breaker.closed else 0.0)
            first.add_metric(name, breaker.first_ms or 0.0)
            speed.add_metric(name, breaker.tokens_per_s or 0.0)
            for outcome, count in breaker.counts.items():
                texts.add_metric([*name, outcome], count)
        return [up, first, speed, texts]

    def _wardrobe(self) -> Iterable[Metric]:
        ended = CounterMetricFamily("nightanchor_activations", "Activations that are over", labels=["room", "state"])
        for (room_id, state), count in self._context.activations.counts.items():
            ended.add_metric([room_id, state], count)
        swap = GaugeMetricFamily("nightanchor_swap_ms", "Time of the last swap in milliseconds", labels=["room"])
        for room in self._context.rooms.on_air:
            last = self._context.activations.record.latest(room)
            if last is not None and last["swap_ms"] is not None:
                swap.add_metric([room], last["swap_ms"])
        return [ended, swap]

    def _operators(self) -> Iterable[Metric]:
        context = self._context
        taken = GaugeMetricFamily("nightanchor_takeover", "Whether an operator has taken over", labels=["room"])
        slate = GaugeMetricFamily("nightanchor_slate", "Whether the emergency slate is on", labels=["room"])
        for room_id, room in context.rooms.on_air.items():
            taken.add_metric([room_id], float(room.spec.takeover))
            slate.add_metric([room_id], float(room.spec.slate is not None))
        acts = CounterMetricFamily("nightanchor_operator_acts", "What operators did", labels=["room", "act"])
        for key, count in context.takeover.counts.items():
            acts.add_metric(list(key), count)
        lost = CounterMetricFamily(
            "nightanchor_airlog_lost", "Records of the air log that could not be written", value=context.airlog.failed
        )
        return [taken, slate, acts, lost]

    def _processes(self) -> Iterable[Metric]:
        up = GaugeMetricFamily("nightanchor_process_up", "Whether a process runs", labels=["process"])
        memory = GaugeMetricFamily("nightanchor_process_memory_megabytes", "Resident memory", labels=["process"])
        cpu = CounterMetricFamily("nightanchor_process_cpu_seconds", "CPU time since its start", labels=["process"])
        restarts = CounterMetricFamily("nightanchor_process_restarts", "Restarts", labels=["process"])
        for child in self._context.rooms.children():
            name = [str(child["name"])]
            up.add_metric(name, 1.0 if child["state"] == "running" else 0.0)
            memory.add_metric(name, child["rss_mb"])
            cpu.add_metric(name, child["cpu_s"])
            restarts.add_metric(name, child["restarts"])
        return [up, memory, cpu, restarts]

    def _playouts(self) -> Iterable[Metric]:
        out: list[Metric] = []
        for key, text in [*_PLAYOUT_GAUGES.items(), *_PLAYOUT_COUNTERS.items()]:
            form = GaugeMetricFamily if key in _PLAYOUT_GAUGES else CounterMetricFamily
            metric = form(f"nightanchor_playout_{key}", text, labels=["room"])
            for room_id, room in self._context.rooms.on_air.items():
                status = room.children.get(room.playout, {}).get("status", {})
                metric.add_metric([room_id], float(status.get(key) or 0.0))
            out.append(metric)
        return out

    def _sinks(self) -> Iterable[Metric]:
        state = GaugeMetricFamily("nightanchor_sink_state", "1 for its state", labels=["room", "sink", "state"])
        dropped = CounterMetricFamily("nightanchor_sink_dropped", "Packets dropped", labels=["room", "sink"])
        reconnects = CounterMetricFamily("nightanchor_sink_reconnects", "Reconnections", labels=["room", "sink"])
        for child in self._context.rooms.children():
            parts = str(child["name"]).split(":")
            if parts[0] == "sink" and len(parts) == 3:
                status = child.get("status", {})
                for name in _SINK_STATES:
                    state.add_metric([*parts[1:], name], 1.0 if status.get("state") == name else 0.0)
                dropped.add_metric(parts[1:], float(status.get("dropped") or 0))
                reconnects.add_metric(parts[1:], float(status.get("reconnects") or 0))
        return [state, dropped, reconnects]

    def _shows(self) -> Iterable[Metric]:
        waiting = GaugeMetricFamily("nightanchor_chat_waiting", "Chat lines waiting for an answer", labels=["room"])
        events = CounterMetricFamily("nightanchor_show_events", "What happened in the show", labels=["room", "event"])
        for room_id, room in self._context.rooms.on_air.items():
            shown = room.show.snapshot()
            waiting.add_metric([room_id], shown["chat_waiting"])
            for event, count in shown["counts"].items():
                events.add_metric([room_id, event], count)
        return [waiting, events]


def exposition(context: Context) -> bytes:
    """All metrics in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(context))
    return generate_latest(registry)
