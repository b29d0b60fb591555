"""A resident language base writes in the adapter of its slot, and nothing of another one's cache leaks."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from pipelines.studio.language import LanguageBase, Sampling, Stale
from streaming.errors import BadInput, Corrupt
from tests.adapters import tiny

PROMPT = [{"role": "system", "content": "You sell tea at night."}, {"role": "user", "content": "What is it?"}]
GREEDY = Sampling(max_tokens=24, temperature=0.0)


def load(folder: Path, slots: int = 4) -> LanguageBase:
    return LanguageBase.load(folder, device=torch.device("cpu"), dtype=torch.float32, rank=8, slots=slots)


def staged(base: LanguageBase, seed: int) -> torch.Tensor:
    lora = tiny.random_lora({p: t.shape for p, t in base.spec.parts["model"].items()}, 4, seed)
    return base.resident.place(base.resident.pack({p: (a, b, 1.0) for p, (a, b) in lora.items()}))


def write(base: LanguageBase, slot: int, how: Sampling = GREEDY) -> str:
    return "".join(base.stream(PROMPT, how, slot=slot))


def test_streams_what_generate_writes(language_folder: Path) -> None:
    base = load(language_folder)
    plain = tiny.llm()
    ids = torch.tensor([base.encode(PROMPT)])
    out = plain.generate(
        ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=24, repetition_penalty=1.0
    )
    wanted = base.tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)
    how = Sampling(max_tokens=24, temperature=0.0, repetition_penalty=1.0)
    pieces = list(base.stream(PROMPT, how))
    assert "".join(pieces) == wanted and len(pieces) > 3
    assert write(base, 0, how) == wanted  # a second time, over the kept prefix


def test_no_token_of_the_old_persona_leaks_into_the_new(language_folder: Path) -> None:
    base = load(language_folder)
    one, two = staged(base, 1), staged(base, 2)
    base.swap(one, 2)
    first = write(base, 2)
    assert 2 in base._prefixes
    base.swap(two, 2)
    after = write(base, 2)
    fresh = load(language_folder)
    fresh.swap(staged(fresh, 2), 2)
    assert after == write(fresh, 2)
    assert after != first
    base.rollback(2)
    assert write(base, 2) == first


def test_the_kept_prefix_would_leak_if_it_were_not_dropped(language_folder: Path) -> None:
    """The test above can fail: with the old cache the text is another one."""
    base = load(language_folder)
    base.swap(staged(base, 1), 2)
    write(base, 2)
    kept = base._prefixes[2]
    base.swap(staged(base, 2), 2)
    clean = write(base, 2)
    kept.version = base.resident.versions[2]
    base._prefixes[2] = kept
    assert write(base, 2) != clean


def test_a_swap_ends_a_text_that_is_being_written(language_folder: Path) -> None:
    base = load(language_folder)
    base.swap(staged(base, 1), 2)
    stream = base.stream(PROMPT, GREEDY, slot=2)
    next(stream)
    other = base.stream(PROMPT, GREEDY, slot=3)
    next(other)
    base.swap(staged(base, 2), 2)
    with pytest.raises(Stale):
        list(stream)
    list(other)
    assert 2 not in base._prefixes and 3 in base._prefixes


def test_rooms_write_at_the_same_time_in_their_own_adapters(language_folder: Path) -> None:
    base = load(language_folder)
    base.swap(staged(base, 1), 2)
    base.swap(staged(base, 2), 3)
    alone = [write(base, 2), write(base, 3)]
    texts = [base.begin(PROMPT, GREEDY, slot=slot) for slot in (2, 3)]
    out = [base.show(t) for t in texts]
    while not all(t.done for t in texts):
        for n, t in enumerate(texts):
            out[n] += base.step(t)
    assert out == alone and alone[0] != alone[1]


def test_sampling_is_by_its_seed_and_stops_at_a_word(language_folder: Path) -> None:
    base = load(language_folder)
    how = Sampling(max_tokens=30, temperature=1.0, seed=3)
    assert write(base, 0, how) == write(base, 0, how)
    assert write(base, 0, how) != write(base, 0, Sampling(max_tokens=30, temperature=1.0, seed=4))
    text = write(base, 0)
    stop = text[3:5]
    assert write(base, 0, Sampling(max_tokens=24, temperature=0.0, stop=(stop,))) == text[: text.index(stop)]


def test_long_and_empty_prompts_and_nan(language_folder: Path, tmp_path: Path) -> None:
    base = load(language_folder)
    with pytest.raises(BadInput, match="tokens"):
        base.begin([{"role": "user", "content": "x" * 600}], GREEDY)
    base.swap(torch.full_like(staged(base, 1), float("nan")), 2)
    with pytest.raises(Corrupt):
        write(base, 2)
    with pytest.raises(BadInput, match="can't be loaded"):
        load(tmp_path)
