"""`python -m server.cli` is `nightanchor`."""

from server.cli.main import app

if __name__ == "__main__":
    app(prog_name="nightanchor")
