import numpy as np
import pytest
from PIL import Image

from streaming.canvas import Canvas, Rect
from streaming.overlays.backdrop import paint_backdrop
from streaming.overlays.bubbles import MAX_BUBBLES, paint_bubble, stack
from streaming.overlays.card import Product, load_picture, paint_card
from streaming.overlays.header import paint_clock, paint_header
from streaming.overlays.label import label_text, paint_label
from streaming.overlays.layout import Layout
from streaming.overlays.slate import paint_slate, paint_title
from streaming.overlays.sprite import Sheet, Sprite

SIZES = [(720, 1280), (1080, 1920), (1280, 720), (1920, 1080), (360, 640)]
HOSTILE = [
    "", " ", "a" * 10_000, "很" * 10_000, "<b>粗</b>&amp;", "😀" * 50, "שלום", "\x00\x1b[2J\u202e", "\ud800",
    "W" * 300, "。，！" * 60,
]


def on(width: int, height: int, sprite: Sprite, luma: int = 120) -> Canvas:
    canvas = Canvas(width, height)
    canvas.y[:] = luma
    sprite.blend(canvas, Rect(0, 0, width, height))
    return canvas


def ink(width: int, height: int, sprite: Sprite) -> Rect:
    """Box of what becomes nearly white on a dark canvas."""
    ys, xs = np.nonzero(on(width, height, sprite, 30).y > 200)
    return Rect(int(xs.min()), int(ys.min()), int(np.ptp(xs)) + 1, int(np.ptp(ys)) + 1)


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("lang", ["zh", "en", "ja"])
def test_the_label_text_is_at_least_a_twentieth_of_the_shorter_side_and_inside(width, height, lang):
    layout = Layout(width, height)
    sprite = paint_label(layout, "", lang)
    assert sprite.rect.inside(width, height) == sprite.rect
    seen = on(width, height, sprite, 30).y > 200
    columns = np.flatnonzero(seen.any(0))
    letters = np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1)
    heights = [int(np.ptp(np.flatnonzero(seen[:, part].any(1)))) + 1 for part in letters]
    assert min(heights[:2]) >= 0.05 * min(width, height), "the A and the I of AI are the lowest of its capitals"


@pytest.mark.parametrize("luma", [16, 60, 128, 200, 235])
def test_the_label_is_legible_on_any_background(luma):
    sprite = paint_label(Layout(720, 1280), "", "zh")
    x, y, w, h = sprite.rect
    seen = on(720, 1280, sprite, luma).y[y + 12 : y + h - 12, x + 24 : x + w - 24]
    assert np.percentile(seen, 97) - np.percentile(seen, 25) > 100


@pytest.mark.parametrize("text", ["", "主播", "😀", "直播间", "AI主播", "合成主播", "A\u200bI"])
def test_a_label_that_does_not_say_that_an_ai_made_it_is_replaced(text):
    assert label_text(text, "zh") == label_text("", "zh") and "AI生成" in label_text("", "zh")
    for fine in ("本直播由AI生成", "人工智能合成主播", "AI-generated host"):
        assert label_text(fine, "zh") == fine


def test_a_label_whose_end_is_cut_off_still_says_so():
    long = paint_label(Layout(720, 1280), "本直播间的画面与声音都由我们公司用AI生成", "zh")
    own = paint_label(Layout(720, 1280), "", "zh")
    assert np.array_equal(on(720, 1280, long).y, on(720, 1280, own).y)


def test_nothing_shows_through_a_slate():
    slate = paint_slate(Layout(720, 1280), "马上回来", "zh")
    assert np.array_equal(on(720, 1280, slate, 16).y, on(720, 1280, slate, 235).y)


def test_an_endless_label_is_shortened_to_the_canvas():
    sprite = paint_label(Layout(720, 1280), "AI" + "很长" * 100, "zh")
    assert sprite.rect.inside(720, 1280) == sprite.rect


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(("width", "height"), SIZES[:3])
def test_no_text_breaks_an_overlay_or_leaves_the_canvas(width, height, text):
    layout = Layout(width, height)
    product = Product.from_dict(
        dict(name=text, price=text, was_price=text, stock=text, badge=text, picture=text[:200])
    )
    painted = [
        paint_header(layout, text, text, "zh"), paint_card(layout, product), paint_slate(layout, text, "zh"),
        *stack(layout, [paint_bubble(layout, text, text, "question", "zh")]),
    ]
    title = paint_title(layout, text, text)
    for sprite in painted + ([title] if title else []):
        box = sprite.rect
        assert -8 <= box.x and box.x + box.w <= width + 8
        assert -8 <= box.y and box.y + box.h <= height + 8
        on(width, height, sprite)


