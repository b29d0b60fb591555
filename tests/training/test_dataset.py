"""Putting data in order: metadata, captions, findings, cleaned dialogues; what is private, blurred, double."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from adapters.errors import BadConfig, BadDataset, NoSpace
from adapters.training.dataset import pixels
from adapters.training.dataset.clean import clean, language_of
from adapters.training.dataset.pixels import BLURRED, measure
from adapters.training.dataset.prepare import Prepared, PrepareOptions, prepare
from adapters.training.dataset.privacy import is_card_number, is_identity_number, mask
from adapters.training.dataset.wording import identity_words, is_vague
from adapters.training.dialogues import Dialogue, read_dialogues
from adapters.training.pictures import read_pictures

ROOT = Path(__file__).parents[2]
PORTRAITS = [p for n in ("lin", "mei", "yun") if (p := ROOT / "assets" / "portraits" / f"{n}.jpg").is_file()]


def noise(path: Path, seed: int, size: tuple[int, int] = (512, 640)) -> Path:
    """A picture like no other: soft shapes with sharp edges."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 255, (6, 5, 3)).astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)
    values = np.asarray(small, dtype=np.int16) + rng.integers(-12, 12, (size[1], size[0], 1))
    Image.fromarray(values.clip(0, 255).astype(np.uint8)).save(path)
    return path


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "metadata.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def codes(made: Prepared) -> dict[str, tuple[str, ...]]:
    return {f.code: f.files for f in made.findings}


def test_metadata_is_made_captioned_and_repaired(tmp_path: Path) -> None:
    noise(tmp_path / "10_tang" / "red_robe-03.png", 1)
    noise(tmp_path / "IMG_2034.png", 2)
    noise(tmp_path / "with words.png", 3)
    (tmp_path / "with words.txt").write_text("standing by a\nwindow", encoding="gb18030")
    made = prepare(tmp_path, PrepareOptions(trigger="tzsn"))
    assert made.kind == "visual" and made.items == 3
    assert {r["file_name"]: r["prompt"] for r in rows(tmp_path)} == {
        "10_tang/red_robe-03.png": "tzsn, red robe, tang, portrait", "IMG_2034.png": "tzsn, portrait",
        "with words.png": "tzsn, standing by a window",
    }
    assert prepare(tmp_path, PrepareOptions(trigger="tzsn")).changes == (), "doing it twice changes nothing"
    (tmp_path / "metadata.csv").write_bytes(
        "file,caption,rating\nIMG_2034.png,一位女士 手持团扇,5\nC:\\pics\\with words.png,她在窗边,4\ngone.png,x,1\n"
        "IMG_2034.png,又一次,2\n../../etc/passwd.png,x,1\n".encode("gb18030")
    )
    before = (tmp_path / "metadata.csv").read_bytes()
    (tmp_path / "metadata.csv.bak").unlink(missing_ok=True)
    made = prepare(tmp_path, PrepareOptions())
    table = {r["file_name"]: r for r in rows(tmp_path)}
    assert table["IMG_2034.png"]["prompt"] == "一位女士 手持团扇" and table["IMG_2034.png"]["rating"] == "5"
    assert table["with words.png"]["prompt"] == "她在窗边" and "10_tang/red_robe-03.png" in table
    assert (tmp_path / "metadata.csv.bak").read_bytes() == before
    found = codes(made)
    assert found["missing_file"] == ("gone.png",) and found["outside"] == ("../../etc/passwd.png",)
    assert found["duplicate_row"] == ("IMG_2034.png",)
    assert len(read_pictures(tmp_path).items) == 3 and not read_pictures(tmp_path).faults
    words = (tmp_path / "metadata.csv").read_text(encoding="utf-8").replace("她在窗边", "written by hand")
    (tmp_path / "metadata.csv").write_text(words, encoding="utf-8")
    prepare(tmp_path, PrepareOptions(caption="all"))
    assert "written by hand" not in (tmp_path / "metadata.csv").read_text(encoding="utf-8")
    assert (tmp_path / "metadata.csv.bak").read_bytes() == before
    assert (tmp_path / "metadata.csv.bak.1").read_text(encoding="utf-8") == words, "nobody's words are lost"
    kept = (tmp_path / "metadata.csv").read_bytes()
    dry = prepare(tmp_path, PrepareOptions(trigger="new", caption="all", dry_run=True))
    assert dry.changes and (tmp_path / "metadata.csv").read_bytes() == kept


