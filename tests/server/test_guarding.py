"""A room's own words over the API: added, imported, taken off a list, and at work in the very next sentence."""

from __future__ import annotations

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


LISTS = [
    "term,reason,say,fine\n老王家,对手,别家,老王家门口\nacme,,,\n".encode(), "老王家\nacme\n".encode(),
    "老王家\r\nacme\r\n".encode("gb18030"), "\ufeff老王家\nacme".encode(), "老王家\nacme\n".encode("utf-16"), b"\n\n" + "老王家,,\n,,\nacme".encode(),
    "老王家,\"对手，\n两行\",别家\nacme\n".encode(),
]


async def test_words_are_imported_and_exported(api: Api) -> None:
    for data in LISTS:
        await api.client.put("/guard/words", params=ROOM, json={})
        answer = await api.client.post("/guard/words/import", params=ROOM, files={"file": ("w.csv", data)})
        assert [w["term"] for w in answer.json()["own"]] == ["老王家", "acme"], answer.text
        again = await api.client.get("/guard/words/export", params=ROOM)
        await api.client.put("/guard/words", params=ROOM, json={})
        answer = await api.client.post("/guard/words/import", params=ROOM, files={"file": ("w.csv", again.content)})
        assert [w["term"] for w in answer.json()["own"]] == ["老王家", "acme"]


NO_LISTS = [
    b"\xff\xfe\x00\x01\x80", ("长" * 80).encode(), "……\n".encode(), b"\x89PNG\r\n\x1a\n\x00\x00", b"a\x00b\n", b'"' + b"a" * 200_000,
    "好词\n老王家,,{}\n".format("很" * 61).encode(), "好词\n坏\u200b\u202e,,\u202e\n".encode() + b"\xff", "好词,,,{}".format("|".join("x" * 60)).encode(),
    "\n".join(f"词{n}" for n in range(2001)).encode(),
]


async def test_a_file_that_is_no_list_changes_nothing(api: Api) -> None:
    for data in NO_LISTS:
        answer = await api.client.post("/guard/words/import", params=ROOM, files={"file": ("w.csv", data)})
        assert answer.status_code == 422 and answer.json()["next_step"]
        assert (await api.client.get("/guard/words", params=ROOM)).json() == {"own": [], "allowed": []}


async def test_a_file_over_a_megabyte_is_refused(api: Api) -> None:
    answer = await api.client.post("/guard/words/import", params=ROOM, files={"file": ("w.csv", b"a\n" * 600_000)})
    assert answer.status_code == 413 and answer.json()["next_step"]


async def test_a_word_in_a_file_twice_is_kept_once_as_it_came_last(api: Api) -> None:
    data = "老王家,旧\n老王家,新\nACME\nacme,后\n".encode()
    answer = await api.client.post("/guard/words/import", params=ROOM, files={"file": ("w.csv", data)})
    assert [(w["term"], w["reason"]) for w in answer.json()["own"]] == [("老王家", "新"), ("acme", "后")]


async def test_whatever_word_stops_a_sentence_can_be_let_pass_by_its_rule(api: Api) -> None:
    stopped = ["这是国家级的精华。", "祛痘很好用。", "我是真人。", "治好了失眠。", "这是兰蔻。", "全网最好的精华。", "聊聊特朗普。"]
    for text in stopped:
        verdict = await judge(api, text)
        for _ in range(6):
            if verdict["action"] == "allow":
                break
            rule = verdict["hits"][0]["rule"]  # type: ignore[index]
            assert (await api.client.post("/guard/allow", json={**ROOM, "rule": rule})).status_code == 200
            verdict = await judge(api, text)
        assert verdict["action"] == "allow", verdict


async def test_a_word_of_ones_own_is_forgotten_with_one_click(api: Api) -> None:
    await api.client.put("/guard/words", params=ROOM, json={"own": [{"term": "老王家"}, {"term": "acme"}]})
    assert (await judge(api, "老王家的精华。"))["hits"][0]["rule"] == "own:老王家"  # type: ignore[index]
    answer = await api.client.post("/guard/allow", json={**ROOM, "rule": "own:老王家"})
    assert [w["term"] for w in answer.json()["own"]] == ["acme"]
    assert (await judge(api, "老王家的精华。"))["action"] == "allow"


async def test_a_word_that_pinyin_hides_is_found_and_one_that_is_fine_is_not(api: Api) -> None:
    body = {"own": [{"term": "保真", "say": "用心", "fine": ["保真度"]}]}
    await api.client.put("/guard/words", params=ROOM, json=body)
    assert (await judge(api, "bao真的精华。"))["action"] == "rewrite"
    assert (await judge(api, "保 真 的精华。"))["text"] == "用心 的精华。"
    assert (await judge(api, "颜色的保真度。"))["action"] == "allow"


async def test_an_operator_sees_where_a_product_contradicts_itself(api: Api) -> None:
    assert (await api.client.get("/guard/findings", params=ROOM)).json() == []
    body = {"room": "main", "name": {"zh": "暖冬面霜"}, "price": "88.00", "facts": {"zh": ["今天只要66元", "一罐50克"]}}
    made = (await api.client.post("/products", json=body)).json()
    found = (await api.client.get("/guard/findings", params=ROOM)).json()
    assert [(f["product_id"], f["kind"], f["texts"]) for f in found] == [(made["id"], "price", ["今天只要66元"])]
    assert "88" in found[0]["message"]["zh"] and "66" in found[0]["message"]["en"]
    verdict = await api.client.post("/guard/try", json={**ROOM, "text": "今天只要66元。", "product_id": made["id"]})
    assert verdict.json()["text"] == "今天只要88元。"
    await api.client.patch(f"/products/{made['id']}", json={"facts": {"zh": ["今天只要88元"]}})
    assert (await api.client.get("/guard/findings", params=ROOM)).json() == []


async def test_the_lists_that_ship_are_shown(api: Api) -> None:
    shown = (await api.client.get("/guard/lists")).json()
    assert {c["category"] for c in shown} >= {"absolute", "medical", "platform"}
    assert all(c["title"]["zh"] and c["reason"]["en"] and c["rules"] for c in shown)


async def test_an_unknown_room_is_said_so(api: Api) -> None:
    assert (await api.client.get("/guard/words", params={"room": "none"})).status_code == 404
    assert (await api.client.post("/guard/try", json={"room": "none", "text": "x"})).status_code == 404
    assert (await api.client.get("/guard/findings", params={"room": "none"})).status_code == 404


UNREADABLE = ["\\ud800", "Z" + "\u0301" * 1500, "\u202e\u200b" * 900, "١٢٣ مرحبا"]


async def test_unreadable_text_is_answered(api: Api) -> None:
    for text in UNREADABLE:
        body = f'{{"room": "main", "text": "{text.replace(chr(92) * 2, chr(92))}"}}'
        answer = await api.client.post("/guard/try", content=body.encode(), headers={"content-type": "application/json"})
        assert answer.status_code in (200, 422), answer.text


async def test_a_million_characters_are_refused_with_what_to_do(api: Api) -> None:
    answer = await api.client.post("/guard/try", json={**ROOM, "text": "Z\u0301\u0302" * 350_000})
    assert answer.status_code == 422 and answer.json()["next_step"]
