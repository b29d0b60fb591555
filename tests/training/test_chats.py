"""Exports of messengers and shop consoles: what the presenter said is learnt, what guests said never."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.training.dialogues import read_dialogues

QQ = """消息记录（此消息记录为文本格式，不支持重新导入）

================================================================
消息对象:某某
================================================================

2024-01-05 20:01:02 阿宁(12345)
亲，在的哦

2024-01-05 20:02:10 小鱼(99887)
这个多少钱

2024-01-05 20:03:00 阿宁(12345)
199元哦
包邮的

2024-01-05 20:04:00 小鱼(99887)
好的

2024-01-05 20:05:00 阿宁(12345)
谢谢支持
"""
GREETED = [(("assistant", "在的"),), (("user", "多少钱"), ("assistant", "199元"))]
CHATS = {
    "console.txt": "旗舰店客服 2024/01/05 20:01:02\n在的\ntb_881 2024/01/05 20:02:10\n多少钱\n"
                   "旗舰店客服 2024/01/05 20:03:00\n199元\n",
    "phone.txt": "[2024/1/5, 20:01:02] 店主: 在的\n[2024/1/5, 20:02:02] Ann: 多少钱\n"
                 "[2024/1/5, 20:03:02] 店主: 199元\n",
    "dashes.txt": "12/31/23, 10:00 PM - My Shop: 在的\n12/31/23, 10:01 PM - Ann: 多少钱\n"
                  "12/31/23, 10:02 PM - My Shop: 199元\n",
    "afternoon.txt": "2024年1月5日 下午8:01 小美客服: 在的\n2024年1月5日 下午8:02 买家: 多少钱\n"
                     "2024年1月5日 下午8:03 小美客服: 199元\n",
    "table.csv": "发送人,时间,内容\n客服小美,2024-01-05 20:01,在的\n买家A,2024-01-05 20:01,多少钱\n"
                 "客服小美,2024-01-05 20:02,199元\n",
    "rooms.csv": "会话ID,角色,内容\n1,主播,在的\n2,观众,多少钱\n2,主播,199元\n",
    "bot.json": '{"name": "x", "messages": [{"id": 1, "from": "Seller", "text": "在的", "text_entities": []}, '
                '{"id": 2, "from": "Ann", "text": "多少钱"}, {"id": 3, "from": "Seller", "text": ["199", "元"]}, '
                '{"id": 3, "from": "Seller", "text": "199元"}]}',
    "lines.jsonl": '{"role": "assistant", "content": "在的"}\n{"role": "user", "content": "多少钱"}\n'
                   '{"role": "assistant", "content": "199元"}\n',
}


@pytest.mark.parametrize("name", CHATS)
def test_exports_of_messengers_and_shop_consoles(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(CHATS[name], encoding="utf-8")
    found = read_dialogues(tmp_path)
    assert [d.messages for d in found.items] == GREETED and not found.faults


def test_what_a_guest_says_is_never_learnt_and_who_was_guessed_is_said(tmp_path: Path) -> None:
    (tmp_path / "qq.txt").write_bytes(QQ.encode("gb18030"))
    found = read_dialogues(tmp_path)
    assert [d.messages for d in found.items] == [
        (("assistant", "亲，在的哦"),), (("user", "这个多少钱"), ("assistant", "199元哦\n包邮的")),
        (("user", "好的"), ("assistant", "谢谢支持")),
    ]
    assert [f.code for f in found.faults] == ["speaker"]
    assert "阿宁 was taken for the presenter" in found.faults[0].message


def test_copy_with_times_in_it_is_no_chat(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("20:00 开场：大家好\n20:10 福利：抢红包\n今晚开播 20:00\n记得来")
    assert [d.messages[0][1] for d in read_dialogues(tmp_path).items] == [
        "开场：大家好", "福利：抢红包", "今晚开播 20:00", "记得来"
    ]
    (tmp_path / "a.txt").unlink()
    lines = ('{"role": "assistant", "content": "一"}', '{"role": "assistant", "content": "二"}')
    (tmp_path / "b.jsonl").write_text("\n".join(lines))
    assert [d.messages for d in read_dialogues(tmp_path).items] == [(("assistant", "一"),), (("assistant", "二"),)]
