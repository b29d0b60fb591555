"""Person: every choice that tells one presenter from another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from assets.illustrator.colour import Colour


@dataclass(frozen=True, slots=True)
class Person:
    """One presenter; lengths are pixels of the 1080x1920 picture."""

    name: str = "lin"
    seed: int = 1
    skin: Colour = Colour.hex("#f9e0d0")
    blush: Colour = Colour.hex("#f2988f")
    lip: Colour = Colour.hex("#d9626b")
    iris: Colour = Colour.hex("#6b4230")
    hair: Colour = Colour.hex("#3a2822")
    hair_light: Colour = Colour.hex("#94674c")
    hair_style: str = "long"
    brow: Colour = Colour.hex("#5a4033")
    lid: Colour = Colour.hex("#c58a77")
    outfit: str = "blouse"
    cloth: Colour = Colour.hex("#fbf6ee")
    trim: Colour = Colour.hex("#e3c9a8")
    scene: str = "studio"
    wall: Colour = Colour.hex("#f0dfd0")
    accent: Colour = Colour.hex("#e8b98a")
    sash: Colour = Colour.hex("#3f7a68")
    light: Colour = Colour.hex("#fff2dc")
    glow: float = 0.10
    """Strength of the light that lies over the whole picture."""
    ornament: str = "pearl"
    hairpiece: str = "none"
    fringe: bool = False
    forehead_mark: bool = False
    blush_strength: float = 1.0
    shadow_strength: float = 1.0
    """Of the make-up on the eyelids."""
    brow_width: float = 1.0
    brow_arch: float = 0.0
    """Pixels by which the brows rise over a straight line more than usual."""
    jaw: float = 1.0
    """Width of cheeks and jaw, 0.94..1.06."""
    eye_width: float = 84.0
    eye_height: float = 54.0
    eye_tilt: float = 5.0
    smile: float = 8.0

    def document(self) -> dict[str, Any]:
        """Every parameter, for the portrait's JSON."""
        return {k: v.rounded() if isinstance(v, Colour) else v for k, v in asdict_shallow(self).items()}


def asdict_shallow(person: Person) -> dict[str, Any]:
    """Fields by name, colours kept as they are."""
    return {name: getattr(person, name) for name in Person.__dataclass_fields__}


LIN = Person()
MEI = replace(
    LIN, name="mei", seed=2, skin=Colour.hex("#fbe3d6"), blush=Colour.hex("#f58a96"), lip=Colour.hex("#d63d5c"),
    iris=Colour.hex("#5a3b4c"), hair=Colour.hex("#5b3324"), hair_light=Colour.hex("#c58358"), hair_style="bob",
    brow=Colour.hex("#6b4433"), lid=Colour.hex("#c8728a"), outfit="jacket", cloth=Colour.hex("#f3b6c2"),
    trim=Colour.hex("#fff4f2"), scene="stage", wall=Colour.hex("#4b2f57"), accent=Colour.hex("#ff9fc0"),
    ornament="drop", eye_width=86.0, eye_height=57.0, eye_tilt=7.0, smile=10.0,
)
YUN = replace(
    LIN, name="yun", seed=3, skin=Colour.hex("#fae2d1"), blush=Colour.hex("#ee8478"), lip=Colour.hex("#c93a3e"),
    iris=Colour.hex("#4a2f24"), hair=Colour.hex("#221a1d"), hair_light=Colour.hex("#6a5360"), hair_style="bun",
    brow=Colour.hex("#3d2f2d"), lid=Colour.hex("#c96f5c"), outfit="hanfu", cloth=Colour.hex("#b7372f"),
    trim=Colour.hex("#e7b65c"), scene="lantern", wall=Colour.hex("#6b3a28"), accent=Colour.hex("#ffb25e"),
    ornament="gold", hairpiece="comb", forehead_mark=True, eye_width=84.0, eye_height=50.0, eye_tilt=8.0, smile=7.0,
)
PEOPLE = {p.name: p for p in (LIN, MEI, YUN)}


@dataclass(frozen=True, slots=True)
class Pose:
    """What changes between the tiles: eyelids 0..1, mouth open 0..1 and wide -1..1."""

    closed: float = 0.0
    open: float = 0.0
    wide: float = 0.0


REST = Pose()

__all__ = ["LIN", "MEI", "PEOPLE", "REST", "YUN", "Person", "Pose"]