def test_the_parts_of_an_upright_picture_do_not_cover_each_other():
    layout = Layout(720, 1280)
    label = paint_label(layout, "", "zh").rect
    header = paint_header(layout, "很长的直播间名字" * 5, "副标题" * 20, "zh").rect
    clock = paint_clock(layout, "20:05").rect
    assert header.intersect(clock) is None
    assert abs(label.y - (header.y + header.h)) < 16
    assert layout.captions.intersect(layout.bubbles) is None
    assert layout.bubbles.intersect(layout.card) is None


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080)])
def test_the_parts_of_a_wide_picture_do_not_cover_each_other(width, height):
    layout = Layout(width, height)
    for a, b in ((layout.captions, layout.bubbles), (layout.card, layout.captions),
                 (layout.card, layout.bubbles)):
        assert a.intersect(b) is None


def test_a_product_without_price_or_picture_still_has_a_card():
    layout = Layout(720, 1280)
    bare = on(720, 1280, paint_card(layout, Product(name="保温杯")))
    priced = on(720, 1280, paint_card(layout, Product(name="保温杯", price="¥99.90")))
    box = layout.card
    bottom = Rect(box.x + 170, box.y + 100, 300, 70)
    assert np.abs(bare.planes(bottom)[0].astype(int) - priced.planes(bottom)[0]).mean() > 5
    assert bare.planes(bottom)[0].min() > 200


def test_a_price_is_drawn_in_the_accent_colour():
    layout = Layout(720, 1280)
    canvas = on(720, 1280, paint_card(layout, Product(name="保温杯", price="¥99.90")))
    assert canvas.planes(layout.card)[2].max() > 200


def test_a_picture_is_cropped_to_its_middle_square(tmp_path):
    rgb = np.zeros((40, 100, 3), np.uint8)
    rgb[:, 30:70] = (200, 100, 50)
    Image.fromarray(rgb).save(tmp_path / "p.png")
    out = load_picture(str(tmp_path / "p.png"), 20)
    assert out is not None
    assert out.shape == (20, 20, 3)
    assert abs(out.reshape(-1, 3).mean(0) - (200, 100, 50)).max() < 2


def test_transparent_pictures_stand_on_a_light_ground(tmp_path):
    Image.new("RGBA", (30, 30), (0, 0, 0, 0)).save(tmp_path / "p.png")
    out = load_picture(str(tmp_path / "p.png"), 10)
    assert out is not None
    assert out.min() > 230


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_what_is_no_picture_is_none(tmp_path, content):
    path = tmp_path / "p.png"
    path.write_bytes(content)
    assert load_picture(str(path), 10) is None
    assert load_picture(str(tmp_path), 10) is None
    assert load_picture("\0", 10) is None


def test_the_newest_bubbles_stand_lowest_and_inside_their_area():
    layout = Layout(720, 1280)
    sprites = [paint_bubble(layout, f"u{i}", "你好", "question", "zh") for i in range(6)]
    placed = stack(layout, sprites)
    assert len(placed) == MAX_BUBBLES
    bottoms = [s.rect.y + s.rect.h for s in placed]
    assert bottoms == sorted(bottoms, reverse=True)
    area = layout.bubbles
    assert max(bottoms) <= area.y + area.h
    assert all(s.rect.y >= area.y for s in placed)


def test_a_long_chat_line_becomes_two_rows_with_an_ellipsis():
    layout = Layout(720, 1280)
    one = paint_bubble(layout, "小明", "好", "question", "zh")
    two = paint_bubble(layout, "小明", "很" * 10_000, "question", "zh")
    assert one.rect.h < two.rect.h < 2 * one.rect.h
    assert two.rect.w <= layout.bubbles.w + 4


def test_a_half_opaque_sprite_mixes_and_clipping_keeps_the_rest():
    sheet = Sheet(40, 40)
    sheet.rounded(0, 0, 40, 40, 0, (255, 255, 255), 0.5)
    sprite = sheet.sprite(10, 10)
    canvas = Canvas(80, 80)
    canvas.y[:] = 16
    sprite.blend(canvas, Rect(0, 0, 30, 80))
    assert abs(int(canvas.y[20, 20]) - 126) <= 2
    assert canvas.y[20, 34] == 16
    assert canvas.y[5, 5] == 16
    assert abs(int(canvas.u[10, 10]) - 128) <= 1


def test_fading_goes_from_nothing_to_all():
    sheet = Sheet(20, 20)
    sheet.rounded(0, 0, 20, 20, 0, (255, 255, 255))
    sprite = sheet.sprite(0, 0)
    levels = [int(on(40, 40, sprite.faded(k), 16).y[10, 10]) for k in (0, 0.5, 1)]
    assert levels[0] == 16
    assert abs(levels[1] - 126) <= 2
    assert levels[2] >= 233


def test_the_backdrop_is_neither_black_nor_flat():
    canvas = Canvas(720, 1280)
    assert paint_backdrop(canvas) == Rect(0, 0, 720, 1280)
    assert canvas.y.mean() > 40
    assert np.ptp(canvas.y.astype(int)) > 50
