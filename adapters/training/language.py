"""LanguageTask: LoRA on a causal language model, learning answers (and nothing of the questions) from dialogues."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from adapters import load
from adapters.errors import BadConfig, BadDataset
from adapters.spec import adaptable, language_spec
from adapters.training import chance
from adapters.training.base import spec_hash
from adapters.training.config import TrainConfig
from adapters.training.dialogues import SPEAKER, Dialogue, read_dialogues
from adapters.training.folder import Folder
from adapters.training.injection import LoraModel, inject
from adapters.training.journal import Journal
from adapters.training.task import Sample, Surroundings, Which

JUDGED = 200
ATTENTION = (".q_proj", ".k_proj", ".v_proj", ".o_proj", ".c_attn", ".query_key_value", ".qkv_proj", ".out_proj")
SAMPLE_TOKENS = 60


@dataclass(frozen=True, slots=True)
class Example:
    """A dialogue in tokens; `answers` are the places of tokens that the presenter says, never the first."""

    tokens: tuple[int, ...]
    answers: tuple[int, ...]
    question: tuple[dict[str, str], ...]
    answer: str


class LanguageTask:
    """One training on dialogues; raises `BadDataset`, `BadBase` or `BadConfig` when made."""

    def __init__(self, config: TrainConfig, folder: Folder, journal: Journal, where: Surroundings) -> None:
        self._config, self._folder, self._journal, self._where = config, folder, journal, where
        found = read_dialogues(config.train_data_dir)
        for fault in found.faults[:20]:
            said = fault.message if fault.code == SPEAKER else f"left out: {fault.message}"
            journal.tell("note", level="warn", message=said, next_step="")
        load.quiet()
        self.model, self.tokenizer = load.language(config.base_model, torch.float32)
        self.base_hash = spec_hash(self.model)
        shapes = adaptable((name, tuple(p.shape)) for name, p in self.model.named_parameters())
        family = str(getattr(self.model.config, "model_type", "llm"))
        self.spec = language_spec(shapes, family=family, rank_max=config.lora_rank)
        self._limit = min(config.max_length, int(getattr(self.model.config, "max_position_embeddings", 1 << 30)))
        self._ends = _ends(self.model, self.tokenizer)
        self._read(found.items)
        self.model.requires_grad_(False).eval().to(where.device, where.base_dtype)
        self.loras = {"model": self._inject(list(shapes))}

    # -- setting up ------------------------------------------------------------------------------

    def _inject(self, paths: list[str]) -> LoraModel:
        config = self._config
        targets = {p: p for p in paths if config.targets != "attention" or p.endswith(ATTENTION)}
        if not targets:
            raise BadConfig("lora_targets", "the base has no attention layers under the usual names",
                            next_step="Set it to transformer.")
        return inject(self.model, targets, rank=config.lora_rank, alpha=config.alpha, dropout=config.lora_dropout,
                      rslora=config.rslora, seed=config.seed)

    def _read(self, dialogues: Sequence[Dialogue]) -> None:
        every, long = [], 0
        for d in dialogues:
            example = self.encode(d)
            if len(example.tokens) > self._limit:
                long += 1
            elif example.answers:
                every.append(example)
        if long:
            self._journal.tell(
                "note", level="warn", message=f"{long} of {len(dialogues)} dialogues are longer than {self._limit} "
                "tokens and left out", next_step="Raise max_length, or split them.",
            )
        if not every:
            raise BadDataset(f"none of {len(dialogues)} dialogues fits into {self._limit} tokens",
                             next_step="Raise max_length, or use shorter ones.")
        out = set(chance.held_out(len(every), self._config.validation_split, self._config.seed))
        self._learnt = [e for n, e in enumerate(every) if n not in out]
        self._held_out = [e for n, e in enumerate(every) if n in out]
        self.items, self.held_out = len(self._learnt), len(self._held_out)
        digest = hashlib.sha256(repr([(e.tokens, e.answers) for e in every]).encode())
        self.dataset_hash = digest.hexdigest()[:16]
        self.prompts = self._config.sample_prompts or list(
            dict.fromkeys(e.question[-1]["content"] for e in (*self._held_out, *self._learnt))
        )[:3]

    def encode(self, dialogue: Dialogue) -> Example:
        """Tokens by the base's chat template, or line by line when it has none."""
        config = self._config
        messages = [{"role": r, "content": c} for r, c in dialogue.messages]
        if all(m["role"] == "assistant" for m in messages):
            messages = [{"role": "user", "content": config.copy_prompt}, *messages]
        if config.system_prompt and messages[0]["role"] != "system":
            messages = [{"role": "system", "content": config.system_prompt}, *messages]
        tokens: list[int] = []
        answers: list[int] = []
        for n, message in enumerate(messages):
            if message["role"] != "assistant":
                continue
            before, whole = self._tokens(messages[:n], ask=True), self._tokens(messages[: n + 1], ask=False)
            if whole[: len(before)] != before:
                # A template that trims what stood before: the answer begins where the two part.
                same = next((k for k, (a, b) in enumerate(zip(before, whole, strict=False)) if a != b), len(before))
                before = before[:same]
            tokens = whole
            answers += range(max(1, len(before)), len(whole))
        last = max((n for n, m in enumerate(messages) if m["role"] == "assistant"), default=0)
        return Example(tuple(tokens), tuple(answers), tuple(messages[:last]), messages[last]["content"])

    def _tokens(self, messages: list[dict[str, str]], *, ask: bool) -> list[int]:
        tokenizer = self.tokenizer
        if getattr(tokenizer, "chat_template", None):
            return list(tokenizer.apply_chat_template(
                messages, add_generation_prompt=ask, tokenize=True, return_dict=False
            ))
        out: list[int] = []
        for m in messages:
            text = m["content"] if m["role"] == "assistant" else m["content"] + "\n"
            out += tokenizer.encode(text, add_special_tokens=not out)
            if m["role"] == "assistant" and self._ends:
                out.append(self._ends[0])
        return out

    # -- learning --------------------------------------------------------------------------------

    def steps(self, epoch: int) -> list[list[int]]:
        """All dialogues in a new order."""
        order = chance.permutation(self.items, self._config.seed, "order", epoch)
        size = self._config.step_items
        return [order[at : at + size] for at in range(0, len(order), size)]

    def weight(self, items: Sequence[int]) -> float:
        """Tokens of answers."""
        return float(sum(len(self._learnt[i].answers) for i in items))

    def heaviest(self, count: int) -> list[int]:
        """The longest ones."""
        order = sorted(range(self.items), key=lambda n: -len(self._learnt[n].tokens))
        return [order[n % len(order)] for n in range(count)]

    def loss(self, items: Sequence[int], step: int, at: int) -> Tensor:
        """Sum of cross-entropies of the answers' tokens."""
        return self._cross_entropy([self._learnt[i] for i in items])

    def _cross_entropy(self, examples: Sequence[Example]) -> Tensor:
        rows = self._packed(examples) if self._config.packing else [[e] for e in examples]
        total = torch.zeros((), device=self._where.device)
        for row in rows:
            total = total + self._row(row)
        return total

    def _packed(self, examples: Sequence[Example]) -> list[list[Example]]:
        rows: list[list[Example]] = [[]]
        for e in examples:
            if rows[-1] and sum(len(x.tokens) for x in rows[-1]) + len(e.tokens) > self._limit:
                rows.append([])
            rows[-1].append(e)
        return rows

    def _row(self, row: Sequence[Example]) -> Tensor:
        """Dialogues one after another; positions begin anew with each, by which the model keeps them apart."""
        device, half = self._where.device, self._where.half
        ids = torch.tensor([[t for e in row for t in e.tokens]], device=device)
        positions = torch.tensor([[n for e in row for n in range(len(e.tokens))]], device=device)
        starts, at = [], 0
        for e in row:
            starts.append(at)
            at += len(e.tokens)
        before = torch.tensor([s + n - 1 for s, e in zip(starts, row, strict=True) for n in e.answers], device=device)
        wanted = torch.tensor([e.tokens[n] for e in row for n in e.answers], device=device)
        with torch.autocast(device.type, half, enabled=half is not None):
            # Only what an answer needs is turned into logits: a vocabulary is wide, and questions are not learnt.
            logits = self.model(
                input_ids=ids, position_ids=positions, use_cache=False, logits_to_keep=before
            ).logits[0]
        return F.cross_entropy(logits.float(), wanted, reduction="sum")

    # -- judging ---------------------------------------------------------------------------------

    @torch.no_grad()
    def evaluate(self, which: Which, rows: int = 0) -> float | None:
        """Mean cross-entropy a token of the answers; its exponential is the perplexity."""
        found = self._held_out if which == "held_out" else self._learnt[: len(self._held_out)]
        found = found[:JUDGED]
        if not found or not self._held_out:
            return None
        size, total = rows or self._config.batch_size, 0.0
        for at in range(0, len(found), size):
            total += float(self._cross_entropy(found[at : at + size]))
        return total / sum(len(e.answers) for e in found)

    @torch.no_grad()
    def sample(self, step: int) -> Iterator[Sample]:
        """One line a prompt, the likeliest words."""
        for n, prompt in enumerate(self.prompts):
            messages = [{"role": "user", "content": prompt}]
            if self._config.system_prompt:
                messages = [{"role": "system", "content": self._config.system_prompt}, *messages]
            ids = torch.tensor([self._tokens(messages, ask=True)[-self._limit :]], device=self._where.device)
            half = self._where.half
            with torch.autocast(self._where.device.type, half, enabled=half is not None):
                out = self.model.generate(
                    input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=SAMPLE_TOKENS, do_sample=False,
                    repetition_penalty=1.1, eos_token_id=self._ends or None,
                    pad_token_id=self._ends[0] if self._ends else 0,
                )
            text = self.tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True).strip()
            yield Sample(n, prompt, text=text)

    # -- the machine -----------------------------------------------------------------------------

    def train(self, on: bool) -> None:
        """Dropout of the adapter, and the base's own if it has any."""
        self.model.train(on)

    def checkpointing(self) -> None:
        """Non-reentrant, since the inputs of the first layer need no gradient."""
        enable = getattr(self.model, "activation_checkpointing_enable", None)
        if enable is not None:
            enable()
        else:
            self.model.gradient_checkpointing_enable({"use_reentrant": False})

    def lighten(self) -> str:
        """There is nothing here that training does not need."""
        return ""

    def facts(self) -> dict[str, Any]:
        """For the report."""
        tokens = [len(e.tokens) for e in self._learnt]
        return {"dialogues": self.items, "held_out": self.held_out, "tokens": sum(tokens), "longest": max(tokens),
                "answer tokens": sum(len(e.answers) for e in self._learnt), "base": self.spec.family,
                "template": bool(getattr(self.tokenizer, "chat_template", None))}


def _ends(model: Any, tokenizer: Any) -> list[int]:
    ends = model.generation_config.eos_token_id
    every = [*(ends if isinstance(ends, list) else [ends]), tokenizer.eos_token_id]
    return list(dict.fromkeys(int(e) for e in every if e is not None))
