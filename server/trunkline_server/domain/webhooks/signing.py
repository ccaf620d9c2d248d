"""Signatures of the Standard Webhooks scheme (github.com/standard-webhooks/standard-webhooks, spec 1.0): `v1` is
HMAC-SHA256 over `id.timestamp.body`; a secret is `whsec_` and the base64 of its key."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence

PREFIX = "whsec_"
# The bounds of the specification for keys, in bytes, and what we make ourselves.
_LEAST, _MOST, _OWN = 24, 64, 32


def new_secret() -> str:
    """A secret of 32 random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_OWN)).decode()


def key_of(secret: str) -> bytes | None:
    """The key of a secret; None where it is none: `whsec_` and base64 of 24 to 64 bytes."""
    if not secret.startswith(PREFIX):
        return None
    try:
        key = base64.b64decode(secret[len(PREFIX) :], validate=True)
    except binascii.Error:
        return None
    return key if _LEAST <= len(key) <= _MOST else None


def headers(message_id: str, timestamp: int, body: bytes, keys: Sequence[bytes]) -> Mapping[str, str]:
    """The headers of a message that is sent at `timestamp` (Unix time, s), with a signature by each key."""
    signed = b"%s.%d.%s" % (message_id.encode(), timestamp, body)
    made = (base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{one}" for one in made),
    }
