"""Who may do what: tokens, roles, the panel's sign-in."""

from server.auth.tokens import ROLES, Identity, Role, Tokens, bootstrap, new_token, revoke

__all__ = ["ROLES", "Identity", "Role", "Tokens", "bootstrap", "new_token", "revoke"]
