"""ChatEvent: one thing a viewer did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ChatKind = Literal["question", "comment", "gift", "follow", "join", "like"]
CHAT_KINDS: tuple[ChatKind, ...] = ("question", "comment", "gift", "follow", "join", "like")


@dataclass(frozen=True, slots=True)
class ChatEvent:
    """One thing a viewer did; `ts` is monotonic seconds at arrival.

    A `comment` that reads like a question becomes a `question` in the inbox.
    """

    platform: str
    event_id: str
    kind: ChatKind
    user: str
    text: str
    ts: float
