"""Dialogues: what viewers said and what the presenter answered, or plain copy, from the files people have.

    .jsonl, .json  {"messages": [{"role", "content"}]}; {"instruction", "input", "output"}; {"prompt", "completion"};
                   {"question", "answer"}; {"conversations": [{"from", "value"}]} of ShareGPT; {"text"}
    .csv, .tsv     columns question/answer, prompt/response, 问/答, …; or one column text
    .txt           `问：…` and `答：…` lines in turn; else each line is plain copy
    any of them    exports of messengers and shop consoles (chats.py)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.errors import BadDataset
from adapters.training import chats
from adapters.training.pictures import Fault
from adapters.training.text import read_table, read_text

SUFFIXES = (".jsonl", ".json", ".csv", ".tsv", ".txt")
PREPARED = "dialogues.prepared.jsonl"
SPEAKER = "speaker"
"""Code of a fault that leaves nothing out: who was taken for the presenter where no name says it."""
ROLES = ("system", "user", "assistant")
TURNS = ("messages", "conversations", "conversation", "dialogue")

_ASK = ("question", "prompt", "instruction", "user", "query", "ask", "问", "问题", "提问", "观众", "客户", "买家")
_TELL = ("answer", "response", "output", "completion", "assistant", "reply",
         "答", "回答", "回复", "主播", "客服", "卖家")
_COPY = ("text", "copy", "content", "文案", "文本", "话术", "内容")
_ROLE_OF = {
    "system": "system", "系统": "system", "user": "user", "human": "user", "viewer": "user", "customer": "user",
    "assistant": "assistant", "gpt": "assistant", "bot": "assistant", "host": "assistant", "anchor": "assistant",
    "q": "user", "a": "assistant", **dict.fromkeys(_ASK[6:], "user"), **dict.fromkeys(_TELL[6:], "assistant"),
    "问者": "user", "粉丝": "user", "顾客": "user", "用户": "user", "店主": "assistant", "店家": "assistant",
}
_STAMP = re.compile(
    r"^\s*[\[(【]?\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?[ T]*(?:\d{1,2}:\d{2}(?::\d{2})?)?[\])】]?\s*|"
    r"^\s*[\[(【]?\d{1,2}:\d{2}(?::\d{2})?[\])】]?\s+"
)
_SAID = re.compile(r"^([^:：\n]{1,20}?)\s*[:：]\s*(.*)$")


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Turns in order, the last one the presenter's; plain copy is one turn of hers. `source` is `file#line`."""

    messages: tuple[tuple[str, str], ...]
    source: str

    def to_json(self) -> dict[str, Any]:
        """As a line of `dialogues.prepared.jsonl`."""
        return {"messages": [{"role": r, "content": c} for r, c in self.messages]}


@dataclass(frozen=True, slots=True)
class DialogueSet:
    """What can be learnt from, and what was left out."""

    items: tuple[Dialogue, ...]
    faults: tuple[Fault, ...]


def files_in(place: Path) -> list[Path]:
    """The dialogue files of a folder by name, or the file itself; what was prepared stands for all others."""
    if place.is_file():
        return [place]
    if (place / PREPARED).is_file():
        return [place / PREPARED]
    return files_in_all(place)


def files_in_all(place: Path) -> list[Path]:
    """Every dialogue file of a folder by name; hidden ones and those of archives' makers left out."""
    return sorted(
        p for p in place.rglob("*")
        if p.suffix.lower() in SUFFIXES and p.is_file()
        and not any(part.startswith((".", "__MACOSX")) for part in p.relative_to(place).parts)
    )


def read_dialogues(place: Path) -> DialogueSet:
    """All dialogues of a folder or file; raises `BadDataset` when there is nothing to learn from."""
    if not place.exists():
        raise BadDataset(f"there is no folder or file {place}", next_step="Correct train_data_dir.")
    return read_files(files_in(place), place)


def read_files(files: Iterable[Path], place: Path) -> DialogueSet:
    """The dialogues of some files below a folder; raises `BadDataset` when there is nothing to learn from."""
    items: list[Dialogue] = []
    faults: list[Fault] = []
    for path in files:
        name = path.relative_to(place).as_posix() if place.is_dir() else path.name
        try:
            found = list(_read(path, name, faults))
        except BadDataset as e:
            faults.append(Fault("broken", name, e.message))
            continue
        if not found:
            faults.append(Fault("empty", name, f"{name} holds no dialogue"))
        items += found
    if not items:
        why = f"; {faults[0].message}" if faults else ""
        raise BadDataset(f"there is no dialogue to learn from in {place}{why}",
                         next_step="Put .txt, .csv or .jsonl files with questions and answers there.")
    return DialogueSet(tuple(items), tuple(faults))


def _read(path: Path, name: str, faults: list[Fault]) -> Iterable[Dialogue]:
    suffix = path.suffix.lower()
    if suffix in (".jsonl", ".json"):
        return _objects(path, name, faults)
    if suffix in (".csv", ".tsv"):
        return _rows(path, name, faults)
    text = read_text(path)
    said = chats.of_text(text)
    return _chat(said, name, faults) or _lines(text, name)


def _chat(said: list[chats.Saying], name: str, faults: list[Fault]) -> list[Dialogue]:
    """The dialogues of an export; empty when it is none, or nobody in it can be told to be the presenter."""
    parts = chats.parts(said, _ROLE_OF) if said else None
    if parts is None:
        return []
    if parts.guess:
        faults.append(Fault(SPEAKER, name, f"in {name}, {parts.guess} was taken for the presenter, who speaks most"))
    found = ((line, _merged(turns)) for line, turns in chats.exchanges(said, parts.roles))
    return [Dialogue(messages, f"{name}#{line}") for line, messages in found if messages]


