"""Guarding: the words a room forbids of its own and those it lets pass, and what the guard thinks of a sentence."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from pipelines.guard import Guard
from pipelines.guard.findings import findings
from pipelines.guard.terms import MAX_TERM, rules, titles
from pipelines.line import Lang
from server.catalogue import Catalogue
from server.db.models import GuardWordsRow, RoomRow
from server.db.store import Store
from server.documents import GuardWord, GuardWords
from streaming.errors import BadInput, NotFound

COLUMNS = ("term", "reason", "say", "fine")
MAX_WORDS = 2000
MAX_FILE = 1 << 20
FACTS = ("facts", "private", "form")
"""Rules without a word that could be taken off a list: what they stop is put right in the catalogue or the sentence."""


class Guarding:
    """Words of all rooms; `changed` is told the room whose words are others now."""

    def __init__(self, store: Store, catalogue: Catalogue) -> None:
        self._store, self._catalogue = store, catalogue
        self.changed: Callable[[str], None] = lambda room: None

    def words(self, room: str) -> GuardWords:
        """What a room forbids and lets pass."""
        with self._store.session() as s:
            if s.get(RoomRow, room) is None:
                raise NotFound(f"there is no room {room!r}", next_step="list them with GET /rooms")
            row = s.get(GuardWordsRow, room)
            return GuardWords.model_validate(row.document) if row is not None else GuardWords()

    def put(self, room: str, body: GuardWords) -> GuardWords:
        """Replace a room's words; raises `BadInput` for one that is none and changes nothing then."""
        self.words(room)
        own = {w.term.strip().casefold(): w for w in body.own}
        body = GuardWords(own=list(own.values()), allowed=sorted(set(body.allowed)))
        Guard(own=[w.model_dump() for w in body.own], allowed=body.allowed)
        with self._store.session() as s:
            row = s.get(GuardWordsRow, room)
            if row is None:
                s.add(GuardWordsRow(room=room, document=body.model_dump(mode="json")))
            else:
                row.document = body.model_dump(mode="json")
        self.changed(room)
        return body

    def allow(self, room: str, rule: str) -> GuardWords:
        """Let pass from now on what a rule (`category:name`) stops, or forget a word of one's own."""
        category, _, name = rule.partition(":")
        if category in FACTS or not name:
            raise BadInput(
                "this rule has no word that could be allowed",
                next_step="Put the figure, promise or ingredient into the product's facts, or change the sentence.",
            )
        words = self.words(room)
        if category == "own":
            return self.put(room, words.model_copy(update={"own": [w for w in words.own if w.term != name]}))
        return self.put(room, words.model_copy(update={"allowed": [*words.allowed, name]}))

    def guard(self, room: str) -> Guard:
        """A guard of the room as it is now."""
        words = self.words(room)
        return Guard(
            self._catalogue.products(room), own=[w.model_dump() for w in words.own], allowed=words.allowed
        )

    def judge(self, room: str, text: str, lang: Lang, product_id: str | None) -> dict[str, Any]:
        """What the guard would do with a sentence, and why."""
        return self.guard(room).judge(text, lang, product_id).document()

    def findings(self, room: str) -> list[dict[str, Any]]:
        """Where the room's products contradict themselves: {product_id, kind, texts, message}."""
        self.words(room)
        return [f.document() for p in self._catalogue.products(room) for f in findings(p)]

    def lists(self) -> list[dict[str, Any]]:
        """The lists that ship: category, title, reason, and the rules by name."""
        named = titles()
        return [{"category": c, "title": named[c], **found} for c, found in rules().items()]

    def export(self, room: str) -> str:
        """A room's own words as CSV."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        for word in self.words(room).own:
            writer.writerow([word.term, word.reason, "" if word.say is None else word.say, "|".join(word.fine)])
        return "\ufeff" + out.getvalue()

    def load(self, room: str, data: bytes) -> GuardWords:
        """Add the words of a CSV file (UTF-8 or GBK), or of a text with one word a line; raises `BadInput`."""
        found = []
        try:
            for number, row in enumerate(csv.reader(io.StringIO(_text(data))), 1):
                cells = [c.strip() for c in row]
                if cells and cells[0] and not (number == 1 and cells[0].casefold() in ("term", "词", "词语")):
                    found.append(_word(number, cells))
        except csv.Error as e:
            raise BadInput(f"the file is no CSV: {e}", next_step="Close every quotation mark and save it again.") from e
        words = self.words(room)
        if len(found) + len(words.own) > MAX_WORDS:
            raise BadInput(f"there would be over {MAX_WORDS} words", next_step="Take some out.")
        return self.put(room, words.model_copy(update={"own": [*words.own, *found]}))


def _text(data: bytes) -> str:
    """A file's text in UTF-8, in UTF-16 as spreadsheets save it, or in GB 18030; raises `BadInput`."""
    encodings = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise BadInput("the file is no text", next_step="Save it as CSV in UTF-8.")


def _word(number: int, cells: list[str]) -> GuardWord:
    """A row of a file; raises `BadInput` that names its line."""
    term, reason, say, fine = (*cells, "", "", "")[:4]
    if len(term) > MAX_TERM:
        raise BadInput(f"line {number}: the word is over {MAX_TERM} characters", next_step="Shorten it.")
    try:
        return GuardWord(term=term, reason=reason[:300], say=say or None, fine=[f for f in fine.split("|") if f])
    except ValidationError as e:
        first = e.errors()[0]
        what = f"line {number}, {first['loc'][0]}: {first['msg']}"
        raise BadInput(what, next_step="Put that right and import it again.") from e
