"""Finding: something about a data set that its owner should know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Level = Literal["error", "warn", "info"]
RANK: dict[str, int] = {"error": 0, "warn": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """`code` for programs; `files` are pictures, or dialogues as `file#line`."""

    level: Level
    code: str
    files: tuple[str, ...]
    message: str
    next_step: str = ""

    def to_json(self) -> dict[str, Any]:
        """As the API and `--json` show it."""
        return {"level": self.level, "code": self.code, "count": len(self.files), "files": list(self.files),
                "message": self.message, "next_step": self.next_step}


def in_order(findings: list[Finding]) -> tuple[Finding, ...]:
    """The gravest first."""
    return tuple(sorted(findings, key=lambda f: (RANK[f.level], f.code)))
