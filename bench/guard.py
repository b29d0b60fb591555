"""The guard: time for a sentence, and how many violations it catches and clean lines it stops, by set.

Of each set under tests/pipelines/guard: labelled.txt was written before the rules, unseen.txt and the outside sets
apart from them. A sentence counts as caught when it is not said as it stands.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import cast

import yaml

from bench.row import percentile, row
from pipelines.catalogue import Product
from pipelines.demo import load_demo
from pipelines.guard import Guard
from pipelines.guard.fold import fold, read
from pipelines.line import LANGS, Lang

SETS = Path(__file__).parents[1] / "tests" / "pipelines" / "guard"
NAMES = ("labelled", "unseen", "outside", "outside2", "outside3", "outside4", "outside5", "spoken")
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Labelled:
    """A sentence about a product, and the category it offends; `ok` when it offends none."""

    lang: Lang
    product: str | None
    kind: str
    text: str


def sentences_of(name: str) -> list[Labelled]:
    """The lines `language|product|kind|sentence` of one set."""
    lines = (SETS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split("|", 3) for line in lines if line and not line.startswith("#")]
    return [Labelled(cast(Lang, lang), product or None, kind, text) for lang, product, kind, text in rows]


def goods() -> list[Product]:
    """The demo's products and those of `shop.yaml`."""
    return [*load_demo().products, *shop()]


def shop() -> list[Product]:
    """The products of `shop.yaml`."""
    entries = yaml.safe_load((SETS / "shop.yaml").read_text(encoding="utf-8"))
    return [
        Product(
            e["id"], e["name"], Decimal(e["price"]), was_price=Decimal(e["was_price"]) if "was_price" in e else None,
            stock=e["stock"], unit=e["unit"], facts={lang: tuple(e["facts"][lang]) for lang in LANGS},
        )
        for e in entries
    ]


def stopped(lines: Iterable[Labelled], guard: Guard | None = None) -> list[tuple[Labelled, bool]]:
    """Each line with whether the guard changes or holds it."""
    guard = guard or Guard(goods())
    return [(line, guard.judge(line.text, line.lang, line.product).action != "allow") for line in lines]


def rates(name: str) -> tuple[float, float]:
    """Of a set: the share of violations that are caught, and that of clean lines that are stopped."""
    judged = stopped(sentences_of(name))
    caught = [found for line, found in judged if line.kind != "ok"]
    false = [found for line, found in judged if line.kind == "ok"]
    return statistics.fmean(caught), statistics.fmean(false)


def times(lines: list[Labelled]) -> list[float]:
    """Milliseconds of processor time a sentence, each judged anew."""
    guard = Guard(goods())
    for line in lines[:50]:
        guard.judge(line.text, line.lang, line.product)
    out = []
    for _ in range(ROUNDS):
        guard.set_products(goods())
        for line in lines:
            fold.cache_clear()
            read.cache_clear()
            guard.hits("好", line.lang, line.product)
            start = time.thread_time_ns()
            guard.judge(line.text, line.lang, line.product)
            out.append((time.thread_time_ns() - start) / 1e6)
    return out


def show(name: str, wanted: str = "") -> None:
    """Print what the guard gets wrong in a set, and the counts by kind and language."""
    guard = Guard(goods())
    right: Counter[tuple[str, str]] = Counter()
    every: Counter[tuple[str, str]] = Counter()
    for line, found in stopped(sentences_of(name), guard):
        key = (line.kind, line.lang)
        every[key] += 1
        good = found == (line.kind != "ok")
        right[key] += good
        if not good and wanted in line.kind:
            rules = [(h.rule, h.found) for h in guard.judge(line.text, line.lang, line.product).hits]
            word = "STOPPED" if line.kind == "ok" else "MISSED "
            print(word, line.lang, line.product, line.kind, line.text, rules or "")
    for key in sorted(every):
        print(f"{key[0]:10} {key[1]} {right[key]:4d} of {every[key]:4d} right")


def main() -> None:
    """Print the rows; with --show, what is wrong in a set."""
    parser = argparse.ArgumentParser(prog="python -m bench.guard")
    parser.add_argument("--show", metavar="SET", choices=NAMES)
    asked = parser.parse_args().show
    if asked:
        show(asked)
        return
    kept = [n for n in NAMES if (SETS / f"{n}.txt").is_file()]
    spent = times([line for n in kept for line in sentences_of(n)])
    row("guard: a sentence, median", statistics.median(spent), "ms", "the plan's 2 ms")
    row("guard: a sentence, p95", percentile(spent, 0.95), "ms")
    for name in kept:
        lines = sentences_of(name)
        bad = sum(line.kind != "ok" for line in lines)
        judged = stopped(lines)
        if bad:
            caught = sum(found for line, found in judged if line.kind != "ok") / bad
            row(f"guard, {name}: violations caught", 100 * caught, "%", f"{bad} lines")
        false = sum(found for line, found in judged if line.kind == "ok") / (len(lines) - bad)
        row(f"guard, {name}: clean lines stopped", 100 * false, "%", f"{len(lines) - bad} lines")


if __name__ == "__main__":
    main()
