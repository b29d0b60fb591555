"""Verdict: what became of a sentence, and by which rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pipelines.line import Lang

Action = Literal["allow", "rewrite", "hold"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that a sentence breaks; `start`..`end` is the place in its text, `rewrite` what could stand there instead.

    `rewrite` None means that nothing could.
    """

    rule: str
    category: str
    found: str
    start: int
    end: int
    reason: dict[Lang, str]
    rewrite: str | None = None

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"rule": self.rule, "category": self.category, "found": self.found, "start": self.start,
                "end": self.end, "reason": self.reason, "rewrite": self.rewrite}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`text` is what may be said: the sentence itself, its rewriting, or empty when it is held."""

    action: Action
    text: str
    hits: tuple[Hit, ...] = ()

    @property
    def rule(self) -> str:
        """The first rule that was broken, empty when none was."""
        return self.hits[0].rule if self.hits else ""

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"action": self.action, "text": self.text, "hits": [h.document() for h in self.hits]}
