"""Takeover, ready lines, own voice and the emergency slate over the API; and what the record keeps of them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from server.settings import Settings
from streaming.errors import BadInput
from tests.server.conftest import Api

BAD = "这是全网最低价。"


async def on_air(api: Api) -> None:
    await api.client.post("/rooms/main/start")
    for name in ("playout:main", "voice"):
        api.child(name, pts_s=10.0, fps=25.0)


async def records(api: Api, kind: str = "") -> list[dict[str, Any]]:
    await asyncio.to_thread(api.context.airlog._thread.submit(lambda: None).result)
    return [r for r in api.context.airlog.records("main") if kind in ("", r["kind"])]


async def spoken(api: Api, line_id: str) -> dict[str, Any]:
    """Wait until the line's take was queued, say that it began, and return its record."""
    for _ in range(200):
        lines = [m for m in api.bus.ops("speak") if m["line"]["line_id"] == line_id]
        queued = api.bus.ops("take.enqueue")
        if lines and queued:
            break
        await asyncio.sleep(0.01)
    number = api.bus.ops("speak").index(lines[-1]) + 1
    api.bus.tell("take.started", **{"from": "playout:main"}, take_id=f"t{number}", line_id=line_id, pts_s=12.5)
    return next(r for r in await records(api, "said") if r["line_id"] == line_id)


async def test_a_takeover_survives_the_server_and_ends_with_the_broadcast(api: Api) -> None:
    await on_air(api)
    answer = await api.client.post("/rooms/main/takeover", json={"on": True})
    assert answer.status_code == 200 and answer.json()["takeover"] is True
    await api.context.rooms.close()
    await api.context.rooms.start_all()
    assert (await api.client.get("/rooms/main/status")).json()["takeover"] is True
    await api.client.post("/rooms/main/takeover", json={"on": False})
    assert (await api.client.get("/rooms/main/status")).json()["takeover"] is False
    notes = [(r["note"], r["by"]) for r in await records(api, "event") if "takeover" in r["note"]]
    assert [n for n, _ in notes] == ["takeover", "takeover ended"]
    assert all(by["role"] == "owner" and by["name"] for _, by in notes)
    await api.client.post("/rooms/main/takeover", json={"on": True})
    await api.client.post("/rooms/main/stop")
    await on_air(api)
    assert (await api.client.get("/rooms/main/status")).json()["takeover"] is False


async def test_the_slate_is_shown_at_once_and_again_to_every_new_playout(api: Api) -> None:
    await on_air(api)
    answer = await api.client.post("/rooms/main/emergency", json={"on": True, "text": "马上回来"})
    assert answer.json()["slate"] == {"on": True, "text": "马上回来"}
    assert api.bus.ops("slate")[-1] | {"to": ""} == {"to": "", "op": "slate", "on": True, "text": "马上回来"}
    refused = await api.client.post("/rooms/main/say", json={"text": "你好", "when": "now"})
    assert refused.status_code == 409 and "slate" in refused.json()["detail"]
    await api.context.rooms.close()
    api.bus.asked.clear()
    await api.context.rooms.start_all()
    api.child("playout:main", fps=25.0)
    for _ in range(100):
        if api.bus.ops("slate"):
            break
        await asyncio.sleep(0.01)
    assert api.bus.ops("slate")[-1]["on"] is True
    assert (await api.client.get("/rooms/main/status")).json()["slate"]["on"] is True
    answer = await api.client.post("/rooms/main/emergency", json={"on": False})
    assert answer.json()["slate"] == {"on": False, "text": ""} and api.bus.ops("slate")[-1]["on"] is False
    notes = [r["note"] for r in await records(api, "event") if "slate" in r["note"]]
    assert notes == ["slate: 马上回来", "slate ended"]
    metrics = (await api.client.get("/metrics")).text
    assert 'nightanchor_slate{room="main"} 0.0' in metrics and 'nightanchor_takeover{room="main"} 0.0' in metrics


async def test_a_playout_that_is_away_gets_the_slate_when_it_is_back(api: Api) -> None:
    await on_air(api)
    api.bus.down.add("playout:main")
    answer = await api.client.post("/rooms/main/emergency", json={"on": True})
    assert answer.status_code == 200 and answer.json()["slate"]["on"] is True
    api.bus.down.clear()
    api.bus.asked.clear()
    api.bus.tell("child", name="playout:main", kind="playout", state="running", pid=77, restarts=1, since=0.1,
                 status={}, cpu_s=0.1, rss_mb=9.0, reason="")
    for _ in range(300):
        if api.bus.ops("slate"):
            break
        await asyncio.sleep(0.01)
    assert api.bus.ops("slate")[-1]["on"] is True


