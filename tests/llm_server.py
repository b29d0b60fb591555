"""An OpenAI-compatible server on good and bad days, in a thread of its own on a loopback port."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable
from typing import Any

HEAD = "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\nconnection: close\r\n{more}\r\n"
ERRORS = {
    401: {"error": {"message": "Incorrect API key provided", "type": "invalid_request_error"}},
    404: {"error": {"message": "The model `x` does not exist"}}, 429: {"error": {"message": "Rate limit reached"}},
    500: {"detail": "Internal Server Error"}, 503: {"message": "loading model"},
}


class LlmServer:
    """`mode` is what the next request meets; `say` makes the text of a request's body.

    Modes: `good`, `silent` (takes the request, says nothing), `garbage`, `html`, `empty`, `endless`, `dies` (after
    `dies_after` tokens), `json` (doesn't stream), `thinks`, `comments` (keep-alives for ever), `error` (in the stream),
    `binary`, `ragged` (odd line ends, BOM, cut in the middle of characters) or an HTTP status as text.
    Tokens of `token_chars` characters come at `tokens_per_s`, the first after `first_s`.
    """

    def __init__(
        self, say: Callable[[dict[str, Any]], str], *, first_s: float = 0.0, tokens_per_s: float = 0.0,
        token_chars: int = 2,
    ) -> None:
        self.say, self.first_s, self.tokens_per_s, self.token_chars = say, first_s, tokens_per_s, token_chars
        self.mode = "good"
        self.modes: list[str] = []
        self.dies_after = 8
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.sent = 0
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop: asyncio.Event | None = None
        self._open: set[asyncio.Task[Any]] = set()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> LlmServer:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *exc: object) -> None:
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._meet, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await server.wait_closed()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
            body = json.loads(await reader.readexactly(int(headers.get("content-length", "0"))) or b"{}")
            self.requests.append(body)
            self.headers.append(headers)
            await self._answer(self.modes.pop(0) if self.modes else self.mode, body, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, mode: str, body: dict[str, Any], w: asyncio.StreamWriter) -> None:
        if mode.isdigit():
            more = "retry-after: 7\r\n" if mode == "429" else "location: http://127.0.0.1/\r\n" if mode == "302" else ""
            w.write(HEAD.format(status=mode, kind="application/json", more=more).encode())
            w.write(json.dumps(ERRORS.get(int(mode), {})).encode())
            return await w.drain()
        if mode == "silent":
            await asyncio.sleep(3600)
        if mode == "html":
            w.write(HEAD.format(status=200, kind="text/html", more="").encode() + b"<h1>It works!</h1>")
            return await w.drain()
        text = self.say(body)
        if mode == "json":
            w.write(HEAD.format(status=200, kind="application/json", more="").encode())
            w.write(json.dumps({"choices": [{"message": {"content": text}}]}).encode())
            return await w.drain()
        w.write(HEAD.format(status=200, kind="text/event-stream; charset=utf-8", more="").encode())
        await w.drain()
        await self._stream(mode, text, w)

    async def _stream(self, mode: str, text: str, w: asyncio.StreamWriter) -> None:
        if mode == "garbage":
            junk = ("data: {not json\n\n", "data: []\n\n", "data: 3\n\n", "event: x\n\n", "\x00\x01\n", "data:\n\n")
            w.write("".join(junk * 9).encode())
            return await w.drain()
        if mode == "binary":
            w.write(bytes(range(256)) * 2000)
            return await w.drain()
        if mode == "error":
            w.write(b'data: {"error": {"message": "CUDA out of memory"}}\n\n')
            return await w.drain()
        while mode == "comments":
            w.write(b": keep-alive\n\n")
            await w.drain()
            await asyncio.sleep(0.02)
        if mode != "empty":
            await asyncio.sleep(self.first_s)
            if mode == "thinks":
                text = "<think>观众想知道价格。</think>" + text
            if mode == "ragged":
                w.write("\ufeff: hello\r\n\r\n".encode())
            await self._tokens(mode, text, w)
            if mode == "dies":
                return
        w.write(b"data: [DONE]\n\n")
        await w.drain()

    async def _tokens(self, mode: str, text: str, w: asyncio.StreamWriter) -> None:
        at = 0
        while at < len(text) or mode == "endless":
            if mode == "dies" and at >= self.dies_after * self.token_chars:
                return
            piece = text[at : at + self.token_chars] or "啊"
            at += self.token_chars
            event = json.dumps({"choices": [{"index": 0, "delta": {"content": piece}}]}, ensure_ascii=False)
            if mode == "ragged":
                raw = f"event: message\rdata:{event}\r\n\r\n".encode()
                for byte in raw:
                    w.write(bytes([byte]))
                    await w.drain()
            else:
                w.write(f"data: {event}\n\n".encode())
                await w.drain()
            self.sent += 1
            if self.tokens_per_s:
                await asyncio.sleep(1 / self.tokens_per_s)
