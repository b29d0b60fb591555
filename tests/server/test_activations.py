"""A change of persona is whole or not at all, and the answer says who stayed."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from streaming.errors import BadInput, Spent, Unavailable
from tests.server.wardrobe import Wardrobe, wardrobe


@pytest.fixture
async def w(tmp_path: Path, visual_folder: Path, language_folder: Path) -> AsyncIterator[Wardrobe]:
    async with wardrobe(tmp_path, visual_folder, language_folder) as w:
        yield w


async def dressed(w: Wardrobe) -> tuple[dict[str, object], dict[str, object]]:
    """On air as persona a, with two more that wear adapters."""
    visual, language = await w.add("visual"), await w.add("language")
    await w.persona("c", look_id="yun", visual_id=visual["id"], language_id=language["id"], visual_weight=0.8)
    await w.on_air()
    assert (await w.over(await w.activate(persona="a", when="now")))["state"] == "committed"
    return visual, language


def by_reason(w: Wardrobe, reason: str, message: str = "no") -> BadInput:
    error = BadInput(message)
    error.reason = reason
    return error


async def test_a_persona_comes_on_air(w: Wardrobe) -> None:
    visual, language = await dressed(w)
    document = await w.over(await w.activate(persona="c", when="boundary"))
    assert document["state"] == "committed", document
    assert [s["name"] for s in document["steps"]] == ["inspect", "stage", "look", "canary", "commit"]
    assert all(s["state"] == "done" for s in document["steps"])
    assert document["swap_ms"] == 0.2 and document["stayed"]["persona"] == "a"
    seen, heard = w.bus.worn["main"]
    assert str(visual["sha256"])[:8] in seen and seen.endswith("@0.8") and str(language["sha256"])[:8] in heard
    assert w.bus.look.endswith("yun/720x1280")
    active = await w.active()
    assert (active["persona"], active["visual"], active["look_id"], active["source"]) == (
        "c", visual["id"], "yun", "manual"
    )
    status = (await w.client.get("/rooms/main/status")).json()
    assert status["persona"]["id"] == "c" and status["activation"]["state"] == "committed"
    assert status["studio"] == {"state": "running"} and status["look"]["id"] == "yun"
    assert (await w.client.get("/adapters")).json()[0]["active_in"] == ["main"]
    metrics = (await w.client.get("/metrics")).text
    assert 'nightanchor_activations_total{room="main",state="committed"} 2.0' in metrics
    assert 'nightanchor_swap_ms{room="main"} 0.2' in metrics


async def test_she_speaks_with_her_voice_and_greets(w: Wardrobe) -> None:
    await dressed(w)
    await w.over(await w.activate(persona="b", when="now"))
    await asyncio.sleep(0.1)
    lines = [m["line"] for m in w.bus.ops("speak")]
    said = [n for n, line in enumerate(lines) if line["text"] == "大家好，我是Bea。"]
    assert said, lines
    assert {(line["voice"], line["mood"]) for line in lines[said[0]:]} == {("vb", "lively")}


async def test_bare_personas_take_no_studio(w: Wardrobe) -> None:
    w.bus.down.add("studio")
    await w.on_air()
    w.studio("waiting")
    document = await w.over(await w.activate(persona="b", when="now"))
    assert document["state"] == "committed" and w.bus.ops("commit") == []


async def test_from_adapters_to_bare_takes_them_off(w: Wardrobe) -> None:
    await dressed(w)
    await w.over(await w.activate(persona="c", when="now"))
    await w.over(await w.activate(persona="a", when="now"))
    assert w.bus.worn["main"] == (None, None)


async def test_single_adapters_over_what_is_worn(w: Wardrobe) -> None:
    _, language = await dressed(w)
    document = await w.over(await w.activate(language=language["id"], weight=0.5))
    assert document["state"] == "committed", document
    active = await w.active()
    assert (active["persona"], active["language"], active["look_id"]) == ("a", language["id"], "lin")
    assert str(w.bus.worn["main"][1]).endswith("@0.5")


async def test_rollback_goes_back_and_forth(w: Wardrobe) -> None:
    await dressed(w)
    await w.over(await w.activate(persona="c", when="now"))
    worn = w.bus.worn["main"]
    for persona, look, studio in (("a", "lin", (None, None)), ("c", "yun", worn)):
        document = await w.over(await w.client.post("/adapters/rollback", json={"room": "main"}))
        assert (document["state"], document["source"]) == ("committed", "rollback")
        active = await w.active()
        assert (active["persona"], active["look_id"], active["source"]) == (persona, look, "rollback")
        assert w.bus.worn["main"] == studio and f"/{look}/" in w.bus.look


async def test_nothing_to_go_back_to(w: Wardrobe) -> None:
    answer = await w.client.post("/adapters/rollback", json={"room": "main"})
    assert answer.status_code == 409 and answer.json()["next_step"]
    assert (await w.client.post("/adapters/rollback", json={"room": "nowhere"})).status_code == 404


# --- what can't be ---


async def stays(w: Wardrobe, response_or_id: object) -> dict[str, object]:
    document = await w.over(response_or_id)  # type: ignore[arg-type]
    assert document["state"] == "failed"
    assert document["stayed"] == {"persona": "a", "name": "Anna"} and document["message"] and document["next_step"]
    active = await w.active()
    assert (active["persona"], active["look_id"]) == ("a", "lin") and w.bus.look.endswith("lin/720x1280")
    assert w.bus.worn.get("main", (None, None)) == (None, None)
    return document


async def test_unknown_and_wrong_ones_are_refused_at_once(w: Wardrobe) -> None:
    visual, _ = await dressed(w)
    person = await w.add("visual", 1, likeness="person")
    unclear = await w.add("visual", 2, likeness="unknown")
    for body, status, reason in (
        ({"persona": "nobody"}, 404, "unknown"), ({"visual": "nothing"}, 404, "unknown"),
        ({"language": visual["id"]}, 422, "incompatible"), ({"visual": person["id"]}, 409, "consent"),
        ({"visual": unclear["id"]}, 409, "consent"),
    ):
        answer = await w.activate(**body)
        problem = answer.json()
        assert (answer.status_code, problem["reason"]) == (status, reason), problem
        assert problem["stayed"] == {"persona": "a", "name": "Anna"} and problem["next_step"]
        await stays(w, problem["activation"])
    for body in ({}, {"persona": "a", "visual": visual["id"]}, {"persona": "a", "when": "soon"}):
        assert (await w.activate(**body)).status_code == 422
    past = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)
    assert (await w.activate(persona="a", when=past.isoformat())).status_code == 422
    assert (await w.client.post("/adapters/activate", json={"room": "x", "persona": "a"})).status_code == 404


async def test_incompatible_with_the_base_of_now(w: Wardrobe, monkeypatch: pytest.MonkeyPatch) -> None:
    await dressed(w)
    monkeypatch.setitem(w.context.settings.visual.__dict__, "rank_max", 2)
    w.context.studio._specs.clear()
    answer = await w.activate(persona="c")
    assert (answer.status_code, answer.json()["reason"]) == (422, "incompatible")
    await stays(w, answer.json()["activation"])


async def test_studio_down(w: Wardrobe) -> None:
    await dressed(w)
    w.bus.down.add("studio")
    document = await stays(w, await w.activate(persona="c"))
    assert document["reason"] == "studio_down"
    assert [s["state"] for s in document["steps"]] == ["done", "failed"]  # type: ignore[attr-defined]


async def test_studio_killed_at_the_very_commit(w: Wardrobe) -> None:
    await dressed(w)
    w.bus.slow["try_out"] = 0.05
    answer = await w.activate(persona="c")
    await asyncio.sleep(0.02)
    w.bus.fail["commit"] = Unavailable("studio is not running")
    document = await stays(w, answer)
    assert document["reason"] == "studio_down"


@pytest.mark.parametrize(("op", "reason"), [
    ("stage", "no_memory"), ("stage", "no_disk"), ("try_out", "canary"), ("stage", "incompatible"),
])
async def test_what_the_studio_refuses(w: Wardrobe, op: str, reason: str) -> None:
    await dressed(w)
    error = Spent("full") if reason.startswith("no_") else BadInput("no")
    error.reason = reason
    w.bus.fail[op] = error
    assert (await stays(w, await w.activate(persona="c")))["reason"] == reason


async def test_evicted_before_the_commit_is_staged_again(w: Wardrobe) -> None:
    await dressed(w)
    w.bus.slow["try_out"] = 0.05
    answer = await w.activate(persona="c")
    await asyncio.sleep(0.03)
    w.bus.staged.clear()
    document = await w.over(answer)
    assert document["state"] == "committed" and len(w.bus.ops("commit")) == 2


async def test_playout_that_can_not_show_the_look_undoes_the_swap(w: Wardrobe) -> None:
    await dressed(w)
    w.bus.fail["look"] = by_reason(w, "", "the look is damaged")
    document = await stays(w, await w.activate(persona="c"))
    assert document["reason"] == "playout" and "damaged" in str(document["message"])
    assert len(w.bus.ops("rollback")) == 1


async def test_a_look_that_can_not_be(w: Wardrobe) -> None:
    await dressed(w)
    w.context.looks.add("broken", b"\x89PNG nothing more")
    look = next(x for x in w.context.looks.every() if x["name"] == "broken")
    await w.persona("d", look_id=look["id"])
    answer = await w.activate(persona="d")
    await asyncio.sleep(0.05)
    w.context.looks.fail(look["id"], "no picture")
    assert (await stays(w, answer))["reason"] == "look"


async def test_deleted_while_it_was_being_prepared(w: Wardrobe) -> None:
    visual, _ = await dressed(w)
    w.bus.slow["try_out"] = 0.1
    answer = await w.activate(persona="c")
    await asyncio.sleep(0.03)
    await w.client.put("/personas/c", json={"id": "c", "name": "c", "look_id": "yun"})
    assert (await w.client.delete(f"/adapters/{visual['id']}")).status_code == 204
    # The persona as prepared is no more what she is: whatever is committed must not hold the deleted one.
    document = await w.over(answer)
    assert document["state"] == "failed" and document["reason"] == "deleted", document
    assert (await w.active())["persona"] == "a"


async def test_consent_taken_back_while_it_was_being_prepared(w: Wardrobe) -> None:
    visual, _ = await dressed(w)
    w.bus.slow["try_out"] = 0.1
    answer = await w.activate(persona="c")
    await asyncio.sleep(0.03)
    await w.client.patch(f"/adapters/{visual['id']}", json={"likeness": "person"})
    assert (await stays(w, answer))["reason"] == "consent"


# --- several at once ---


async def test_the_same_key_is_the_same_activation(w: Wardrobe) -> None:
    await dressed(w)
    first = await w.activate("k1", persona="b")
    again = await w.activate("k1", persona="b")
    assert first.json()["id"] == again.json()["id"]
    await w.over(first)
    assert (await w.activate("k1", persona="b")).json()["state"] == "committed"
    assert len((await w.client.get("/adapters/activations", params={"room": "main"})).json()) == 2
    assert (await w.activate("k1", persona="a")).status_code == 409


async def test_a_newer_one_supersedes(w: Wardrobe) -> None:
    await dressed(w)
    w.bus.slow["stage"] = 0.1
    first = await w.activate(persona="c")
    await asyncio.sleep(0.02)
    second = await w.activate(persona="b")
    assert (await w.over(first))["state"] == "superseded"
    assert (await w.over(second))["state"] == "committed"
    assert (await w.active())["persona"] == "b"


async def test_commits_of_one_room_never_interleave(w: Wardrobe) -> None:
    await dressed(w)
    w.bus.slow["commit"] = 0.03
    answers = []
    for persona in "cbcacbca":
        answers.append(await w.activate(persona=persona, when="now"))
        await asyncio.sleep(0.05)
    documents = [await w.over(a) for a in answers]
    assert documents[-1]["state"] == "committed" and (await w.active())["persona"] == "a"
    assert {d["state"] for d in documents} <= {"committed", "superseded"}
    ops = [m["op"] for m in w.bus.asked if m["op"] in ("commit", "look")]
    committed = [d for d in documents if d["state"] == "committed"]
    assert ops.count("look") >= len(committed)


async def test_cancelling(w: Wardrobe) -> None:
    await dressed(w)
    w.bus.slow["stage"] = 0.2
    answer = await w.activate(persona="c")
    gone = await w.client.delete(f"/adapters/activations/{answer.json()['id']}")
    assert gone.json()["state"] == "cancelled"
    await asyncio.sleep(0.25)
    assert (await w.active())["persona"] == "a"
    assert (await w.client.delete(f"/adapters/activations/{answer.json()['id']}")).status_code == 409


async def test_at_a_time(w: Wardrobe) -> None:
    await dressed(w)
    due = w.now() + dt.timedelta(seconds=6)
    answer = await w.activate(persona="c", when=due.isoformat())
    await asyncio.sleep(0.3)
    staged = (await w.client.get(f"/adapters/activations/{answer.json()['id']}")).json()
    assert staged["state"] == "staged" and (await w.active())["persona"] == "a"
    document = await w.over(answer)
    assert document["state"] == "committed" and -5.0 <= document["late_s"] <= 5.0


# --- restarts ---


async def test_after_a_restart_of_the_server(w: Wardrobe) -> None:
    await dressed(w)
    w.bus.slow["stage"] = 5.0
    answer = await w.activate(persona="c")
    later = await w.activate(persona="b", when=(w.now() + dt.timedelta(hours=1)).isoformat())
    await asyncio.sleep(0.02)
    await w.context.activations.close()
    w.context.activations._open.clear()
    w.context.activations.resume()
    document = await w.over(answer)
    assert (document["state"], document["reason"]) == ("failed", "internal")
    planned = (await w.client.get(f"/adapters/activations/{later.json()['id']}")).json()
    assert planned["state"] == "queued"
    assert (await w.client.delete(f"/adapters/activations/{planned['id']}")).status_code == 200


async def test_a_new_studio_is_given_what_is_worn(w: Wardrobe) -> None:
    await dressed(w)
    await w.over(await w.activate(persona="c", when="now"))
    worn = w.bus.worn.pop("main")
    w.bus.staged.clear()
    w.studio("running", pid=8)
    await asyncio.sleep(0.1)
    assert w.bus.worn["main"] == worn


async def test_off_air_it_is_recorded(w: Wardrobe) -> None:
    document = await w.over(await w.activate(persona="b"))
    assert document["state"] == "committed" and (await w.active())["persona"] == "b"
    assert w.bus.look == ""
    await w.on_air()
    await asyncio.sleep(0.1)
    assert w.bus.look.endswith("mei/720x1280")


async def test_what_is_said_of_the_room_is_said_of_her(w: Wardrobe) -> None:
    await dressed(w)
    await w.client.patch("/rooms/main", json={"voice": "vx"})
    await w.client.post("/rooms/main/say", json={"text": "你好。", "when": "now"})
    await asyncio.sleep(0.1)
    assert w.bus.ops("speak")[-1]["line"]["voice"] == "vx"
