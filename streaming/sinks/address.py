"""Address: where a stream is sent to, checked before anything connects, and shown without its key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from streaming.errors import BadAddress

SCHEMES = ("rtmp", "rtmps")
MAX_URL = 1000
_HINT = "give the server address and stream key exactly as the platform shows them: rtmp://host/app and a key"
_SECRET = re.compile(r"(rtmps?://[^/\s]+/[^/\s?]+)[^\s'\"]*", re.I)


@dataclass(frozen=True, slots=True)
class Address:
    """One RTMP destination; `url` holds the key and must not be shown."""

    url: str
    scheme: str
    host: str
    port: int
    app: str

    @property
    def shown(self) -> str:
        """The address without its key, for people and logs."""
        return redacted(self.url)


def parse_address(url: str, key: str = "") -> Address:
    """Check server address and key; raises `BadAddress` that never repeats the key."""
    url, key = url.strip(), key.strip()
    if not url:
        raise BadAddress("the address is empty", next_step=_HINT)
    if len(url) + len(key) > MAX_URL:
        raise BadAddress(f"the address is longer than {MAX_URL} characters", next_step=_HINT)
    if any(c.isspace() or not c.isprintable() for c in url + key):
        raise BadAddress("address or key holds spaces or control characters", next_step="copy it again, without spaces")
    whole = f"{url.rstrip('/')}/{key.lstrip('/')}" if key else url
    try:
        parts = urlsplit(whole)
        host, port = parts.hostname or "", parts.port
    except ValueError as e:
        raise BadAddress("the address is not well-formed", next_step=_HINT) from e
    if parts.scheme.lower() not in SCHEMES:
        named = f"{parts.scheme}://" if parts.scheme else "no scheme"
        raise BadAddress(f"the address has {named}; only rtmp:// and rtmps:// can be streamed to", next_step=_HINT)
    if not host:
        raise BadAddress("the address names no host", next_step=_HINT)
    if parts.username or parts.password:
        raise BadAddress("the address holds a user name", next_step="put the credentials into the stream key")
    if port == 0:
        raise BadAddress("the address has port 0", next_step=_HINT)
    app = parts.path.strip("/")
    if not urlsplit(url).path.strip("/"):
        raise BadAddress("the address names no application (the part after the host)", next_step=_HINT)
    secure = parts.scheme.lower() == "rtmps"
    return Address(whole, parts.scheme.lower(), host, port or (443 if secure else 1935), app.split("/")[0])


def redacted(text: str) -> str:
    """`text` with all that follows host and application of an RTMP address replaced by dots."""
    return _SECRET.sub(lambda m: m[1] + ("/…" if m[0] != m[1] else ""), text)
