"""The database is made, kept, backed up, and never harmed by a bad start."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from server.auth import bootstrap, new_token
from server.db.models import Base
from server.db.store import FILE, Store, migrate
from streaming.errors import Corrupt


def test_the_migrations_make_what_the_models_say(tmp_path: Path) -> None:
    migrate(tmp_path)
    store = Store(tmp_path / FILE)
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    store.close()
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_an_owner_is_made_once(tmp_path: Path) -> None:
    token = bootstrap(tmp_path)
    assert token is not None and token.startswith("na_")
    assert bootstrap(tmp_path) is None
    assert new_token(tmp_path, "x", "viewer") != token
    assert token.encode() not in (tmp_path / FILE).read_bytes()


def test_a_sound_database_is_backed_up_at_start(tmp_path: Path) -> None:
    bootstrap(tmp_path)
    migrate(tmp_path)
    backup = tmp_path / "nightanchor.db.bak"
    with sqlite3.connect(backup) as connection:
        assert connection.execute("select count(*) from tokens").fetchone() == (1,)
    connection.close()


@pytest.mark.parametrize("damage", ["all", "middle"])
def test_a_damaged_database_is_named_and_left_alone(tmp_path: Path, damage: str) -> None:
    bootstrap(tmp_path)
    migrate(tmp_path)
    path = tmp_path / FILE
    data = bytearray(path.read_bytes())
    if damage == "all":
        data[:] = b"garbage!" * (len(data) // 8)
    else:
        data[4096 : len(data) - 100] = b"\xa5" * (len(data) - 4196)
    path.write_bytes(data)
    with pytest.raises(Corrupt) as caught:
        migrate(tmp_path)
    assert str(path) in caught.value.message
    assert "nightanchor.db.bak" in caught.value.next_step
    assert path.read_bytes() == bytes(data)
