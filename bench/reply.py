"""Typed chat to the first voiced sample of the reply at the encoder: catalogue and LLM, idle and while she speaks.

The time of a voiced sample is read where the encoder put it: AAC packets are taken from the packet
ring with the instant they were written, and decoded; the reply begins with the first packet
whose level rises above -50 dBFS after silence. While she speaks there is no silence to tell it by: there the
desk's word is taken that the encoder has the reply's first sample.

The LLM is a stand-in that streams over HTTP at a stated rate, so that the figures are those of the show and not of
somebody's GPU; what it writes is made of the facts in its prompt, passes the guard and is cut, judged and voiced like
anything else. A running order with nothing but a break makes her idle: a short line, then silence.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import random
import re
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import av
import numpy as np
from websockets.sync.client import connect

from bench.instance import Instance, running
from bench.row import percentile, row
from streaming.ring import AUDIO, RingReader
from tests.llm_server import LlmServer

QUESTIONS = 12
VOICED = 10 ** (-50 / 20)
LIMIT_S = 20.0
"""An answer that takes longer is counted as none."""
FIRST_S, TOKENS_PER_S, TOKEN_CHARS = 0.2, 40.0, 2
ASK = (
    "精华多少钱", "这个防晒还有货吗", "敏感肌可以用吗", "口红什么颜色", "面霜怎么用", "保质期多久", "气垫适合油皮吗",
    "How much is the serum?", "Is the sunscreen in stock?", "发货要几天",
)


class Ear:
    """Decodes the audio that the encoder writes and tells when it is voiced."""

    def __init__(self, ring: Path) -> None:
        self.reader = RingReader(ring)
        self.reader.renewed()
        source = av.open(io.BytesIO(self.reader.config))
        self.codec = av.CodecContext.create("aac", "r")
        self.codec.extradata = source.streams.audio[0].codec_context.extradata

    def levels(self) -> list[tuple[int, float]]:
        """(monotonic ns, peak) of every audio packet since the last call."""
        out = []
        for record in self.reader.read(limit=4096):
            if record.stream != AUDIO:
                continue
            with contextlib.suppress(av.error.InvalidDataError):
                for frame in self.codec.decode(av.Packet(record.data)):
                    out.append((record.mono_ns, float(np.abs(frame.to_ndarray()).max())))
        return out

    def quiet(self, seconds: float) -> None:
        """Return once nothing has been voiced for `seconds`."""
        last = time.monotonic()
        give_up = last + 60
        while time.monotonic() < give_up:
            if any(level > VOICED for _, level in self.levels()):
                last = time.monotonic()
            if time.monotonic() - last > seconds:
                return
            time.sleep(0.02)
        raise AssertionError("the presenter does not become silent")

    def next_voice(self, since_ns: int) -> float:
        """Seconds from `since_ns` to the first voiced packet."""
        give_up = time.monotonic() + LIMIT_S
        while time.monotonic() < give_up:
            for at, level in self.levels():
                if level > VOICED and at > since_ns:
                    return (at - since_ns) / 1e9
            time.sleep(0.005)
        return LIMIT_S


BREAK = {
    "enabled": True, "loop": True,
    "items": [{"id": "b", "kind": "break", "title": "break", "product_id": None, "minutes": 240, "lang": None,
               "points": {}, "enabled": True}],
}
_turn = itertools.count()


def say(body: dict[str, Any]) -> str:
    """Two sentences of what the prompt holds: the price, or the first fact."""
    told = body["messages"][-1]["content"]
    price = re.search(r"^(?:价格：|Price: )(.+)$", told, re.M)
    fact = re.search(r"^- (?:[问Q].*[答A][：:])?\s*(.+)$", told, re.M)
    chinese = "任务：" in told
    stock = re.search(r"^(?:库存：|Stock: )(.+)$", told, re.M)
    asks_price, asks_stock = re.search("多少钱|How much", told), re.search("有货|in stock", told)
    if chinese and asks_stock and stock:
        return f"我看了一下，还有{stock[1]}。想了解别的，可以接着打字问我。"
    if asks_stock and stock:
        return f"I looked it up: there are {stock[1]} left. You can find more on the product card."
    if chinese:
        known = f"现在是{price[1]}" if asks_price and price else fact[1] if fact else "可以下单"
        more = ("想了解别的，可以接着打字问我。", "商品卡上也有介绍，可以点开看看。")
        return f"我看了一下，{known}。" + more[next(_turn) % 2]
    known = f"it is {price[1]}" if asks_price and price else fact[1] if fact else "you can order it"
    return f"I looked it up: {known}. " + "You can find more on the product card."


class Ears:
    """What the desk of the room says, with the instant it was heard."""

    def __init__(self, instance: Instance) -> None:
        address = f"ws://127.0.0.1:{instance.port}/rooms/main/desk?token={instance.token}"
        self._socket = connect(address, max_size=1 << 20)
        self.said: dict[str, int] = {}
        self.kinds: dict[str, set[str]] = {}
        self.llm: set[str] = set()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        with contextlib.suppress(Exception):
            for text in self._socket:
                record = json.loads(text)
                event = record.get("event_id")
                if event is not None:
                    self.kinds.setdefault(event, set()).add(record["type"])
                    if record["type"] == "draft":
                        (self.llm.discard if record["engine"] == "template" else self.llm.add)(event)
                    if record["type"] == "said":
                        self.said.setdefault(event, time.monotonic_ns())

    def answered(self, event: str, since_ns: int) -> float:
        """Seconds from `since_ns` to the first sample of the reply to an event."""
        give_up = time.monotonic() + LIMIT_S
        while time.monotonic() < give_up:
            if event in self.said:
                return (self.said[event] - since_ns) / 1e9
            time.sleep(0.005)
        return LIMIT_S

    def written(self, event: str) -> bool:
        """Whether the reply was in the LLM's words."""
        kinds = self.kinds.get(event, set())
        return event in self.llm and "skipped" not in kinds and "said" in kinds

    def close(self) -> None:
        """End listening."""
        self._socket.close()
        self._thread.join(5)


