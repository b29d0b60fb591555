"""The REST surface as a panel or a program uses it."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest
from PIL import Image

from tests.server.conftest import Api


async def on_air(api: Api) -> None:
    api.child("voice")
    api.child("playout:main", fps=25.0, bitrate_kbps=2500, look=None)
    await api.client.post("/rooms/main/start")
    await asyncio.sleep(0.1)


def png(w: int, h: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (w, h), (200, 120, 90)).save(out, "PNG")
    return out.getvalue()


async def test_the_demo_room_is_there_with_its_goods(api: Api) -> None:
    assert [r["id"] for r in (await api.client.get("/rooms")).json()] == ["main"]
    products = (await api.client.get("/products", params={"room": "main"})).json()
    assert len(products) == 6
    serum = products[0]
    assert serum["price"] == "99.90" and serum["has_picture"] and len(serum["faq"]) >= 6
    scripts = (await api.client.get("/scripts", params={"room": "main"})).json()
    assert {s["kind"] for s in scripts} >= {"greeting", "pitch"}
    assert (await api.client.get("/products/serum/picture")).headers["content-type"] == "image/png"


async def test_going_on_air_starts_the_processes(api: Api) -> None:
    await on_air(api)
    kinds = {m["kind"] for m in api.bus.ops("ensure")}
    assert {"voice", "playout", "mux"} <= kinds
    config = next(m["config"] for m in api.bus.ops("ensure") if m["kind"] == "playout")
    assert (config["width"], config["height"], config["fps_num"]) == (720, 1280, 25)
    status = (await api.client.get("/rooms/main/status")).json()
    assert status["on_air"] and status["playout"]["fps"] == 25.0
    assert (await api.client.get("/health")).json()["rooms"]["main"]["on_air"]


async def test_a_price_change_is_on_the_card_at_once(api: Api) -> None:
    await on_air(api)
    await api.client.post("/products/serum/pin", json={"pinned": True})
    await asyncio.sleep(0.05)
    await api.client.patch("/products/serum", json={"price": "59.5", "stock": 3})
    await asyncio.sleep(0.05)
    card = api.bus.ops("card")[-1]["product"]
    assert card["price"] == "¥59.50"
    assert card["stock"] == "仅剩 3瓶"
    assert card["badge"] == "主推"


async def test_chat_is_answered_and_shown(api: Api) -> None:
    await on_air(api)
    body = {"room": "main", "user": "小月", "text": "精华多少钱？", "kind": "question"}
    answer = (await api.client.post("/chat", json=body)).json()
    assert answer["accepted"]
    await asyncio.sleep(0.1)
    # The opening begins with the notice.
    for op, more in (("take.started", {}), ("take.finished", {"outcome": "played"})):
        api.bus.tell(op, take_id="t1", line_id="", **{"from": "playout:main"}, **more)
        await asyncio.sleep(0.1)
    assert api.bus.ops("chat")[-1]["text"] == "精华多少钱？"
    lines = [m["line"]["text"] for m in api.bus.ops("speak")]
    assert any("99.9元" in text and "小月" in text for text in lines), lines
    again = (await api.client.post("/chat", json=body)).json()
    assert (again["accepted"], again["reason"]) == (False, "duplicate")
    listed = (await api.client.get("/chat", params={"room": "main"})).json()
    assert [c["text"] for c in listed] == ["精华多少钱？"] * 2


async def test_say_skip_and_pause(api: Api) -> None:
    await on_air(api)
    said = await api.client.post("/rooms/main/say", json={"text": "今晚十二点下播。", "when": "now"})
    assert said.status_code == 202 and said.json()["line_id"]
    assert (await api.client.post("/rooms/main/pause", json={"on": True})).json()["paused"]
    assert not (await api.client.post("/rooms/main/pause", json={"on": False})).json()["paused"]
    assert (await api.client.post("/rooms/main/skip")).status_code == 200
    assert (await api.client.post("/rooms/main/say", json={"text": "😀"})).status_code == 422


async def test_stopping_ends_the_processes(api: Api) -> None:
    await on_air(api)
    await api.client.post("/rooms/main/stop")
    assert {m["name"] for m in api.bus.ops("remove")} >= {"playout:main", "mux:main"}
    assert (await api.client.post("/rooms/main/skip")).status_code == 409


async def test_stream_keys_never_come_back(api: Api) -> None:
    body = {"room": "main", "name": "抖音", "url": "rtmp://push.example.com/live", "key": "topsecret?sign=1"}
    made = await api.client.post("/outputs", json=body)
    assert made.status_code == 201
    number = made.json()["id"]
    await on_air(api)
    sink = next(m for m in api.bus.ops("ensure") if m["name"] == f"sink:main:{number}")
    assert sink["config"]["url"] == "rtmp://push.example.com/live/topsecret?sign=1"
    whole = {"room": "main", "name": "b", "url": "rtmp://push.example.com/live/topsecret"}
    texts = [made.text, (await api.client.post("/outputs", json=whole)).text, (await api.client.get("/outputs")).text]
    texts += [(await api.client.get("/rooms/main/status")).text]
    assert not any("topsecret" in text for text in texts)
    assert made.json()["has_key"]
    kept = await api.client.patch(f"/outputs/{number}", json={"name": "抖音 2"})
    assert kept.json()["has_key"]
    paused = await api.client.post(f"/outputs/{number}/pause")
    assert paused.json()["paused"]
    await asyncio.sleep(0.05)
    assert [m for m in api.bus.ops("ensure") if m["name"] == f"sink:main:{number}"][-1]["config"]["paused"]
    await api.client.delete(f"/outputs/{number}")
    await asyncio.sleep(0.05)
    assert f"sink:main:{number}" in {m["name"] for m in api.bus.ops("remove")}


@pytest.mark.parametrize(
    "url", ["http://x/y", "file:///etc/passwd", "rtmp://", "rtmp://host", "rtmp://a b/c", "rtmp://u:p@host/app", ""]
)
async def test_bad_addresses_are_refused(api: Api, url: str) -> None:
    answer = await api.client.post("/outputs", json={"room": "main", "name": "x", "url": url, "key": "k"})
    assert answer.status_code == 422
    assert answer.json()["next_step"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/rooms/none", None), ("GET", "/products/none", None), ("PATCH", "/products/none", {"stock": 1}),
        ("GET", "/outputs/999", None), ("DELETE", "/outputs/999", None), ("GET", "/looks/none", None),
        ("POST", "/looks/none/activate", {"room": "main"}),
        ("GET", "/scripts/none", None), ("GET", "/nothing/here", None),
        ("POST", "/chat", {"room": "none", "user": "a", "text": "b"}), ("POST", "/rooms/none/start", None),
        ("DELETE", "/auth/tokens/999", None), ("GET", "/products/none/picture", None),
    ],
)
async def test_unknown_ids_are_said_to_be_unknown(api: Api, method: str, path: str, body: Any) -> None:
    answer = await api.client.request(method, path, json=body)
    assert answer.status_code == 404, answer.text
    assert answer.json()["status"] == 404


@pytest.mark.parametrize(
    "body",
    [
        {"name": {"zh": "x"}, "price": "-1"}, {"name": {"zh": "x"}, "price": "abc"}, {"name": {}},
        {"name": {"xx": "x"}}, {"name": {"zh": "x" * 1000}}, {"name": {"zh": "x"}, "stock": -1},
        {"name": {"zh": "x"}, "currency": "yuan"}, {"name": {"zh": "x"}, "price": "1e999"}, {"surprise": 1},
    ],
)
async def test_bad_products_are_refused(api: Api, body: dict[str, Any]) -> None:
    answer = await api.client.post("/products", json={"room": "main", **body})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"]


async def test_html_stays_text_and_a_price_may_be_missing(api: Api) -> None:
    body = {"room": "main", "name": {"zh": "<script>alert(1)</script>\x00\x07好物"}, "aliases": ["<b>"]}
    made = (await api.client.post("/products", json=body)).json()
    assert made["name"]["zh"] == "<script>alert(1)</script>好物"
    assert made["price"] is None
    await on_air(api)
    await api.client.post(f"/products/{made['id']}/pin", json={"pinned": True})
    await asyncio.sleep(0.05)
    assert api.bus.ops("card")[-1]["product"]["price"] == "价格请咨询"


async def test_bad_chat_changes_nothing(api: Api) -> None:
    await on_air(api)
    long = (await api.client.post("/chat", json={"room": "main", "user": "a", "text": "x" * 10_000})).json()
    assert (long["accepted"], long["reason"]) == (False, "too_long")
    for text in ("\u202eمرحبا", "a\x00b\x1b[31m", "😀" * 50, "<img src=x onerror=alert(1)>"):
        answer = await api.client.post("/chat", json={"room": "main", "user": "\u202e<b>x", "text": text})
        assert answer.status_code == 200
    assert (await api.client.post("/chat", json={"room": "main", "text": "x" * 50_000})).status_code == 422
    assert (await api.client.post("/chat", content=b"{not json")).status_code == 422


@pytest.mark.parametrize("data", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n broken", png(1, 1)])
async def test_bad_product_pictures_are_refused(api: Api, data: bytes) -> None:
    answer = await api.client.post("/products/serum/picture", files={"file": ("x.png", data)})
    assert answer.status_code == 422
    assert answer.json()["code"] == "bad_picture"
    assert (await api.client.get("/products/serum/picture")).status_code == 200


async def test_a_good_picture_replaces_the_old_one(api: Api) -> None:
    answer = await api.client.post("/products/serum/picture", files={"file": ("x.png", png(900, 500))})
    assert answer.status_code == 200
    shown = Image.open(io.BytesIO((await api.client.get("/products/serum/picture")).content))
    assert max(shown.size) == 640


async def test_looks_are_taken_in_and_checked(api: Api) -> None:
    made = await api.client.post("/looks", files={"file": ("me.png", png(600, 800))}, data={"name": "我"})
    assert made.status_code == 201
    look = made.json()
    assert look["state"] == "baking" and look["source"] == "photo"
    assert (await api.client.post("/looks", files={"file": ("me.txt", b"hello")})).status_code == 422
    assert (await api.client.get(f"/looks/{look['id']}/source")).status_code == 200
    assert (await api.client.post(f"/looks/{look['id']}/activate", json={"room": "main"})).status_code == 409
    marks = {"left_eye": [1, 2]}
    assert (await api.client.put(f"/looks/{look['id']}/landmarks", json=marks)).status_code == 422
    assert (await api.client.delete("/looks/lin")).status_code == 409
    assert (await api.client.delete(f"/looks/{look['id']}")).status_code == 204


async def test_metrics_and_documentation(api: Api) -> None:
    await on_air(api)
    text = (await api.client.get("/metrics")).text
    assert 'nightanchor_playout_fps{room="main"} 25.0' in text
    assert 'nightanchor_process_up{process="voice"} 1.0' in text
    schema = (await api.client.get("/openapi.json")).json()
    assert len(schema["paths"]) > 25
    assert all(op.get("summary") for path in schema["paths"].values() for op in path.values())
    assert (await api.client.get("/voices")).json()[0]["id"] == "zh-lin"


async def test_the_panel_is_served_under_a_strict_policy(api: Api) -> None:
    page = await api.anonymous.get("/")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy and "default-src 'self'" in policy
    assert page.headers["x-content-type-options"] == "nosniff"


async def test_rooms_can_be_added_changed_and_removed(api: Api) -> None:
    body = {"id": "night", "title": "夜场", "width": 1080, "height": 1920, "fps": 30, "lang": "en"}
    assert (await api.client.post("/rooms", json=body)).status_code == 201
    assert (await api.client.post("/rooms", json=body)).status_code == 409
    assert (await api.client.post("/rooms", json=body | {"id": "../x"})).status_code == 422
    assert (await api.client.patch("/rooms/night", json={"width": 1081})).status_code == 422
    changed = (await api.client.patch("/rooms/night", json={"title": "新夜场"})).json()
    assert (changed["title"], changed["width"], changed["fps"]) == ("新夜场", 1080, 30)
    assert (await api.client.delete("/rooms/night")).status_code == 204
    assert (await api.client.get("/rooms/night")).status_code == 404
