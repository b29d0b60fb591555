"""`python -m streaming.mux`: the process that muxes one room."""

from __future__ import annotations

from streaming.aigc import Notice
from streaming.child import Child
from streaming.errors import Corrupt
from streaming.mux.muxer import Muxer
from streaming.ring import RingReader, RingWriter

FMP4_RING = 8 << 20
FLV_RING = 8 << 20
IDLE_S = 0.02


def main() -> None:
    """Read the packet ring for ever; whoever takes it over is followed."""
    child = Child.from_env()
    room = str(child.config["room"])
    notice = Notice.from_config(child.config)
    reader: RingReader | None = None
    muxer: Muxer | None = None
    fmp4 = RingWriter(child.run_dir / f"{room}.fmp4.ring", FMP4_RING)
    flv = RingWriter(child.run_dir / f"{room}.flv.ring", FLV_RING)
    fault, fragments = "", 0
    while child.running:
        for request in child.poll(IDLE_S):
            child.reply(request)
        if reader is None:
            reader = RingReader.try_open(child.run_dir / f"{room}.packets.ring")
        if reader is not None:
            if reader.renewed():
                try:
                    muxer = Muxer(reader.config, notice)
                    fault = ""
                except Corrupt as e:
                    muxer, fault = None, e.message
                else:
                    fmp4 = RingWriter(child.run_dir / f"{room}.fmp4.ring", FMP4_RING, muxer.fmp4_config)
                    flv = RingWriter(child.run_dir / f"{room}.flv.ring", FLV_RING, muxer.flv_config)
            if muxer is not None:
                lost = reader.lost
                records = reader.read(256)
                if reader.lost != lost:
                    muxer.gap()
                for record in records:
                    for chunk in muxer.feed(record):
                        ring = fmp4 if chunk.form == "fmp4" else flv
                        ring.write(chunk.data, stream=0, key=chunk.key, pts=chunk.time_ms, dts=chunk.time_ms)
                        fragments += chunk.form == "fmp4"
        child.beat({"fragments": fragments, "fault": fault, "lost": reader.lost if reader else 0})


if __name__ == "__main__":
    main()
