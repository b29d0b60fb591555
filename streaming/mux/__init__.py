"""Mux: one room's packets once more, as fMP4 for the panel and as FLV for pull; no second encode."""
