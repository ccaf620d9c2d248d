"""Signed statements that are changed for access tokens: JWTs by RS256 (RFC 7523), and the keys that sign them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import lru_cache

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

# 2,048 bits, Google's size, take 1,704 characters. Checking a key holds the interpreter: 40 ms, 500 ms for 4,096.
_MAX_KEY = 2048


@lru_cache(maxsize=64)
def signing_key(pem: str) -> rsa.RSAPrivateKey:
    """The key of a text in PEM; checked once, while it is among those used last. Raises ValueError with what is wrong,
    without the key's text."""
    if len(pem) > _MAX_KEY:
        raise ValueError("its private_key is longer than one of 2,048 bits")
    try:
        found = serialization.load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("its private_key is no RSA key in PEM") from None
    if not isinstance(found, rsa.RSAPrivateKey):
        raise ValueError("its private_key is no RSA key in PEM")
    return found


def assertion(key: rsa.RSAPrivateKey, claims: Mapping[str, object], key_id: object = None) -> str:
    """The claims as a JWT that the key signs."""
    head = {"alg": "RS256", "typ": "JWT"} | ({"kid": key_id} if isinstance(key_id, str) else {})
    stated = _encoded(orjson.dumps(head)) + b"." + _encoded(orjson.dumps(claims))
    return (stated + b"." + _encoded(key.sign(stated, padding.PKCS1v15(), hashes.SHA256()))).decode()


def _encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
