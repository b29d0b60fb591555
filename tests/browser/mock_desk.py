"""Running order, desk, words, air log and takeover over data in memory, for tests of the panel alone."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import itertools
import time
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Form, HTTPException, UploadFile, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse, PlainTextResponse

from pipelines.guard.terms import rules, titles
from tests.browser.shop import HOSTILE

ZH = "广告法第九条第三项：广告不得使用绝对化用语。"
EN = "Article 9(3) of China's Advertising Law forbids superlatives."
HELD = "这是全网最好的精华，闭眼入就对了。"
SHIPPED = {"最好的": "很好的", "国家级": "用心做的", "治愈": None}


def _item(key: str, kind: str, title: str, product: str | None, minutes: float, *points: str) -> dict[str, Any]:
    return {
        "id": key, "kind": kind, "title": title, "product_id": product, "minutes": minutes, "lang": None,
        "points": {"zh": list(points), "en": [], "ja": []}, "enabled": True,
    }


def running_order() -> dict[str, Any]:
    """A running order of seven blocks."""
    return {
        "room": "main", "enabled": True, "loop": True, "now": None, "derived": True,
        "items": [
            _item("open", "opening", "晚上好", None, 2, "欢迎新来的朋友", "今晚慢慢聊，不催单"),
            _item("serum", "product", "", "serum", 8, "质地像清水", "三十毫升一瓶", "敏感肌先在耳后试"),
            _item("call", "cta", "", "serum", 1),
            _item("qa", "qa", "护肤答疑", None, 5, "有问题打在公屏上"),
            _item("cream", "product", "换季面霜专场", "cream", 8, "云朵质地"),
            _item("rest", "break", "", None, 2),
            _item("close", "closing", "", None, 2),
        ],
    }


def _hit(rule: str, found: str, start: int, rewrite: str | None) -> dict[str, Any]:
    return {
        "rule": rule, "category": rule.split(":")[0], "found": found, "start": start, "end": start + len(found),
        "reason": {"zh": ZH, "en": EN}, "rewrite": rewrite,
    }


def _verdict(line: str, action: str, text: str, said: str, *hits: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "verdict", "line_id": line, "action": action, "text": text, "said": said, "hits": list(hits),
        "source": "writer", "product_id": "serum", "event_id": None, **more,
    }


def _said(line: str, text: str, source: str = "writer") -> dict[str, Any]:
    return {"type": "said", "line_id": line, "text": text, "lang": "zh", "source": source, "product_id": "serum"}


def _draft(job: str, text: str, kind: str, event: str | None = None) -> dict[str, Any]:
    made = {"type": "draft", "job": job, "text": text, "done": True, "engine": "resident"}
    return made | {"event_id": event, "kind": kind}


def desk() -> list[dict[str, Any]]:
    """Records of a pitch of three sentences, a question with its answer, and an operator's line."""
    light, fixed, answer, low = (
        "晨露精华质地像清水，两三下就推开。", "现在用心做的配方。", "阿珍，精华今天九十九块九，一瓶三十毫升。",
        "全网最低价，今晚最后一次。",
    )
    rows = [
        _draft("j1", f"{light}{HELD}现在国家级配方。", "pitch"),
        _verdict("a1", "allow", light, light),
        _said("a1", light),
        _verdict("a2", "hold", HELD, "", _hit("absolute:最好的", "最好的", 4, "很好的"),
                 _hit("absolute:闭眼入不会错", "闭眼入", 10, None)),
        _verdict("a3", "rewrite", "现在国家级配方。", fixed, _hit("absolute:国家级", "国家级", 2, "用心做的")),
        _said("a3", fixed),
        {"type": "question", "event_id": "9", "user": "阿珍", "text": "精华多少钱？", "lang": "zh", "intent": "price"},
        {"type": "retrieved", "event_id": "9", "product_id": "serum", "scores": [0.91, 0.44, 0.0],
         "facts": ["现价 99.90 元，原价 139.00 元", "一共 30 毫升", "不添加香精"], "faq": ["敏感肌可以用吗"]},
        _draft("j2", answer, "answer", "9"),
        _verdict("b1", "allow", answer, answer, source="reply", event_id="9"),
        _said("b1", answer, "reply"),
        {"type": "skipped", "text": "质地像清水一样，两三下就能推开。", "reason": "repeated"},
        {"type": "question", "event_id": "10", "user": HOSTILE, "text": HOSTILE, "lang": "zh", "intent": ""},
        _verdict("c1", "override", low, low, _hit("absolute:最低价", "最低价", 2, "现在的价格"), source="operator"),
        _said("c1", low, "operator"),
    ]
    return [{"id": n, "ts": f"2026-01-01T12:00:{n:02}Z", **row} for n, row in enumerate(rows, 1)]


