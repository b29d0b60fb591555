"""Prepare: a folder of pictures or dialogues is put in order and looked over; nothing of its own is lost."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from adapters.errors import BadDataset, NoSpace
from adapters.training import dialogues, pictures
from adapters.training.dataset import pixels, wording
from adapters.training.dataset.captions import captioner_of, with_trigger
from adapters.training.dataset.clean import clean
from adapters.training.dataset.finding import Finding, in_order
from adapters.training.pictures import FILE_COLUMNS, PROMPT_COLUMNS, Fault

METADATA = "metadata.csv"
FEW = {"visual": 15, "language": 50}
Watch = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class PrepareOptions:
    """How; `captioner` is `template` or a model's folder, `caption` which prompts are made anew."""

    kind: Literal["auto", "visual", "language"] = "auto"
    trigger: str = ""
    caption: Literal["missing", "all", "none"] = "missing"
    captioner: str = "template"
    private: Literal["mask", "drop"] = "mask"
    face_model: Path | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """`items` can be learnt from; `changes` say what was written."""

    kind: Literal["visual", "language"]
    items: int
    findings: tuple[Finding, ...]
    changes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {"kind": self.kind, "items": self.items, "findings": [f.to_json() for f in self.findings],
                "changes": list(self.changes)}


def prepare(folder: Path, options: PrepareOptions, watch: Watch = lambda done, of: None) -> Prepared:
    """Put a folder in order; raises `BadDataset` when there is nothing to learn from, `NoSpace`, `BadConfig`."""
    if not folder.is_dir():
        raise BadDataset(f"there is no folder {folder}", next_step="Give the folder of your pictures or dialogues.")
    kind = options.kind
    if kind == "auto":
        kind = "visual" if pictures.files_in(folder) else "language"
    return _visual(folder, options, watch) if kind == "visual" else _language(folder, options)


# -- pictures ------------------------------------------------------------------------------------


def _visual(folder: Path, options: PrepareOptions, watch: Watch) -> Prepared:
    faces = pixels.Faces(options.face_model) if options.face_model else None
    names = [p.relative_to(folder).as_posix() for p in pictures.files_in(folder)]
    if not names:
        raise BadDataset(f"there is no picture in {folder}",
                         next_step="Put JPEG, PNG or WebP pictures there, 20 to 200 of them.")
    measured: dict[str, pixels.Measured] = {}
    faults: list[Fault] = []
    for n, name in enumerate(names):
        try:
            measured[name] = pixels.measure(folder / name, faces)
        except BadDataset as e:
            faults.append(Fault("broken", name, e.message))
        watch(n + 1, len(names))
    rows, columns = _rows(folder, faults)
    prompts = {name: rows.get(name, {}).get("prompt", "") for name in measured}
    changes = _caption(folder, prompts, options)
    dropped = [name for name in rows if name not in measured]
    new = [name for name in measured if name not in rows]
    if dropped:
        changes.append(f"{len(dropped)} entries of metadata.csv whose picture can't be used were dropped")
    if new:
        changes.append(f"{len(new)} pictures were added to metadata.csv")
    if not options.dry_run:
        table = [{**rows.get(name, {}), "file_name": name, "prompt": prompts[name]} for name in measured]
        changes += _write(folder, table, columns)
    findings = [*_of_faults(faults), *_of_prompts(prompts, options.trigger), *_of_pixels(measured, faces is not None)]
    if len(measured) < FEW["visual"]:
        findings.append(Finding("info", "few", (), f"{len(measured)} pictures are few",
                                "20 to 200 of different poses, light and background give a steady look."))
    return Prepared("visual", len(measured), in_order(findings), tuple(changes))


