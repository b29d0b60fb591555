"""Words: tokenizer and text encoder of the demo's picture model (CLIP's architecture, small).

    python -m assets.demo_models.words --out FOLDER [--steps N]

The encoder learns to tell every trait of a person from a prompt that asks for some of them, in Chinese or English; the
UNet then reads what it has understood. Both are quick: the domain has some hundred words.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from tokenizers import models, trainers
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from assets.demo_models.run import DEVICE, Run, hash_of, modest, write_json
from assets.demo_models.traits import TRAITS, caption, choose, plain_caption

WIDTH = 192
VOCABULARY = 1400
LENGTH = 77
BATCH = 48
START, END = "<|startoftext|>", "<|endoftext|>"
ASKED = tuple(TRAITS)


def tokenizer() -> Any:
    """A CLIP tokenizer whose merges come from prompts of the domain; any other text falls apart into bytes."""
    rng = random.Random(0)
    texts = [caption(choose(rng), rng, lang, 0.9) for _ in range(6000) for lang in ("zh", "en")]
    empty = CLIPTokenizer(vocab={END: 0, START: 1}, merges=[])
    backend = empty._tokenizer
    backend.model = models.BPE(continuing_subword_prefix="", end_of_word_suffix="</w>", unk_token=END)
    alphabet = bytes_alphabet()
    backend.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=VOCABULARY - 256, special_tokens=[START, END], initial_alphabet=alphabet, end_of_word_suffix="</w>",
        min_frequency=20, show_progress=False,
    ))
    import json

    model = json.loads(backend.to_str())["model"]
    vocab = dict(model["vocab"])
    for letter in alphabet:
        vocab.setdefault(letter, len(vocab))
        vocab.setdefault(f"{letter}</w>", len(vocab))
    merges = [tuple(m) for m in model["merges"]]
    return CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=LENGTH)


def bytes_alphabet() -> list[str]:
    """The 256 letters that bytes are written as."""
    from tokenizers.pre_tokenizers import ByteLevel

    return sorted(ByteLevel.alphabet())


def encoder(words: Any) -> Any:
    """An untrained one, of 2 million parameters."""
    torch.manual_seed(1)
    return CLIPTextModel(CLIPTextConfig(
        vocab_size=len(words), hidden_size=WIDTH, intermediate_size=4 * WIDTH, num_hidden_layers=4,
        num_attention_heads=6, max_position_embeddings=LENGTH, bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id, pad_token_id=words.pad_token_id, attention_dropout=0.0,
    ))


class Reader(nn.Module):
    """The encoder with one question a trait: which value does the prompt ask for, if any?"""

    def __init__(self, text: Any) -> None:
        super().__init__()
        self.text = text
        self.heads = nn.ModuleDict({t: nn.Linear(WIDTH, len(TRAITS[t]) + 1) for t in ASKED})

    def forward(self, ids: Tensor, at: Tensor) -> dict[str, Tensor]:
        """Scores by trait, (n, values + 1), read at places `at` (n,) of prompts (n, 77)."""
        states = self.text(input_ids=ids).last_hidden_state
        read = states[torch.arange(len(at), device=at.device), at]
        return {t: head(read) for t, head in self.heads.items()}


def batch(words: Any, seed: int, count: int = BATCH) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    """Prompts, places behind their ends, and what they ask for."""
    rng = random.Random(seed)
    texts, wanted = [], []
    for n in range(count):
        choice = choose(rng)
        lang = "zh" if n % 2 else "en"
        text = caption(choice, rng, lang, rng.choice((0.3, 0.7, 0.95)))
        texts.append(text)
        wanted.append(asked_for(text, choice, lang))
    ids = words(texts, padding="max_length", max_length=LENGTH, truncation=True, return_tensors="pt").input_ids
    ends = (ids == words.eos_token_id).int().argmax(1)
    at = torch.tensor([rng.randrange(int(e), LENGTH) for e in ends])
    labels = {t: torch.tensor([w[t] for w in wanted]).to(DEVICE) for t in ASKED}
    return ids.to(DEVICE), at.to(DEVICE), labels


def asked_for(text: str, choice: dict[str, str], lang: str) -> dict[str, int]:
    """Index of the value by trait, or the number of values where the prompt is silent."""
    out = {}
    for trait, values in TRAITS.items():
        index = next(i for i, v in enumerate(values) if v.name == choice[trait])
        phrases = values[index].zh if lang == "zh" else values[index].en
        out[trait] = index if any(p in text for p in phrases) else len(values)
    return out


def train(out: Path, *, steps: int, threads: int) -> tuple[Any, Any]:
    """Train both; leaves `out/tokenizer`, `out/text_encoder` and how many traits are understood."""
    modest(threads)
    words = tokenizer()
    reader = Reader(encoder(words))
    run = Run("words", reader, out, steps=steps, lr=1e-3, decay=0.01, every=250)

    def loss(step: int, _rng: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        ids, at, labels = batch(words, hash_of("words", step))
        scores = reader(ids, at)
        each = [F.cross_entropy(scores[t], labels[t]) for t in ASKED]
        return torch.stack(each).mean(), {}

    def after(step: int) -> None:
        words.save_pretrained(out / "tokenizer")
        reader.text.save_pretrained(out / "text_encoder", safe_serialization=True)
        found = understood(words, reader)
        write_json(out / "judged.json", {"step": step, "understood": round(found, 4), "vocabulary": len(words)})
        print(f"words {step}: {found:.2%} of the traits in new prompts are understood", flush=True)

    run.go(loss, after)
    return words, reader.text


@torch.no_grad()
def understood(words: Any, reader: Reader, count: int = 192) -> float:
    """Share of traits that are told right from prompts that were not trained on."""
    ids, at, labels = batch(words, hash_of("words", "held out"), count)
    scores = reader(ids, at)
    return float(torch.stack([(scores[t].argmax(1) == labels[t]).float().mean() for t in ASKED]).mean())


@torch.no_grad()
def embed(words: Any, text: Any, prompts: list[str]) -> Tensor:
    """(n, 77, 192) of prompts."""
    ids = words(prompts, padding="max_length", max_length=LENGTH, truncation=True, return_tensors="pt").input_ids
    out: Tensor = text(input_ids=ids.to(text.device)).last_hidden_state
    return out


def main() -> None:
    """Train them."""
    parser = argparse.ArgumentParser(prog="python -m assets.demo_models.words")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    words, _ = train(given.out, steps=given.steps, threads=given.threads)
    rng = random.Random(3)
    print(words.tokenize(plain_caption(choose(rng))))


if __name__ == "__main__":
    main()
