"""Data of a shop, with what hostile viewers and careless owners write."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, ImageDraw

HOSTILE = '<img src=x onerror="window.hacked=1"><b>粗体</b>'
PLATFORMS = [
    {
        "id": "custom",
        "name": {"zh": "自定义 RTMP", "en": "Custom RTMP"},
        "url_hint": "rtmp://127.0.0.1/live",
        "notes": {"zh": "任何接收 RTMP 的服务器。", "en": "Any server that takes RTMP."},
    },
    {
        "id": "douyin",
        "name": {"zh": "抖音", "en": "Douyin"},
        "url_hint": "",
        "notes": {"zh": "推流地址和密钥每次开播都会变。", "en": "Address and key change with every broadcast."},
    },
]


def room() -> dict[str, Any]:
    """The room document."""
    return {
        "id": "main",
        "title": "晚安小店",
        "subtitle": "成分看得懂",
        "lang": "zh",
        "voice": "",
        "look_id": "lin",
        "width": 720,
        "height": 1280,
        "fps": 25,
        "video_kbps": 2500,
        "on_air": True,
        "currency": "CNY",
    }


def products() -> list[dict[str, Any]]:
    """Product documents."""
    rows = [
        (
            "serum",
            {"zh": "晨露玻尿酸精华", "en": "Morning Dew Hyaluronic Serum", "ja": "朝露ヒアルロン酸セラム"},
            "99.90",
            "139.00",
            128,
        ),
        ("cream", {"zh": "云朵神经酰胺面霜", "en": "Cloud Ceramide Cream"}, "128.00", "168.00", 86),
        ("sunscreen", {"zh": "轻透防晒乳 SPF50+", "en": "Featherlight Sunscreen SPF50+"}, "79.00", None, 240),
        ("tea", {"zh": "高山白茶礼盒", "en": "White Tea Gift Box"}, "168.00", "198.00", 12),
        ("evil", {"zh": HOSTILE, "en": HOSTILE}, None, None, None),
    ]
    return [
        {
            "id": key,
            "room": "main",
            "position": n,
            "name": name,
            "price": price,
            "was_price": was,
            "currency": "CNY",
            "stock": stock,
            "unit": {"zh": "瓶"},
            "facts": {"zh": ["一共30毫升", "不添加香精和酒精"], "en": ["One bottle holds 30 ml"]},
            "faq": [{"question": {"zh": "敏感肌可以用吗"}, "answer": {"zh": "建议先在耳后试用一天"}}],
            "aliases": ["精华"],
            "has_picture": key != "evil",
            "pinned": False,
        }
        for n, (key, name, price, was, stock) in enumerate(rows)
    ]


def picture(key: str) -> bytes:
    """A PNG for a product."""
    colours = {"serum": "#7fa5d8", "cream": "#e9d8c4", "sunscreen": "#f3b85c", "tea": "#86a67c"}
    image = Image.new("RGBA", (400, 400), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((130, 130, 270, 370), 34, fill=colours.get(key, "#999999"))
    draw.rounded_rectangle((165, 60, 235, 140), 14, fill="#33405f")
    draw.rounded_rectangle((150, 210, 250, 310), 8, fill="#ffffffcc")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def scripts() -> list[dict[str, Any]]:
    """Script documents."""
    rows = [
        ("greeting", None, "zh", "[晚上好|大家好]，欢迎来到晚安小店。"),
        ("pitch", "serum", "zh", "[姐妹们|朋友们]，看看{product}。{fact}"),
        ("pitch", "serum", "en", "Have a look at {product}. {fact}"),
        ("pitch", "cream", "zh", "{product}今天只要{price}，还剩{stock}罐。"),
        ("pitch", None, "zh", "喜欢的朋友可以点一点右下角的小黄车。"),
        ("cta", None, "zh", "库存不多了，想要的抓紧。"),
    ]
    return [
        {"id": f"s{n}", "room": "main", "kind": k, "product_id": p, "lang": lang, "text": text, "enabled": n != 4}
        for n, (k, p, lang, text) in enumerate(rows)
    ]


def sink(state: str, **values: Any) -> dict[str, Any]:
    """A sink's status."""
    return {
        "state": state,
        "reason": "",
        "message": "",
        "next_step": "",
        "bitrate_kbps": 0,
        "dropped": 0,
        "reconnects": 0,
        "connected_s": 0.0,
        "retry_s": 0.0,
        **values,
    }


