"""Demo: the catalogue and scripts of the shop that `make run` opens with."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from pipelines.catalogue import Faq, Product
from pipelines.line import LANGS
from pipelines.rundown import ITEM_KINDS
from pipelines.scriptbook import SCRIPT_KINDS, Script
from streaming.errors import Corrupt

ASSETS = Path(__file__).parents[1] / "assets"


@dataclass(frozen=True, slots=True)
class Demo:
    """The demo shop, as it is put into a new database."""

    title: str
    subtitle: str
    products: tuple[Product, ...]
    scripts: tuple[Script, ...]
    personas: tuple[dict[str, Any], ...]
    schedule: dict[str, Any]
    running_order: dict[str, Any]


def load_demo(folder: Path = ASSETS / "demo") -> Demo:
    """Read the files in `folder`; raises `Corrupt` that names the place of a mistake."""
    place = "catalogue.yaml"
    try:
        catalogue = yaml.safe_load((folder / "catalogue.yaml").read_text(encoding="utf-8"))
        products = []
        for n, entry in enumerate(catalogue["products"]):
            place = f"catalogue.yaml, product {entry.get('id', n)}"
            products.append(_product(entry))
        place = "scripts.yaml"
        scripts: list[Script] = []
        known = {p.product_id for p in products}
        for n, entry in enumerate(yaml.safe_load((folder / "scripts.yaml").read_text(encoding="utf-8"))):
            place = f"scripts.yaml, entry {n + 1}"
            scripts += _scripts(entry, known, len(scripts))
        place = "running_order.yaml"
        order = _order(yaml.safe_load((folder / "running_order.yaml").read_text(encoding="utf-8")), known)
        place = "personas.yaml"
        cast = yaml.safe_load((folder / "personas.yaml").read_text(encoding="utf-8"))
        personas = tuple(dict(p) for p in cast["personas"])
        # The week of the demo is seven equal days.
        slots = [{"day": day, **slot} for slot in cast["slots"] for day in range(7)]
        schedule = {"time_zone": cast["time_zone"], "default_persona": cast["default_persona"], "slots": slots,
                    "rotation": cast.get("rotation")}
    except (OSError, KeyError, TypeError, ValueError, ArithmeticError, yaml.YAMLError) as e:
        raise Corrupt(f"the demo's {place} can't be used: {e!r}", next_step="restore assets/demo") from e
    return Demo(
        str(catalogue["title"]), str(catalogue["subtitle"]), tuple(products), tuple(scripts), personas, schedule, order
    )


def _product(entry: dict[str, Any]) -> Product:
    picture = ASSETS / "products" / f"{entry['id']}.png"
    missing = [lang for lang in LANGS if not entry["name"].get(lang) or not entry["facts"].get(lang)]
    if missing:
        raise ValueError(f"no name or facts in {missing}")
    return Product(
        product_id=entry["id"], name=entry["name"], price=Decimal(str(entry["price"])),
        was_price=Decimal(str(entry["was_price"])) if entry.get("was_price") else None,
        currency=entry.get("currency", "CNY"), stock=entry.get("stock"), unit=entry.get("unit", {}),
        facts={lang: tuple(entry["facts"][lang]) for lang in LANGS},
        faq=tuple(Faq(f["q"], f["a"]) for f in entry["faq"]), aliases=tuple(entry.get("aliases", ())),
        picture=str(picture) if picture.is_file() else None,
    )


def _order(order: dict[str, Any], known: set[str]) -> dict[str, Any]:
    """The running order as the API takes it."""
    for item in order["items"]:
        if item["kind"] not in ITEM_KINDS or item.get("product_id", next(iter(known))) not in known:
            raise ValueError(f"item {item}")
    return {"enabled": True, "loop": bool(order["loop"]), "items": order["items"]}


def _scripts(entry: dict[str, Any], known: set[str], at: int) -> list[Script]:
    """One entry: a kind and language, perhaps a product, and several texts."""
    kind, lang, product = entry["kind"], entry["lang"], entry.get("product")
    if kind not in SCRIPT_KINDS or lang not in LANGS or (product is not None and product not in known):
        raise ValueError(f"kind {kind!r}, lang {lang!r}, product {product!r}")
    texts = [" ".join(text.split()) for text in entry["texts"]]
    return [Script(f"demo-{at + n:03d}", kind, lang, text, product) for n, text in enumerate(texts)]
