"""Face: speech becomes one face instruction per tick."""

from pipelines.face.track import face_track

__all__ = ["face_track"]
