import io
from fractions import Fraction

import av
import numpy as np
import pytest

from streaming.canvas import Canvas
from streaming.encoder import Encoder, EncoderSettings, to_avcc
from streaming.errors import BadInput
from streaming.ring import AUDIO, VIDEO, Record
from tests.streaming.playout_process import decode_audio, decode_video

SMALL = dict(width=160, height=284, video_kbps=400)


def run(settings: EncoderSettings, ticks: int, paint=lambda canvas, tick: None, sound=None):
    encoder = Encoder(settings)
    canvas = Canvas(settings.width, settings.height)
    picture = encoder.picture(canvas)
    records = []
    for n in range(ticks):
        paint(canvas, n)
        per = settings.sample_rate * settings.fps_den
        first, end = n * per // settings.fps_num, (n + 1) * per // settings.fps_num
        pcm = np.zeros(end - first, np.int16) if sound is None else sound[first:end]
        for p in encoder.video(picture, n) + encoder.audio(pcm):
            records.append(Record(p.stream, p.key, p.pts, p.pts, 0, len(records), p.data))
    return encoder, records


def nal_types(data: bytes) -> list[int]:
    at, out = 0, []
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        out.append(data[at + 4] & 31)
        at += 4 + size
    assert at == len(data)
    return out


def test_packets_are_length_prefixed_and_every_gop_begins_with_an_idr():
    _, records = run(EncoderSettings(**SMALL), 120)
    video = [r for r in records if r.stream == VIDEO]
    assert [r.pts for r in video] == list(range(120))
    assert [r.pts for r in video if r.key] == [0, 50, 100]
    for r in video:
        types = nal_types(r.data)
        assert (5 in types) == r.key
        assert (1 in types) != r.key


@pytest.mark.parametrize(("num", "den", "gop"), [(30, 1, 60), (30_000, 1001, 60)])
def test_the_gop_is_two_seconds_at_other_rates(num, den, gop):
    _, records = run(EncoderSettings(fps_num=num, fps_den=den, **SMALL), gop + 5)
    assert [r.pts for r in records if r.stream == VIDEO and r.key] == [0, gop]


def test_the_init_segment_describes_the_very_streams():
    encoder, records = run(EncoderSettings(**SMALL), 30)
    source = av.open(io.BytesIO(encoder.init_segment))
    video, audio = source.streams.video[0], source.streams.audio[0]
    assert (video.codec_context.width, video.codec_context.height) == (160, 284)
    assert (audio.codec_context.sample_rate, audio.codec_context.layout.name) == (44_100, "stereo")
    pictures = decode_video(encoder.init_segment, records)
    assert sorted(pictures) == list(range(30))


def test_colours_are_signalled_as_bt709_limited_range():
    encoder, _ = run(EncoderSettings(**SMALL), 2)
    context = av.open(io.BytesIO(encoder.init_segment)).streams.video[0].codec_context
    assert (context.colorspace, context.color_range, context.color_primaries) == (1, 1, 1)


def test_a_still_picture_holds_the_bit_rate():
    settings = EncoderSettings(**SMALL)
    _, records = run(settings, 300)
    size = sum(len(r.data) for r in records if r.stream == VIDEO and r.pts >= 50)
    assert size * 8 / 10 / 1000 == pytest.approx(settings.video_kbps, rel=0.05)


def test_what_was_painted_is_what_is_decoded():
    def paint(canvas: Canvas, tick: int) -> None:
        canvas.y[:] = 60 + 2 * tick
        canvas.u[:] = 90
        canvas.v[:] = 170

    encoder, records = run(EncoderSettings(**SMALL), 40, paint)
    pictures = decode_video(encoder.init_segment, records)
    for tick in (0, 7, 39):
        canvas = Canvas(160, 284, pictures[tick])
        assert abs(canvas.y.mean() - (60 + 2 * tick)) < 2
        assert abs(canvas.u.mean() - 90) < 3
        assert abs(canvas.v.mean() - 170) < 3


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_sound_stands_at_its_own_sample(rate):
    sound = np.zeros(3 * rate, np.int16)
    click = 2 * rate + 123
    sound[click : click + 40] = 25_000
    encoder, records = run(EncoderSettings(sample_rate=rate, **SMALL), 75, sound=sound)
    first, heard = decode_audio(encoder.init_segment, records)
    assert first == 0
    loudest = first + int(np.argmax(np.abs(heard)))
    assert click - 4 <= loudest <= click + 44
    assert np.abs(heard[: rate]).max() < 1e-3


def test_audio_time_stamps_are_contiguous_and_never_negative():
    _, records = run(EncoderSettings(**SMALL), 100)
    stamps = [r.pts for r in records if r.stream == AUDIO]
    assert stamps == list(range(0, 1024 * len(stamps), 1024))
    assert 100 * 1764 - stamps[-1] < 3 * 1024 + 1764


def test_picture_and_sound_end_together():
    encoder, _ = run(EncoderSettings(fps_num=30_000, fps_den=1001, **SMALL), 200)
    assert abs(encoder.av_offset_ms) < 0.05


def test_start_codes_become_lengths():
    aud, sps, idr = b"\x09\xf0", b"\x67\x64\x00\x1f", b"\x65\x88\x84\x00\x00\x03\x01"
    stream = b"\0\0\0\1" + aud + b"\0\0\0\1" + sps + b"\0\0\1" + idr
    assert to_avcc(stream) == b"\0\0\0\4" + sps + b"\0\0\0\7" + idr
    assert to_avcc(b"") == b""


def test_start_codes_of_a_real_encoder_decode_after_conversion():
    codec = av.CodecContext.create("libx264", "w")
    assert isinstance(codec, av.VideoCodecContext)
    codec.width, codec.height, codec.pix_fmt = 160, 284, "yuv420p"
    codec.time_base, codec.framerate = Fraction(1, 25), Fraction(25)
    codec.options = {"tune": "zerolatency"}
    out = []
    for n in range(5):
        frame = av.VideoFrame.from_ndarray(np.full((426, 160), 90 + n, np.uint8), format="yuv420p")
        frame.pts = n
        out += [to_avcc(bytes(p)) for p in codec.encode(frame)]
    types = [nal_types(data) for data in out]
    assert 7 in types[0] and 8 in types[0] and 5 in types[0]
    assert all(1 in t for t in types[1:])


def test_an_encoder_that_cannot_be_opened_says_what_to_do():
    with pytest.raises(BadInput) as refusal:
        EncoderSettings(encoder="h265")
    assert "x264" in refusal.value.next_step
    with pytest.raises(BadInput):
        Encoder(EncoderSettings(preset="no-such-preset", encoder="x264", **SMALL))


def test_auto_always_finds_an_encoder():
    assert Encoder(EncoderSettings(encoder="auto", **SMALL)).name in ("x264", "nvenc")
