"""Run the benchmarks one after another, print one table, write bench/results.json.

Every figure is a row {name, value, unit, compared_with}; ratios are taken within one run, because
absolute times say more about the machine than about the program.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
BENCHES = ("playout", "start", "reply", "adapters", "wardrobe", "training", "guard", "show", "models")
"""Each is a module of this package that prints one JSON row per line, or `skipped: ` and why."""


def run_bench(name: str) -> list[dict[str, Any]]:
    """Run one benchmark in a process of its own and return its rows."""
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{name}"], cwd=HERE.parent, stdout=subprocess.PIPE, text=True, check=True
    )
    rows, skipped = [], False
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            rows.append(json.loads(line) | {"bench": name})
        elif line.startswith("skipped:"):
            print(line, file=sys.stderr)
            skipped = True
    if not rows and not skipped:
        raise RuntimeError(f"benchmark {name} printed no row")
    return rows


def write_results(rows: list[dict[str, Any]], path: Path = RESULTS, machine: str = "") -> None:
    """Replace the rows of the benches that ran; keep those of benches that did not."""
    ran = {row["bench"] for row in rows}
    old = json.loads(path.read_text())["rows"] if path.exists() else []
    body = {
        "measured": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": ", ".join(
            filter(None, (machine, platform.machine(), platform.system(), f"Python {platform.python_version()}"))
        ),
        "rows": [row for row in old if row["bench"] not in ran] + rows,
    }
    path.write_text(json.dumps(body, indent=1, ensure_ascii=False) + "\n")


def show(rows: list[dict[str, Any]]) -> None:
    """Print the rows as a table."""
    table = Table("what", "value", "unit", "compared with")
    for row in rows:
        value = row["value"]
        text = f"{value:.3g}" if isinstance(value, float) else str(value)
        table.add_row(row["name"], text, row["unit"], row.get("compared_with") or "")
    Console(width=150).print(table)


def main() -> None:
    """Run the benches that were named, or all."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("names", nargs="*", choices=[[], *BENCHES], default=[])
    names = parser.parse_args().names or BENCHES
    rows: list[dict[str, Any]] = []
    for name in names:
        print(f"measuring {name} ...", file=sys.stderr)
        rows += run_bench(name)
    write_results(rows)
    show(rows)


if __name__ == "__main__":
    main()
