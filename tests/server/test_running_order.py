"""The running order over the API: derived until somebody writes one, checked, jumped in, and kept over a restart."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.server.conftest import Api
from tests.server.test_api import on_air

URL = "/rooms/main/running-order"
ITEMS: list[dict[str, Any]] = [
    {"id": "open", "kind": "opening", "title": "开场", "minutes": 0.5},
    {"id": "serum-zh", "kind": "product", "title": "精华", "product_id": "serum", "minutes": 2, "points": {"zh": ["先看质地。"]}},
    {"id": "serum-en", "kind": "product", "title": "Serum", "product_id": "serum", "minutes": 2, "lang": "en"},
    {"id": "ask", "kind": "qa", "title": "答疑", "minutes": 1},
]


async def put(api: Api, items: list[dict[str, Any]], **fields: Any) -> Any:
    return await api.client.put(URL, json={"items": items, **fields})


async def test_a_room_without_one_has_one_that_is_derived(api: Api) -> None:
    await api.client.delete(URL)
    order = (await api.client.get(URL)).json()
    assert order["derived"] and order["enabled"] and order["loop"] and order["now"] is None
    kinds = [i["kind"] for i in order["items"]]
    assert kinds[0] == "opening" and kinds[-1] == "closing" and {"product", "cta", "qa"} <= set(kinds)
    products = (await api.client.get("/products", params={"room": "main"})).json()
    assert [i["product_id"] for i in order["items"] if i["kind"] == "product"] == [p["id"] for p in products]


async def test_an_order_is_followed_on_air_and_kept(api: Api) -> None:
    answer = await put(api, ITEMS)
    assert answer.status_code == 200, answer.text
    assert not answer.json()["derived"] and [i["id"] for i in answer.json()["items"]] == [i["id"] for i in ITEMS]
    await on_air(api)
    await asyncio.sleep(0.05)
    order = (await api.client.get(URL)).json()
    assert order["now"]["item_id"] == "open" and order["now"]["planned_s"] == 30
    status = (await api.client.get("/rooms/main/status")).json()
    assert status["running_order"]["title"] == "开场" and status["running_order"]["next_title"] == "精华"
    order = (await api.client.post(f"{URL}/go", json={"item_id": "serum-en"})).json()
    assert order["now"]["item_id"] == "serum-en"
    order = (await api.client.post(f"{URL}/next")).json()
    assert order["now"]["item_id"] == "ask"
    await api.client.post("/rooms/main/stop")
    assert (await api.client.get(URL)).json()["now"] is None
    await api.client.post("/rooms/main/start")
    assert (await api.client.get(URL)).json()["now"]["item_id"] == "ask", "it goes on where it was"


async def test_another_order_leaves_on_air_what_is_on_air(api: Api) -> None:
    await put(api, ITEMS)
    await on_air(api)
    await api.client.post(f"{URL}/go", json={"item_id": "ask"})
    order = (await put(api, [ITEMS[3], ITEMS[1]])).json()
    assert order["now"]["item_id"] == "ask"
    order = (await put(api, [ITEMS[1]], enabled=False)).json()
    assert order["now"] is None and not order["enabled"]
    assert (await api.client.post(f"{URL}/next")).status_code == 409


@pytest.mark.parametrize(("item", "said"), [
    ({"kind": "product", "product_id": "nothing"}, "nothing"), ({"kind": "product", "minutes": 0.1}, "minutes"),
    ({"kind": "product", "minutes": 241}, "minutes"), ({"kind": "party"}, "kind"), ({"kind": "qa", "lang": "fr"}, "lang"),
    ({"kind": "cta", "points": {"zh": ["只要{price}"]}}, "price"), ({"kind": "qa", "id": "open"}, "same id"),
    ({"kind": "qa", "points": {"zh": [""]}}, "points"), ({"kind": "qa", "points": {"zh": ["长" * 601]}}, "points"),
    ({"kind": "qa", "minutes": "nan"}, "minutes"), ({"kind": "qa", "sorce": 1}, "sorce"),
])
async def test_a_wrong_item_is_named_and_nothing_changes(api: Api, item: dict[str, Any], said: str) -> None:
    before = (await api.client.get(URL)).json()
    answer = await put(api, [ITEMS[0], item])
    problem = answer.json()
    assert answer.status_code == 422, problem
    assert problem["what"] == "items" and problem["at"][-1] == 1 and said in problem["detail"] and problem["next_step"]
    assert (await api.client.get(URL)).json() == before


async def test_an_item_whose_product_was_deleted_is_left_out(api: Api) -> None:
    await put(api, ITEMS)
    await on_air(api)
    await api.client.post(f"{URL}/go", json={"item_id": "serum-zh"})
    assert (await api.client.delete("/products/serum")).status_code == 204
    order = (await api.client.get(URL)).json()
    assert [i["id"] for i in order["items"]] == ["open", "ask"]
    assert order["now"] is None or order["now"]["item_id"] in ("open", "ask")
    assert (await put(api, order["items"])).status_code == 200


async def test_what_cannot_be_done_says_why(api: Api) -> None:
    assert (await api.client.get("/rooms/nowhere/running-order")).status_code == 404
    assert (await api.client.post(f"{URL}/next")).status_code == 409, "off air"
    await put(api, [*ITEMS, {"id": "off", "kind": "qa", "enabled": False}])
    await on_air(api)
    assert (await api.client.post(f"{URL}/go", json={"item_id": "nothing"})).status_code == 404
    refused = await api.client.post(f"{URL}/go", json={"item_id": "off"})
    assert refused.status_code == 409 and refused.json()["next_step"]


async def test_only_operators_change_it(api: Api) -> None:
    token = (await api.client.post("/auth/tokens", json={"name": "v", "role": "viewer"})).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert (await api.anonymous.get(URL, headers=headers)).status_code == 200
    assert (await api.anonymous.put(URL, headers=headers, json={"items": []})).status_code == 403
    assert (await api.anonymous.post(f"{URL}/next", headers=headers)).status_code == 403
