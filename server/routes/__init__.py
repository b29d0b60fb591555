"""Routes: the REST and websocket surface (docs/api.md); each calls one service."""
