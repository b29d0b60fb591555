"""What a training prints: a bar with loss, speed, time left and memory; plain lines where there is no terminal."""

from __future__ import annotations

import os
import time
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table

from adapters.training.journal import Event
from adapters.training.plan import Plan

CHINESE = next((v for k in ("LC_ALL", "LC_MESSAGES", "LANG") if (v := os.environ.get(k))), "").startswith("zh")
LINE_S = 10.0


def tr(zh: str, en: str) -> str:
    """The terminal's language."""
    return zh if CHINESE else en


class Terminal:
    """A listener of the journal; use as a context."""

    def __init__(self) -> None:
        self.console = Console(highlight=False)
        self._progress: Progress | None = None
        self._task = TaskID(0)
        self._said = 0.0

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def __call__(self, e: Event) -> None:
        """Print one event."""
        handler = getattr(self, f"_on_{e['event']}", None)
        if handler is not None:
            handler(e)

    def _on_state(self, e: Event) -> None:
        self.console.print(tr("读取素材与底模 …", "Reading data and base ..."))

    def _on_begin(self, e: Event) -> None:
        items, held, trainable = e["items"], e["held_out"], e["trainable"]
        share = 100 * trainable / max(1, e["total"])
        self.console.print(tr(
            f"{items} 个素材，留出 {held} 个做验证；可训练参数 {trainable:,}（{share:.2f}%）；{e['device']}",
            f"{items} items, {held} held out; {trainable:,} trainable parameters ({share:.2f} %); {e['device']}",
        ))
        if self.console.is_terminal:
            self._progress = Progress(
                BarColumn(None), MofNCompleteColumn(), TextColumn("{task.fields[facts]}"), console=self.console
            )
            self._progress.start()
            self._task = self._progress.add_task("", total=e["steps"], completed=e["step"], facts="")
        self._steps = e["steps"]

    def _on_step(self, e: Event) -> None:
        speed = f"{e['speed']:.2f} {tr('步/秒', 'steps/s')}" if e["speed"] >= 1 else f"{1 / e['speed']:.1f} s/step"
        facts = (f"loss {e['loss']:.4f}  {speed}  {tr('剩余', 'left')} {duration(e['left_s'])}  "
                 f"{e['memory_mb']:,.0f} MB")
        if self._progress is not None:
            self._progress.update(self._task, completed=e["step"], facts=facts)
        elif time.monotonic() - self._said > LINE_S or e["step"] == self._steps:
            self._said = time.monotonic()
            self.console.print(f"{e['step']}/{self._steps}  {facts}")

    def _on_validation(self, e: Event) -> None:
        mark = "  *" if e["best"] else ""
        self.console.print(f"  {tr('第', 'step')} {e['step']}{tr(' 步', '')}  {tr('验证损失', 'held-out loss')} "
                           f"{e['loss']:.4f}{mark}")

    def _on_sample(self, e: Event) -> None:
        if e["text"]:
            self.console.print(f"  {tr('样句', 'sample')}: {e['prompt']!r} -> {e['text']!r}", markup=False)

    def _on_note(self, e: Event) -> None:
        style = "yellow" if e["level"] == "warn" else "cyan"
        self.console.print(f"! {e['message']}", style=style, markup=False)
        if e["next_step"]:
            self.console.print(f"    -> {e['next_step']}", markup=False)

    def _on_end(self, e: Event) -> None:
        self._close()
        if e["state"] == "stopped":
            self.console.print(f"■ {e['message']}", markup=False, soft_wrap=True)
            self.console.print(f"    -> {e['next_step']}", markup=False)
        if e["state"] != "finished":
            return
        self.console.print(f"✓ {e['message']}", style="green", markup=False)
        for file in e["files"]:
            self.console.print(f"  {file}", markup=False)
        for a in e["advice"]:
            self.console.print(f"  · {a['zh'] if CHINESE else a['en']}", markup=False)

    def _on_table(self, e: Event) -> None:
        if not e["rows"]:
            return
        table = Table("", "LoRA", tr("全参数", "full"), tr("全参数一栏", "the full column is"))
        for r in e["rows"]:
            table.add_row(tr(r["zh"], r["name"]), number(r["lora"], r["unit"]), number(r["full"], r["unit"]), r["how"])
        self._close()
        self.console.print(table)

    def _close(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


def number(value: float, unit: str) -> str:
    """Three digits, or all of a whole number."""
    text = f"{value:,.0f}" if value >= 1000 or float(value).is_integer() else f"{value:.3g}"
    return f"{text} {unit}".strip()


def duration(seconds: float) -> str:
    """1 h 05 m, 3 m 20 s or 12 s."""
    s = round(seconds)
    if s >= 3600:
        return f"{s // 3600} h {s % 3600 // 60:02d} m"
    return f"{s // 60} m {s % 60:02d} s" if s >= 60 else f"{s} s"


def print_plan(plan: Plan) -> None:
    """A plan as a table, then what it would change and warn of."""
    console = Console(highlight=False)
    table = Table(show_header=False)
    rows: list[tuple[str, Any]] = [
        (tr("类型", "kind"), plan.kind),
        (tr("素材", "items"), tr(f"{plan.items}（留出 {plan.held_out}）", f"{plan.items} ({plan.held_out} held out)")),
        (tr("步数", "steps"), tr(f"{plan.steps}（{plan.epochs} 轮）", f"{plan.steps} ({plan.epochs} epochs)")),
        (tr("可训练参数", "trainable parameters"), f"{plan.trainable:,} / {plan.total:,} ({100 * plan.share:.3f} %)"),
        (tr("文件大小", "file size"), f"{plan.size_mb:.1f} MB"),
        (tr("显存/内存", "memory"), f"{plan.memory_mb or 0:,.0f} MB / {plan.memory_free_mb or 0:,.0f} MB"),
        (tr("时间", "time"), tr("约 ", "about ") + duration(plan.time_s or 0)),
        (tr("设备", "device"), plan.device),
    ]
    for name, value in rows:
        table.add_row(name, str(value))
    console.print(table)
    for text in plan.changes:
        console.print(f"~ {text}", style="cyan", markup=False)
    for text in plan.warnings:
        console.print(f"! {text}", style="yellow", markup=False)
