"""`python -m adapters.training.dataset prepare DIR`: put a folder of pictures or dialogues in order."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from adapters.errors import AdapterError
from adapters.training.dataset.prepare import Prepared, PrepareOptions, prepare

STYLES = {"error": "red", "warn": "yellow", "info": "cyan"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit code: 0, or 2 for a fault that the message explains."""
    o = _parser().parse_args(arguments)
    options = PrepareOptions(o.kind, o.trigger, o.caption, o.captioner, o.pii, o.face_model, o.dry_run)
    try:
        if o.json:
            print(json.dumps(prepare(o.folder, options).to_json(), ensure_ascii=False))
            return 0
        with Progress(transient=True, disable=not sys.stdout.isatty()) as progress:
            task = progress.add_task("", total=None)
            made = prepare(o.folder, options, lambda n, of: progress.update(task, completed=n, total=of))
    except AdapterError as e:
        if o.json:
            print(json.dumps({"ok": False, "message": e.message, "next_step": e.next_step}, ensure_ascii=False))
        print(f"✗ {e.message}" + (f"\n  -> {e.next_step}" if e.next_step else ""), file=sys.stderr, flush=True)
        return 2
    _show(made)
    return 0


def _show(made: Prepared) -> None:
    console = Console(highlight=False)
    what = "pictures · 张图片" if made.kind == "visual" else "dialogues · 段对话"
    console.print(f"✓ {made.items} {what}", style="green")
    for change in made.changes:
        console.print(f"  · {change}", markup=False)
    for f in made.findings:
        shown = ", ".join(f.files[:4]) + (" ..." if len(f.files) > 4 else "")
        console.print(f"! {f.message}" + (f": {shown}" if shown else ""), style=STYLES[f.level], markup=False)
        if f.next_step:
            console.print(f"    -> {f.next_step}", markup=False)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nightanchor dataset", description="Training data · 训练数据")
    commands = parser.add_subparsers(required=True)
    p = commands.add_parser("prepare", help="metadata, captions, cleaning, findings · 整理、打标、清洗、检查")
    p.add_argument("folder", type=Path, help="folder of pictures or dialogues · 图片或对话文件夹")
    p.add_argument("--kind", choices=("auto", "visual", "language"), default="auto")
    p.add_argument("--trigger", default="", help="word that calls the look, such as tzsn · 触发词")
    p.add_argument("--caption", choices=("missing", "all", "none"), default="missing", help="which captions to make")
    p.add_argument("--captioner", default="template", help="template, or folder of a BLIP-type model · 打标模型")
    p.add_argument("--pii", choices=("mask", "drop"), default="mask", help="private data: put out of sight, or drop")
    p.add_argument("--face-model", type=Path, help="YuNet .onnx, to count faces · 人脸检测模型")
    p.add_argument("--dry-run", action="store_true", help="write nothing · 只检查")
    p.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


if __name__ == "__main__":
    sys.exit(main())
