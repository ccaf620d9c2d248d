"""What callers keep for us and must not read or change: tokens of uploads and of pages.

AES-256-GCM under a key that HKDF derives from the integration's secret, bound to tenant, integration, bucket and
purpose. A token is no permission: the call that brings it is authorized as any other. It ends with the secret.
"""

from __future__ import annotations

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12
_INFO = b"trunkline storage tokens 1"


class Seal:
    """Seals texts for one purpose, which `scope` names: its parts are what a token is bound to."""

    def __init__(self, secret: str, *scope: str) -> None:
        self._cipher = AESGCM(HKDF(hashes.SHA256(), 32, None, _INFO).derive(secret.encode()))
        self._scope = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in scope)

    def close(self, text: str) -> str:
        """A token of URL-safe characters."""
        nonce = os.urandom(_NONCE)
        return base64.urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, text.encode(), self._scope)).decode()

    def open(self, token: str) -> str:
        """The text. Raises ValueError for a token that is not of this secret and scope."""
        try:
            raw = base64.urlsafe_b64decode(token)
            return self._cipher.decrypt(raw[:_NONCE], raw[_NONCE:], self._scope).decode()
        except (binascii.Error, InvalidTag, ValueError):
            raise ValueError("not of this secret and scope") from None