async def test_an_operators_sentence_is_recorded_with_who_and_where_in_the_recording(api: Api) -> None:
    await on_air(api)
    made = (await api.client.post("/outputs", json={"room": "main", "name": "rec", "kind": "record"})).json()
    await asyncio.sleep(0.05)
    api.child(f"sink:main:{made['id']}", state="running", file="a.mp4", first_s=10.0, connected_s=99.0)
    api.context.rooms.on_air["main"].children[f"sink:main:{made['id']}"]["status"]["state"] = "live"
    token = (await api.client.post("/auth/tokens", json={"name": "阿林", "role": "operator"})).json()["token"]
    api.client.headers["Authorization"] = f"Bearer {token}"
    body = {"text": BAD, "when": "now"}
    assert (await api.client.post("/rooms/main/say", json=body)).json()["reason"] == "held"
    answer = await api.client.post("/rooms/main/say", json={**body, "override": True})
    record = await spoken(api, answer.json()["line_id"])
    assert (record["source"], record["by"]) == ("operator", {"name": "阿林", "role": "operator"})
    assert record["guard"]["guard"] == "override" and record["duration_s"] == 2.0
    assert record["recording"] == {"file": "a.mp4", "offset_s": 2.5} and record["tick"] == 12.5
    guarded = (await records(api, "guarded"))[-1]
    assert guarded["by"]["name"] == "阿林" and guarded["guard"]["guard"] == "override"
    api.bus.tell("take.finished", **{"from": "playout:main"}, take_id="x", line_id=record["line_id"], outcome="stopped")
    assert (await records(api, "cut"))[-1]["line_id"] == record["line_id"]


