"""Signed statements that are changed for access tokens: JWTs by RS256 (RFC 7523), and the keys that sign them."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

# 2,048 bits take 1,704 characters, 4,096 bits 3,272. Checking a key blocks: 40 ms for 2,048 bits, seconds for a huge
# one.
_MAX_KEY = {2048: 2048, 4096: 4096}


def signing_key(pem: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """The key of a text in PEM, of at most so many bits: 2,048 or 4,096. Raises ValueError with what is wrong, without
    the key's text. Takes 40 ms and more."""
    if len(pem) > _MAX_KEY[bits]:
        raise ValueError(f"its private_key is longer than one of {bits:,} bits")
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
