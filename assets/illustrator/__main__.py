"""`python -m assets.illustrator portrait NAME | products | all [--out FOLDER]`."""

from __future__ import annotations

import argparse
from pathlib import Path

from assets.illustrator import portrait, products
from assets.illustrator.person import PEOPLE

ASSETS = Path(__file__).parents[1]


def main() -> None:
    """Draw what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m assets.illustrator")
    parser.add_argument("what", choices=["portrait", "products", "all"])
    parser.add_argument("name", nargs="?", choices=sorted(PEOPLE))
    parser.add_argument("--out", type=Path, help="folder to draw into, instead of assets/")
    given = parser.parse_args()
    if given.what in ("portrait", "all"):
        for name in [given.name] if given.name else sorted(PEOPLE):
            print(portrait.write(PEOPLE[name], given.out or ASSETS / "portraits"))
    if given.what in ("products", "all"):
        for path in products.write(given.out or ASSETS / "products"):
            print(path)


if __name__ == "__main__":
    main()
