"""Command line: `nightanchor run | looks | token | doctor | version`."""

from server.cli.main import app

__all__ = ["app"]
