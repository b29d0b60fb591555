"""Bookmark: blocks as JSON, so that a show that is started again goes on in the middle of what it was saying."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pipelines.running_order import Block, Cue, Rank


def saved(block: Block, on_stage: Sequence[tuple[str, Cue]]) -> dict[str, Any]:
    """A block, with the ids of those takes on the stage that are of it."""
    return {
        "script_id": block.script_id, "stamp": block.stamp, "lang": block.cues[0].lang, "item_id": block.item_id,
        "product_id": block.cues[0].product_id, "texts": [c.text for c in block.cues],
        "done": [c.done for c in block.cues],
        "flight": {take_id: block.cues.index(cue) for take_id, cue in on_stage if cue in block.cues},
    }


def loaded(kept: Mapping[str, Any], line_id: Callable[[], str]) -> tuple[Block, dict[str, Cue]]:
    """What `saved` gave, and the cues by the ids of the takes that were on the stage."""
    lang, product = kept["lang"], kept["product_id"]
    cues = [Cue(line_id(), t, lang, "script", Rank.SCRIPT, product_id=product) for t in kept["texts"]]
    for cue, done in zip(cues, kept["done"], strict=True):
        cue.state = "heard" if done else "waiting"
    block = Block(
        cues, Rank.SCRIPT, script_id=kept["script_id"], stamp=kept["stamp"], item_id=kept.get("item_id", "")
    )
    return block, {take_id: cues[at] for take_id, at in dict(kept["flight"]).items()}