async def test_what_was_spoken_is_said_and_logged_as_the_operators_own(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await on_air(api)
    request = api.bus.request
    heard: list[bytes] = []

    async def hear(to: str, op: str, **fields: Any) -> dict[str, Any]:
        if op != "hear":
            return await request(to, op, **fields)
        heard.append(await asyncio.to_thread(Path(fields["path"]).read_bytes))
        if heard[-1] == b"noise":
            raise BadInput("nothing is heard in the recording", next_step="Check the microphone and its level.")
        return {"clip": "c0ffee", "duration_s": 2.0}

    monkeypatch.setattr(api.bus, "request", hear)
    url, file = "/rooms/main/voice", {"file": ("v.webm", b"sound")}
    refused = await api.client.post(url, files=file)
    assert refused.status_code == 422 and refused.json()["reason"] == "override" and not heard
    held = await api.client.post(url, files=file, data={"override": "true", "text": BAD})
    assert held.status_code == 422 and held.json()["reason"] == "held" and not heard
    noise = await api.client.post(url, files={"file": ("v.webm", b"noise")}, data={"override": "true"})
    assert noise.status_code == 422 and "microphone" in noise.json()["next_step"]
    large = await api.client.post(url, files={"file": ("v.webm", b"x" * (9 << 20))}, data={"override": "true"})
    assert large.status_code == 413
    answer = await api.client.post(url, files=file, data={"override": "true"})
    assert answer.status_code == 202, answer.text
    record = await spoken(api, answer.json()["line_id"])
    assert (record["source"], record["voice"], record["guard"]) == (
        "operator", True, {"guard": "override", "rule": "sound"},
    )
    assert record["by"]["role"] == "owner"
    assert next(m for m in api.bus.ops("speak") if m["line"]["clip"])["line"]["clip"] == "c0ffee"
    assert not list((api.context.run_dir / "clips").glob("*.upload")), "what was sent is not kept"
    answered = await api.client.post(url, files=file, data={"override": "true", "text": BAD, "override_text": "true"})
    assert answered.status_code == 202


async def test_a_voice_process_that_is_away_is_said_so(api: Api) -> None:
    await on_air(api)
    api.bus.down.add("voice")
    answer = await api.client.post("/rooms/main/voice", files={"file": ("v", b"x")}, data={"override": "true"})
    assert answer.status_code == 503 and answer.json()["next_step"]
    assert not list((api.context.run_dir / "clips").glob("*.upload"))


async def test_ready_lines_are_kept_in_order_and_said_through_the_guard(api: Api) -> None:
    await on_air(api)
    made = []
    for title, text in (("发货", "今天下单，明天就发货。"), ("坏", BAD), ("en", "Shipping is tomorrow.")):
        answer = await api.client.post("/lines", json={"room": "main", "title": title, "text": text})
        assert answer.status_code == 201, answer.text
        made.append(answer.json())
    first = made[0]
    await api.client.put(f"/lines/{first['id']}", json={"room": "main", "title": "发货", "text": "后天发货。", "position": 9})
    shown = (await api.client.get("/lines", params={"room": "main"})).json()
    mine = [x for x in shown if x["id"] in {m["id"] for m in made}]
    assert [x["title"] for x in mine] == ["坏", "en", "发货"] and mine[-1]["text"] == "后天发货。"
    held = await api.client.post(f"/lines/{made[1]['id']}/say", json={"when": "now"})
    assert held.status_code == 422 and held.json()["reason"] == "held"
    said = await api.client.post(f"/lines/{made[1]['id']}/say", json={"when": "now", "override": True})
    record = await spoken(api, said.json()["line_id"])
    assert record["guard"]["guard"] == "override" and record["by"]["role"] == "owner"
    assert (await api.client.post(f"/lines/{made[2]['id']}/say", json={"when": "now"})).status_code == 202
    assert (await api.client.delete(f"/lines/{first['id']}")).status_code == 204
    assert (await api.client.post(f"/lines/{first['id']}/say", json={})).status_code == 404


async def test_the_demos_ready_lines_pass_the_guard(api: Api) -> None:
    await on_air(api)
    lines = (await api.client.get("/lines", params={"room": "main"})).json()
    assert {x["lang"] for x in lines} == {"zh", "en", "ja"}
    for line in lines:
        answer = await api.client.post(f"/lines/{line['id']}/say", json={})
        assert answer.status_code == 202, answer.text


@pytest.mark.parametrize("body", [
    {"room": "main", "text": ""}, {"room": "main", "text": "   "}, {"room": "main", "text": "长" * 1001},
    {"room": "nobody", "text": "x"}, {"room": "main", "text": "x", "lang": "fr"}, {"text": "x"},
])
async def test_a_line_that_can_not_be_is_refused(api: Api, body: dict[str, Any]) -> None:
    answer = await api.client.post("/lines", json=body)
    assert answer.status_code in (404, 422) and answer.json()["next_step"]


async def test_only_operators_take_over(api: Api) -> None:
    await on_air(api)
    token = (await api.client.post("/auth/tokens", json={"name": "看", "role": "viewer"})).json()["token"]
    viewer = {"Authorization": f"Bearer {token}"}
    for path, body in (("takeover", {"on": True}), ("emergency", {"on": True})):
        assert (await api.anonymous.post(f"/rooms/main/{path}", json=body, headers=viewer)).status_code == 403
    sent = await api.anonymous.post("/rooms/main/voice", files={"file": ("v", b"x")}, headers=viewer)
    assert sent.status_code == 403
    assert (await api.anonymous.get("/lines", params={"room": "main"}, headers=viewer)).status_code == 200
    assert (await api.client.post("/rooms/nobody/takeover", json={"on": True})).status_code == 404


async def test_every_stream_and_file_is_told_who_made_it(api: Api) -> None:
    await on_air(api)
    await api.client.post("/outputs", json={"room": "main", "name": "rec", "kind": "record"})
    await api.client.post("/outputs", json={"room": "main", "name": "x", "url": "rtmp://127.0.0.1/live/x"})
    for _ in range(100):
        told = {m["name"]: m["config"].get("aigc") for m in api.bus.ops("ensure")}
        if len([n for n in told if n.startswith("sink:")]) == 2:
            break
        await asyncio.sleep(0.01)
    marked = {n: a for n, a in told.items() if n.split(":")[0] in ("mux", "sink")}
    assert len(marked) == 3 and all(a["producer"] == "NightAnchor" for a in marked.values())
    numbers = {a["content"] for a in marked.values()}
    assert len(numbers) == 1 and numbers.pop().endswith("-main")


def test_the_notice_can_not_be_switched_off_by_settings() -> None:
    with pytest.raises(ValueError):
        Settings.model_validate({"show": {"notice_min": -1}})
    with pytest.raises(ValueError):
        Settings.model_validate({"aigc": {"producer": ""}})


async def test_the_presenter_says_at_every_opening_that_she_is_an_ai(api: Api) -> None:
    for _ in range(2):
        await on_air(api)
        for _ in range(100):
            if any(m["line"]["source"] == "notice" for m in api.bus.ops("speak")):
                break
            await asyncio.sleep(0.01)
        first = api.bus.ops("speak")[0]["line"]
        assert first["source"] == "notice" and "AI" in first["text"]
        record = await spoken(api, first["line_id"])
        assert record["source"] == "notice"
        state = json.loads((api.context.data / "rooms" / "main.show.json").read_text())
        assert state["notice_at"] is not None, "kept at once: a killed server does not say it again"
        await api.context.rooms.close()
        api.bus.asked.clear()
        await api.context.rooms.start_all()
        await on_air(api)
        await asyncio.sleep(0.2)
        assert not [m for m in api.bus.ops("speak") if m["line"]["source"] == "notice"]
        await api.client.post("/rooms/main/stop")
        api.bus.asked.clear()
        api.bus.takes = 0
    notes = [r["note"] for r in await records(api, "event")]
    assert notes == ["on air", "server restarted", "off air"] * 2
