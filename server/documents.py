"""Documents: what the API takes and gives (docs/api.md), checked at the border."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from pipelines.events import ChatKind
from pipelines.line import Lang
from pipelines.operator import MAX_SAY_CHARS
from pipelines.rundown import MAX_ITEMS, MAX_MINUTES, MAX_POINTS, MIN_MINUTES, ItemKind
from pipelines.scriptbook import MAX_SCRIPT_CHARS, ScriptKind
from server.auth import Role


def _plain(text: str) -> str:
    """Text without control characters; line breaks and tabs become spaces."""
    out = "".join(" " if c in "\n\r\t" else c for c in text if c.isprintable() or c in "\n\r\t\u200d\ufe0f")
    return out.strip()


def _lines(text: str) -> str:
    return "".join(c for c in text.replace("\r\n", "\n") if c.isprintable() or c in "\n\u200d\ufe0f").strip()


def _money(value: Decimal) -> Decimal:
    if value.as_tuple().exponent not in (0, -1, -2):
        value = value.quantize(Decimal("0.01"))
    return value


def _even(value: int) -> int:
    if value % 4:
        raise ValueError("must be a multiple of 4")
    return value


Plain = Annotated[str, AfterValidator(_plain)]
Name = Annotated[str, StringConstraints(max_length=120), AfterValidator(_plain)]
Short = Annotated[str, StringConstraints(max_length=300), AfterValidator(_plain)]
Long = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_plain)]
Script = Annotated[str, StringConstraints(max_length=MAX_SCRIPT_CHARS), AfterValidator(_lines)]
SaidPoint = Annotated[str, StringConstraints(min_length=1, max_length=600), AfterValidator(_plain)]
Money = Annotated[Decimal, Field(ge=0, le=99_999_999, allow_inf_nan=False), AfterValidator(_money)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Pixels = Annotated[int, Field(ge=160, le=3840), AfterValidator(_even)]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    next_step: str = ""


class Login(_Document):
    """A sign-in."""

    token: Annotated[str, Field(max_length=200, examples=["na_…"])]


class TokenIn(_Document):
    """A token to make."""

    name: Annotated[Name, Field(min_length=1, examples=["phone of Lin"])]
    role: Role = "operator"


class RoomIn(_Document):
    """A room to make."""

    id: Annotated[Identifier, Field(examples=["night"])]
    title: Annotated[Name, Field(min_length=1, examples=["晚安小店"])]
    subtitle: Short = ""
    lang: Lang = "zh"
    voice: Annotated[str, Field(max_length=80)] = ""
    look_id: Identifier | None = None
    width: Pixels | None = None
    height: Pixels | None = None
    fps: Literal[25, 30] | None = None
    video_kbps: Annotated[int, Field(ge=300, le=50_000)] | None = None
    currency: Currency = "CNY"


class RoomPatch(_Document):
    """What to change of a room; null format fields follow the settings."""

    title: Annotated[Name, Field(min_length=1)] | None = None
    subtitle: Short | None = None
    lang: Lang | None = None
    voice: Annotated[str, Field(max_length=80)] | None = None
    look_id: Identifier | None = None
    width: Pixels | None = None
    height: Pixels | None = None
    fps: Literal[25, 30] | None = None
    video_kbps: Annotated[int, Field(ge=300, le=50_000)] | None = None
    currency: Currency | None = None


class Switch(_Document):
    """On or off."""

    on: bool


class Emergency(_Document):
    """Whether the slate is on, and what stands on it; empty: “back in a moment” in the room's language."""

    on: bool
    text: Annotated[str, StringConstraints(max_length=300), AfterValidator(_plain)] = ""


class LineIn(_Document):
    """A sentence that is ready to be said; without `lang` it is told from the text."""

    room: Annotated[Identifier, Field(examples=["main"])]
    position: Annotated[int, Field(ge=0, le=10_000)] | None = None
    title: Annotated[Name, Field(max_length=80, examples=["发货时间"])] = ""
    text: Annotated[Long, Field(min_length=1, max_length=MAX_SAY_CHARS, examples=["今天下单，明天就发货。"])]
    lang: Lang | None = None


class LineSay(_Document):
    """When to say a ready line."""

    when: Literal["now", "boundary"] = "boundary"
    override: bool = False
    """Say it although the guard stops it; the record keeps who has answered for it."""


class Say(_Document):
    """Words for the presenter to say."""

    text: Annotated[str, Field(min_length=1, max_length=2000, examples=["欢迎大家，今晚慢慢聊。"])]
    lang: Lang | None = None
    when: Literal["now", "boundary"] = "boundary"
    override: bool = False
    """Say it although the guard stops it; the record keeps that somebody has answered for it."""


class GuardWord(_Document):
    """A word that a room does not use; `say` is said instead, without it the sentence is held."""

    term: Annotated[str, StringConstraints(min_length=1, max_length=60), AfterValidator(_plain)]
    reason: Short = ""
    say: Annotated[str, StringConstraints(max_length=60), AfterValidator(_plain)] | None = None
    fine: Annotated[list[Short], Field(max_length=50)] = []
    """Wordings in which the word is none."""


class GuardWords(_Document):
    """What a room forbids of its own, and names of shipped rules that it lets pass."""

    own: Annotated[list[GuardWord], Field(max_length=2000)] = []
    allowed: Annotated[list[Short], Field(max_length=500)] = []


class GuardAllow(_Document):
    """A rule as a verdict names it, `category:name`."""

    room: str
    rule: Annotated[str, Field(max_length=200)]


