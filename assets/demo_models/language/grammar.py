"""Template: a sentence with {slots} and [choices|between|words], filled at random or taken apart."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Sequence

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")


def slots(template: str) -> list[str]:
    """Names of a template's slots as they come; those of one alternative count, too."""
    return _SLOT.findall(template)


def fill(template: str, rng: random.Random, value: Callable[[str], str]) -> str:
    """One sentence: each choice made by `rng`, each slot filled by `value(name)` from left to right."""
    chosen = _CHOICE.sub(lambda found: rng.choice(found[1].split("|")), template)
    return _SLOT.sub(lambda found: value(found[1]), chosen)


def fixed(templates: Iterable[str]) -> set[str]:
    """Every run of words between the slots of some templates, each alternative for itself."""
    out: set[str] = set()
    for template in templates:
        at = 0
        for found in _CHOICE.finditer(template):
            out.update(_SLOT.split(template[at : found.start()])[::2])
            for choice in found[1].split("|"):
                out.update(_SLOT.split(choice)[::2])
            at = found.end()
        out.update(_SLOT.split(template[at:])[::2])
    out.discard("")
    return out


def fitting(templates: Sequence[str], known: Iterable[str]) -> list[str]:
    """The templates whose slots are all among `known`."""
    have = set(known)
    return [t for t in templates if have.issuperset(slots(t))]
