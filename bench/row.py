"""Row: one measured figure, printed as one JSON line."""

from __future__ import annotations

import json
from collections.abc import Sequence


def row(name: str, value: float | int, unit: str, compared_with: str = "") -> None:
    """Print one figure."""
    rounded = round(value, 4) if isinstance(value, float) else value
    body = {"name": name, "value": rounded, "unit": unit, "compared_with": compared_with}
    print(json.dumps(body, ensure_ascii=False), flush=True)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the sorted values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1000 * len(ordered)) // 1000) - 1))]