def _objects(path: Path, name: str, faults: list[Fault]) -> Iterable[Dialogue]:
    text = read_text(path)
    numbered: list[tuple[int, Any]] = []
    try:
        whole = json.loads(text) if path.suffix.lower() == ".json" else None
    except ValueError:
        whole = None
    if isinstance(whole, Mapping):
        whole = next((v for v in whole.values() if isinstance(v, list)), [whole])
    if isinstance(whole, list):
        numbered = list(enumerate(whole, 1))
    else:
        for n, line in enumerate(text.split("\n"), 1):
            if not line.strip():
                continue
            try:
                numbered.append((n, json.loads(line)))
            except ValueError:
                faults.append(Fault("row", f"{name}#{n}", f"line {n} of {name} is no JSON"))
    said = chats.of_rows([_low(e) for _, e in numbered if isinstance(e, Mapping) and not _is_whole(e)], 1)
    if found := _chat(said, name, faults):
        yield from found
        return
    for n, entry in numbered:
        messages = _messages(entry)
        if messages:
            yield Dialogue(messages, f"{name}#{n}")
        else:
            faults.append(Fault("row", f"{name}#{n}", f"entry {n} of {name} holds no answer to learn from"))


def _is_whole(entry: Mapping[str, Any]) -> bool:
    """Whether an entry holds a dialogue, or a question with its answer, of its own."""
    return any(isinstance(entry.get(k), list) for k in TURNS) or bool(set(_low(entry)) & set(_TELL))


def _low(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {str(k).strip().lower(): v for k, v in entry.items()}


def _messages(entry: Any) -> tuple[tuple[str, str], ...]:
    if isinstance(entry, str):
        return (("assistant", entry.strip()),) if entry.strip() else ()
    if not isinstance(entry, Mapping):
        return ()
    turns = next((entry[k] for k in TURNS if k in entry), None)
    if isinstance(turns, list):
        read = [
            (_ROLE_OF.get(str(t.get("role", t.get("from", ""))).lower(), ""),
             str(t.get("content", t.get("value", ""))).strip())
            for t in turns if isinstance(t, Mapping)
        ]
        return _merged([(role, text) for role, text in read if role and text])
    low = {str(k).strip().lower(): str(v).strip() for k, v in entry.items() if isinstance(v, str | int | float)}
    return _pair(low)


def _pair(row: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    answer = next((row[k] for k in _TELL if row.get(k)), "")
    question = next((row[k] for k in _ASK if row.get(k)), "")
    if row.get("instruction") and row.get("input"):
        question = f"{row['instruction']}\n{row['input']}"
    if answer and question:
        system = row.get("system", "")
        return ((("system", system),) if system else ()) + (("user", question), ("assistant", answer))
    copy = answer or ("" if question else next((row[k] for k in _COPY if row.get(k)), ""))
    return (("assistant", copy),) if copy else ()


def _rows(path: Path, name: str, faults: list[Fault]) -> Iterable[Dialogue]:
    rows = read_table(path)
    if rows and not set(rows[0]) & set(_TELL) and (found := _chat(chats.of_rows(rows, 2), name, faults)):
        yield from found
        return
    if rows and not set(rows[0]) & {*_ASK, *_TELL, *_COPY}:
        raise BadDataset(f"{name} has no column of answers; it has {', '.join(rows[0])}",
                         next_step="Name its columns question and answer, or one column text.")
    for n, row in enumerate(rows, 2):
        messages = _pair(row)
        if messages:
            yield Dialogue(messages, f"{name}#{n}")
        else:
            faults.append(Fault("row", f"{name}#{n}", f"row {n} of {name} holds no answer to learn from"))


def _lines(text: str, name: str) -> Iterable[Dialogue]:
    lines = [(n, _STAMP.sub("", line).strip()) for n, line in enumerate(text.split("\n"), 1)]
    said = [(n, m[1].strip(), m[2].strip()) for n, line in lines if (m := _SAID.match(line))]
    full = sum(bool(line) for _, line in lines)
    roles = {low: _ROLE_OF[low] for _, who, _ in said if (low := who.lower()) in _ROLE_OF}
    if not full or len(said) < 0.6 * full or "assistant" not in roles.values():
        for n, line in lines:
            if line:
                yield Dialogue((("assistant", line),), f"{name}#{n}")
        return
    turns: list[tuple[str, str]] = []
    began = 1
    for n, line in lines:
        m = _SAID.match(line)
        role = roles.get(m[1].strip().lower(), "user") if m else ""
        if not line or (role == "user" and turns and turns[-1][0] == "assistant"):
            if whole := _merged(turns):
                yield Dialogue(whole, f"{name}#{began}")
            turns, began = [], n
        if m and m[2].strip():
            turns.append((role, m[2].strip()))
        elif line and not m and turns:
            turns[-1] = (turns[-1][0], f"{turns[-1][1]}\n{line}")
    if whole := _merged(turns):
        yield Dialogue(whole, f"{name}#{began}")


def _merged(turns: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Neighbours of one role joined, the end without an answer cut off; empty when nobody answers."""
    out: list[tuple[str, str]] = []
    for role, text in turns:
        if out and out[-1][0] == role:
            out[-1] = (role, f"{out[-1][1]}\n{text}")
        else:
            out.append((role, text))
    while out and out[-1][0] != "assistant":
        out.pop()
    return tuple(out)
