"""Written text is said as a person would say it."""

from __future__ import annotations

import pytest

from pipelines.line import Lang
from pipelines.voice.normalise import spoken

ZH = {
    "今天只要99.90元": "今天只要九十九块九", "原价¥139": "原价一百三十九块", "39.95元": "三十九块九毛五", "0.5元": "五毛",
    "100.05元": "一百块零五分", "2元": "两块", "¥1,280": "一千二百八十块", "$19.9": "十九点九美元", "10块钱": "十块",
    "打85折": "打八五折", "9.9折": "九点九折", "满200减30%": "满二百减百分之三十", "8折": "八折", "3-5天": "三到五天",
    "10~20%": "百分之十到百分之二十", "2026-11-11": "二零二六年十一月十一日", "20:30开播": "二十点半开播",
    "9:05": "九点零五分", "第2件半价": "第二件半价", "13812345678": "幺三八幺二三四五六七八", "2瓶": "两瓶",
    "12瓶": "十二瓶", "1/2勺": "二分之一勺", "30ml": "三十毫升", "1.5L": "一点五升", "-5℃": "负五摄氏度",
    "10010": "一万零一十", "110": "一百一十", "1005个": "一千零五个", "100000": "十万", "20000件": "两万件",
    "2026年": "二零二六年", "买1送1": "买一送一", "库存128瓶": "库存一百二十八瓶", "100%": "百分之一百", "8点-10点": "八点到十点",
    "138-1234-5678": "幺三八幺二三四五六七八", "10:00-12:00": "十点整到十二点整", "¥99-¥199": "九十九块到一百九十九块",
    "100-200元": "一百到二百块", "1000000": "一百万",
}
EN = {
    "It is $19.99.": "It is nineteen dollars and ninety-nine cents.", "99.9 yuan": "ninety-nine point nine yuan",
    "$1": "one dollar", "30% off": "thirty percent off", "3-5 days": "three to five days", "50ml": "fifty millilitres",
    "the 1st": "the first", "at 20:30": "at twenty thirty", "1,280 pieces": "one thousand, two hundred and eighty pieces",
    "SPF": "S P F", "A & B": "A and B", "2026-11-11": "November eleventh, twenty twenty-six",
    "5%–10%": "five percent to ten percent",
}


@pytest.mark.parametrize(("written", "said"), ZH.items())
def test_chinese(written: str, said: str) -> None:
    assert "".join(s.text for s in spoken(written, "zh")) == said


@pytest.mark.parametrize(("written", "said"), EN.items())
def test_english(written: str, said: str) -> None:
    assert "".join(s.text for s in spoken(written, "en")).strip() == said


def test_latin_names_inside_chinese_are_said_in_english() -> None:
    segments = spoken("这是Morning Dew的SPF50+防晒", "zh")
    assert [(s.lang, s.text) for s in segments] == [
        ("zh", "这是"), ("en", "Morning Dew"), ("zh", "的"), ("en", "S P F"), ("zh", "五十加防晒"),
    ]


JA = {
    "20:05から": "ニジュージゴフンカラ", "1/2": "ニブンノイチ", "1,280円": "センニヒャクハチジューエン", "50ml": "ゴジューミリリットル",
    "11月11日": "ジューイチガツジューイチニチ", "30%": "サンジューパーセント",
}


@pytest.mark.parametrize(("written", "said"), JA.items())
def test_japanese(written: str, said: str) -> None:
    assert "".join(s.text for s in spoken(written, "ja")) == said


def test_kanji_are_read_and_particles_said_as_they_sound() -> None:
    text = "".join(s.text for s in spoken("今日は500円です。", "ja"))
    assert text == "キョーワゴヒャクエンデス。"


@pytest.mark.parametrize("lang", ["zh", "en", "ja"])
@pytest.mark.parametrize("text", ["", "😀🏳️‍🌈", "   ", "……!!", "<>{}", "\x00\x07"])
def test_what_has_no_words_says_nothing(text: str, lang: Lang) -> None:
    assert spoken(text, lang) == []


@pytest.mark.parametrize(
    ("text", "lang"),
    [("精华99.90元，SPF50+。2瓶", "zh"), ("The 1st is $9.99 (50ml)", "en"), ("朝は99.9元、SPF50+です", "ja")],
)
def test_every_spoken_character_knows_where_it_came_from(text: str, lang: Lang) -> None:
    last = 0
    for segment in spoken(text, lang):
        assert len(segment.origin) == len(segment.text)
        for start, end in segment.origin:
            assert 0 <= start < end <= len(text)
            assert start >= last or start == last
            last = max(last, start)