def _rows(folder: Path, faults: list[Fault]) -> tuple[dict[str, dict[str, str]], list[str]]:
    """What metadata.csv says by file, with all of its columns, and the names of those."""
    table = folder / METADATA
    if not table.is_file():
        return {}, []
    from adapters.training.text import read_table

    try:
        read, said = read_table(table), pictures.rows_of(table)
    except BadDataset as e:
        faults.append(Fault("metadata", METADATA, e.message))
        return {}, []
    out: dict[str, dict[str, str]] = {}
    for n, (row, (name, prompt)) in enumerate(zip(read, said, strict=False), 2):
        path, code = pictures.place_of(name, folder, folder) if name else (None, "row")
        if path is None:
            what = {"outside": "lies outside the folder", "row": "names no file"}.get(code, "is not there")
            faults.append(Fault(code, name or METADATA, f"{name or 'a row'} (row {n} of {METADATA}) {what}"))
            continue
        key = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
        if key in out:
            faults.append(Fault("duplicate_row", key, f"{key} stands twice in {METADATA}; the first is kept"))
            continue
        own = {k: v for k, v in row.items() if k and k not in FILE_COLUMNS and k not in PROMPT_COLUMNS}
        out[key] = {**own, "prompt": prompt}
    columns = [k for k in (read[0] if read else {}) if k and k not in FILE_COLUMNS and k not in PROMPT_COLUMNS]
    return out, columns


def _caption(folder: Path, prompts: dict[str, str], options: PrepareOptions) -> list[str]:
    """Fill in prompts in place; returns what was done."""
    made = 0
    if options.caption != "none":
        wanted = [n for n, p in prompts.items() if options.caption == "all" or not p.strip()]
        captioner = captioner_of(options.captioner) if wanted else None
        for name in wanted:
            beside = pictures.sidecar(folder / name)
            prompts[name] = beside or (captioner.caption(folder / name, folder) if captioner else "")
            made += 1
    before = dict(prompts)
    for name, prompt in before.items():
        prompts[name] = with_trigger(prompt.strip(), options.trigger)
    triggered = sum(before[n].strip() != prompts[n] for n in prompts)
    return [
        *([f"{made} captions were made"] if made else []),
        *([f"the trigger {options.trigger} was put before {triggered} captions"] if triggered else []),
    ]