def outputs() -> list[dict[str, Any]]:
    """Output documents."""
    live = sink("live", bitrate_kbps=2498, connected_s=4210.0, reconnects=1)
    failed = sink(
        "backoff",
        reason="refused",
        message="The server refused the connection.",
        retry_s=7.4,
        next_step="Check the address and that the platform's room is open.",
    )
    rows = [
        ("抖音", "rtmp", "rtmp://push.example.com/live", "douyin", live),
        ("Home server", "rtmp", "rtmp://192.0.2.7/app", "custom", failed),
        ("录制", "record", "", "", sink("live", connected_s=4210.0)),
    ]
    return [
        {
            "id": n,
            "room": "main",
            "name": name,
            "kind": kind,
            "url": url,
            "has_key": kind == "rtmp",
            "refresh_url": "",
            "paused": False,
            "platform": platform,
            "state": state,
        }
        for n, (name, kind, url, platform, state) in enumerate(rows, 1)
    ]


def look(look_id: str, name: str, state: str, source: str, error: str = "") -> dict[str, Any]:
    """A look document."""
    return {
        "id": look_id,
        "name": name,
        "state": state,
        "error": error,
        "width": 360,
        "height": 640,
        "landmarks": None,
        "source": source,
    }


def looks() -> list[dict[str, Any]]:
    """Look documents."""
    return [
        look("lin", "林晚 · Lin", "ready", "demo"),
        look("mei", "梅朵 · Mei", "ready", "demo"),
        look("photo-1", "Store manager", "needs_landmarks", "photo", "No face was found. Mark eyes, mouth and chin."),
    ]


def chat() -> list[dict[str, Any]]:
    """Chat lines."""
    rows = [
        ("小月", "来啦来啦", "comment", False),
        ("阿珍", "精华多少钱？", "question", True),
        ("Momo", "", "like", False),
        ("星河", "小心心 ×10", "gift", True),
        (HOSTILE, HOSTILE, "comment", False),
        ("ليلى", "هل هذا مناسب للبشرة الحساسة؟", "question", False),
        ("北北", "敏感肌能用吗，刚换季脸有点干", "question", False),
    ]
    return [
        {
            "type": "chat",
            "id": n,
            "user": user,
            "text": text,
            "kind": kind,
            "ts": "2026-01-01T20:00:00Z",
            "answered": answered,
        }
        for n, (user, text, kind, answered) in enumerate(rows, 1)
    ]


def status(
    room: dict[str, Any], outputs: list[dict[str, Any]], paused: bool, pinned: str | None, uptime: float
) -> dict[str, Any]:
    """The status document after `uptime` seconds."""
    on = room["on_air"]
    lines = [
        "这款不加香精和酒精，建议先在耳后试用一天再上脸。",
        "质地像清水一样，两三下就能推开。",
        "今天的价格是九十九块九，库存一百二十八瓶。",
    ]
    now = {
        "line_id": f"l{int(uptime / 6)}",
        "text": lines[int(uptime / 6) % 3],
        "lang": "zh",
        "source": "reply",
        "product_id": "serum",
        "duration_s": 6.0,
        "elapsed_s": uptime % 6,
    }
    nexts = [
        {"line_id": f"n{n}", "text": text, "lang": "zh", "source": "script", "product_id": "serum"}
        for n, text in enumerate(lines)
    ]
    return {
        "room": "main",
        "on_air": on,
        "state": "paused" if paused else "live" if on else "down",
        "ts": "2026-01-01T20:00:00Z",
        "paused": paused,
        "title": room["title"],
        "look": {"id": room["look_id"], "name": "林晚 · Lin"},
        "pinned_product_id": pinned,
        "on_air_product_id": "serum",
        "playout": {
            "state": "running",
            "fps": 25.0,
            "bitrate_kbps": 2498,
            "ticks_missed": 0,
            "ticks_repeated": 2,
            "reanchored": 0,
            "late_ms": 1.2,
            "av_offset_ms": 3.0,
            "uptime_s": 4210 + uptime,
            "restarts": 0,
            "rss_mb": 120,
            "cpu": 0.4,
        },
        "voice": {"state": "running", "restarts": 0, "rss_mb": 90},
        "outputs": [{"id": o["id"], "name": o["name"], "kind": o["kind"], **o["state"]} for o in outputs],
        "now": None if paused else now,
        "next": nexts,
        "queue_s": 14.2,
        "chat_waiting": 2,
        "faults": [],
    }
