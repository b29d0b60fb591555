"""Tokens and sessions. Tokens carry 256 random bits, so a plain SHA-256 of one can't be searched."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from sqlalchemy import delete, select

from server.db.models import SessionRow, TokenRow
from server.db.store import FILE, Store, migrate
from streaming.errors import BadInput, Conflict, NotFound

Role = Literal["viewer", "operator", "owner"]
ROLES: tuple[Role, ...] = ("viewer", "operator", "owner")
"""Weakest first; each may do all that the ones before it may."""
PREFIX = "na_"


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Identity:
    """Who makes a call; `csrf` is set when the call came with the panel's cookie."""

    token_id: int
    name: str
    role: Role
    csrf: str = ""

    def may(self, role: Role) -> bool:
        """Whether this identity has `role` or a stronger one."""
        return ROLES.index(self.role) >= ROLES.index(role)

    def who(self) -> dict[str, str]:
        """As the air log keeps it."""
        return {"name": self.name, "role": self.role}


class Tokens:
    """Tokens and sessions of one installation."""

    def __init__(self, store: Store, session_s: float = 14 * 86400.0) -> None:
        self._store = store
        self._session_s = session_s

    def create(self, name: str, role: str) -> tuple[dict[str, Any], str]:
        """A new token: its document and the secret, which is never shown again."""
        if role not in ROLES:
            raise BadInput(f"there is no role {role!r}", next_step=f"use one of: {', '.join(ROLES)}")
        secret = PREFIX + secrets.token_urlsafe(32)
        with self._store.session() as s:
            row = TokenRow(name=name.strip()[:80] or role, role=role, hash=_hash(secret))
            s.add(row)
            s.flush()
            return document(row), secret

    def every(self) -> list[dict[str, Any]]:
        """Every token, without its secret."""
        with self._store.session() as s:
            return [document(row) for row in s.scalars(select(TokenRow).order_by(TokenRow.id))]

    def delete(self, token_id: int) -> None:
        """Revoke a token and end its sessions; the last owner's stays."""
        with self._store.session() as s:
            row = s.get(TokenRow, token_id)
            if row is None:
                raise NotFound(f"there is no token {token_id}", next_step="list them with GET /auth/tokens")
            owners = s.scalars(select(TokenRow).where(TokenRow.role == "owner")).all()
            if row.role == "owner" and len(owners) == 1:
                raise Conflict("this is the last owner's token", next_step="make another owner's token first")
            s.delete(row)

    def delete_secret(self, secret: str) -> None:
        """Revoke the token with this secret, if there is one."""
        with self._store.session() as s:
            s.execute(delete(TokenRow).where(TokenRow.hash == _hash(secret)))

    def has_owner(self) -> bool:
        """Whether anybody can manage this installation."""
        with self._store.session() as s:
            return s.scalar(select(TokenRow.id).where(TokenRow.role == "owner").limit(1)) is not None

    def by_token(self, secret: str) -> Identity | None:
        """Who has this token."""
        if not secret.startswith(PREFIX) or len(secret) > 200:
            return None
        with self._store.session() as s:
            row = s.scalar(select(TokenRow).where(TokenRow.hash == _hash(secret)))
            return Identity(row.id, row.name, cast(Role, row.role)) if row else None

    def open_session(self, identity: Identity) -> tuple[str, str]:
        """Sign a browser in: the cookie's value and the CSRF token."""
        cookie, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
        now = time.time()
        with self._store.session() as s:
            s.execute(delete(SessionRow).where(SessionRow.expires < now))
            s.add(
                SessionRow(hash=_hash(cookie), token_id=identity.token_id, csrf=csrf, expires=now + self._session_s)
            )
        return cookie, csrf

    def by_session(self, cookie: str) -> Identity | None:
        """Who has this cookie."""
        with self._store.session() as s:
            row = s.get(SessionRow, _hash(cookie))
            if row is None or row.expires < time.time():
                return None
            token = s.get(TokenRow, row.token_id)
            return Identity(token.id, token.name, cast(Role, token.role), row.csrf) if token else None

    def close_session(self, cookie: str) -> None:
        """Sign a browser out."""
        with self._store.session() as s:
            s.execute(delete(SessionRow).where(SessionRow.hash == _hash(cookie)))


def document(row: TokenRow) -> dict[str, Any]:
    """A token as the API shows it."""
    return {"id": row.id, "name": row.name, "role": row.role, "created": row.created}


def bootstrap(data: Path) -> str | None:
    """Bring the database in `data` up to date; returns the owner's token when it was made just now."""
    data.mkdir(parents=True, exist_ok=True)
    migrate(data)
    store = Store(data / FILE)
    try:
        tokens = Tokens(store)
        return None if tokens.has_owner() else tokens.create("owner", "owner")[1]
    finally:
        store.close()


def new_token(data: Path, name: str, role: str) -> str:
    """Make a token in `data`'s database; returns its secret."""
    store = Store(data / FILE)
    try:
        return Tokens(store).create(name, role)[1]
    finally:
        store.close()


def revoke(data: Path, secret: str) -> None:
    """Revoke a token in `data`'s database."""
    store = Store(data / FILE)
    try:
        Tokens(store).delete_secret(secret)
    finally:
        store.close()
