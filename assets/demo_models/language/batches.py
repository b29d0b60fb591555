"""Batch: groups of examples packed into rows, each beginning computed once for all its endings.

A token sees its group's beginning and its own ending, nothing else; the positions of every ending go on from the
beginning's. So the loss is what it would be if each example stood in a row of its own.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from assets.demo_models.language.corpus import Example, group
from assets.demo_models.language.stock import Pieces
from assets.demo_models.language.tokenizer import START

IGNORED = -100
OVER = 1.15
"""More is drawn than is packed, so that small trees fill what large ones leave."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Token ids of a group: what is common, then (ids, labels) of each ending."""

    trunk: list[int]
    branches: list[tuple[list[int], list[int]]]

    def __len__(self) -> int:
        return len(self.trunk) + sum(len(ids) for ids, _ in self.branches)


@dataclass(frozen=True, slots=True)
class Batch:
    """All (rows, length); `mask` is (rows, 1, length, length), true where a token may look."""

    ids: Tensor
    positions: Tensor
    labels: Tensor
    mask: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same on a device."""
        return Batch(*(t.to(device) for t in (self.ids, self.positions, self.labels, self.mask)))


class Trees:
    """Turns groups into token ids."""

    def __init__(self, tokenizer: Any) -> None:
        self._encode: Callable[[str], list[int]] = lambda text: tokenizer.encode(text, add_special_tokens=False)
        self._head = {r: self._encode(f"{START}{r}\n") for r in ("system", "user", "assistant")}
        self._end = [tokenizer.eos_token_id]
        self._newline = self._encode("\n")
        self.pad = int(tokenizer.pad_token_id)
        self.pieces = Pieces.of(tokenizer.decode([n]) for n in range(len(tokenizer)))

    def tree(self, examples: Sequence[Example], longest: int) -> Tree | None:
        """As many endings as fit into `longest` tokens; None when not even one does."""
        prompts, answers = [], []
        for example in examples:
            prompt: list[int] = []
            for m in example.dialogue()[:-1]:
                prompt += [*self._head[m["role"]], *self._encode(m["content"]), *self._end, *self._newline]
            prompts.append(prompt + self._head["assistant"])
            answers.append([*self._encode(example.text), *self._end])
        common = _common(prompts)
        room = longest - common
        branches: list[tuple[list[int], list[int]]] = []
        for prompt, answer in zip(prompts, answers, strict=True):
            ids = prompt[common:] + answer
            if len(ids) <= room and ids not in (b for b, _ in branches):
                branches.append((ids, [IGNORED] * (len(ids) - len(answer)) + answer))
                room -= len(ids)
        return Tree(prompts[0][:common], branches) if branches else None


def _common(prompts: Sequence[list[int]]) -> int:
    """Length of what all begin with."""
    pairs = zip(*prompts, strict=False)
    return sum(1 for _ in itertools.takewhile(lambda column: len(set(column)) == 1, pairs))


def draw(trees: Trees, seed: str, *, tokens: int, length: int, ease: float, held_out: bool = False) -> Batch:
    """About `tokens` tokens in rows of `length`; the same for the same seed."""
    found: list[Tree] = []
    total = 0
    for n in itertools.count():
        tree = trees.tree(group(
            random.Random(f"{seed}/{n}"), ease=ease, held_out=held_out, pieces=trees.pieces,
        ), length)
        if tree is not None:
            found.append(tree)
            total += len(tree)
        if total >= tokens * OVER:
            break
    return pack(found, length, trees.pad, most=max(1, tokens // length))


def pack(trees: Sequence[Tree], length: int, pad: int, most: int | None = None) -> Batch:
    """Fill rows, the longest trees first, each into the first row with room; what is over `most` rows is left out."""
    rows: list[list[Tree]] = []
    room: list[int] = []
    for tree in sorted(trees, key=len, reverse=True):
        row = next((n for n, left in enumerate(room) if left >= len(tree)), None)
        if row is None:
            if len(rows) == most:
                continue
            rows.append([])
            room.append(length)
            row = len(rows) - 1
        rows[row].append(tree)
        room[row] -= len(tree)
    width = length - min(room)
    ids, labels = torch.full((len(rows), width), pad), torch.full((len(rows), width), IGNORED)
    positions, kin, branch = (torch.zeros((len(rows), width), dtype=torch.long) for _ in range(3))
    for r, row_trees in enumerate(rows):
        at = 0
        for number, tree in enumerate(row_trees, 1):
            start = len(tree.trunk)
            pieces = [(tree.trunk, [IGNORED] * start, 0), *((i, lab, start) for i, lab in tree.branches)]
            for b, (piece, label, first) in enumerate(pieces):
                here = slice(at, at + len(piece))
                ids[r, here], labels[r, here] = torch.tensor(piece), torch.tensor(label)
                positions[r, here] = torch.arange(first, first + len(piece))
                kin[r, here], branch[r, here] = number, b
                at += len(piece)
    same = kin[:, :, None] == kin[:, None, :]
    seen = (branch[:, None, :] == 0) | (branch[:, :, None] == branch[:, None, :])
    causal = torch.ones(width, width, dtype=torch.bool).tril()
    return Batch(ids, positions, labels, (same & seen & causal)[:, None])


def loss(model: Any, batch: Batch) -> tuple[Tensor, Tensor]:
    """Cross-entropy of the answers' tokens, and the share of them guessed right."""
    states = model.model(
        input_ids=batch.ids, position_ids=batch.positions, attention_mask=batch.mask, use_cache=False,
    ).last_hidden_state
    # A branch's first label stands behind the trunk's last token only where the trunk ends in the assistant's head;
    # labels are therefore looked up from the token before in the tree, not in the row.
    before, wanted = _before(batch)
    logits = model.lm_head(states.flatten(0, 1)[before]).float()
    right = (logits.argmax(-1) == wanted).float().mean()
    return F.cross_entropy(logits, wanted), right


def _before(batch: Batch) -> tuple[Tensor, Tensor]:
    """Flat places of the tokens that stand before each label's token, and the labels."""
    width = batch.ids.shape[1]
    r, c = (batch.labels != IGNORED).nonzero(as_tuple=True)
    place = batch.positions[r, c]
    # The token before is the last one it may see whose position is one less.
    seen = batch.mask[r, 0, c] & (batch.positions[r] == place[:, None] - 1)
    column = (seen * torch.arange(1, width + 1, device=seen.device)).argmax(1)
    return r * width + column, batch.labels[r, c]
