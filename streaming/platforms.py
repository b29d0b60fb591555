"""Platforms: what an owner must know of each place a stream can be sent to."""

from __future__ import annotations

from typing import Any

_FRESH = {
    "zh": "推流地址和密钥每次开播都会变，请在开播时重新复制。",
    "en": "Address and key change with every broadcast; copy them anew when you go live.",
}

PLATFORMS: tuple[dict[str, Any], ...] = (
    {
        "id": "custom", "name": {"zh": "自定义 RTMP", "en": "Custom RTMP"}, "url_hint": "rtmp://127.0.0.1/live",
        "notes": {
            "zh": "任何接收 RTMP 的服务器：nginx-rtmp、SRS、MediaMTX、OBS 插件。",
            "en": "Any server that takes RTMP: nginx-rtmp, SRS, MediaMTX, plug-ins of OBS.",
        },
    },
    {
        "id": "douyin", "name": {"zh": "抖音", "en": "Douyin"}, "url_hint": "",
        "notes": {
            "zh": "在直播伴侣或创作者后台获取服务器地址和串流密钥。" + _FRESH["zh"] + "数字人直播须持续显示 AI 标识。",
            "en": "Take server address and key from the streaming companion or the creator's back office. "
            + _FRESH["en"] + " Synthetic presenters must be labelled throughout.",
        },
    },
    {
        "id": "kuaishou", "name": {"zh": "快手", "en": "Kuaishou"}, "url_hint": "",
        "notes": {
            "zh": "断流约一两分钟后平台会关闭直播间。" + _FRESH["zh"],
            "en": "The platform closes a room one or two minutes after the stream breaks off. " + _FRESH["en"],
        },
    },
    {
        "id": "wechat", "name": {"zh": "微信视频号", "en": "WeChat Channels"}, "url_hint": "",
        "notes": {
            "zh": "在视频号助手 → 直播管理中获取推流地址。" + _FRESH["zh"],
            "en": "Take the address from the Channels assistant, live management. " + _FRESH["en"],
        },
    },
    {
        "id": "taobao", "name": {"zh": "淘宝直播", "en": "Taobao Live"}, "url_hint": "",
        "notes": {
            "zh": "仅允许平台认可的数字人服务商，请先向平台确认。",
            "en": "Admits listed providers of synthetic presenters only; ask the platform first.",
        },
    },
    {
        "id": "bilibili", "name": {"zh": "哔哩哔哩", "en": "bilibili"}, "url_hint": "",
        "notes": {
            "zh": "在直播中心 → 开播设置中获取服务器地址和串流密钥。",
            "en": "Take server address and key from the live centre's settings.",
        },
    },
    {
        "id": "tiktok", "name": {"zh": "TikTok", "en": "TikTok"}, "url_hint": "",
        "notes": {
            "zh": "TikTok Shop 美国站禁止在直播中使用合成语音，请确认当地规则。",
            "en": "TikTok Shop US forbids synthetic voices in LIVE; know the rules of your market.",
        },
    },
    {
        "id": "youtube", "name": {"zh": "YouTube", "en": "YouTube"}, "url_hint": "rtmp://a.rtmp.youtube.com/live2",
        "notes": {
            "zh": "密钥在 YouTube 工作室 → 直播中。上传时请勾选“经过更改或合成的内容”。",
            "en": "The key is in YouTube Studio, Go live. Tick 'altered or synthetic content'.",
        },
    },
    {
        "id": "twitch", "name": {"zh": "Twitch", "en": "Twitch"}, "url_hint": "rtmp://live.twitch.tv/app",
        "notes": {
            "zh": "密钥在创作者后台 → 设置 → 直播中。", "en": "The key is in the creator dashboard, settings, stream.",
        },
    },
)
"""One entry per platform; `url_hint` is only given where the address is the same for everybody."""