def test_metadata_that_says_nothing_usable_is_kept_aside(tmp_path: Path) -> None:
    noise(tmp_path / "a.png", 1)
    (tmp_path / "metadata.csv").write_text("foo,bar\n1,2\n")
    made = prepare(tmp_path, PrepareOptions())
    assert "metadata" in codes(made) and (tmp_path / "metadata.csv.bak").read_text() == "foo,bar\n1,2\n"
    assert [r["file_name"] for r in rows(tmp_path)] == ["a.png"]


def test_what_is_wrong_with_pictures(tmp_path: Path) -> None:
    sharp = noise(tmp_path / "a.png", 1)
    (tmp_path / "b.png").write_bytes(sharp.read_bytes())
    Image.open(sharp).resize((400, 500)).save(tmp_path / "c.jpg", quality=60)
    noise(tmp_path / "blur.png", 2)
    Image.open(tmp_path / "blur.png").filter(ImageFilter.GaussianBlur(4)).save(tmp_path / "blur.png")
    noise(tmp_path / "tiny.png", 3, (100, 120))
    (tmp_path / "zero.jpg").write_bytes(b"")
    (tmp_path / "cut.png").write_bytes(sharp.read_bytes()[:3000])
    found = codes(prepare(tmp_path, PrepareOptions()))
    assert found["duplicate"] == ("a.png", "b.png")
    assert set(found["near_duplicate"]) == {"a.png", "b.png", "c.jpg"}
    assert found["blurred"] == ("blur.png",) and found["too_small"] == ("tiny.png",)
    assert set(found["broken"]) == {"zero.jpg", "cut.png"}
    assert "faces_unchecked" in found and "few" in found
    assert {r["file_name"] for r in rows(tmp_path)} == {"a.png", "b.png", "c.jpg", "blur.png", "tiny.png"}
    with pytest.raises(BadConfig, match="no face detector"):
        prepare(tmp_path, PrepareOptions(face_model=tmp_path / "none.onnx"))
    with pytest.raises(BadConfig, match="no captioning model"):
        pytest.importorskip("torch")
        prepare(tmp_path, PrepareOptions(caption="all", captioner=str(tmp_path)))


def test_faces_are_counted_where_there_is_a_detector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for n, name in enumerate(("one.png", "two.png", "none.png")):
        noise(tmp_path / name, n)
    seen = iter((0, 1, 2))  # In the order of their names: none, one, two.

    class Detector:
        def __init__(self, model: Path) -> None: ...

        def count(self, rgb: object) -> int:
            return next(seen)

    monkeypatch.setattr(pixels, "Faces", Detector)
    found = codes(prepare(tmp_path, PrepareOptions(face_model=tmp_path / "yunet.onnx")))
    assert found["several_faces"] == ("two.png",) and found["no_face"] == ("none.png",)
    assert "faces_unchecked" not in found


@pytest.mark.skipif(not PORTRAITS, reason="no portrait has been drawn: python -m assets.illustrator all")
def test_blur_is_told_from_sharpness_on_portraits(tmp_path: Path) -> None:
    for path in PORTRAITS:
        with Image.open(path) as image:
            rgb = image.convert("RGB")
        assert measure(path).sharpness > 4 * BLURRED, path.name
        rgb.filter(ImageFilter.GaussianBlur(2.5 * max(rgb.size) / 512)).save(tmp_path / "b.png")
        assert measure(tmp_path / "b.png").sharpness < BLURRED, path.name


@pytest.mark.parametrize(("prompt", "vague"), [
    ("beauty", True), ("tzsn, 美女", True), ("a beautiful girl, photo", True), ("", True), ("tzsn", True),
    ("tzsn, red robe, photo", False), ("手持团扇的女士", False), ("woman in a tea house", False),
])
def test_captions_that_say_nothing(prompt: str, vague: bool) -> None:
    assert is_vague(prompt, "tzsn") is vague


