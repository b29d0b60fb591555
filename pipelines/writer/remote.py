"""RemoteEngine: an OpenAI-compatible server (vLLM, SGLang, Ollama, DeepSeek and their like), streamed over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from pipelines.writer.engine import (
    EngineDown,
    EngineFault,
    EngineGarbage,
    EngineKind,
    EngineSlow,
    Request,
    Sampling,
)
from pipelines.writer.prompt import rich
from pipelines.writer.sse import EventLines
from pipelines.writer.thinking import Thinking

log = logging.getLogger(__name__)

MAX_BYTES = 2 << 20
"""What is read of one answer at most."""
MAX_BAD_EVENTS = 8
BACKOFF_S, BACKOFF_MAX_S = 0.25, 2.0
CONFIG_HOLD_S = 60.0
"""What is set up wrongly does not mend itself in seconds."""
_AGAIN = (408, 409, 425, 429, 500, 502, 503, 504)
_STEPS = {
    400: "The server refuses the request: check language.remote.model, language.max_tokens and language.remote.extra.",
    401: "Set language.remote.api_key, or NIGHTANCHOR_LANGUAGE__REMOTE__API_KEY.",
    403: "The key may not use this model: check language.remote.api_key and language.remote.model.",
    404: "Check language.remote.base_url (it mostly ends in /v1) and that the server serves language.remote.model.",
    422: "The server refuses the request: check language.remote.model, language.max_tokens and language.remote.extra.",
    429: "The server has too much to do, or the account has no credit; it is asked again later.",
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server is and how patiently it is asked; times in seconds.

    `loras` gives the model name under which the server serves a persona's language adapter, `extra` is added to the
    body of every request.
    """

    base_url: str
    model: str
    api_key: str = ""
    loras: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    connect_s: float = 3.0
    first_token_s: float = 8.0
    total_s: float = 30.0
    retries: int = 1
    max_chars: int = 2000


class RemoteEngine:
    """One server; connections are kept open between texts."""

    kind: EngineKind = "remote"

    def __init__(self, address: Address, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._at = address
        self.name = f"{address.model} @ {urlsplit(address.base_url).netloc}"
        self.remark = ""
        self._transport = transport
        self._client: httpx.AsyncClient | None = None
        self._unserved: dict[str, float] = {}

    async def stream(self, request: Request, sampling: Sampling) -> AsyncGenerator[str, None]:
        """The text in pieces; tries again only while nothing has been given. Raises `EngineFault`."""
        tries = 0
        while True:
            given = False
            model = self._model(request)
            try:
                async with contextlib.aclosing(self._once(request, sampling, model)) as pieces:
                    async for piece in pieces:
                        given = True
                        yield piece
                if model != self._at.model:
                    self.remark = ""
                return
            except EngineFault as e:
                if not given and model != self._at.model and isinstance(e, _Refused) and e.status in (400, 404):
                    self._leave_out(model, e)
                    continue
                if given or tries >= self._at.retries or not _worth_another(e):
                    raise
                tries += 1
                await asyncio.sleep(max(e.hold_s, min(BACKOFF_S * 2 ** (tries - 1), BACKOFF_MAX_S)))

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _connection(self) -> httpx.AsyncClient:
        if self._client is None:
            at = self._at
            local = (urlsplit(at.base_url).hostname or "") in ("127.0.0.1", "localhost", "::1")
            self._client = httpx.AsyncClient(
                transport=self._transport, trust_env=not local, follow_redirects=False,
                timeout=httpx.Timeout(at.first_token_s, connect=at.connect_s),
                headers={"authorization": f"Bearer {at.api_key}"} if at.api_key else {},
            )
        return self._client

    def _model(self, request: Request) -> str:
        """The adapter's model name, unless the server did not know it a minute ago."""
        name = self._at.loras.get(request.adapter or "", self._at.model)
        now = asyncio.get_running_loop().time()
        if name == self._at.model or self._unserved.get(name, 0.0) <= now:
            return name
        return self._at.model

    def _leave_out(self, model: str, fault: EngineFault) -> None:
        """An adapter that the server does not serve silences nobody: the base writes, and it is said so."""
        self._unserved[model] = asyncio.get_running_loop().time() + CONFIG_HOLD_S
        self.remark = f"The server does not serve {model!r}, {self._at.model!r} writes instead: {fault.message}"
        log.warning("%s; check language.remote.loras", self.remark)

    def _body(self, request: Request, sampling: Sampling, model: str) -> dict[str, Any]:
        return {
            "model": model, "messages": rich(request),
            "stream": True, "max_tokens": sampling.max_tokens, "temperature": sampling.temperature,
            "top_p": sampling.top_p, **self._at.extra,
        }

    async def _once(self, request: Request, sampling: Sampling, model: str) -> AsyncGenerator[str, None]:
        at, url = self._at, self._at.base_url.rstrip("/") + "/chat/completions"
        began = asyncio.get_running_loop().time()
        answer: httpx.Response | None = None
        silent = True
        try:
            # No timeout may span a yield: it would cancel whoever reads, not this.
            async with asyncio.timeout_at(began + at.first_token_s):
                client = self._connection()
                asked = client.build_request(
                    "POST", url, json=self._body(request, sampling, model), headers={"accept": "text/event-stream"}
                )
                answer = await client.send(asked, stream=True)
                if answer.status_code != 200:
                    raise await _refused(answer, url)
            async with contextlib.aclosing(_pieces(answer, at.max_chars)) as pieces:
                while True:
                    async with asyncio.timeout_at(began + (at.first_token_s if silent else at.total_s)):
                        piece = await anext(pieces, None)
                    if piece is None:
                        return
                    silent = False
                    yield piece
        except (httpx.ConnectError, httpx.ConnectTimeout) as e:
            raise EngineDown(
                f"{url} can't be reached: {e or type(e).__name__}",
                next_step="Start the server, or correct language.remote.base_url.",
            ) from e
        except (httpx.TimeoutException, TimeoutError) as e:
            if silent:
                raise EngineSlow(
                    f"{url} said nothing for {at.first_token_s:g} s", next_step="See why the server is slow."
                ) from e
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, ValueError) as e:
            raise EngineDown(
                f"{url} is no address: {e}", next_step="Set language.remote.base_url, such as http://127.0.0.1:8001/v1.",
                hold_s=CONFIG_HOLD_S,
            ) from e
        except httpx.HTTPError as e:
            raise EngineGarbage(
                f"{url} broke off: {e or type(e).__name__}", next_step="See the log of the server."
            ) from e
        finally:
            if answer is not None:
                await answer.aclose()


