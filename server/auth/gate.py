"""Gate: finds out who calls, and lets through whom a route is for.

    @router.get("/products", dependencies=[needs("viewer")])
"""

import hmac
import time
from collections import OrderedDict
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPBearer
from starlette.requests import HTTPConnection

from server.auth.tokens import Identity, Role, Tokens
from server.problems import Denied

COOKIE = "na_session"
CSRF_HEADER = "X-CSRF-Token"
_SAFE = {"GET", "HEAD", "OPTIONS"}
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_SIGN_IN = "sign in with a token; `nightanchor token new --role owner` makes one"

_bearer = HTTPBearer(auto_error=False, description="A token made by `nightanchor token new` or in the panel.")
_cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="The panel's sign-in.")
Bearer = Annotated[Any, Depends(_bearer)]
Cookie = Annotated[Any, Depends(_cookie)]


def tokens_of(connection: HTTPConnection) -> Tokens:
    """The installation's tokens."""
    tokens: Tokens = connection.app.state.context.tokens
    return tokens


def identify(connection: HTTPConnection, *, query: bool = False) -> Identity | None:
    """Who calls: by bearer token, by `?token=` where `query` allows it, else by cookie."""
    tokens = tokens_of(connection)
    scheme, _, secret = connection.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return tokens.by_token(secret.strip())
    if query and "token" in connection.query_params:
        return tokens.by_token(connection.query_params["token"])
    cookie = connection.cookies.get(COOKIE)
    return tokens.by_session(cookie) if cookie else None


def needs(role: Role) -> Any:
    """A dependency that admits `role` and stronger, and checks CSRF for calls made with a cookie."""

    def admit(request: Request, _b: Bearer, _c: Cookie) -> Identity:
        identity = identify(request)
        if identity is None:
            raise Denied(401, "you are not signed in, or the token is wrong or revoked", next_step=_SIGN_IN)
        if identity.csrf and request.method not in _SAFE:
            given = request.headers.get(CSRF_HEADER, "")
            if not hmac.compare_digest(given.encode(), identity.csrf.encode()):
                raise Denied(403, "the CSRF token is missing or wrong", next_step=f"send {CSRF_HEADER} from /auth/me")
        if not identity.may(role):
            raise Denied(403, f"this needs role {role}; you are {identity.role}", next_step=f"use a token of {role}")
        return identity

    return Depends(admit)


def same_origin(connection: HTTPConnection) -> bool:
    """Whether a browser's websocket comes from our own page; other programs send no Origin."""
    origin = connection.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == connection.headers.get("Host")


def from_this_machine(connection: HTTPConnection) -> bool:
    """Whether the caller is a program on this machine that means this machine.

    The Host header is looked at, too: a web page elsewhere may have its own name resolved to loopback.
    """
    host = urlsplit("//" + connection.headers.get("Host", "")).hostname
    client = connection.client.host if connection.client else ""
    return client in _LOOPBACK and host in _LOOPBACK and "Origin" not in connection.headers


class Attempts:
    """Failed sign-ins of one address: ten, then one more every ten seconds."""

    BURST, REFILL_S, ADDRESSES = 10.0, 10.0, 1024

    def __init__(self) -> None:
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def check(self, address: str) -> None:
        """Raises `Denied` when this address has used its attempts up."""
        if self._tokens(address) < 1:
            raise Denied(429, "too many wrong tokens", next_step="wait ten seconds, then try again")

    def failed(self, address: str) -> None:
        """Count one failure."""
        self._left[address] = (self._tokens(address) - 1, time.monotonic())
        self._left.move_to_end(address)
        while len(self._left) > self.ADDRESSES:
            self._left.popitem(last=False)

    def _tokens(self, address: str) -> float:
        left, at = self._left.get(address, (self.BURST, time.monotonic()))
        return min(self.BURST, left + (time.monotonic() - at) / self.REFILL_S)
