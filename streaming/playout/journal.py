"""Journal: what playout must still know after it was killed.

One small JSON file in the run directory, replaced atomically at each change. A process that ends in
good order removes it; one that finds it takes up where the last one broke off.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from streaming.errors import Corrupt


@dataclass(slots=True)
class Journal:
    """The lasting part of what is on air.

    `configured` holds the config values that `look`, `title` and `subtitle` began with: when a restart
    brings other ones, those win. `takes` lists (take id, line id) of every take not finished yet.
    """

    configured: list[str] = field(default_factory=list)
    look: str = ""
    title: str = ""
    subtitle: str = ""
    epoch: int = 0
    product: dict[str, Any] | None = None
    bubbles: list[list[str]] = field(default_factory=list)
    slate_on: bool = False
    slate_text: str = ""
    takes: list[list[str]] = field(default_factory=list)

    def dumps(self) -> bytes:
        """The file's content now."""
        return json.dumps(asdict(self), ensure_ascii=False).encode()


def write(path: Path, content: bytes) -> None:
    """Replace the file at `path` so that a reader never sees half of it."""
    part = path.with_suffix(".part")
    part.write_bytes(content)
    os.replace(part, path)


def read(path: Path) -> Journal | None:
    """What an earlier process left, or None; raises `Corrupt` on anything that `write` did not write."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as e:
        raise Corrupt(f"{path.name} can't be read: {e}") from e
    try:
        data = json.loads(content)
        journal = Journal(**data)
        journal.epoch = int(journal.epoch)
        journal.takes = [[str(t), str(line)] for t, line in journal.takes]
        journal.bubbles = [[str(part) for part in (user, text, kind)] for user, text, kind in journal.bubbles]
        if not (journal.product is None or isinstance(journal.product, dict)):
            raise TypeError("product is no object")
    except (ValueError, TypeError, UnicodeDecodeError) as e:
        raise Corrupt(f"{path.name} is damaged: {e}") from e
    return journal