class _Refused(EngineDown):
    """Down by an HTTP status that asking again does not change."""

    def __init__(self, message: str, *, next_step: str, hold_s: float, status: int) -> None:
        super().__init__(message, next_step=next_step, hold_s=hold_s)
        self.status = status


def _worth_another(fault: EngineFault) -> bool:
    return fault.hold_s <= BACKOFF_MAX_S and fault.state != "garbage"


async def _refused(answer: httpx.Response, url: str) -> EngineFault:
    said = ""
    with contextlib.suppress(httpx.HTTPError):
        async for chunk in answer.aiter_bytes(2048):
            said = _reason(chunk)
            break
    status = answer.status_code
    step = _STEPS.get(status, "See the log of the server.")
    message = f"{url} answered {status}{': ' + said if said else ''}"
    if status == 429:
        return EngineSlow(message, next_step=step, hold_s=_after(answer))
    if status in _AGAIN:
        return EngineDown(message, next_step=step)
    if 300 <= status < 400:
        step = "Use the address that it points to as language.remote.base_url."
    return _Refused(message, next_step=step, hold_s=CONFIG_HOLD_S, status=status)


def _reason(body: bytes) -> str:
    """What an error body says, shortened; never more than a line."""
    text = body.decode("utf-8", "replace")
    with contextlib.suppress(ValueError):
        data = json.loads(text)
        error = data.get("error", data.get("detail", data.get("message"))) if isinstance(data, dict) else None
        text = str(error.get("message", error)) if isinstance(error, dict) else str(error or "")
    return " ".join(c for c in text.split() if c.isprintable())[:160]


def _after(answer: httpx.Response) -> float:
    with contextlib.suppress(ValueError):
        return max(0.0, min(float(answer.headers.get("retry-after", "0")), 600.0))
    return 0.0


async def _pieces(answer: httpx.Response, max_chars: int) -> AsyncGenerator[str, None]:
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        yield await _whole(answer, max_chars)
        return
    if kind not in ("text/event-stream", "application/x-ndjson", "text/plain", ""):
        raise EngineGarbage(
            f"{answer.url} answers with {kind}, not with a stream of events",
            next_step="Check language.remote.base_url: it must be an OpenAI-compatible server, mostly ending in /v1.",
        )
    lines, thinking = EventLines(), Thinking()
    read = chars = bad = 0
    ended = False
    async for chunk in answer.aiter_bytes():
        read += len(chunk)
        for data in lines.feed(chunk):
            text, bad, ended = _event(data, bad)
            if text := thinking.feed(text)[: max_chars - chars]:
                chars += len(text)
                yield text
            if ended or chars >= max_chars:
                break
        if ended or chars >= max_chars or read > MAX_BYTES or bad + lines.overlong > MAX_BAD_EVENTS:
            break
    else:
        for data in lines.end():
            text, bad, ended = _event(data, bad)
            if text := thinking.feed(text)[: max_chars - chars]:
                chars += len(text)
                yield text
    if text := thinking.end()[: max_chars - chars]:
        chars += len(text)
        yield text
    if not chars:
        bad += lines.overlong
        raise EngineGarbage(
            f"{answer.url} streamed no text" + (f", but {bad} events that are none" if bad else ""),
            next_step="Try the model by hand; a model that only thinks needs language.remote.extra to switch that off.",
        )


def _event(data: str, bad: int) -> tuple[str, int, bool]:
    """Text, bad events so far, and whether it is the end; raises `EngineFault` for an error in the stream."""
    data = data.strip()
    if data == "[DONE]":
        return "", bad, True
    try:
        event = json.loads(data)
    except (ValueError, RecursionError):
        return "", bad + 1, False
    if not isinstance(event, dict):
        return "", bad + 1, False
    if event.get("error"):
        raise EngineDown(
            f"the server broke off: {_reason(data.encode()[:4096])}", next_step="See the log of the server."
        )
    choices = event.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(first, dict):
        return "", bad + (choices is None), False
    delta = first.get("delta", first.get("message"))
    content = delta.get("content") if isinstance(delta, dict) else first.get("text")
    return content if isinstance(content, str) else "", bad, False


async def _whole(answer: httpx.Response, max_chars: int) -> str:
    """The text of a server that does not stream though it was asked to."""
    body = b""
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > MAX_BYTES:
            break
    text, bad, _ = _event(body.decode("utf-8", "replace"), 0)
    thinking = Thinking()
    text = (thinking.feed(text) + thinking.end())[:max_chars]
    if not text:
        raise EngineGarbage(
            f"{answer.url} answered without text" if not bad else f"{answer.url} answered with no completion",
            next_step="Check language.remote.base_url and language.remote.model.",
        )
    return text
