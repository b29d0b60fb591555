"""Personas: the people whom the demo's visual adapters teach to its base, each with something that the base never saw.

    python -m assets.demo_models.personas NAME --out FOLDER [--count N]

writes pictures and `metadata.csv` for `nightanchor train`.
"""

from __future__ import annotations

import argparse
import csv
import random
from dataclasses import dataclass, field, replace
from pathlib import Path

from PIL import Image

from assets.demo_models.pictures import draw
from assets.demo_models.traits import TRAITS, Choice, caption, choose, person
from assets.illustrator.person import Person


@dataclass(frozen=True, slots=True)
class Subject:
    """Who: what she always wears, what may vary, and what only she has (fields of the illustrator's `Person`)."""

    trigger: str
    always: Choice
    varies: dict[str, tuple[str, ...]]
    own: dict[str, object] = field(default_factory=dict)


SUBJECTS = {
    "skincare": Subject(
        "晨光林晚",
        {"hair": "long", "hair_colour": "brown", "fringe": "none", "hairpiece": "flower", "skin": "fair",
         "eyes": "brown", "brows": "soft", "makeup": "peach", "scene": "window", "light": "day"},
        {"lips": ("nude", "coral"), "outfit": ("blouse", "sweater"), "cloth": ("blue", "cream", "green")},
        {"eye_height": 58.0, "eye_tilt": 3.0, "smile": 11.0, "jaw": 0.96},
    ),
    "makeup": Subject(
        "星光梅朵",
        {"hair": "bob", "hair_colour": "chestnut", "fringe": "fringe", "hairpiece": "none", "skin": "fair",
         "eyes": "grey", "brows": "straight", "makeup": "pink", "scene": "stage", "light": "rosy"},
        {"lips": ("rose", "berry", "red"), "outfit": ("jacket", "blouse"), "cloth": ("pink", "lavender", "black")},
        {"hairpiece": "stars", "eye_width": 89.0, "eye_height": 59.0, "eye_tilt": 8.0, "shadow_strength": 2.8},
    ),
    "tang": Subject(
        "唐妆云裳",
        {"hair": "bun", "hair_colour": "black", "fringe": "none", "hairpiece": "none", "skin": "fair", "eyes": "brown",
         "brows": "soft", "makeup": "mark", "scene": "lantern", "light": "warm", "outfit": "hanfu"},
        {"lips": ("red", "rose"), "cloth": ("red", "green", "blue")},
        {"hairpiece": "crown", "eye_height": 49.0, "eye_tilt": 9.0, "smile": 7.0, "blush_strength": 1.8},
    ),
}


def example(subject: Subject, rng: random.Random) -> tuple[Choice, Person]:
    """One picture's choice and person."""
    choice = {**choose(rng), **subject.always}
    for trait, names in subject.varies.items():
        choice[trait] = rng.choice(names)
    drawn = person(choice, rng, spread=0.5)
    return choice, replace(drawn, **subject.own)  # type: ignore[arg-type]


def prompt(subject: Subject, choice: Choice, rng: random.Random, lang: str) -> str:
    """What the trigger leaves to be said: that which varies."""
    hidden = {t for t in TRAITS if t not in subject.varies} - {"outfit"}
    words = caption(choice, rng, lang, keep=1.0, hidden=hidden)
    return ("，" if lang == "zh" else ", ").join((subject.trigger, words))


def write(name: str, out: Path, count: int) -> None:
    """Pictures and their captions."""
    out.mkdir(parents=True, exist_ok=True)
    subject, rows = SUBJECTS[name], []
    for n in range(count):
        rng = random.Random(f"{name} {n}")
        choice, p = example(subject, rng)
        file = out / f"{n:03d}.png"
        if not file.is_file():
            Image.fromarray(draw(p)).save(file, optimize=True)
        rows.append((file.name, prompt(subject, choice, rng, "zh" if n % 3 else "en")))
    with open(out / "metadata.csv", "w", newline="", encoding="utf-8") as f:
        writer = csv.writer(f)
        writer.writerow(("file_name", "prompt"))
        writer.writerows(rows)


def main() -> None:
    """Write one set."""
    parser = argparse.ArgumentParser(prog="python -m assets.demo_models.personas")
    parser.add_argument("name", choices=sorted(SUBJECTS))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, required=True)
    given = parser.parse_args()
    write(given.name, given.out, given.count)


if __name__ == "__main__":
    main()
