"""Terms: forbidden words, found however they are written, by one automaton a reading.

Aho and Corasick (1975), https://doi.org/10.1145/360825.360855: the time is that of reading the sentence, however many
words are forbidden. A word is looked for as it is written, and as it sounds.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import ahocorasick
import yaml

from pipelines.guard.denial import denied
from pipelines.guard.fold import BREAK, Folded, Read, fold, read
from pipelines.guard.fold import pattern as form
from pipelines.guard.verdict import Hit
from pipelines.line import LANGS, Lang
from streaming.errors import BadInput

LISTS = ("absolute", "efficacy", "medical", "platform", "sensitive", "baiting", "rivals")
MAX_TERM = 60
RETRIES = 12
_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN_ONLY = re.compile(r"[a-z0-9 '’.\-]+")
_FAILS = re.compile("不了|不掉|不到|不动")
"""What is said of a thing can't be done: 解决不了痘痘."""
_EVERYDAY = frozenset(
    "的地得了着过是在有和与就都也还很不没一个这那些你我他她它们吧呢吗啊呀哦把被给让到从对为会能要可以用放先再后前上下里外中"
    "大小多少好人家说看做来去时天年月日点次第只又才更比如且而或但"
)
"""Characters that stand alone so often that sounding like another says nothing."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of a list. `say` by language is what a sentence may say instead; None: nothing."""

    category: str
    name: str
    reason: Mapping[Lang, str]
    say: Mapping[Lang, str] | None = None
    fine: tuple[str, ...] = ()
    deniable: bool = False
    keep: int = 0
    """Characters of a match, from its start or (negative) its end, that a rewriting replaces; 0: all."""
    sounds_from: int = 2
    """Characters from which on a word is also looked for as it sounds."""
    across: bool = False
    """Whether a match may go on after a comma."""
    counts: bool = False
    """Whether the word also numbers the items of a list: 第一，洗脸。"""


@dataclass(frozen=True, slots=True)
class _Found:
    rule: Rule
    start: int
    end: int


