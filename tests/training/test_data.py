"""Reading pictures and dialogues as people have them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from adapters.errors import BadDataset
from adapters.training.dialogues import read_dialogues
from adapters.training.pictures import open_rgb, read_pictures

RED = (220, 30, 40)


def save(path: Path, mode: str = "RGB", size: tuple[int, int] = (40, 30), **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", size, RED)
    image.convert(mode).save(path, **options)  # type: ignore[arg-type]
    return path


def test_pictures_of_any_kind_become_rgb(tmp_path: Path) -> None:
    save(tmp_path / "cmyk.jpg", "CMYK")
    save(tmp_path / "palette.png", "P")
    save(tmp_path / "gray.png", "L")
    deep = (np.linspace(0, 1, 1200).reshape(30, 40) * 65535).astype(np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    clear = Image.new("RGBA", (40, 30), (*RED, 0))
    clear.save(tmp_path / "clear.png")
    frames = [Image.new("RGB", (40, 30), c) for c in (RED, (0, 0, 255))]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    turned = Image.new("RGB", (40, 30), RED)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(tmp_path / "turned.jpg", exif=exif)
    for name in ("cmyk.jpg", "palette.png", "moving.gif"):
        pixel = np.asarray(open_rgb(tmp_path / name), dtype=int)[15, 20]
        assert abs(pixel - RED).max() < 30, (name, pixel)
    deep_read = np.asarray(open_rgb(tmp_path / "deep.png"))
    assert deep_read.min() == 0 and deep_read.max() == 255
    assert tuple(np.asarray(open_rgb(tmp_path / "clear.png"))[5, 5]) == (255, 255, 255)
    assert open_rgb(tmp_path / "turned.jpg").size == (30, 40)
    found = read_pictures(tmp_path)
    assert len(found.items) == 7 and not found.faults
    assert next((p.width, p.height) for p in found.items if p.path.name == "turned.jpg") == (30, 40)


def test_broken_pictures_are_left_out_and_named(tmp_path: Path) -> None:
    save(tmp_path / "good.png")
    (tmp_path / "empty.png").write_bytes(b"")
    whole = save(tmp_path / "whole.jpg", size=(400, 300)).read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.png").write_text("not a picture")
    found = read_pictures(tmp_path)
    assert sorted(p.path.name for p in found.items) == ["good.png", "whole.jpg"]
    assert sorted((f.code, f.file) for f in found.faults) == [
        ("broken", "cut.jpg"), ("broken", "empty.png"), ("broken", "text.png")
    ]
    (tmp_path / "good.png").unlink()
    (tmp_path / "whole.jpg").unlink()
    with pytest.raises(BadDataset, match=r"no picture to learn from.*(cut|empty|text)"):
        read_pictures(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_metadata_of_any_editor(tmp_path: Path, encoding: str) -> None:
    save(tmp_path / "图一.png")
    save(tmp_path / "sub" / "b.JPG")
    text = "file_name,prompt\r\n图一.png,唐妆仕女\r\nsub\\b.JPG,\"red, robe\"\r\n"
    (tmp_path / "metadata.csv").write_text(text, encoding=encoding)
    found = read_pictures(tmp_path)
    assert [(p.path.name, p.prompt) for p in found.items] == [("图一.png", "唐妆仕女"), ("b.JPG", "red, robe")]


def test_paths_of_other_machines_missing_files_and_ways_out(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    save(folder / "a.jpg")
    save(folder / "b.png")
    save(tmp_path / "secret.png")
    (folder / "metadata.csv").write_text(
        "Image;Text\n"
        "C:\\Users\\shop\\pics\\a.jpg;one\n/home/x/b.png;two\nb.png;twice\n../secret.png;no\ngone.png;three\n;four\n"
    )
    found = read_pictures(folder)
    assert [(p.path.name, p.prompt) for p in found.items] == [("a.jpg", "one"), ("b.png", "two")]
    assert [f.code for f in found.faults] == ["outside", "missing_file", "row"]
    (folder / "metadata.csv").write_text("a,b\n1,2\n")
    with pytest.raises(BadDataset, match="no column that names the pictures"):
        read_pictures(folder)


def test_names_and_sidecars_stand_in_for_metadata(tmp_path: Path) -> None:
    save(tmp_path / "10_tang lady" / "a.png")
    save(tmp_path / "10_tang lady" / "b.png")
    save(tmp_path / ".hidden" / "x.png")
    save(tmp_path / "__MACOSX" / "y.png")
    (tmp_path / "10_tang lady" / "b.txt").write_text("with a flower\n")
    found = read_pictures(tmp_path).items
    assert [(p.prompt, p.repeats) for p in found] == [("tang lady", 10), ("with a flower", 10)]


def test_nothing_there(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "none"):
        with pytest.raises(BadDataset):
            read_pictures(place)
        with pytest.raises(BadDataset):
            read_dialogues(place)
    save(tmp_path / "a.png")
    with pytest.raises(BadDataset, match="there is no file") as e:
        read_pictures(tmp_path, tmp_path / "none.csv")
    assert "nightanchor dataset prepare" in e.value.next_step


def test_dialogues_of_every_form(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_bytes("问题,回答\n有货吗,有的\n,只有答\n问而已,\n".encode("gb18030"))
    (tmp_path / "2.jsonl").write_text(
        '{"conversations": [{"from": "human", "value": "hi"}, {"from": "gpt", "value": "hello"}, '
        '{"from": "human", "value": "bye"}]}\n'
        "{broken\n"
        '{"instruction": "say", "input": "x", "output": "y"}\n'
        '{"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}, '
        '{"role": "assistant", "content": "a"}, {"role": "user", "content": "q2"}, '
        '{"role": "assistant", "content": "a2"}]}\n',
        encoding="utf-8-sig",
    )
    (tmp_path / "3.txt").write_text("问：多少钱？\n答：199元。\n买一送一。\n\n观众：包邮吗\n主播：包邮")
    (tmp_path / "4.txt").write_text("家人们晚上好\n价格：199元\n规格：500ml\n欢迎下单")
    (tmp_path / "5.txt").write_text(
        "2026-01-02 10:00:01 小店: 您好\n2026-01-02 10:00:02 张三: 有货吗\n2026-01-02 10:00:03 小店: 有\n"
        "2026-01-02 10:00:05 小店: 拍吧\n"
    )
    (tmp_path / "6.txt").write_text("")
    found = read_dialogues(tmp_path)
    assert [d.messages for d in found.items] == [
        (("user", "有货吗"), ("assistant", "有的")), (("assistant", "只有答"),),
        (("user", "hi"), ("assistant", "hello")), (("user", "say\nx"), ("assistant", "y")),
        (("system", "s"), ("user", "q"), ("assistant", "a"), ("user", "q2"), ("assistant", "a2")),
        (("user", "多少钱？"), ("assistant", "199元。\n买一送一。")), (("user", "包邮吗"), ("assistant", "包邮")),
        (("assistant", "家人们晚上好"),), (("assistant", "价格：199元"),), (("assistant", "规格：500ml"),),
        (("assistant", "欢迎下单"),),
        (("assistant", "您好"),), (("user", "有货吗"), ("assistant", "有\n拍吧")),
    ]
    assert [(f.code, f.file) for f in found.faults] == [("row", "1.csv#4"), ("row", "2.jsonl#2"), ("empty", "6.txt")]
    (tmp_path / "dialogues.prepared.jsonl").write_text('{"text": "prepared"}\n')
    assert [d.messages for d in read_dialogues(tmp_path).items] == [(("assistant", "prepared"),)]