def airlog() -> list[dict[str, Any]]:
    """Records as the log keeps them, oldest first."""
    base = {
        "room": "main", "lang": "zh", "product_id": "serum", "reply_to": None, "persona": "skincare",
        "visual": "a1b2c3d4e5f60718", "language": None, "tick": 12.4, "note": "", "prev": "0" * 64, "hash": "9f" * 32,
        "recording": {"file": "main-20260101-1200.mp4", "offset_s": 754.2},
    }
    rows: list[dict[str, Any]] = [
        {"kind": "event", "text": "", "source": "", "note": "on air", "guard": None, "recording": None},
        {"kind": "said", "text": "晨露精华质地像清水。", "source": "writer", "guard": {"guard": "allow"}},
        {"kind": "guarded", "text": HELD, "source": "writer",
         "guard": {"guard": "hold", "said": "", "rules": ["absolute:最好的"]}},
        {"kind": "said", "text": "现在用心做的配方。", "source": "writer",
         "guard": {"guard": "rewrite", "rule": "absolute:国家级", "written": "现在国家级配方。"}},
        {"kind": "said", "text": "阿珍，精华今天九十九块九。", "source": "reply", "reply_to": "9",
         "guard": {"guard": "allow"}},
        {"kind": "said", "text": "全网最低价，今晚最后一次。", "source": "operator",
         "by": {"name": "小林", "role": "operator"},
         "guard": {"guard": "override", "rule": "absolute:最低价"}},
        {"kind": "said", "text": HOSTILE, "source": "reply", "guard": {"guard": "allow"}},
    ]
    return [
        {**base, "seq": n, "at": f"2026-01-01T12:00:{n:02}.000Z", "line_id": f"l{n}", **row}
        for n, row in enumerate(rows, 1)
    ]


