"""On air: clock, playout, compositor, encoder, sinks, preview, supervisor."""
