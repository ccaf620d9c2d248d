"""API keys and roles: how a token looks, and what a role may do.

A token is `tl_<key id>_<secret>`: the key id 80 random bits as 16 characters of lower-case base32, the secret 256
random bits as 43 characters of URL-safe base64. Of the secret only the SHA-256 is kept: random bits need no slow hash.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from trunkline_server.domain.errors import Reason, TrunklineError

_TOKEN = re.compile(r"tl_([a-z2-7]{16})_([A-Za-z0-9_-]{43})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Role:
    """A named set of permissions. `operator` lets its holder act beyond its own tenant."""

    description: str
    permissions: frozenset[str]
    operator: bool = False


# Areas whose reading tells about the tenant and changes nothing.
_READ = frozenset(
    f"{area}.read"
    for area in ("access", "analytics", "budgets", "cache", "events", "integrations", "policies", "webhooks")
)

ROLES: Mapping[str, Role] = MappingProxyType(
    {
        "admin": Role("Everything within the tenant.", frozenset({"*"})),
        "developer": Role("Calls models and tools, and reads the rest.", _READ | {"llm.*", "tools.*"}),
        "agent": Role("Calls models and tools.", frozenset({"llm.*", "tools.*"})),
        "viewer": Role("Reads, and calls nothing.", _READ | {"llm.models", "tools.read"}),
        "approver": Role("Approves calls of tools.", frozenset({"approvals.*", "integrations.read", "tools.read"})),
        "operator": Role("Everything, in every tenant of the installation.", frozenset({"*"}), operator=True),
    }
)


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """What the roles permit together. An unknown role permits nothing."""
    return frozenset().union(*(ROLES[role].permissions for role in roles if role in ROLES))


def is_operator(roles: Iterable[str]) -> bool:
    """Whether one of the roles is an operator's."""
    return any(ROLES[role].operator for role in roles if role in ROLES)


def new_api_key() -> tuple[str, str, bytes]:
    """A new key: (key id, token, SHA-256 of the secret). The token is shown once and not kept."""
    key_id = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    secret = secrets.token_urlsafe(32)
    return key_id, f"tl_{key_id}_{secret}", hash_secret(secret)


def parse_token(token: str) -> tuple[str, str] | None:
    """(key id, secret), or None when it is no token of ours."""
    match = _TOKEN.fullmatch(token)
    return (match[1], match[2]) if match else None


def hash_secret(secret: str) -> bytes:
    """The SHA-256 of a secret, 32 bytes."""
    return hashlib.sha256(secret.encode()).digest()


def secret_matches(secret: str, stored: bytes) -> bool:
    """Whether the secret has the stored hash, compared in constant time."""
    return hmac.compare_digest(hash_secret(secret), stored)


def token_of(metadata: Mapping[str, str]) -> str:
    """The API key that a call carries: `authorization: Bearer <key>`, or `x-api-key: <key>`. Raises
    CREDENTIAL_MISSING."""
    scheme, _, token = metadata.get("authorization", "").partition(" ")
    if token and scheme.lower() == "bearer":
        return token.strip()
    if api_key := metadata.get("x-api-key"):
        return api_key
    raise TrunklineError(
        Reason.ERROR_REASON_CREDENTIAL_MISSING, "send the API key as metadata `authorization: Bearer <key>`"
    )