class Desk:
    """What the panel did, and the data it sees."""

    def __init__(self) -> None:
        self.order = running_order()
        self.put: list[dict[str, Any]] = []
        self.went: list[str] = []
        self.on_item = "serum"
        self.records = desk()
        self.words: dict[str, Any] = {
            "own": [{"term": "隔壁家", "reason": "不提同行", "say": None, "fine": []},
                    {"term": "宝宝们", "reason": "", "say": "朋友们", "fine": ["母婴宝宝们"]}],
            "allowed": ["首选"],
        }
        self.airlog = airlog()
        self.fault = ""
        self.takeover = False
        self.slate = {"on": False, "text": ""}
        self.lines: list[dict[str, Any]] = [
            {"id": 1, "room": "main", "position": 0, "title": "欢迎", "text": "欢迎新来的朋友。", "lang": "zh"},
            {"id": 2, "room": "main", "position": 1, "title": "", "text": "这是全网最好的精华。", "lang": "zh"},
        ]
        self.said: list[dict[str, Any]] = []
        self.said_lines: list[tuple[int, dict[str, Any]]] = []
        self.voices: list[dict[str, Any]] = []
        self.writer = {"engine": "resident", "name": "NightAnchor-tiny", "state": "ok", "message": "",
                       "first_ms": 412.0, "tokens_per_s": 31.5}
        self.numbers = itertools.count(50)
        self.offline = False
        self._began = time.monotonic()

    def tell(self, **record: Any) -> None:
        """Send a record to every desk that is open."""
        self.records.append({"id": len(self.records) + 1, "ts": "2026-01-01T12:05:00Z", **record})

    def status(self) -> dict[str, Any]:
        """What the status document says of it."""
        ids = [i["id"] for i in self.order["items"]]
        n = ids.index(self.on_item) if self.on_item in ids else 0
        item = self.order["items"][n]
        elapsed = (120.0 + time.monotonic() - self._began) % (item["minutes"] * 60)
        after = self.order["items"][(n + 1) % len(ids)]
        now = {"item_id": item["id"], "title": item["title"], "kind": item["kind"], "elapsed_s": elapsed,
               "planned_s": item["minutes"] * 60, "next_title": after["title"] or "促单"}
        return {"running_order": now, "takeover": self.takeover, "slate": self.slate, "writer": self.writer}

    def judge(self, text: str) -> dict[str, Any]:
        """A guard that knows three words and the room's own."""
        shipped = {name: say for name, say in SHIPPED.items() if name not in self.words["allowed"]}
        own = {w["term"]: w["say"] for w in self.words["own"]}
        hits = [
            _hit(f"{category}:{word}", word, text.index(word), say)
            for category, words in (("absolute", shipped), ("own", own)) for word, say in words.items() if word in text
        ]
        better = text
        for hit in hits:
            better = better.replace(hit["found"], hit["rewrite"] or "")
        hold = any(h["rewrite"] is None or h["category"] == "absolute" for h in hits)
        action = "hold" if hold else "rewrite" if hits else "allow"
        return {"action": action, "text": "" if hold else better, "hits": hits}


def _problem(status: int, detail: str, next_step: str = "", **more: Any) -> JSONResponse:
    body = {"title": "Error", "status": status, "detail": detail, "code": "x", "next_step": next_step, **more}
    return JSONResponse(body, status, media_type="application/problem+json")