@dataclass(slots=True)
class Terms:
    """Every list compiled, with a shop's own entries {term, reason?, say?, fine?}, without the names in `allowed`."""

    own: Sequence[Mapping[str, Any]] = ()
    allowed: frozenset[str] = frozenset()
    _written: Any = field(init=False)
    _heard: Any = field(init=False)
    _patterns: list[tuple[re.Pattern[str], Rule]] = field(init=False, default_factory=list)
    _words: list[tuple[re.Pattern[str], Rule]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        written: dict[str, list[Rule]] = {}
        heard: dict[str, list[tuple[Rule, str, tuple[str, ...]]]] = {}
        allowed = {fold(a).joined for a in self.allowed}
        for rule, kind, text in self._entries():
            if kind == "pattern":
                self._patterns.append((form(text), rule))
            elif kind == "words":
                self._words.append((form(text, re.ASCII), rule))
            else:
                term = fold(text).joined
                if not term or BREAK in term or term in allowed:
                    continue
                if kind == "term":
                    written.setdefault(term, []).append(rule)
                if sum(1 for c in term if _HAN.match(c)) == len(term) >= rule.sounds_from:
                    sound = read(fold(text))
                    heard.setdefault(_line(sound.sounds), []).append((rule, term, sound.tones))
        self._written, self._heard = _automaton(written), _automaton(heard)

    def _entries(self) -> Iterator[tuple[Rule, str, str]]:
        for name in LISTS:
            for rule, kind, text in _shipped(name):
                if rule.name not in self.allowed:
                    yield rule, kind, text
        for entry in self.own:
            yield _own(entry)

    def find(self, folded: Folded, lang: Lang) -> list[Hit]:
        """Every rule that the sentence breaks, the longest match where several overlap."""
        sound = read(folded) if lang != "en" or _HAN.search(folded.plain) else None
        found = [(f, False, folded) for f in self._in_joined(folded)] + [(f, True, folded) for f in self._in_words(folded)]
        found += [(f, False, other) for other in folded.others() for f in self._in_joined(other) if _is_new(f, other)]
        if sound is not None:
            found += [(f, False, folded) for f in self._by_sound(folded, sound)]
        out: list[Hit] = []
        taken: list[tuple[int, int]] = []
        for f, is_word, reading in sorted(found, key=lambda x: (-(x[0].end - x[0].start), x[0].start)):
            if is_word:
                start, end = folded.words_at[f.start], folded.words_at[f.end - 1] + 1
            else:
                start, end = reading.span(f.start, f.end)
            if any(start < b and a < end for a, b in taken):
                continue
            taken.append((start, end))
            out.append(_hit(f.rule, folded, start, end, lang))
        return sorted(out, key=lambda h: h.start)

    def _in_joined(self, folded: Folded) -> Iterator[_Found]:
        text = folded.joined
        if not text:
            return
        for last, (term, rules) in _matches(self._written, text):
            start, end = last - len(term) + 1, last + 1
            if not _whole_latin(term, text, start, end) or _split_by_comma(folded, start, end):
                continue
            for rule in rules:
                if not _is_fine(rule, text, start, end) and not (rule.deniable and denied(text, start, end, folded.cuts)):
                    yield _Found(rule, start, end)
        for pattern, rule in self._patterns:
            for start, end in self._matched(pattern, rule, folded):
                if rule.keep > 0:
                    end = start + rule.keep
                elif rule.keep < 0:
                    start = end + rule.keep
                yield _Found(rule, start, end)

    def _matched(self, pattern: re.Pattern[str], rule: Rule, folded: Folded) -> Iterator[tuple[int, int]]:
        """Where a pattern holds; after a match that is none it is tried again within it, `RETRIES` times in all."""
        text, at, left = folded.joined, 0, RETRIES
        while (m := pattern.search(text, at)) is not None:
            start, end = m.span()
            if start == end:
                at = end + 1
                continue
            if (
                (rule.deniable and (_FAILS.search(m[0]) or denied(text, start, end, folded.cuts)))
                or (not rule.across and _split_by_comma(folded, start, end)) or _is_fine(rule, text, start, end)
                or (rule.counts and _begins_item(folded, start, end))
            ):
                left -= 1
                at = start + 1 if left > 0 else end
                continue
            yield start, end
            at = end

    def _in_words(self, folded: Folded) -> Iterator[_Found]:
        for pattern, rule in self._words:
            for m in pattern.finditer(folded.words):
                if not (rule.deniable and denied(folded.words, *m.span())):
                    yield _Found(rule, *m.span())

    def _by_sound(self, folded: Folded, sound: Read) -> Iterator[_Found]:
        line = _line(sound.sounds)
        places = {}
        at = 1
        for n, s in enumerate(sound.sounds):
            places[at] = n
            at += len(s) + 1
        for last, (key, entries) in _matches(self._heard, line):
            first = places.get(last - len(key) + 2)
            if first is None:
                continue
            count = key.count("\x01") - 1
            start, end = sound.spans[first][0], sound.spans[first + count - 1][1]
            if _split_by_comma(folded, start, end):
                continue
            pieces = [folded.joined[a:b] for a, b in sound.spans[first : first + count]]
            for rule, term, tones in entries:
                if _is_disguised(pieces, term, sound.tones[first : first + count], tones):
                    if not _is_fine(rule, folded.joined, start, end) and not (
                        rule.deniable and denied(folded.joined, start, end, folded.cuts)
                    ):
                        yield _Found(rule, start, end)


def _is_new(found: _Found, reading: Folded) -> bool:
    """Whether a match owes something to what the reading has otherwise."""
    return any(found.start <= c < found.end for c in reading.changed)


def _is_disguised(pieces: Sequence[str], term: str, tones: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether what sounds like a term was written otherwise on purpose rather than by chance."""
    if "".join(pieces) == term:
        return False
    other = [n for n, (p, c) in enumerate(zip(pieces, term, strict=True)) if p != c]
    latin = [n for n in other if pieces[n].isascii()]
    if len(latin) == len(term):
        return len(term) >= 3
    if latin and len(latin) == len(other):
        return any(len(pieces[n]) > 1 for n in latin)
    same_tone = all(a == b or "0" in (a, b) for a, b in zip(tones, wanted, strict=True))
    if len(other) == len(term) or (not same_tone and len(term) < 4):
        return False
    return not any(pieces[n] in _EVERYDAY for n in other)


def _hit(rule: Rule, folded: Folded, start: int, end: int, lang: Lang) -> Hit:
    say = None if rule.say is None else rule.say.get(lang)
    return Hit(f"{rule.category}:{rule.name}", rule.category, folded.text[start:end], start, end, dict(rule.reason), say)


def _whole_latin(term: str, text: str, start: int, end: int) -> bool:
    """Terms that begin or end with letters are words of their own there."""
    before, after = text[start - 1 : start], text[end : end + 1]
    left = not (term[0].isascii() and term[0].isalpha() and before.isascii() and before.isalpha())
    right = not (term[-1].isascii() and term[-1].isalpha() and after.isascii() and after.isalpha())
    return left and right


def _split_by_comma(folded: Folded, start: int, end: int) -> bool:
    """Whether a comma divides the match into words: one between single characters is a disguise, not a comma."""
    cuts = [start, *(c for c in range(start + 1, end) if c in folded.commas), end]
    return len(cuts) > 2 and any(b - a > 1 for a, b in itertools.pairwise(cuts))


def _begins_item(folded: Folded, start: int, end: int) -> bool:
    begins = start == 0 or folded.joined[start - 1] == BREAK or start in folded.commas
    return begins and end in folded.commas


def _is_fine(rule: Rule, text: str, start: int, end: int) -> bool:
    for phrase in rule.fine:
        at = text.find(phrase, max(0, start - len(phrase)))
        while at != -1 and at <= start:
            if at + len(phrase) >= end or at <= start < at + len(phrase):
                return True
            at = text.find(phrase, at + 1)
    return False


def _line(sounds: Iterable[str]) -> str:
    return "\x01" + "\x01".join(sounds) + "\x01"


def _automaton(words: Mapping[str, Any]) -> Any:
    made = ahocorasick.Automaton()
    for word, value in words.items():
        made.add_word(word, (word, value))
    if words:
        made.make_automaton()
    return made


def _matches(automaton: Any, text: str) -> Iterable[Any]:
    return automaton.iter(text) if len(automaton) else ()


def _frame(entry: Mapping[str, Any]) -> str:
    """A thing and what is said of it, in either order, with at most so many characters of the same sentence between."""
    frame = entry["frame"]
    of, said = (f"(?:{frame[k]})" for k in ("of", "said"))
    if entry.get("latin"):
        of, said, gap = rf"\b{of}\b", rf"\b{said}\b", rf"[^.!?;]{{0,{frame['within']}}}?"
    else:
        gap = rf"[^{BREAK}]{{0,{frame['within']}}}?"
    return f"{of}{gap}{said}|{said}{gap}{of}"


@functools.cache
def _shipped(name: str) -> tuple[tuple[Rule, str, str], ...]:
    data = yaml.safe_load(files("pipelines.guard").joinpath(f"lists/{name}.yaml").read_text(encoding="utf-8"))
    out = []
    for entry in data["terms"]:
        kind = next(k for k in ("term", "pattern", "words", "sound", "frame") if k in entry)
        texts = entry[kind] if isinstance(entry[kind], list) else [entry[kind]]
        if kind == "frame":
            kind, texts = ("words" if entry.get("latin") else "pattern"), [_frame(entry)]
        say = entry.get("say")
        says: dict[Lang, str] | None = None if not say else say if isinstance(say, dict) else {"zh": say}
        fine = tuple(fold(f).joined for f in entry.get("fine", ()))
        for text in texts:
            label = text if kind in ("term", "sound") else entry["name"]
            rule = Rule(name, label, data["reason"], says, fine, bool(entry.get("denied", data.get("denied"))), int(entry.get("keep", 0)),
                        int(data.get("sounds_from", 2)), bool(entry.get("across")), bool(entry.get("counts")))
            out.append((rule, kind, text))
    return tuple(out)


def rules() -> dict[str, dict[str, Any]]:
    """Category -> reason, and its rules: {name, say, fine}, each once."""
    out: dict[str, dict[str, Any]] = {}
    for name in LISTS:
        found = _shipped(name)
        shown = {r.name: {"name": r.name, "say": (r.say or {}).get("zh"), "fine": list(r.fine)} for r, _, _ in found}
        out[name] = {"reason": dict(found[0][0].reason), "rules": list(shown.values())}
    return out


def titles() -> dict[str, dict[Lang, str]]:
    """Category -> what it is called."""
    out = {}
    for name in LISTS:
        data = yaml.safe_load(files("pipelines.guard").joinpath(f"lists/{name}.yaml").read_text(encoding="utf-8"))
        out[name] = data["title"]
    return out


def _own(entry: Mapping[str, Any]) -> tuple[Rule, str, str]:
    term = str(entry.get("term", "")).strip()
    if not term or len(term) > MAX_TERM or not fold(term).joined:
        raise BadInput(f"a word of one's own has 1 to {MAX_TERM} characters", next_step="Write a word or a phrase.")
    reason = str(entry.get("reason") or "")
    reasons: dict[Lang, str] = {lang: reason for lang in LANGS if lang != "ja"}
    if not reason:
        reasons = {"zh": "小店自己的禁用词。", "en": "A word this shop does not use."}
    say = entry.get("say")
    says: dict[Lang, str] | None = None if say is None else {lang: str(say) for lang in LANGS}
    fine = tuple(fold(str(f)).joined for f in entry.get("fine", ()))
    rule = Rule("own", term, reasons, says, fine)
    if _LATIN_ONLY.fullmatch(fold(term).words):
        return rule, "words", rf"(?<!\w){re.escape(fold(term).words)}(?!\w)"
    return rule, "term", term