class GuardTry(_Document):
    """A sentence to judge."""

    room: str
    text: Annotated[str, Field(min_length=1, max_length=2000)]
    lang: Lang = "zh"
    product_id: str | None = None


Texts = dict[Lang, Short]


class FaqIn(_Document):
    """One question and its answer, per language."""

    question: Texts
    answer: dict[Lang, Long]


class ProductIn(_Document):
    """One product."""

    room: Annotated[Identifier, Field(examples=["main"])]
    name: Annotated[Texts, Field(min_length=1, examples=[{"zh": "晨露精华", "en": "Morning Dew Serum"}])]
    position: Annotated[int, Field(ge=0, le=10_000)] | None = None
    price: Annotated[Money | None, Field(examples=["99.90"])] = None
    was_price: Annotated[Money | None, Field(examples=["129.00"])] = None
    currency: Currency | None = None
    stock: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    unit: dict[Lang, Annotated[Name, Field(max_length=12)]] = {}
    facts: dict[Lang, Annotated[list[Long], Field(max_length=40)]] = {}
    faq: Annotated[list[FaqIn], Field(max_length=100)] = []
    aliases: Annotated[list[Name], Field(max_length=40)] = []


class ProductPatch(_Document):
    """What to change of a product."""

    name: Annotated[Texts, Field(min_length=1)] | None = None
    position: Annotated[int, Field(ge=0, le=10_000)] | None = None
    price: Money | None = None
    was_price: Money | None = None
    currency: Currency | None = None
    stock: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    unit: dict[Lang, Annotated[Name, Field(max_length=12)]] | None = None
    facts: dict[Lang, Annotated[list[Long], Field(max_length=40)]] | None = None
    faq: Annotated[list[FaqIn], Field(max_length=100)] | None = None
    aliases: Annotated[list[Name], Field(max_length=40)] | None = None


class Pin(_Document):
    """Whether a product stays on the card."""

    pinned: bool


class ScriptIn(BaseModel):
    """Something to say."""

    room: Annotated[Identifier, Field(examples=["main"])]
    kind: Annotated[ScriptKind, Field(examples=["pitch"])]
    product_id: Annotated[str, Field(max_length=40)] | None = None
    lang: Lang = "zh"
    text: Annotated[Script, Field(min_length=1, examples=["[姐妹们|朋友们]，看看{product}。{fact}"])]
    enabled: bool = True


class RunningItem(_Document):
    """One item of a running order. `points` are what is to be said in it, in order; `lang` null: the presenter's."""

    id: Identifier | None = None
    kind: Annotated[ItemKind, Field(examples=["product"])]
    title: Name = ""
    product_id: Annotated[str, Field(max_length=40)] | None = None
    minutes: Annotated[float, Field(ge=MIN_MINUTES, le=MAX_MINUTES, allow_inf_nan=False)] = 2.0
    lang: Lang | None = None
    points: dict[Lang, Annotated[list[SaidPoint], Field(max_length=MAX_POINTS)]] = {}
    enabled: bool = True


class RunningOrderIn(_Document):
    """A running order; not `enabled`: the presenter sells freely, product after product."""

    enabled: bool = True
    loop: bool = True
    items: Annotated[list[RunningItem], Field(max_length=MAX_ITEMS)] = []


class RunningGo(_Document):
    """The item to jump to."""

    item_id: Annotated[str, Field(min_length=1, max_length=60)]


class ChatIn(_Document):
    """One chat line, as a viewer would write it."""

    room: Identifier
    user: Annotated[str, Field(max_length=500, examples=["小月"])] = ""
    text: Annotated[str, Field(max_length=20_000, examples=["精华多少钱？"])] = ""
    kind: ChatKind = "comment"


class OutputIn(_Document):
    """A destination to add. `key` is write-only."""

    room: Annotated[Identifier, Field(examples=["main"])]
    name: Annotated[Name, Field(min_length=1, examples=["抖音"])]
    kind: Literal["rtmp", "record"] = "rtmp"
    url: Annotated[str, Field(max_length=500, examples=["rtmp://live.example.com/app"])] = ""
    key: Annotated[str, Field(max_length=500)] = ""
    refresh_url: Annotated[str, Field(max_length=500)] = ""
    platform: Annotated[str, Field(max_length=40)] = ""
    paused: bool = False
    segment_s: Annotated[int, Field(ge=10, le=86_400)] | None = None
    keep_gb: Annotated[float, Field(gt=0, le=100_000)] | None = None


class OutputPatch(_Document):
    """What to change of a destination; an absent `key` stays as it is."""

    name: Annotated[Name, Field(min_length=1)] | None = None
    url: Annotated[str, Field(max_length=500)] | None = None
    key: Annotated[str, Field(max_length=500)] | None = None
    refresh_url: Annotated[str, Field(max_length=500)] | None = None
    platform: Annotated[str, Field(max_length=40)] | None = None
    paused: bool | None = None
    segment_s: Annotated[int, Field(ge=10, le=86_400)] | None = None
    keep_gb: Annotated[float, Field(gt=0, le=100_000)] | None = None


Point = tuple[Annotated[float, Field(ge=0, le=20_000)], Annotated[float, Field(ge=0, le=20_000)]]


class Landmarks(_Document):
    """Where eyes, mouth and chin are in the source picture, in pixels."""

    left_eye: Point
    right_eye: Point
    mouth_left: Point
    mouth_right: Point
    mouth_top: Point
    mouth_bottom: Point
    chin: Point


class Activate(_Document):
    """Where to show a look."""

    room: Identifier = "main"


Anything = dict[str, Any]