def add_desk(app: FastAPI, desk: Desk, safe: Sequence[Any]) -> None:
    """The routes; before those that take any verb of a room."""
    deps = list(safe)

    def held(text: str, override: bool) -> JSONResponse | None:
        if override or desk.judge(text)["action"] == "allow":
            return None
        return _problem(422, "the guard stops it", "Change the text.", reason="held")

    @app.get("/rooms/main/running-order", dependencies=deps)
    async def order() -> Any:
        return desk.order

    @app.put("/rooms/main/running-order", dependencies=deps)
    async def put_order(body: dict[str, Any]) -> Any:
        for n, item in enumerate(body["items"]):
            if item["product_id"] == "tea":
                return _problem(422, "there is no product 'tea'", "Choose another.", what="items", at=[n])
        desk.put.append(copy.deepcopy(body))
        desk.order = {"room": "main", "now": None, "derived": False, **body}
        return desk.order

    @app.delete("/rooms/main/running-order", dependencies=deps)
    async def reset_order() -> Any:
        desk.order = running_order()
        return desk.order

    @app.post("/rooms/main/running-order/{verb}", dependencies=deps)
    async def go(verb: str, body: dict[str, Any]) -> Any:
        ids = [i["id"] for i in desk.order["items"]]
        desk.on_item = body["item_id"] if verb == "go" else ids[(ids.index(desk.on_item) + 1) % len(ids)]
        desk.went.append(desk.on_item)
        return desk.order

    @app.post("/rooms/main/say", dependencies=deps)
    async def say(body: dict[str, Any]) -> Any:
        if desk.offline:
            raise HTTPException(503, "the voice is not there")
        refusal = held(body["text"], body.get("override", False))
        if refusal:
            return refusal
        desk.said.append(body)
        return {"line_id": "l9"}

    @app.post("/rooms/main/takeover", dependencies=deps)
    async def take(body: dict[str, bool]) -> Any:
        desk.takeover = body["on"]
        return {}

    @app.post("/rooms/main/emergency", dependencies=deps)
    async def emergency(body: dict[str, Any]) -> Any:
        desk.slate = {"on": body["on"], "text": body.get("text", "")}
        return {}

    @app.post("/rooms/main/voice", dependencies=deps, status_code=202)
    async def voice(
        file: UploadFile, override: bool = Form(False), text: str = Form(""), override_text: bool = Form(False)
    ) -> Any:
        if refusal := held(text, override_text):
            return refusal
        data = await file.read()
        heard = {"name": file.filename, "bytes": len(data), "head": data[:4], "override": override, "text": text}
        desk.voices.append(heard)
        return {"line_id": "v1"}

    @app.get("/lines", dependencies=deps)
    async def lines() -> Any:
        return desk.lines

    @app.post("/lines", dependencies=deps, status_code=201)
    async def add_line(body: dict[str, Any]) -> Any:
        desk.lines.append({"id": next(desk.numbers), **body})
        return desk.lines[-1]

    @app.put("/lines/{key}", dependencies=deps)
    async def put_line(key: int, body: dict[str, Any]) -> Any:
        row = next(line for line in desk.lines if line["id"] == key)
        row.update(body)
        return row

    @app.delete("/lines/{key}", dependencies=deps, status_code=204)
    async def delete_line(key: int) -> None:
        desk.lines = [line for line in desk.lines if line["id"] != key]

    @app.post("/lines/{key}/say", dependencies=deps)
    async def say_line(key: int, body: dict[str, Any]) -> Any:
        row = next(line for line in desk.lines if line["id"] == key)
        refusal = held(row["text"], body.get("override", False))
        if refusal:
            return refusal
        desk.said_lines.append((key, body))
        return {"line_id": "l9"}

    @app.websocket("/rooms/main/desk")
    async def feed(ws: WebSocket) -> None:
        await ws.accept()
        sent = 0
        gone = asyncio.create_task(ws.receive())
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while not gone.done():
                for record in desk.records[sent:]:
                    await ws.send_json(record)
                    sent += 1
                await asyncio.wait([gone], timeout=0.05)

    @app.get("/guard/lists", dependencies=deps)
    async def guard_lists() -> Any:
        named = titles()
        return [{"category": c, "title": named[c], **found} for c, found in rules().items()]

    @app.post("/guard/try", dependencies=deps)
    async def try_out(body: dict[str, Any]) -> Any:
        return desk.judge(body["text"])

    @app.get("/guard/words", dependencies=deps)
    async def words() -> Any:
        return desk.words

    @app.put("/guard/words", dependencies=deps)
    async def put_words(body: dict[str, Any]) -> Any:
        desk.words = body
        return desk.words

    @app.post("/guard/allow", dependencies=deps)
    async def allow(body: dict[str, str]) -> Any:
        desk.words["allowed"].append(body["rule"].partition(":")[2])
        return desk.words

    @app.get("/guard/words/export", dependencies=deps)
    async def words_csv() -> PlainTextResponse:
        text = "term,reason,say,fine\n" + "\n".join(w["term"] for w in desk.words["own"])
        headers = {"content-disposition": 'attachment; filename="words-main.csv"'}
        return PlainTextResponse(text, media_type="text/csv", headers=headers)

    @app.post("/guard/words/import", dependencies=deps)
    async def load_words(file: UploadFile) -> Any:
        for term in (await file.read()).decode().split():
            desk.words["own"].append({"term": term, "reason": "", "say": None, "fine": []})
        return desk.words

    @app.get("/airlog", dependencies=deps)
    async def log(limit: int = 100) -> Any:
        return desk.airlog[-limit:]

    @app.get("/airlog/verify", dependencies=deps)
    async def verify() -> Any:
        return {"room": "main", "ok": not desk.fault, "records": len(desk.airlog), "first": "2026-01-01T12:00:01Z",
                "last": "2026-01-01T12:00:07Z", "fault": desk.fault, "torn": 1}

    @app.get("/airlog/export", dependencies=deps)
    async def export(format: str = "csv") -> PlainTextResponse:
        headers = {"content-disposition": f'attachment; filename="airlog-main.{format}"'}
        return PlainTextResponse("seq,at\n1,now\n", media_type="text/csv", headers=headers)