def ask(instance: Instance, n: int) -> tuple[str, int]:
    """Write the n-th question; returns its id and the instant."""
    began = time.monotonic_ns()
    body = {"room": "main", "user": f"viewer{n}", "text": ASK[n % len(ASK)], "kind": "question"}
    answer = instance.api.post("/chat", json=body)
    answer.raise_for_status()
    if not answer.json()["accepted"]:
        raise AssertionError(answer.text)
    return str(answer.json()["id"]), began


def idle(instance: Instance, ears: Ears) -> list[tuple[float, bool]]:
    """Ask each time she has just fallen silent; seconds, and whether the LLM answered."""
    instance.api.put("/rooms/main/running-order", json=BREAK).raise_for_status()
    ear = Ear(instance.run_dir() / "main.packets.ring")
    took = []
    for n in range(QUESTIONS):
        ear.quiet(0.5)
        event, began = ask(instance, n)
        voiced, sample = ear.next_voice(began), ears.answered(event, began)
        # What is voiced must be the reply, and not a line that came before it.
        took.append((voiced if abs(voiced - sample) < 0.5 else sample, ears.written(event)))
    return took


def speaking(instance: Instance, ears: Ears) -> list[tuple[float, bool]]:
    """Ask at any moment while she sells without a rest."""
    plan = instance.api.get("/rooms/main/running-order").json()
    instance.api.put("/rooms/main/running-order", json={"enabled": False, "loop": True, "items": plan["items"]}
                     ).raise_for_status()
    rng, took = random.Random(7), []
    time.sleep(8)
    for n in range(QUESTIONS):
        time.sleep(rng.uniform(8, 13))
        event, began = ask(instance, n + 103)
        took.append((ears.answered(event, began), ears.written(event)))
    return took


def measure(how: str, env: dict[str, str], note: str) -> None:
    """Rows of one way of answering."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "data", env=env) as instance:
        instance.until(lambda: instance.status()["on_air"], 60, "the room to be on air")
        ears = Ears(instance)
        try:
            for when, run, what in (
                ("idle", idle, "voiced sample"), ("while she speaks", speaking, "sample, at the sentence boundary"),
            ):
                took = run(instance, ears)
                times = [t for t, _ in took]
                aim = ", aim 0.7 s" if how == "catalogue" and when == "idle" else ""
                for name, share in (("p50", 0.5), ("p95", 0.95)):
                    row(f"typed chat to first {what}, {how}, {when}, {name}", percentile(times, share), "s",
                        f"{QUESTIONS} questions{note}{aim}")
                late = sum(t >= LIMIT_S for t in times)
                row(f"questions without an answer within {LIMIT_S:g} s, {how}, {when}", late, "",
                    f"{QUESTIONS} questions")
                if note:
                    row(f"answers in the LLM's words, {when}", sum(w for _, w in took) / len(took), "",
                        "the others by the catalogue: not in time, stopped by the guard, or no question of style")
        finally:
            ears.close()


def main() -> None:
    """By the catalogue, then by the LLM, in one run."""
    with LlmServer(say, first_s=FIRST_S, tokens_per_s=TOKENS_PER_S, token_chars=TOKEN_CHARS) as llm:
        plain = {"NIGHTANCHOR_SHOW__REST_S": "0", "NIGHTANCHOR_SHOW__NO_REPEAT_MIN": "0"}
        remote = {
            "NIGHTANCHOR_LANGUAGE__REMOTE__BASE_URL": llm.url, "NIGHTANCHOR_LANGUAGE__REMOTE__MODEL": "stand-in",
        }
        measure("catalogue", plain, "")
        measure("LLM", plain | remote, f"; stand-in server, first token after {FIRST_S:g} s, {TOKENS_PER_S:g} tokens/s "
                f"of {TOKEN_CHARS} characters")


if __name__ == "__main__":
    main()
