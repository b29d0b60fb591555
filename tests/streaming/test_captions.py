import numpy as np
import pytest

from streaming.canvas import Canvas, Rect
from streaming.overlays.captions import LEAD_S, ROWS, paint_caption
from streaming.overlays.layout import Layout
from streaming.take import Mark

LAYOUT = Layout(720, 1280)
LONG = "这款AquaPure保温杯今天直播间只要99.90元，比平时便宜了将近三十元，喜欢的朋友不要错过，库存真的不多了。"


def test_a_long_sentence_has_pages_of_two_rows_inside_their_area():
    caption = paint_caption(LAYOUT, LONG, (), 8.0)
    assert len(caption.pages) >= 2
    area = LAYOUT.captions
    for page in caption.pages:
        assert 1 <= len(page) <= ROWS
        for row in page:
            assert row.waiting.rect == row.spoken.rect
            assert row.waiting.rect.intersect(area) == row.waiting.rect


def test_the_lit_part_grows_from_left_to_right_and_row_by_row():
    caption = paint_caption(LAYOUT, LONG, (), 8.0)
    page = caption.pages[0]
    end = caption.starts[1]
    last = [0] * len(page)
    for t in np.linspace(0, end, 200):
        columns = [row.column(float(t)) for row in page]
        assert all(a >= b for a, b in zip(columns, last, strict=True))
        first = page[0].waiting.rect
        if len(page) > 1 and columns[1] > page[1].waiting.rect.x + 2:
            assert columns[0] >= first.x + first.w - 10
        last = columns


def test_marks_say_when_a_word_is_lit():
    text = "现在买一送一"
    marks = (Mark(0, 2, 0.5, 1.0), Mark(2, 6, 3.0, 4.0))
    row = paint_caption(LAYOUT, text, marks, 5.0).pages[0][0]
    left, width = row.waiting.rect.x, row.waiting.rect.w
    before, between, after = (row.column(t) - left for t in (0.4, 2.0, 4.5))
    assert before < width * 0.3
    assert width * 0.28 < between < width * 0.45
    assert after >= width - 8


def test_a_page_turns_shortly_before_its_first_word():
    caption = paint_caption(LAYOUT, LONG, (Mark(0, len(LONG), 0.0, 10.0),), 10.0)
    start = caption.starts[1]
    assert 0 < start < 10
    assert caption.page(start - 0.01) == 0
    assert caption.page(start) == 1
    row = caption.pages[1][0]
    assert row.times[0] - start == pytest.approx(LEAD_S)


@pytest.mark.parametrize("text", ["", "😀😀", "\u202e"])
def test_a_sentence_of_nothing_drawable_has_no_pages(text):
    assert paint_caption(LAYOUT, text, (Mark(0, 2, 0, 1),), 1.0).pages == ()


@pytest.mark.parametrize(
    "marks",
    [
        (Mark(5, 2, 3.0, 1.0),), (Mark(-4, 900, -1.0, 99.0),), (Mark(0, 3, 2.0, 2.0), Mark(1, 2, 0.0, 0.5)),
        (Mark(0, 3, float("inf"), float("nan")),),
    ],
)
def test_senseless_marks_do_no_harm(marks):
    caption = paint_caption(LAYOUT, "今天买一送一", marks, 2.0)
    row = caption.pages[0][0]
    for t in np.linspace(-1, 5, 50):
        assert row.waiting.rect.x - 2 <= row.column(float(t)) <= 720


def test_characters_that_cannot_be_drawn_do_not_shift_the_light():
    plain = paint_caption(LAYOUT, "今天买一送一", (Mark(0, 6, 0, 6.0),), 6.0).pages[0][0]
    emoji = paint_caption(
        LAYOUT, "今天😀😀买一送一", (Mark(0, 2, 0, 2.0), Mark(4, 8, 2.0, 6.0)), 6.0
    ).pages[0][0]
    for t in (0.5, 1.9, 2.1, 5.0):
        assert abs(plain.column(t) - emoji.column(t)) <= 2


@pytest.mark.parametrize("luma", [16, 235])
def test_captions_are_legible_on_dark_and_light(luma):
    row = paint_caption(LAYOUT, "今天买一送一", (), 2.0).pages[0][0]
    canvas = Canvas(720, 1280)
    canvas.y[:] = luma
    row.waiting.blend(canvas, Rect(0, 0, 720, 1280))
    x, y, w, h = row.waiting.rect
    seen = canvas.y[y : y + h, x : x + w]
    assert seen.max() > 200
    assert seen.min() < 60