def _write(folder: Path, table: list[dict[str, str]], columns: list[str]) -> list[str]:
    """Write metadata.csv when it says something new, and keep the one before; returns what was done."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, ["file_name", "prompt", *columns], extrasaction="ignore", restval="")
    writer.writeheader()
    writer.writerows(table)
    path, data = folder / METADATA, buffer.getvalue().encode()
    if path.is_file() and path.read_bytes() == data:
        return []
    try:
        backup = _keep_aside(path)
        _replace(path, data)
    except OSError as e:
        raise NoSpace("no_disk", f"{path} can't be written: {e.strerror}",
                      next_step="Check the folder's permissions and the space on its disk.") from e
    return [f"{METADATA} written" + (f"; the one before is {backup.name}" if backup else "")]


def _keep_aside(path: Path) -> Path | None:
    """Copy a file to `.bak`, then `.bak.1` and on, unless one of those says the same: somebody may have written it."""
    if not path.is_file():
        return None
    data, n = path.read_bytes(), 0
    while (backup := path.with_name(path.name + (f".bak.{n}" if n else ".bak"))).is_file():
        if backup.read_bytes() == data:
            return backup
        n += 1
    shutil.copy2(path, backup)
    return backup


def _replace(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    os.replace(part, path)


def _of_faults(faults: list[Fault]) -> list[Finding]:
    steps = {
        "broken": ("error", "Copy them again, or take them away."),
        "missing_file": ("warn", "Put the pictures there, or leave it: their entries were dropped."),
        "outside": ("error", "Only pictures inside the folder are read."),
        "row": ("warn", "Nothing to do."), "duplicate_row": ("warn", "Nothing to do."),
        "metadata": ("error", "Name its columns file_name and prompt; it was made anew, the old one is kept."),
        "empty": ("warn", "Nothing to do."),
        dialogues.SPEAKER: ("warn", "If that is wrong, call the presenter 主播 in the file and prepare it again."),
    }
    by: dict[str, list[Fault]] = {}
    for fault in faults:
        by.setdefault(fault.code, []).append(fault)
    out = []
    for code, found in by.items():
        level, step = steps.get(code, ("warn", ""))
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        out.append(Finding(level, code, tuple(f.file for f in found), f"{found[0].message}{more}", step))  # type: ignore[arg-type]
    return out


def _of_prompts(prompts: dict[str, str], trigger: str) -> list[Finding]:
    out = []
    vague = tuple(n for n, p in prompts.items() if wording.is_vague(p, trigger))
    if vague:
        out.append(Finding(
            "warn", "vague_caption", vague, f"{len(vague)} captions say nothing of their picture, such as "
            f"{prompts[vague[0]]!r}", "Name clothes, background, light and pose: what may change between pictures.",
        ))
    if not trigger:
        words = [set(p.lower().replace("，", ",").split(",")[0].split()) for p in prompts.values()]
        if not words or not set.intersection(*words):
            out.append(Finding("warn", "no_trigger", (), "no word stands in all captions that could call the look",
                               "Prepare again with --trigger and a word that means nothing else, such as tzsn."))
    who = {n: found for n, p in prompts.items() if (found := wording.identity_words(p))}
    if who:
        first = next(iter(who))
        out.append(Finding(
            "warn", "identity_words", tuple(who), f"{len(who)} captions describe the face itself, such as "
            f"{who[first][0]!r}", "Leave those words out: what is always the same belongs to the trigger.",
        ))
    return out


def _of_pixels(measured: dict[str, pixels.Measured], faces: bool) -> list[Finding]:
    names = list(measured)
    out = []
    by_hash: dict[str, list[str]] = {}
    for name, m in measured.items():
        by_hash.setdefault(m.sha256, []).append(name)
    same = {n for group in by_hash.values() if len(group) > 1 for n in group}
    pairs = [(names[a], names[b]) for a, b in pixels.near([m.phash for m in measured.values()])]
    alike = tuple(dict.fromkeys(n for a, b in pairs if measured[a].sha256 != measured[b].sha256 for n in (a, b)))
    rules: list[tuple[tuple[str, ...], str, str, str]] = [
        (tuple(sorted(same)), "duplicate", "pictures are there twice", "Keep one of each: it would count double."),
        (alike, "near_duplicate", "pictures are almost the same as another", "Keep the best of each group."),
        (tuple(n for n, m in measured.items() if m.sharpness < pixels.BLURRED), "blurred", "pictures are blurred",
         "Take sharper ones: blur is learnt, too."),
        (tuple(n for n, m in measured.items() if min(m.width, m.height) < pixels.SMALL), "too_small",
         f"pictures are under {pixels.SMALL} pixels", "Use the originals."),
        (tuple(n for n, m in measured.items() if (m.faces or 0) > 1), "several_faces", "pictures show several faces",
         "Cut them to one person."),
        (tuple(n for n, m in measured.items() if m.faces == 0), "no_face", "pictures show no face",
         "Good for clothes; else leave them out."),
    ]
    out += [Finding("warn", code, found, f"{len(found)} {what}", step) for found, code, what, step in rules if found]
    if not faces:
        out.append(Finding("info", "faces_unchecked", (), "how many faces a picture shows was not checked",
                           "Give the .onnx file of a YuNet detector with --face-model to have it done."))
    return out


# -- dialogues -----------------------------------------------------------------------------------


def _language(folder: Path, options: PrepareOptions) -> Prepared:
    # What was prepared before stands for its sources when it is read, so it steps aside here.
    sources = [p for p in dialogues.files_in_all(folder) if p.name != dialogues.PREPARED]
    found = dialogues.read_files(sources, folder) if sources else dialogues.read_dialogues(folder)
    cleaned = clean(found.items, private=options.private)
    if not cleaned.items:
        raise BadDataset(f"no dialogue of {folder} can be learnt from",
                         next_step="Put .txt, .csv or .jsonl files with questions and answers there.")
    changes = []
    if sources and not options.dry_run:
        lines = (json.dumps(d.to_json(), ensure_ascii=False) for d in cleaned.items)
        out, data = folder / dialogues.PREPARED, "".join(line + "\n" for line in lines).encode()
        try:
            if out.is_file() and out.read_bytes() != data:
                _keep_aside(out)
            _replace(out, data)
        except OSError as e:
            raise NoSpace("no_disk", f"{out} can't be written: {e.strerror}",
                          next_step="Check the folder's permissions and the space on its disk.") from e
        count = len(cleaned.items)
        changes.append(f"{dialogues.PREPARED} written with {count} dialogues; the sources are as they were")
    findings = [*_of_faults(list(found.faults)), *cleaned.findings]
    if len(cleaned.items) < FEW["language"]:
        findings.append(Finding("info", "few", (), f"{len(cleaned.items)} dialogues are few",
                                "200 and more, in the words that the presenter shall use, give a steady manner."))
    return Prepared("language", len(cleaned.items), in_order(findings), tuple(changes))
