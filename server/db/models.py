"""Tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Float, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


def now() -> str:
    """This instant as ISO 8601 in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Base(DeclarativeBase):
    """Root of all tables."""


class RoomRow(Base):
    """One room; null format fields follow the settings."""

    __tablename__ = "rooms"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    subtitle: Mapped[str] = mapped_column(String(200), default="")
    lang: Mapped[str] = mapped_column(String(8), default="zh")
    voice: Mapped[str] = mapped_column(String(80), default="")
    look_id: Mapped[str | None] = mapped_column(String(40))
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    fps: Mapped[int | None] = mapped_column(Integer)
    video_kbps: Mapped[int | None] = mapped_column(Integer)
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    on_air: Mapped[bool] = mapped_column(Boolean, default=False)
    paused: Mapped[bool] = mapped_column(Boolean, default=False)
    takeover: Mapped[bool] = mapped_column(Boolean, default=False)
    slate: Mapped[str | None] = mapped_column(String(300))
    worn: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    worn_before: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created: Mapped[str] = mapped_column(String(32), default=now)


class ProductRow(Base):
    """One product of one room; texts are objects of language -> text."""

    __tablename__ = "products"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    room: Mapped[str] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(Integer, default=0)
    name: Mapped[dict[str, str]] = mapped_column(JSON)
    price: Mapped[str | None] = mapped_column(String(20))
    was_price: Mapped[str | None] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    stock: Mapped[int | None] = mapped_column(Integer)
    unit: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    facts: Mapped[dict[str, list[str]]] = mapped_column(JSON, default=dict)
    faq: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    aliases: Mapped[list[str]] = mapped_column(JSON, default=list)
    picture: Mapped[str] = mapped_column(String(300), default="")
    pinned: Mapped[bool] = mapped_column(Boolean, default=False)


class ScriptRow(Base):
    """Something to say."""

    __tablename__ = "scripts"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    room: Mapped[str] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    product_id: Mapped[str | None] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"))
    lang: Mapped[str] = mapped_column(String(8))
    text: Mapped[str] = mapped_column(Text)
    enabled: Mapped[bool] = mapped_column(Boolean, default=True)


class LineRow(Base):
    """A sentence that is ready to be said with one click; without `lang` it is told from the text."""

    __tablename__ = "lines"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    room: Mapped[str] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(Integer, default=0)
    title: Mapped[str] = mapped_column(String(80), default="")
    text: Mapped[str] = mapped_column(Text)
    lang: Mapped[str | None] = mapped_column(String(8))


class OutputRow(Base):
    """One destination; `key` never leaves the server."""

    __tablename__ = "outputs"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    room: Mapped[str] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(16))
    url: Mapped[str] = mapped_column(String(500), default="")
    key: Mapped[str] = mapped_column(String(500), default="")
    refresh_url: Mapped[str] = mapped_column(String(500), default="")
    platform: Mapped[str] = mapped_column(String(40), default="")
    paused: Mapped[bool] = mapped_column(Boolean, default=False)
    segment_s: Mapped[int | None] = mapped_column(Integer)
    keep_gb: Mapped[float | None] = mapped_column(Float)


class LookRow(Base):
    """One presenter; `picture` is the file she was made from."""

    __tablename__ = "looks"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    source: Mapped[str] = mapped_column(String(16))
    picture: Mapped[str] = mapped_column(String(300))
    state: Mapped[str] = mapped_column(String(24), default="baking")
    error: Mapped[str] = mapped_column(Text, default="")
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    landmarks: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created: Mapped[str] = mapped_column(String(32), default=now)


