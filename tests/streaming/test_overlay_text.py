import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.overlays.fonts import font
from streaming.overlays.text import (
    MAX_CHARS,
    balanced,
    breakable,
    clean,
    clean_indexed,
    paragraph,
    shorten,
    wrap,
)

FACE = font(32)
CLOSING = "，。！？、；：”）】》…!?,.;:)%"


def test_html_is_only_text():
    assert clean("<script>alert('x')</script>") == "<script>alert('x')</script>"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("好看😀👍🏽！", "好看！"),
        ("a\x00b\x1b[31mc\u202ed\u2066e\u200f", "ab[31mcde"),
        ("多 \n\t 行\r\n文字  ", "多 行 文字"),
        ("שלום 你好 مرحبا", "你好"),
        ("\ud800坏", "坏"),
        ("こんにちは、カタカナ", "こんにちは、カタカナ"),
        ("¥99.90 €5 50%", "¥99.90 €5 50%"),
        ("", ""),
    ],
)
def test_what_cannot_be_drawn_is_left_out(raw, shown):
    assert clean(raw) == shown


def test_endless_text_is_bounded():
    assert len(clean("很长" * 10_000)) <= MAX_CHARS


def test_cleaned_characters_know_where_they_came_from():
    raw = "a😀b\u202e  \n c"
    shown, origin = clean_indexed(raw)
    assert shown == "ab c"
    assert [raw[i] for i in (origin[0], origin[1], origin[3])] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("text", "never_split"),
    [
        ("今天只要99.90元一件真的很划算", ["99.90"]),
        ("这款AquaPure保温杯真的好用", ["AquaPure"]),
        ("原价¥1,299.00现在八折还送礼品", ["¥1,299.00"]),
        ("折扣达到50%以上的商品都在这里", ["50%"]),
        ("买一送一，快来！！看看吧", ["一，", "来！！"]),
        ("他说“真的很好用”然后就买了", ["“真", "用”"]),
        ("コーヒーはいかがですか？ちょっと", ["コー", "ヒー", "ちょ"]),
    ],
)
def test_rows_never_break_where_reading_would_stumble(text, never_split):
    for width in range(176, 420, 16):
        rows = [r.text for r in wrap(text, FACE, width)]
        joined = "\n".join(rows)
        for piece in never_split:
            assert piece in joined, (width, rows)


def test_spaces_at_row_ends_disappear():
    rows = wrap("hello wide world of shops", FACE, 190)
    assert all(r.text == r.text.strip() for r in rows)
    assert " ".join(r.text for r in rows) == "hello wide world of shops"


@settings(max_examples=60, deadline=None)
@given(
    st.text(alphabet="今天好看abc AB12.5¥%，。！（）“”、…-", max_size=80),
    st.integers(min_value=40, max_value=400),
)
def test_wrapping_loses_nothing_and_stays_within_the_width(raw, width):
    text = clean(raw)
    rows = wrap(text, FACE, width)
    assert "".join(r.text for r in rows).replace(" ", "") == text.replace(" ", "")
    for row in rows:
        assert row.text == text[row.start : row.end]
        assert row.width <= width or len(row.text) == 1


def test_balanced_rows_are_no_more_and_of_similar_length():
    text = "这款保温杯今天直播间只要九十九块九毛钱"
    plain, even = wrap(text, FACE, 400), balanced(text, FACE, 400)
    assert len(plain) == len(even) == 2
    assert max(r.width for r in even) - min(r.width for r in even) <= 64
    assert max(r.width for r in plain) - min(r.width for r in plain) > 100


def test_shortening_ends_in_an_ellipsis_and_fits():
    short = shorten("一个非常非常长的商品名称", FACE, 200)
    assert short.endswith("…")
    assert FACE.getlength(short) <= 200
    assert shorten("短", FACE, 200) == "短"


def test_a_paragraph_has_at_most_the_rows_allowed():
    rows = paragraph("很长的商品名称" * 20, FACE, 300, 2)
    assert len(rows) == 2
    assert rows[1].endswith("…")
    assert paragraph("", FACE, 300, 2) == []


def test_no_break_at_the_ends():
    assert not breakable("ab", 0)
    assert not breakable("ab", 2)


@pytest.mark.parametrize("mark", list(CLOSING))
def test_no_row_starts_with_closing_punctuation(mark):
    assert not breakable(f"好{mark}好", 1)