def test_words_that_describe_the_face(tmp_path: Path) -> None:
    assert identity_words("tzsn, oval face, black eyes, red robe") == ["oval face", "black eyes"]
    assert identity_words("唐妆，鹅蛋脸，泪痣，石榴裙") == ["鹅蛋脸", "泪痣"]
    assert identity_words("red robe, eyes closed, 面带微笑, round fan, long hair") == []
    noise(tmp_path / "a.png", 1)
    noise(tmp_path / "b.png", 2)
    (tmp_path / "metadata.csv").write_text("file_name,prompt\na.png,oval face and a robe\nb.png,beauty\n")
    found = codes(prepare(tmp_path, PrepareOptions()))
    assert found["identity_words"] == ("a.png",) and found["vague_caption"] == ("b.png",) and "no_trigger" in found


PRIVATE = [
    ("打我电话13812345678吧", "打我电话【电话】吧"), ("+86 138-1234-5678 找我", "【电话】 找我"),
    ("座机010-62345678", "座机【电话】"), ("客服400-820-8820", "客服【电话】"),
    ("身份证11010519491231002X", "身份证【证件号】"), ("卡号4111 1111 1111 1111 收", "卡号【卡号】 收"),
    ("邮箱 a.b@shop.com.cn", "邮箱 【邮箱】"), ("加微信：abc_12345 领券", "加【账号】 领券"),
    ("QQ 12345678", "【账号】"),
    ("寄到浙江省杭州市西湖区文三路123号5栋601室", "【地址】"), ("送到中山路88号", "【地址】"),
]
INNOCENT = [
    "199元 500ml 2026-11-23", "原价1999，今天只要1299.00元", "货号SKU20261123001", "订单 202611230001 已发货",
    "这款有12345678件库存", "3号链接，5号小黄车", "比例1:2:3，每天2次", "2026年11月23日20:00开播", "尺码170/88A",
    "买3送1，第2件半价", "规格 30ml*2 + 15g", "id 11010519491231002", "批号 6222021234567890",
    "今晚一路有你，二号链接", "call 3-5 times", "iPhone 15 Pro 256GB", "SPF50+ PA+++",
]


@pytest.mark.parametrize(("text", "safe"), PRIVATE)
def test_what_is_private_is_put_out_of_sight(text: str, safe: str) -> None:
    assert mask(text)[0].endswith(safe) or mask(text)[0] == safe


@pytest.mark.parametrize("text", INNOCENT)
def test_what_only_looks_private_stays(text: str) -> None:
    assert mask(text) == (text, [])


def test_english_and_check_digits() -> None:
    assert mask("call (415) 555-0134 or +44 20 7946 0958", chinese=False)[0] == "call [phone] or [phone]"
    assert mask("ship to 221 Baker Street please", chinese=False)[0] == "ship to [address] please"
    assert is_identity_number("11010519491231002X") and not is_identity_number("110105194912310021")
    assert is_card_number("4111111111111111") and not is_card_number("4111111111111112")


def test_dialogues_are_cleaned_and_their_sources_left_alone(tmp_path: Path) -> None:
    source = (
        "问题,回答\n有货吗,有的呀\n有货吗,有的呀\n有货吗？,有的呀！\n电话,我的电话13812345678\n多少钱,199元\n多少钱,299元\n嗯,\n"
    )
    (tmp_path / "a.csv").write_text(source, encoding="gb18030")
    (tmp_path / "b.jsonl").write_text(json.dumps({"question": "how much", "answer": "it is <b>20</b> yuan"}) + "\n")
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    made = prepare(tmp_path, PrepareOptions())
    assert made.kind == "language" and made.items == 5
    lines = [d.messages[-1][1] for d in read_dialogues(tmp_path).items]
    assert lines == ["有的呀", "我的电话【电话】", "199元", "299元", "it is 20 yuan"]
    found = codes(made)
    assert len(found["duplicate"]) == 2 and found["pii"] == ("a.csv#5",) and found["language"] == ("b.jsonl#1",)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.name in before} == before
    assert prepare(tmp_path, PrepareOptions()).items == 5, "what was prepared is no source"
    prepared = tmp_path / "dialogues.prepared.jsonl"
    assert not prepared.with_name(f"{prepared.name}.bak").exists()
    prepared.write_text('{"text": "changed by hand"}\n')
    prepare(tmp_path, PrepareOptions())
    assert "by hand" in prepared.with_name(f"{prepared.name}.bak").read_text()
    assert prepare(tmp_path, PrepareOptions(private="drop")).items == 4


