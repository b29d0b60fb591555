"""Store: opens the database, brings its schema up to date, hands out sessions."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, event
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session, sessionmaker

from streaming.errors import Corrupt, Unavailable

FILE = "nightanchor.db"
MIGRATIONS = Path(__file__).parent / "migrations"


class Store:
    """One SQLite file. Queries take well under a millisecond, so they are made in the event loop itself."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 5.0})
        event.listen(self.engine, "connect", _tune)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """A transaction: committed at the end, rolled back on any error."""
        with self._sessions.begin() as session:
            yield session

    def close(self) -> None:
        """Let go of the file."""
        self.engine.dispose()


def _tune(connection: Any, _record: object) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}")


def migrate(data: Path) -> None:
    """Make or update the database in folder `data`; raises `Corrupt` or `Unavailable`, and changes nothing then.

    A database that is sound is copied to `nightanchor.db.bak` first, so that there is always one to go back to.
    """
    path = data / FILE
    try:
        if path.exists() and path.stat().st_size:
            _check(path)
        else:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        os.chmod(path, 0o600)
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["url"] = f"sqlite:///{path}"
        command.upgrade(config, "head")
    except (sqlite3.DatabaseError, DatabaseError) as e:
        if "locked" in str(e) or "full" in str(e) or "readonly" in str(e):
            raise Unavailable(
                f"the database {path} can't be written: {e}",
                next_step="free some disk space or end what holds the file",
            ) from e
        raise _corrupt(path, str(e)) from e
    except OSError as e:
        raise Unavailable(
            f"the database {path} can't be opened: {e.strerror}", next_step="see who owns the file"
        ) from e


def _check(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path, timeout=5.0)) as connection:
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise _corrupt(path, str(verdict))
        backup = path.with_suffix(".db.bak")
        part = path.with_suffix(".db.part")
        with contextlib.closing(sqlite3.connect(part)) as copy:
            connection.backup(copy)
        os.chmod(part, 0o600)
        os.replace(part, backup)


def _corrupt(path: Path, why: str) -> Corrupt:
    backup = path.with_suffix(".db.bak")
    step = f"move {path} away"
    step += f" and copy {backup} in its place, or start without to begin anew" if backup.exists() else " to begin anew"
    return Corrupt(f"the database {path} is damaged ({why})", next_step=step)
