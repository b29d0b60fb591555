"""The demo's language model: what it is taught is true to its briefs, and what judges it catches what is not."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer

from assets.demo_models.language import batches, model, tokenizer
from assets.demo_models.language.checks import faults
from assets.demo_models.language.corpus import Example, group, groups, spoken
from assets.demo_models.language.dialogues import examples, write
from assets.demo_models.language.judge import Said, Speaker, demo, dictions, summary
from assets.demo_models.language.stock import Stock, language, styles
from assets.demo_models.language.train import save, train
from pipelines.brief import Brief, pair
from pipelines.line import LANGS
from tests.adapters.files import peft_folder

FACTS = ("净含量是30毫升", "不含香精", pair("保质期多久", "未开封放36个月", "zh"))
BRIEF = Brief("pitch", "zh", product="松间洁面乳", price="99.9元", facts=FACTS)


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory):
    home = tmp_path_factory.mktemp("tokenizer")
    tokenizer.build(samples=60).save_pretrained(home)
    return AutoTokenizer.from_pretrained(home, local_files_only=True)


@pytest.mark.parametrize("style", ["", *styles()])
@pytest.mark.parametrize("held_out", [False, True])
def test_every_answer_that_is_taught_says_only_what_its_brief_holds(style: str, held_out: bool) -> None:
    own = {lang: spoken(lang, style) for lang in LANGS}
    for n in range(80):
        for example in group(random.Random(n), held_out=held_out, style=style):
            assert faults(example.brief, example.text, own[example.brief.lang]) == [], example


def test_the_corpus_is_the_same_for_the_same_seed_and_never_repeats() -> None:
    one = [e.text for g in islice(groups("a"), 40) for e in g]
    assert one == [e.text for g in islice(groups("a"), 40) for e in g]
    later = [e.text for g in islice(groups("a", first=20), 20) for e in g]
    assert later == one[-len(later):]
    briefs = [g[0].brief for g in islice(groups("a"), 300) if g[0].brief.kind in ("pitch", "answer")]
    assert len(set(briefs)) == len(briefs)


def test_what_is_held_out_is_never_drawn_for_training() -> None:
    for lang in LANGS:
        for name in language(lang)["pools"]:
            kept, judged = Stock(lang).pool(name), Stock(lang, held_out=True).pool(name)
            assert kept == judged or not set(kept) & set(judged)
    assert len(Stock("zh", held_out=True).pool("ingredient")) > 2


def test_names_and_facts_share_words_as_those_of_real_goods_do() -> None:
    shared = total = 0
    for n in range(200):
        brief = group(random.Random(n), lang="zh", kind="pitch")[0].brief
        runs = {f[i : i + 3] for f in brief.facts for i in range(len(f) - 2)}
        shared += any(brief.product[i : i + 3] in runs for i in range(len(brief.product) - 2))
        total += 1
    assert 0.1 < shared / total < 0.7


@pytest.mark.parametrize(("text", "fault"), [
    ("大家看，这是松间洁面乳。净含量是50毫升。", "figure"),
    ("大家看，这是松间洁面乳。Velora牌。", "latin"),
    ("大家看，这是松间面霜。不含香精。", "name"),
    ("大家看，这是松间洁面乳。七天见效。", "phrase"),
    ("大家看，这是松间洁面乳。不含香精", "form"),
])
def test_an_invented_figure_name_or_phrase_is_caught(text: str, fault: str) -> None:
    own = spoken("zh")
    assert faults(BRIEF, "大家看，这是松间洁面乳。净含量是30毫升。", own) == []
    assert fault in faults(BRIEF, text, own)


def test_the_summary_counts_answers_that_fit_and_honest_ones() -> None:
    asked = replace(BRIEF, kind="answer", question="保质期多久")
    right = Said(asked, "未开封放36个月。", "未开封放36个月", ())
    wrong = Said(asked, "不含香精。", "未开封放36个月", ())
    unknown = Said(replace(asked, question="防水吗"), "这个资料里没有写，可以问一下客服。", "", ())
    invented = Said(replace(asked, question="防水吗"), "不含香精。", "", ())
    found = summary([right, wrong, unknown, invented, Said(BRIEF, "。。", "", ("phrase", "form"))])
    assert (found["fitting_answer"], found["honest_unknown"]) == (0.5, 0.5)
    assert (found["copy"]["all"], found["copy"]["pitch"], found["well_formed"]) == (0.8, 0.0, 0.8)


def test_the_demo_shop_is_judged_with_every_question_it_has() -> None:
    asked = demo()
    assert {e.brief.lang for e in asked} == set(LANGS)
    answers = [e for e in asked if e.brief.kind == "answer"]
    assert len(answers) > 60
    assert all(any(e.about in fact for fact in e.brief.facts) for e in answers)


def test_the_tokenizer_takes_apart_and_puts_together(words) -> None:
    for text in ("晨露玻尿酸精华，99.9元。", "The Willow Hand Cream is $12.50.", "朝露セラム 2,980円です", "鬯龘 🙂"):
        ids = words.encode(text, add_special_tokens=False)
        assert words.decode(ids) == text
    assert len(words.encode("玻尿酸", add_special_tokens=False)) == 3, "a character is one token, a word is not"
    assert len(words.encode("2980", add_special_tokens=False)) == 4
    chat = words.apply_chat_template([{"role": "user", "content": "问"}], add_generation_prompt=True, tokenize=False)
    assert chat == "<|im_start|>user\n问<|im_end|>\n<|im_start|>assistant\n"


def test_a_saved_model_is_loaded_with_no_token_more_than_it_has_rows_for(words, tmp_path: Path) -> None:
    net = model.new(len(words), words.eos_token_id, words.pad_token_id)
    save(net, words, tmp_path / "model")
    again = AutoTokenizer.from_pretrained(tmp_path / "model", local_files_only=True)
    assert len(again) == net.config.vocab_size
    for text in ("价格：99.9元\n事实：\n- 不含香精", "Product: Linen Scarf\nPrice: €12"):
        assert again.encode(text) == words.encode(text)


def test_an_adapter_is_worn_as_the_trainer_leaves_it(words, tmp_path: Path) -> None:
    save(model.new(len(words), words.eos_token_id, words.pad_token_id), words, tmp_path / "model")
    speaker = Speaker(tmp_path / "model")
    asked = demo(("zh",))[0].brief
    bare = speaker.say(asked, 1)
    trained = load_file(peft_folder(tmp_path / "peft", speaker.base.spec))
    save_file(trained, tmp_path / "loud.safetensors", {"lora_adapter_metadata": json.dumps({"lora_alpha": 4})})
    speaker.wear(tmp_path / "loud.safetensors")
    worn = speaker.say(asked, 1)
    speaker.wear(None)
    assert worn != bare == speaker.say(asked, 1)


def test_words_are_made_of_every_latin_token(words) -> None:
    pieces = batches.Trees(words).pieces
    rng = random.Random(0)
    assert pieces.upper and pieces.lower and pieces.inner
    met: set[int] = set()
    for n in range(3000):
        word = pieces.word(rng, capital=bool(n % 2))
        assert word.isalpha() and word[0].isupper() == bool(n % 2)
        met |= set(words.encode(f"a {word}", add_special_tokens=False))
    latin = {*pieces.upper, *pieces.lower, *pieces.inner}
    wanted = {n for n in range(len(words)) if words.decode([n]).strip() in latin}
    assert len(met & wanted) > 0.9 * len(wanted)
    asked = [group(random.Random(n), lang="en", kind="pitch", pieces=pieces)[0].brief.product for n in range(60)]
    assert asked != [group(random.Random(n), lang="en", kind="pitch")[0].brief.product for n in range(60)]


def test_packed_endings_cost_what_each_would_alone(words) -> None:
    torch.manual_seed(0)
    net = model.new(len(words), words.eos_token_id, words.pad_token_id).eval()
    trees = batches.Trees(words)
    found = group(random.Random(4), lang="zh", kind="answer", ease=1.0)
    tree = trees.tree(found, 512)
    assert tree is not None and len(tree.branches) > 1
    together, _ = batches.loss(net, batches.pack([tree], 512, trees.pad))
    alone = []
    for example in found:
        single = trees.tree([example], 512)
        assert single is not None
        loss, _ = batches.loss(net, batches.pack([single], 512, trees.pad))
        alone.append((float(loss.detach()), sum(v != batches.IGNORED for v in single.branches[0][1])))
    assert float(together.detach()) == pytest.approx(sum(v * n for v, n in alone) / sum(n for _, n in alone), rel=1e-4)


def test_training_goes_on_after_a_cut_as_if_there_had_been_none(tmp_path: Path, words) -> None:
    for name in ("whole", "cut"):
        words.save_pretrained(tmp_path / name / "model")
    whole = train(tmp_path / "whole", steps=6, threads=1, tokens=256, every=3)
    train(tmp_path / "cut", steps=6, threads=1, tokens=256, every=3)
    for checkpoint in (tmp_path / "cut" / "checkpoints").iterdir():
        if checkpoint.name.endswith("6"):
            for path in checkpoint.iterdir():
                path.unlink()
            checkpoint.rmdir()
    again = train(tmp_path / "cut", steps=6, threads=1, tokens=256, every=3)
    for (name, a), b in zip(whole.named_parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b), name


def test_dictions_speak_of_the_same_things_in_their_own_words(tmp_path: Path) -> None:
    read = {}
    for style in styles():
        lines = write(style, tmp_path / style, count=40).read_text(encoding="utf-8").splitlines()
        read[style] = [json.loads(line)["messages"] for line in lines]
    assert len(read["warm"]) == 40
    answers = {s: [m[-1]["content"] for m in said] for s, said in read.items()}
    assert all(len({answers[s][n] for s in read}) == len(read) for n in range(40))
    with pytest.raises(ValueError, match="there are warm"):
        write("loud", tmp_path, 1)


def test_the_classifier_tells_dictions_apart_by_manner_alone() -> None:
    ears = dictions(count=100)
    heard = []
    for style in styles():
        asked: list[Example] = list(islice(examples(style, "unheard", held_out=True), 60))
        heard += [ears.of(e.text) == style for e in asked]
    assert sum(heard) / len(heard) > 0.95
