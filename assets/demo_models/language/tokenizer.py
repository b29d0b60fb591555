"""Tokenizer: one token for each usual character, pieces of Latin words, figures digit by digit, bytes for all else.

Characters are never merged into words: a name nobody has seen is then copied by the same steps as any other. A Latin
word is split the same way wherever a space stands before it.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from assets.demo_models.language.corpus import groups
from assets.demo_models.language.stock import hanzi, written

START, END, PAD = "<|im_start|>", "<|im_end|>", "<|endoftext|>"
TEMPLATE = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>' + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
LATIN = 1500
"""Merges of Latin letters, learnt from the corpus."""
LENGTH = 2048
_WIDE = r"[\u2010-\u205f\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]"
_PIECES = r" ?\p{L}+| ?[^\s\p{L}\p{N}]|\s+"
_MARKS = "，。、：；？！（）《》“”‘’…—·～「」『』【】％＋"


def build(samples: int = 4000) -> Any:
    """Make it; the same on every machine."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: n for n, token in enumerate((PAD, START, END, *letters))}
    merges: list[tuple[str, str]] = []
    for left, right in itertools.chain(_characters(), _latin(samples)):
        if left + right not in vocabulary:
            vocabulary[left + right] = len(vocabulary)
            merges.append((left, right))
    inner = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    inner.pre_tokenizer = _pieces()
    inner.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=inner, eos_token=END, pad_token=PAD, chat_template=TEMPLATE, model_max_length=LENGTH,
        additional_special_tokens=[START], clean_up_tokenization_spaces=False,
    )


def _pieces() -> Any:
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(_WIDE + r"|\p{N}"), "isolated"), pre_tokenizers.Split(Regex(_PIECES), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])


def usual() -> list[str]:
    """Characters that are one token each."""
    kana = (chr(c) for c in range(0x3041, 0x30FF))
    return list(dict.fromkeys([*_MARKS, *kana, *hanzi(), *written()]))


def _characters() -> Iterator[tuple[str, str]]:
    """Merges of the bytes of each usual character."""
    as_letters = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    for character in usual():
        letters = as_letters.pre_tokenize_str(character)[0][0]
        for end in range(1, len(letters)):
            yield letters[:end], letters[end]


def _latin(samples: int) -> Iterator[tuple[str, str]]:
    """Merges of Latin letters by how often they come together in the corpus."""
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = _pieces()
    trainer = trainers.BpeTrainer(
        vocab_size=256 + LATIN, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False,
    )
    trained.train_from_iterator(_texts(samples), trainer)
    yield from ((left, right) for left, right in json.loads(trained.to_str())["model"]["merges"])


def _texts(samples: int) -> Iterable[str]:
    yield from ["system\nuser\nassistant\n"] * 50
    for group in itertools.islice(groups("tokenizer"), samples):
        if group[0].brief.lang == "en":
            for example in group:
                yield from (m["content"] for m in example.dialogue())
