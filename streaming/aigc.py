"""AIGC notice: tells machines that a stream or file was made by AI (GB 45438-2025, implicit label in file metadata).

The metadata key is `AIGC`, its value one JSON object with the seven fields of the standard's
annex E. A stream carries it in FLV's onMetaData, a recording among the file's metadata tags.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

KEY = "AIGC"
CERTAIN = "1"
"""Label of content that certainly is made by AI; 2 and 3 are for content that may be, or is suspected to be."""
MAX_CHARS = 200
PRODUCER = "NightAnchor"


@dataclass(frozen=True, slots=True)
class Notice:
    """Who made it and who spreads it: names or codes, and the content's numbers with both."""

    producer: str = PRODUCER
    content: str = ""
    propagator: str = ""

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Notice:
        """Read the `aigc` part of a child's config; what is absent takes its default, so no stream is without."""
        data = config.get("aigc")
        given = data if isinstance(data, Mapping) else {}
        known = {k: str(given.get(k) or "")[:MAX_CHARS] for k in ("producer", "content", "propagator")}
        return cls(known["producer"] or PRODUCER, known["content"] or str(config.get("room") or ""),
                   known["propagator"])

    def metadata(self, began: datetime | None = None) -> dict[str, str]:
        """The metadata entry of one stream or file that began at `began` (now); the instant makes its number unique."""
        at = (began or datetime.now(UTC)).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        number = "-".join(p for p in (self.content, at) if p)
        fields = {
            "Label": CERTAIN, "ContentProducer": self.producer, "ProduceID": number, "ReservedCode1": "",
            "ContentPropagator": self.propagator or self.producer, "PropagateID": number, "ReservedCode2": "",
        }
        return {KEY: json.dumps(fields, ensure_ascii=False, separators=(",", ":"))}
