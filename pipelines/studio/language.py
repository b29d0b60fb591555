"""LanguageBase: one causal language model, resident, writing for several rooms in their adapters.

The cache of keys and values of a finished prompt is kept per slot, so that a persona's own prompt is read once; it
belongs to one version of the slot, and a swap makes it void, since what another adapter computed must not be read on.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from adapters import load
from adapters.errors import BadBase, Refused
from adapters.resident import BARE, ResidentBase
from adapters.spec import BaseSpec, spec_of_folder
from pipelines.studio.pointer import Pointer
from streaming.errors import BadInput, Conflict, Corrupt

Message = dict[str, str]
MIN_REUSE = 8
"""A common beginning shorter than this is not worth cropping a cache for."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen (nucleus sampling, arXiv:1904.09751); temperature 0 takes the likeliest.

    Over 0, `copy_bias` keeps a text that copies from one of `sources` there; see `pipelines.studio.pointer`.
    """

    max_tokens: int = 120
    temperature: float = 0.7
    top_p: float = 0.9
    repetition_penalty: float = 1.1
    seed: int = 0
    stop: tuple[str, ...] = ()
    copy_bias: float = 0.0
    sources: tuple[str, ...] = ()


class Stale(Conflict):
    """The slot was given another adapter while a text was being written in it."""

    code = "stale"


@dataclass(slots=True)
class _Prefix:
    version: int
    tokens: list[int]
    cache: DynamicCache


@dataclass(slots=True)
class Text:
    """A text being written: `out` are its tokens so far."""

    slot: int
    version: int
    sampling: Sampling
    prompt: list[int]
    cache: DynamicCache
    pending: Tensor
    rng: torch.Generator
    pointer: Pointer | None = None
    out: list[int] = field(default_factory=list)
    shown: str = ""
    done: bool = False


class LanguageBase:
    """Load with `load`; every method may be called from any thread."""

    def __init__(self, model: Any, tokenizer: Any, spec: BaseSpec, *, slots: int) -> None:
        self.model, self.tokenizer, self.spec = model, tokenizer, spec
        targets = [path for path, t in spec.parts["model"].items() if t.live]
        self.resident = ResidentBase(model, targets, rank=spec.rank_max, slots=slots)
        self._prefixes: dict[int, _Prefix] = {}
        self.lock = threading.Lock()
        ends = model.generation_config.eos_token_id
        self._ends = set(ends if isinstance(ends, list) else [ends]) | {tokenizer.eos_token_id}

    @classmethod
    def load(
        cls, folder: Path, *, device: torch.device, dtype: torch.dtype, rank: int, slots: int
    ) -> LanguageBase:
        """From a transformers folder; raises `BadInput` when it can't be."""
        try:
            spec = spec_of_folder(folder, rank_max=rank)
            model, tokenizer = load.language(folder, dtype)
        except (OSError, BadBase, Refused) as e:
            raise BadInput(
                e.message if isinstance(e, BadBase)
                else f"the language base in {folder} can't be loaded: {load.first_line(e)}",
                next_step="Set language.path to a transformers folder with .safetensors weights and a tokenizer.",
            ) from e
        return cls(model.to(device).eval().requires_grad_(False), tokenizer, spec, slots=slots)

    def encode(self, messages: Sequence[Message]) -> list[int]:
        """Token ids of a conversation up to where the assistant speaks."""
        if getattr(self.tokenizer, "chat_template", None):
            return list(
                self.tokenizer.apply_chat_template(
                    list(messages), add_generation_prompt=True, tokenize=True, return_dict=False
                )
            )
        return list(self.tokenizer.encode("\n".join(m["content"] for m in messages) + "\n"))

    @torch.inference_mode()
    def begin(self, messages: Sequence[Message], sampling: Sampling, *, slot: int = BARE) -> Text:
        """Read the prompt in the slot's adapter; raises `BadInput` when it is empty or too long."""
        prompt = self.encode(messages)
        limit = int(self.model.config.max_position_embeddings)
        if not prompt:
            raise BadInput("the prompt is empty", next_step="Give it at least one word.")
        if len(prompt) + sampling.max_tokens > limit:
            raise BadInput(
                f"prompt and answer are {len(prompt) + sampling.max_tokens} tokens, the base reads {limit}",
                next_step="Shorten the persona's prompt or the facts.",
            )
        device = self.resident.device
        with self.lock:
            cache, known = self._take_prefix(slot, prompt)
            version = self.resident.versions[slot]
            logits = self._forward(torch.tensor([prompt[known:]], device=device), cache, slot)
        rng = torch.Generator(device="cpu").manual_seed(sampling.seed)
        pointer = Pointer([self._words(s) for s in sampling.sources]) if sampling.copy_bias > 0 else None
        text = Text(slot, version, sampling, prompt, cache, logits, rng, pointer)
        self._choose(text)
        return text

    @torch.inference_mode()
    def step(self, text: Text) -> str:
        """Write one token; returns what new text can be shown. Raises `Stale` when the slot was swapped meanwhile."""
        if text.done:
            return ""
        with self.lock:
            self._check(text)
            ids = torch.tensor([[text.out[-1]]], device=self.resident.device)
            text.pending = self._forward(ids, text.cache, text.slot)
        self._choose(text)
        return self._new_text(text)

    def show(self, text: Text) -> str:
        """What can be shown of the token that `begin` chose."""
        return self._new_text(text)

    def stream(self, messages: Sequence[Message], sampling: Sampling, *, slot: int = BARE) -> Iterator[str]:
        """The text in pieces, as it is written."""
        text = self.begin(messages, sampling, slot=slot)
        yield self.show(text)
        while not text.done:
            yield self.step(text)
        self.finish(text)

    def finish(self, text: Text) -> None:
        """Keep the prompt's cache for the next text in this slot."""
        with self.lock:
            if self.resident.versions[text.slot] == text.version:
                _shorten(text.cache, len(text.prompt))
                self._prefixes[text.slot] = _Prefix(text.version, text.prompt, text.cache)

    def swap(self, staged: Tensor | None, slot: int) -> None:
        """Change a slot's adapter between two tokens; its caches are void from here on."""
        with self.lock:
            self.resident.swap(staged, slot)
            self._prefixes.pop(slot, None)

    def rollback(self, slot: int) -> None:
        """Give a slot the adapter it wore before."""
        with self.lock:
            self.resident.rollback(slot)
            self._prefixes.pop(slot, None)

    def _words(self, source: str) -> list[int]:
        """Token ids of a source as they are in the middle of a text, where a space stands before a word."""
        ids: list[int] = self.tokenizer.encode(f" {source}", add_special_tokens=False)
        return ids if self.tokenizer.decode(ids[:1]).strip() else ids[1:]

    def _check(self, text: Text) -> None:
        if self.resident.versions[text.slot] != text.version:
            text.done = True
            raise Stale("the persona changed while this line was being written", next_step="Write it again.")

    def _take_prefix(self, slot: int, prompt: list[int]) -> tuple[DynamicCache, int]:
        """A cache that covers the beginning of `prompt`, and how many tokens; taken, since it will be written to."""
        prefix = self._prefixes.pop(slot, None)
        if prefix is None or prefix.version != self.resident.versions[slot]:
            return DynamicCache(config=self.model.config), 0
        pairs = zip(prefix.tokens, prompt[:-1], strict=False)
        common = sum(1 for _ in itertools.takewhile(lambda p: p[0] == p[1], pairs))
        if common < MIN_REUSE:
            return DynamicCache(config=self.model.config), 0
        _shorten(prefix.cache, common)
        return prefix.cache, common

    def _forward(self, ids: Tensor, cache: DynamicCache, slot: int) -> Tensor:
        """Logits (vocabulary,) of the token after `ids` (1, n), in float32 on the CPU."""
        self.resident.wear([slot])
        out = self.model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
        logits: Tensor = out.logits[0, -1].float().cpu()
        if not torch.isfinite(logits).all():
            raise Corrupt("the language base computed NaN", next_step="The adapter is unusable; remove it.")
        return logits

    def _choose(self, text: Text) -> None:
        logits, how = text.pending, text.sampling
        if text.out and how.repetition_penalty != 1.0:
            seen = torch.tensor(sorted(set(text.out)))
            chosen = logits[seen]
            logits = logits.clone()
            logits[seen] = torch.where(chosen > 0, chosen / how.repetition_penalty, chosen * how.repetition_penalty)
        if text.pointer is not None:
            logits = text.pointer.raised(logits, how.copy_bias)
        if how.temperature <= 0:
            token = int(logits.argmax())
        else:
            p, order = torch.softmax(logits / how.temperature, -1).sort(descending=True)
            p[(p.cumsum(-1) - p) >= how.top_p] = 0.0
            token = int(order[torch.multinomial(p, 1, generator=text.rng)])
        if token in self._ends:
            text.done = True
            return
        text.out.append(token)
        if text.pointer is not None:
            text.pointer.follow(token)
        text.done = len(text.out) >= how.max_tokens

    def _new_text(self, text: Text) -> str:
        whole = self.tokenizer.decode(text.out, skip_special_tokens=True)
        for stop in text.sampling.stop:
            if stop in whole:
                whole, text.done = whole[: whole.index(stop)], True
        # A character of several tokens is not shown before its last one.
        if not text.done and whole.endswith("\ufffd"):
            return ""
        new: str = whole[len(text.shown) :]
        text.shown = whole
        return new


def _shorten(cache: DynamicCache, length: int) -> None:
    """Keep the first `length` tokens of a cache."""
    extra = int(cache.get_seq_length()) - length
    if extra > 0:
        cache.crop(-extra)
