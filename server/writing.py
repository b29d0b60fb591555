"""Writing: the engines that write what presenters say, as the settings name them."""

from __future__ import annotations

import logging
import time
from typing import Any

from pipelines.writer import Address, Chain, Engine, RemoteEngine, ResidentEngine, Sampling, Writer
from server.settings import LanguageSection, Settings
from server.wardrobe.studio import Studio


class Writing:
    """One chain of engines for all rooms; without any, the catalogue's own wording is used and nothing is missing."""

    def __init__(self, settings: Settings, studio: Studio) -> None:
        # It would tell of every request.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self._language = settings.language
        s = self._language
        sampling = Sampling(s.max_tokens, s.temperature, s.top_p, s.repetition_penalty, s.copy_bias)
        self.chain = Chain(_engines(s, studio), sampling, clock=time.monotonic)

    def writer(self, room: str) -> Writer | None:
        """A writer for a room that goes on air; None when no engine is set up."""
        if not self.chain.breakers:
            return None
        return Writer(
            self.chain, room, clock=time.monotonic, first_sentence_s=self._language.first_sentence_s,
        )

    def document(self) -> dict[str, Any]:
        """What writes now, for the status of a room."""
        return self.chain.document()

    async def close(self) -> None:
        """Let go of connections."""
        await self.chain.close()


def _engines(s: LanguageSection, studio: Studio) -> list[Engine]:
    """`auto`: the remote server when one is named, else the resident base when it may write on air."""
    remote, resident = bool(s.remote.base_url), studio.has("language")
    wanted = {
        "auto": (remote, resident and s.on_air), "remote": (remote, resident and s.on_air),
        "resident": (False, resident), "template": (False, False),
    }[s.engine]
    out: list[Engine] = []
    if wanted[0]:
        r = s.remote
        out.append(RemoteEngine(Address(
            r.base_url, r.model, r.api_key.get_secret_value(), r.loras, r.extra, r.connect_s, r.first_token_s,
            r.total_s, r.retries, r.max_chars,
        )))
    if wanted[1]:
        out.append(ResidentEngine(studio.write, "resident"))
    return out
