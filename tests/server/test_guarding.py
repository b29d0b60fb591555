"""A room's own words over the API: added, imported, taken off a list, and at work in the very next sentence."""

from __future__ import annotations

import pytest

from tests.server.conftest import Api

ROOM = {"room": "main"}


async def judge(api: Api, text: str) -> dict[str, object]:
    answer = await api.client.post("/guard/try", json={**ROOM, "text": text})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_verdict_says_why(api: Api) -> None:
    verdict = await judge(api, "这是国家级的精华。")
    assert (verdict["action"], verdict["text"]) == ("rewrite", "这是用心做的精华。")
    hit = verdict["hits"][0]  # type: ignore[index]
    assert hit["rule"] == "absolute:国家级" and "广告法" in hit["reason"]["zh"]
    assert (await judge(api, "今天有精华。"))["action"] == "allow"


async def test_a_word_is_taken_off_a_list_with_one_click_and_put_back(api: Api) -> None:
    answer = await api.client.post("/guard/allow", json={**ROOM, "rule": "absolute:国家级"})
    assert answer.json()["allowed"] == ["国家级"]
    assert (await judge(api, "这是国家级的精华。"))["action"] == "allow"
    await api.client.put("/guard/words", params=ROOM, json={"own": [], "allowed": []})
    assert (await judge(api, "这是国家级的精华。"))["action"] == "rewrite"


async def test_a_figure_can_not_be_allowed_by_rule(api: Api) -> None:
    answer = await api.client.post("/guard/allow", json={**ROOM, "rule": "facts:price"})
    assert answer.status_code == 422 and "facts" in answer.json()["next_step"]


async def test_own_words_are_at_work_at_once_and_survive_a_restart_of_the_room(api: Api) -> None:
    await api.client.post("/rooms/main/start")
    body = {"own": [{"term": "老王家", "reason": "对手", "say": "别家"}]}
    assert (await api.client.put("/guard/words", params=ROOM, json=body)).status_code == 200
    say = {"text": "老王家的也好用。", "when": "now"}
    answer = await api.client.post("/rooms/main/say", json=say)
    assert answer.status_code == 422 and answer.json()["reason"] == "held"
    assert "别家的也好用。" in answer.json()["next_step"]
    assert (await api.client.post("/rooms/main/say", json={**say, "override": True})).status_code == 202
    await api.client.post("/rooms/main/stop")
    await api.client.post("/rooms/main/start")
    assert (await api.client.post("/rooms/main/say", json=say)).status_code == 422


@pytest.mark.parametrize("data", [
    "term,reason,say,fine\n老王家,对手,别家,老王家门口\nacme,,,\n".encode(), "老王家\nacme\n".encode(),
    "老王家\r\nacme\r\n".encode("gb18030"), "\ufeff老王家\nacme".encode(),
])
async def test_words_are_imported_and_exported(api: Api, data: bytes) -> None:
    answer = await api.client.post("/guard/words/import", params=ROOM, files={"file": ("w.csv", data)})
    assert [w["term"] for w in answer.json()["own"]] == ["老王家", "acme"], answer.text
    again = await api.client.get("/guard/words/export", params=ROOM)
    await api.client.put("/guard/words", params=ROOM, json={})
    answer = await api.client.post("/guard/words/import", params=ROOM, files={"file": ("w.csv", again.content)})
    assert [w["term"] for w in answer.json()["own"]] == ["老王家", "acme"]


@pytest.mark.parametrize("data", [b"\xff\xfe\x00\x01\x80", ("长" * 80).encode(), "……\n".encode()])
async def test_a_file_that_is_no_list_changes_nothing(api: Api, data: bytes) -> None:
    answer = await api.client.post("/guard/words/import", params=ROOM, files={"file": ("w.csv", data)})
    assert answer.status_code == 422 and answer.json()["next_step"]
    assert (await api.client.get("/guard/words", params=ROOM)).json() == {"own": [], "allowed": []}


async def test_the_lists_that_ship_are_shown(api: Api) -> None:
    shown = (await api.client.get("/guard/lists")).json()
    assert {c["category"] for c in shown} >= {"absolute", "medical", "platform"}
    assert all(c["title"]["zh"] and c["reason"]["en"] and c["rules"] for c in shown)


async def test_an_unknown_room_is_said_so(api: Api) -> None:
    assert (await api.client.get("/guard/words", params={"room": "none"})).status_code == 404
    assert (await api.client.post("/guard/try", json={"room": "none", "text": "x"})).status_code == 404
