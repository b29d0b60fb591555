"""`python -m adapters.training --config X.yaml`: train, or with --explain only say what would happen.

Exit codes: 0 done, 2 a fault that the message explains, 3 stopped on request (go on with --resume).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from adapters.errors import AdapterError, BadConfig
from adapters.training.config import load

STOPPED = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit code."""
    options = _parser().parse_args(arguments)
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    # What the model libraries plan to change is of no use to somebody who waits for an adapter.
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("ignore", category=UserWarning)
    try:
        over = dict(_pair(text) for text in options.set)
        if options.resume:
            over["resume"] = True
        if options.overwrite:
            over["overwrite"] = True
        config = load(options.config, **over)
        return _explain(config, options.json) if options.explain else _train(config)
    except AdapterError as e:
        print(f"✗ {e.message}" + (f"\n  -> {e.next_step}" if e.next_step else ""), file=sys.stderr, flush=True)
        return 2
    except KeyboardInterrupt:
        print("stopped before anything was learnt · 还没开始训练就停下了", file=sys.stderr, flush=True)
        return 130


def _train(config: Any) -> int:
    from adapters.training.terminal import Terminal
    from adapters.training.train import train

    with Terminal() as terminal:
        result = train(config, listeners=[terminal])
    return STOPPED if result.state == "stopped" else 0


def _explain(config: Any, as_json: bool) -> int:
    from adapters.training.plan import explain
    from adapters.training.terminal import print_plan

    plan = explain(config)
    if as_json:
        print(json.dumps(plan.to_json(), ensure_ascii=False))
    else:
        print_plan(plan)
    return 0


def _pair(text: str) -> tuple[str, Any]:
    key, sign, value = text.partition("=")
    if not sign or not key:
        raise BadConfig(text, f"--set {text} is not KEY=VALUE", next_step="For instance: --set lora_rank=8")
    return key.strip(), yaml.safe_load(value)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="nightanchor train", description="Train a LoRA adapter from one YAML · 用一个 YAML 训练 LoRA",
    )
    parser.add_argument("--config", "--config_file", type=Path, required=True, help="the YAML · 配置文件")
    parser.add_argument("--explain", action="store_true", help="say what would happen, and end · 只说明将要做什么")
    parser.add_argument("--json", action="store_true", help="with --explain: as JSON")
    parser.add_argument("--resume", action="store_true", help="go on where it was cut off · 从断点继续")
    parser.add_argument("--overwrite", action="store_true", help="replace what is in output_dir · 覆盖已有结果")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE",
                        help="before what the file says; may be repeated · 覆盖配置项")
    return parser


if __name__ == "__main__":
    sys.exit(main())
