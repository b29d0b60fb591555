"""Catalogue: a room's products in the database, and their pictures on disk."""

from __future__ import annotations

import hashlib
import io
import secrets
import warnings
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from pipelines.catalogue import Faq, Product
from server.db.models import ProductRow, RoomRow
from server.db.store import Store
from server.documents import ProductIn, ProductPatch
from streaming.errors import BadPicture, NotFound

PICTURE_SIDE = 640
MIN_SIDE, MAX_PIXELS = 32, 50_000_000

Changed = Callable[[str], None]
"""Called with the room whose catalogue has changed."""


class Catalogue:
    """Products; every change is told to the room."""

    def __init__(self, store: Store, pictures: Path) -> None:
        self._store = store
        self.pictures = pictures
        self.changed: Changed = lambda room: None

    def every(self, room: str | None = None) -> list[dict[str, Any]]:
        """Products in the order in which they are sold."""
        with self._store.session() as s:
            query = select(ProductRow).order_by(ProductRow.room, ProductRow.position, ProductRow.id)
            if room is not None:
                query = query.where(ProductRow.room == room)
            return [document(row) for row in s.scalars(query)]

    def get(self, product_id: str) -> dict[str, Any]:
        """One product; raises `NotFound`."""
        with self._store.session() as s:
            return document(_row(s, product_id))

    def create(self, body: ProductIn, *, product_id: str = "", picture: str = "") -> dict[str, Any]:
        """Add a product at the end of its room's list."""
        with self._store.session() as s:
            room = s.get(RoomRow, body.room)
            if room is None:
                raise NotFound(f"there is no room {body.room!r}", next_step="list them with GET /rooms")
            values = _values(body.model_dump())
            last = s.scalar(select(func.max(ProductRow.position)).where(ProductRow.room == body.room))
            if values.get("position") is None:
                values["position"] = (last or 0) + 1
            values["currency"] = values.get("currency") or room.currency
            row = ProductRow(id=product_id or "p-" + secrets.token_hex(4), picture=picture, **values)
            s.add(row)
            s.flush()
            made = document(row)
        self.changed(body.room)
        return made

    def replace(self, product_id: str, body: ProductIn) -> dict[str, Any]:
        """Overwrite all fields but picture and pin."""
        return self._update(product_id, body.model_dump(exclude={"room"}))

    def patch(self, product_id: str, body: ProductPatch) -> dict[str, Any]:
        """Change the fields that were given."""
        return self._update(product_id, body.model_dump(exclude_unset=True))

    def _update(self, product_id: str, values: dict[str, Any]) -> dict[str, Any]:
        values = _values(values)
        for key in ("position", "currency"):
            if key in values and values[key] is None:
                del values[key]
        with self._store.session() as s:
            row = _row(s, product_id)
            for key, value in values.items():
                setattr(row, key, value)
            s.flush()
            changed = document(row)
        self.changed(changed["room"])
        return changed

    def pin(self, product_id: str, pinned: bool) -> dict[str, Any]:
        """Keep one product of the room on the card, or none."""
        with self._store.session() as s:
            row = _row(s, product_id)
            s.execute(update(ProductRow).where(ProductRow.room == row.room).values(pinned=False))
            s.refresh(row)
            row.pinned = pinned
            s.flush()
            changed = document(row)
        self.changed(changed["room"])
        return changed

    def delete(self, product_id: str) -> None:
        """Remove a product, its scripts and its picture."""
        with self._store.session() as s:
            row = _row(s, product_id)
            room, picture = row.room, row.picture
            s.delete(row)
        self._drop(picture)
        self.changed(room)

    def set_picture(self, product_id: str, data: bytes) -> dict[str, Any]:
        """Take a picture in, made square-bounded and free of metadata; raises `BadPicture`."""
        self.get(product_id)
        small = shrink(data)
        name = f"{product_id}-{hashlib.sha256(small).hexdigest()[:12]}.png"
        self.pictures.mkdir(parents=True, exist_ok=True)
        (self.pictures / name).write_bytes(small)
        with self._store.session() as s:
            row = _row(s, product_id)
            old, row.picture = row.picture, name
            s.flush()
            changed = document(row)
        if old != name:
            self._drop(old)
        self.changed(changed["room"])
        return changed

    def picture(self, product_id: str) -> Path:
        """The picture's file; raises `NotFound`."""
        with self._store.session() as s:
            path = self._path(_row(s, product_id).picture)
        if path is None or not path.is_file():
            raise NotFound(f"product {product_id} has no picture", next_step="upload one")
        return path

    def _path(self, picture: str) -> Path | None:
        if not picture:
            return None
        return Path(picture) if Path(picture).is_absolute() else self.pictures / picture

    def _drop(self, picture: str) -> None:
        if picture and not Path(picture).is_absolute():
            (self.pictures / picture).unlink(missing_ok=True)

    def products(self, room: str) -> list[Product]:
        """The room's catalogue as the show needs it."""
        with self._store.session() as s:
            query = select(ProductRow).where(ProductRow.room == room).order_by(ProductRow.position, ProductRow.id)
            return [self._product(row) for row in s.scalars(query)]

    def _product(self, row: ProductRow) -> Product:
        path = self._path(row.picture)
        return Product(
            product_id=row.id, name=row.name, price=Decimal(row.price) if row.price is not None else None,
            currency=row.currency, was_price=Decimal(row.was_price) if row.was_price is not None else None,
            stock=row.stock, unit=row.unit, facts={k: tuple(v) for k, v in row.facts.items()},
            faq=tuple(Faq(f["question"], f["answer"]) for f in row.faq), aliases=tuple(row.aliases),
            picture=str(path) if path else None, pinned=row.pinned,
        )


