"""Report: one self-contained HTML page of a training, from its journal."""

from __future__ import annotations

from adapters.training.folder import Folder


def render(folder: Folder) -> str:
    """The page."""
    return f"<!doctype html><title>{folder.name}</title>"
