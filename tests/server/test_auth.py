"""Who may do what."""

from __future__ import annotations

import pytest

from tests.server.conftest import Api


async def test_nothing_but_health_is_open(api: Api) -> None:
    assert (await api.anonymous.get("/health")).status_code == 200
    for path in ("/rooms", "/products", "/chat?room=main", "/outputs", "/looks", "/metrics", "/auth/me", "/rooms/main"):
        answer = await api.anonymous.get(path)
        assert answer.status_code == 401, path
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["next_step"]
    for bad in ("na_wrong", "", "Bearer", "x" * 5000):
        assert (await api.anonymous.get("/rooms", headers={"Authorization": f"Bearer {bad}"})).status_code == 401


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("viewer", {"read"}), ("operator", {"read", "run"}), ("owner", {"read", "run", "manage"}),
    ],
)
async def test_roles(api: Api, role: str, allowed: set[str]) -> None:
    made = (await api.client.post("/auth/tokens", json={"name": "someone", "role": role})).json()
    headers = {"Authorization": f"Bearer {made['token']}"}
    read = await api.anonymous.get("/products", headers=headers)
    run = await api.anonymous.patch("/products/serum", json={"stock": 3}, headers=headers)
    manage = await api.anonymous.get("/auth/tokens", headers=headers)
    found = {n for n, a in (("read", read), ("run", run), ("manage", manage)) if a.status_code == 200}
    assert found == allowed
    assert {a.status_code for n, a in (("run", run), ("manage", manage)) if n not in allowed} <= {403}


async def test_a_cookie_needs_the_csrf_token_to_change_anything(api: Api) -> None:
    login = await api.anonymous.post("/auth/login", json={"token": api.token})
    assert login.json()["role"] == "owner"
    cookie = login.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie
    assert (await api.anonymous.get("/products")).status_code == 200
    body = {"stock": 7}
    assert (await api.anonymous.patch("/products/serum", json=body)).status_code == 403
    wrong = {"X-CSRF-Token": "wrong"}
    assert (await api.anonymous.patch("/products/serum", json=body, headers=wrong)).status_code == 403
    right = {"X-CSRF-Token": login.json()["csrf"]}
    assert (await api.anonymous.patch("/products/serum", json=body, headers=right)).status_code == 200
    assert (await api.anonymous.post("/auth/logout", headers=right)).status_code == 200
    assert (await api.anonymous.get("/products")).status_code == 401


async def test_guessing_is_slowed_down(api: Api) -> None:
    codes = [(await api.anonymous.post("/auth/login", json={"token": f"na_{k}"})).status_code for k in range(14)]
    assert codes[0] == 401
    assert codes[-1] == 429


async def test_a_revoked_token_is_out_and_the_last_owner_stays(api: Api) -> None:
    made = (await api.client.post("/auth/tokens", json={"name": "phone", "role": "viewer"})).json()
    headers = {"Authorization": f"Bearer {made['token']}"}
    assert (await api.anonymous.get("/rooms", headers=headers)).status_code == 200
    assert (await api.client.delete(f"/auth/tokens/{made['id']}")).status_code == 204
    assert (await api.anonymous.get("/rooms", headers=headers)).status_code == 401
    listed = (await api.client.get("/auth/tokens")).json()
    assert "token" not in listed[0] and "hash" not in listed[0]
    assert (await api.client.delete(f"/auth/tokens/{listed[0]['id']}")).status_code == 409
