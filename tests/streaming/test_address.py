"""Addresses are checked before anything connects, and never shown with their key."""

from __future__ import annotations

import pytest

from streaming.errors import BadAddress
from streaming.sinks.address import parse_address, redacted


@pytest.mark.parametrize(
    ("url", "key", "host", "port", "app"),
    [
        ("rtmp://live.example.com/app", "k1", "live.example.com", 1935, "app"),
        ("rtmp://live.example.com/app/", "/k1?x=y&z=1", "live.example.com", 1935, "app"),
        ("rtmps://live.example.com/app/k", "", "live.example.com", 443, "app"),
        ("  rtmp://127.0.0.1:19350/live/room  ", "", "127.0.0.1", 19350, "live"),
        ("rtmp://[::1]:1936/live", "k", "::1", 1936, "live"),
    ],
)
def test_good_addresses(url: str, key: str, host: str, port: int, app: str) -> None:
    address = parse_address(url, key)
    assert (address.host, address.port, address.app) == (host, port, app)
    assert address.url.endswith(key.strip("/")) if key else True


@pytest.mark.parametrize(
    "url",
    [
        "", "live.example.com/app", "http://x/app", "file:///etc/passwd", "srt://x:1/app", "rtmp://", "rtmp:///app/k",
        "rtmp://host", "rtmp://host:99999/app", "rtmp://host:0/app", "rtmp://user:pw@host/app", "rtmp://ho st/app",
        "rtmp://host/app\r\nInjected: 1", "javascript:alert(1)", "rtmp://[::1/app", "rtmp://h/" + "a" * 2000,
    ],
)
def test_bad_addresses_say_what_to_do(url: str) -> None:
    with pytest.raises(BadAddress) as caught:
        parse_address(url, "sekrit")
    assert caught.value.next_step
    assert "sekrit" not in caught.value.message


def test_keys_are_redacted() -> None:
    text = "Error opening output rtmp://live.example.com/app/sekrit?token=abc: refused"
    assert redacted(text) == "Error opening output rtmp://live.example.com/app/… refused"
    assert redacted("rtmp://h/app") == "rtmp://h/app"