def test_near_duplicates_length_and_language() -> None:
    def one(text: str, n: int) -> Dialogue:
        return Dialogue((("user", "说说这款"), ("assistant", text)), f"x#{n}")

    long = "这款面霜质地很轻，早晚洁面之后取一粒珍珠大小，轻轻推开就好，干皮油皮都可以放心用"
    texts = (long, long + "哦", "好", "长" * 700, "价格一样的话")
    cleaned = clean([one(text, n) for n, text in enumerate(texts, 1)])
    assert [d.source for d in cleaned.items] == ["x#1", "x#5"]
    assert {f.code: f.files for f in cleaned.findings} == {
        "too_short": ("x#3",), "too_long": ("x#4",), "near_duplicate": ("x#2",)
    }
    for text, language in (("你好OK", "zh"), ("hello my friend 你", "en"), ("これは水です", "ja"), ("123", "other")):
        assert language_of(text) == language


def test_nothing_to_prepare_and_nowhere_to_write(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(BadDataset):
            prepare(folder, PrepareOptions())
    with pytest.raises(BadDataset, match="no picture"):
        prepare(tmp_path, PrepareOptions(kind="visual"))
    (tmp_path / "a.txt").write_text("\n\n")
    with pytest.raises(BadDataset):
        prepare(tmp_path, PrepareOptions())
    noise(tmp_path / "ro" / "a.png", 1)
    (tmp_path / "ro" / "metadata.csv.part").mkdir()
    with pytest.raises(NoSpace, match="can't be written"):
        prepare(tmp_path / "ro", PrepareOptions())


@pytest.mark.integration
def test_the_command_line(tmp_path: Path) -> None:
    noise(tmp_path / "图一.PNG", 1)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "server.cli", "dataset", "prepare", *words], cwd=ROOT,
                              capture_output=True, text=True, env=os.environ | {"LANG": "C.UTF-8"})

    body = json.loads(run(str(tmp_path), "--json", "--trigger", "唐妆").stdout)
    assert body["items"] == 1 and rows(tmp_path)[0]["prompt"].startswith("唐妆, ")
    shown = run(str(tmp_path))
    assert shown.returncode == 0 and "1 pictures" in shown.stdout
    wrong = run(str(tmp_path / "none"))
    assert wrong.returncode == 2 and "there is no folder" in wrong.stderr and "->" in wrong.stderr
    assert json.loads(run(str(tmp_path / "none"), "--json").stdout)["ok"] is False

def test_a_captioning_model_is_asked_where_one_is_given(tmp_path: Path) -> None:
    """A BLIP of its true architecture with random weights: what it says is nonsense, but it is the model's."""
    torch = pytest.importorskip("torch")
    from transformers import (
        BertTokenizerFast,
        BlipConfig,
        BlipForConditionalGeneration,
        BlipImageProcessor,
        BlipProcessor,
    )

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]", "[ENC]", "red", "robe", "fan", "lady", "tea"]
    (tmp_path / "vocab.txt").write_text("\n".join(words))
    tokenizer = BertTokenizerFast(vocab=str(tmp_path / "vocab.txt"))
    torch.manual_seed(0)
    small = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = BlipConfig(
        text_config={**small, "vocab_size": len(words), "encoder_hidden_size": 32, "bos_token_id": 5,
                     "sep_token_id": 3, "eos_token_id": 3, "pad_token_id": 0},
        vision_config={**small, "image_size": 32, "patch_size": 16}, projection_dim=16,
    )
    model = BlipForConditionalGeneration(config)
    model.save_pretrained(tmp_path / "blip", safe_serialization=True)
    BlipProcessor(BlipImageProcessor(size={"height": 32, "width": 32}), tokenizer).save_pretrained(tmp_path / "blip")
    data = tmp_path / "data"
    noise(data / "a.png", 1)
    prepare(data, PrepareOptions(trigger="tzsn", captioner=str(tmp_path / "blip")))
    prompt = rows(data)[0]["prompt"]
    assert prompt.startswith("tzsn, ") and set(prompt.removeprefix("tzsn, ").split()) <= set(words)
    assert prompt != "tzsn, portrait"