class AdapterRow(Base):
    """One adapter of the catalogue; `head` is what its canonical file says of itself."""

    __tablename__ = "adapters"
    id: Mapped[str] = mapped_column(String(48), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(16))
    fingerprint: Mapped[str] = mapped_column(String(32))
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    size: Mapped[int] = mapped_column(Integer)
    head: Mapped[dict[str, Any]] = mapped_column(JSON)
    trigger_words: Mapped[list[str]] = mapped_column(JSON, default=list)
    licence: Mapped[str] = mapped_column(String(200), default="")
    likeness: Mapped[str] = mapped_column(String(16), default="unknown")
    consent: Mapped[dict[str, str] | None] = mapped_column(JSON)
    sample_state: Mapped[str] = mapped_column(String(16), default="pending")
    sample_line: Mapped[str] = mapped_column(Text, default="")
    created: Mapped[str] = mapped_column(String(32), default=now)


class PersonaRow(Base):
    """One persona: how she looks, sounds and speaks."""

    __tablename__ = "personas"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    lang: Mapped[str] = mapped_column(String(8))
    voice: Mapped[str] = mapped_column(String(80), default="")
    look_id: Mapped[str | None] = mapped_column(String(40))
    mood: Mapped[str] = mapped_column(String(16), default="warm")
    rest_s: Mapped[float] = mapped_column(Float, default=1.2)
    visual_id: Mapped[str | None] = mapped_column(String(48))
    visual_weight: Mapped[float] = mapped_column(Float, default=1.0)
    language_id: Mapped[str | None] = mapped_column(String(48))
    language_weight: Mapped[float] = mapped_column(Float, default=1.0)
    prompt: Mapped[str] = mapped_column(Text, default="")
    greeting: Mapped[str] = mapped_column(String(300), default="")
    colour: Mapped[str] = mapped_column(String(9), default="#c96f5b")
    created: Mapped[str] = mapped_column(String(32), default=now)


class ScheduleRow(Base):
    """The timetable of one room, as the document of the API."""

    __tablename__ = "schedules"
    room: Mapped[str] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True)
    document: Mapped[dict[str, Any]] = mapped_column(JSON)


class GuardWordsRow(Base):
    """Words of one room's guard, as the document of the API."""

    __tablename__ = "guard_words"
    room: Mapped[str] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True)
    document: Mapped[dict[str, Any]] = mapped_column(JSON)


class RunningOrderRow(Base):
    """The running order of one room, as the document of the API."""

    __tablename__ = "running_orders"
    room: Mapped[str] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True)
    document: Mapped[dict[str, Any]] = mapped_column(JSON)


class ActivationRow(Base):
    """One activation, as the document of the API, with the key that makes asking twice harmless."""

    __tablename__ = "activations"
    __table_args__ = (Index("activation_room", "room", "created"),)
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    room: Mapped[str] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"))
    key: Mapped[str | None] = mapped_column(String(100), unique=True)
    state: Mapped[str] = mapped_column(String(16))
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    created: Mapped[str] = mapped_column(String(32), default=now)


class ChatRow(Base):
    """One chat line and what became of it."""

    __tablename__ = "chat"
    __table_args__ = (Index("chat_room", "room", "id"),)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    room: Mapped[str] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"))
    user: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(String(600))
    kind: Mapped[str] = mapped_column(String(16))
    ts: Mapped[str] = mapped_column(String(32), default=now)
    accepted: Mapped[bool] = mapped_column(Boolean, default=False)
    reason: Mapped[str] = mapped_column(String(24), default="")
    answered: Mapped[bool] = mapped_column(Boolean, default=False)


class TokenRow(Base):
    """One access token; only its hash is kept."""

    __tablename__ = "tokens"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(80))
    role: Mapped[str] = mapped_column(String(16))
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    created: Mapped[str] = mapped_column(String(32), default=now)


class SessionRow(Base):
    """One sign-in of a browser."""

    __tablename__ = "sessions"
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    token_id: Mapped[int] = mapped_column(ForeignKey("tokens.id", ondelete="CASCADE"))
    csrf: Mapped[str] = mapped_column(String(64))
    expires: Mapped[float] = mapped_column(Float)
