"""Rooms: each one's processes, show and status."""
