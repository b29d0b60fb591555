"""Pointer: where in what it was told a text is copying, so that a small model does not jump to another place.

Names and facts share words, and a model that looks a few tokens back can go on in the wrong one. The longest run at
the end of the text that stands in a source tells the right one, and the longer it is, the more its next token is
raised (pointing as in arXiv:1609.07843, by the longest match as in arXiv:2401.17377).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

SHORTEST = 3
"""Tokens; a shorter run is in too many places to tell one."""
LONGEST = 8
"""Tokens; a longer run tells no more."""
_NOTHING = -1


class Pointer:
    """Follows one text; `sources` are token ids of what may be copied."""

    def __init__(self, sources: Sequence[Sequence[int]]) -> None:
        # Sources are parted by a mark, so that no run goes from one into the next.
        self._ids = np.array([t for source in sources for t in (*source, _NOTHING)] or [_NOTHING], np.int64)
        self._runs = np.zeros(len(self._ids), np.int64)

    def follow(self, token: int) -> None:
        """`token` is said."""
        longer = np.concatenate(([0], self._runs[:-1])) + 1
        self._runs = np.where(self._ids == token, longer, 0)

    def next(self) -> tuple[list[int], int]:
        """The tokens that go on the longest run, and its length; none at the end of a source."""
        length = int(self._runs.max())
        if length < SHORTEST:
            return [], 0
        ahead = np.unique(self._ids[np.flatnonzero(self._runs == length) + 1])
        return ([], 0) if _NOTHING in ahead else (ahead.tolist(), min(length, LONGEST))

    def raised(self, logits: Tensor, weight: float) -> Tensor:
        """`logits` (vocabulary,) with what goes on raised by `weight` for each token that tells it."""
        tokens, length = self.next()
        if not tokens:
            return logits
        return logits.index_add(0, torch.tensor(tokens), torch.full((len(tokens),), weight * (length - SHORTEST + 1)))
