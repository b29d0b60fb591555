"""Playout: one process a room that puts a frame and its samples on air at every tick."""
