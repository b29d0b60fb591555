"""What somebody who trains at a terminal sees."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from adapters.training import terminal
from adapters.training.pace import Pace
from adapters.training.terminal import Terminal


@pytest.mark.parametrize("chinese", [True, False])
def test_a_bar_with_loss_speed_time_left_and_memory(monkeypatch: pytest.MonkeyPatch, chinese: bool) -> None:
    monkeypatch.setattr(terminal, "CHINESE", chinese)
    out = io.StringIO()
    with Terminal() as shown:
        shown.console = Console(file=out, force_terminal=True, width=120, highlight=False)
        shown({"event": "begin", "items": 18, "held_out": 2, "trainable": 4096, "total": 1_000_000, "device": "CPU",
               "steps": 100, "step": 0})
        shown({"event": "step", "step": 40, "loss": 0.1234, "speed": 2.5, "left_s": 24.0, "memory_mb": 1234.0})
        shown({"event": "note", "level": "warn", "message": "batch_size 4 -> 2", "next_step": ""})
        shown({"event": "table", "rows": [{"name": "peak memory", "zh": "内存峰值", "unit": "MB", "lora": 10.0,
                                           "full": 40.0, "how": "measured"}]})
    text = out.getvalue()
    words = ("步/秒", "剩余 24 s", "内存峰值") if chinese else ("steps/s", "left 24 s", "peak memory")
    for word in ("40/100", "loss 0.1234", "1,234 MB", "4,096", "batch_size 4 -> 2", "measured", *words):
        assert word in text, word
    assert "━" in text, "a bar"


def test_the_time_left_counts_validations_and_samples() -> None:
    pace = Pace(100, validate_every=10, sample_every=0)
    pace.judged(2.0, 30.0)
    pace.stepped(1.0)
    # 99 steps of a second and ten validations of two, and for samples a quarter of all.
    assert pace.left(1) == pytest.approx((99 + 20) / 0.75)
    assert not pace.may_sample(1.0) and pace.may_sample(100.0)
    asked = Pace(100, validate_every=10, sample_every=50)
    asked.judged(2.0, 30.0)
    for _ in range(50):
        asked.stepped(1.0)
    asked.judged(2.0, 30.0)
    assert asked.left(50) == pytest.approx(50 + 10 + 60)
