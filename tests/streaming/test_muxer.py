"""What the muxer writes is played by FFmpeg, frame for frame, and starts where a reader can start."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import av
import numpy as np
import pytest

from streaming.aigc import Notice
from streaming.canvas import Canvas
from streaming.encoder import Encoder, EncoderSettings
from streaming.errors import Corrupt
from streaming.flv import Rebaser
from streaming.mux.muxer import Chunk, Muxer
from streaming.ring import Record

TICKS = 120


def records(encoder: Encoder, ticks: int = TICKS) -> Iterator[Record]:
    """A grey that gets lighter with every tick, and a tone."""
    s = encoder.settings
    canvas = Canvas(s.width, s.height)
    picture = encoder.picture(canvas)
    at = 0
    for tick in range(ticks):
        canvas.y[:] = 16 + tick
        until = (tick + 1) * s.sample_rate * s.fps_den // s.fps_num
        pcm = (np.sin(np.arange(at, until) * 0.06) * 8000).astype(np.int16)
        at = until
        for p in encoder.video(picture, tick) + encoder.audio(pcm):
            yield Record(p.stream, p.key, p.pts, p.pts, 0, 0, p.data)


def muxed(muxer: Muxer, packets: Iterator[Record]) -> list[Chunk]:
    return [chunk for record in packets for chunk in muxer.feed(record)]


@pytest.fixture(params=[(25, 1), (30, 1), (30000, 1001)], ids=["25", "30", "29.97"])
def encoder(request: pytest.FixtureRequest) -> Encoder:
    num, den = request.param
    return Encoder(EncoderSettings(width=128, height=192, fps_num=num, fps_den=den, encoder="x264", video_kbps=300))


def decoded(data: bytes) -> tuple[list[float], list[int], int]:
    """Time and mean luma of each picture, and the number of samples."""
    times, grey, samples = [], [], 0
    with av.open(io.BytesIO(data)) as source:
        for frame in source.decode(source.streams.video[0], source.streams.audio[0]):
            if isinstance(frame, av.VideoFrame):
                times.append(float(frame.time or 0))
                grey.append(round(float(np.frombuffer(frame.planes[0], np.uint8).mean())))
            elif isinstance(frame, av.AudioFrame):
                samples += frame.samples
    return times, grey, samples


@pytest.mark.parametrize("form", ["fmp4", "flv"])
def test_every_picture_comes_back_at_its_time(encoder: Encoder, form: str) -> None:
    muxer = Muxer(encoder.init_segment)
    chunks = [c for c in muxed(muxer, records(encoder)) if c.form == form]
    config = muxer.fmp4_config.split(b"\n", 1)[1] if form == "fmp4" else muxer.flv_config
    times, grey, samples = decoded(config + b"".join(c.data for c in chunks))
    s = encoder.settings
    assert len(times) > TICKS - 0.25 * s.fps_num / s.fps_den
    assert np.allclose(np.diff(times), s.fps_den / s.fps_num, atol=0.0011)
    assert np.abs(np.array(grey) - (16 + np.arange(len(grey)))).max() <= 3
    assert samples > (len(times) - 6) * s.sample_rate * s.fps_den / s.fps_num


def test_fragments_are_short_and_an_idr_begins_one() -> None:
    muxer = Muxer(encoder_25().init_segment)
    fragments = [c for c in muxed(muxer, records(encoder_25())) if c.form == "fmp4"]
    assert [c.time_ms for c in fragments if c.key] == [0, 2000, 4000]
    assert max(np.diff([c.time_ms for c in fragments])) <= 200


def encoder_25() -> Encoder:
    return Encoder(EncoderSettings(width=128, height=192, encoder="x264", video_kbps=300))


def test_mime_names_the_codecs() -> None:
    config = Muxer(encoder_25().init_segment).fmp4_config
    assert b"avc1.64" in config.split(b"\n")[0]
    assert b"mp4a.40.2" in config.split(b"\n")[0]


def test_the_flv_head_tells_machines_that_an_ai_made_it() -> None:
    notice = Notice(producer="晚安小店", content="na-1-main")
    with av.open(io.BytesIO(Muxer(encoder_25().init_segment, notice).flv_config)) as source:
        fields = json.loads(source.metadata["AIGC"])
    assert list(fields) == [
        "Label", "ContentProducer", "ProduceID", "ReservedCode1", "ContentPropagator", "PropagateID", "ReservedCode2",
    ]
    assert (fields["Label"], fields["ContentProducer"], fields["ContentPropagator"]) == ("1", "晚安小店", "晚安小店")
    assert fields["ProduceID"].startswith("na-1-main-20")


@pytest.mark.parametrize("config", [{}, {"aigc": None}, {"aigc": {}}, {"aigc": {"producer": "", "content": None}}])
def test_no_config_is_without_a_notice(config: dict[str, Any]) -> None:
    fields = json.loads(Notice.from_config({"room": "main", **config}).metadata()["AIGC"])
    assert fields["Label"] == "1" and fields["ContentProducer"] and fields["ProduceID"].startswith("main-")


def test_nothing_is_written_before_an_idr_nor_across_a_gap() -> None:
    encoder = encoder_25()
    packets = list(records(encoder))
    muxer = Muxer(encoder.init_segment)
    assert not muxed(muxer, iter(packets[1:20]))
    assert muxed(muxer, iter(packets[:20]))
    muxer.gap()
    later = [c for c in muxed(muxer, iter(packets[20:])) if c.form == "flv"]
    assert later[0].key
    assert later[0].time_ms == 2000


def test_a_reader_that_joins_late_starts_at_zero_and_goes_on_after_a_restart() -> None:
    encoder = encoder_25()
    muxer = Muxer(encoder.init_segment)
    flv = [c for c in muxed(muxer, records(encoder)) if c.form == "flv"]
    late = next(n for n, c in enumerate(flv) if c.time_ms == 2000 and c.key)
    flow = Rebaser()
    data = flow.start(muxer.flv_config) + b"".join(flow.feed(c.data) for c in flv[late:])
    again = encoder_25()
    second = Muxer(again.init_segment)
    fresh = [c for c in muxed(second, records(again)) if c.form == "flv"]
    data += flow.start(second.flv_config) + b"".join(flow.feed(c.data) for c in fresh)
    times, grey, _ = decoded(data)
    assert times[0] == 0
    assert 16 + 50 - 3 <= grey[0] <= 16 + 50 + 3
    assert len(times) == TICKS - 50 + TICKS
    assert np.allclose(np.diff(times), 0.04, atol=0.0021)


def test_a_broken_init_segment_is_refused() -> None:
    init = encoder_25().init_segment
    for broken in (b"", init[:40], init[: len(init) // 2], b"\0" * 400):
        with pytest.raises(Corrupt):
            Muxer(broken)