def _row(s: Session, product_id: str) -> ProductRow:
    row = s.get(ProductRow, product_id)
    if row is None:
        raise NotFound(f"there is no product {product_id!r}", next_step="list them with GET /products")
    return row


def _values(values: dict[str, Any]) -> dict[str, Any]:
    """Column values: money as its decimal text, JSON columns never null."""
    out = dict(values)
    for key in ("price", "was_price"):
        if out.get(key) is not None:
            out[key] = str(out[key])
    for key, empty in (("unit", {}), ("facts", {}), ("faq", []), ("aliases", []), ("name", {})):
        if key in out and out[key] is None:
            out[key] = empty
    return out


def document(row: ProductRow) -> dict[str, Any]:
    """A product as the API shows it."""
    return {
        "id": row.id, "room": row.room, "position": row.position, "name": row.name, "price": row.price,
        "was_price": row.was_price, "currency": row.currency, "stock": row.stock, "unit": row.unit, "facts": row.facts,
        "faq": row.faq, "aliases": row.aliases, "has_picture": bool(row.picture), "pinned": row.pinned,
        "picture_tag": row.picture.rpartition("-")[2].partition(".")[0] if row.picture else "",
    }


def shrink(data: bytes) -> bytes:
    """A PNG of at most `PICTURE_SIDE` pixels a side; raises `BadPicture` before decoding what is too large."""
    step = "use a PNG, JPEG or WebP picture of at least 32 pixels a side"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP", "GIF", "BMP")) as image:
                if image.width * image.height > MAX_PIXELS:
                    size = f"{image.width}x{image.height}"
                    raise BadPicture(f"the picture has {size} pixels", next_step="make it smaller")
                if min(image.size) < MIN_SIDE:
                    raise BadPicture(f"the picture has only {image.width}x{image.height} pixels", next_step=step)
                turned = ImageOps.exif_transpose(image)
                turned.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
                out = io.BytesIO()
                turned.convert("RGBA").save(out, "PNG")
                return out.getvalue()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Warning, Image.DecompressionBombError) as e:
        raise BadPicture("this is no picture, or it is damaged", next_step=step) from e
