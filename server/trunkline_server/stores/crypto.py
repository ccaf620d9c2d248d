"""Envelope encryption of credentials: AES-256-GCM twice.

Each record is encrypted by a data key of its own, and the data key by a key-encryption key (KEK) of the operator.
Both are bound to tenant and field, and the wrapped data key to the KEK's id too, as additional authenticated data: a
record moved to another tenant, field or KEK id does not open. Rotation wraps the data key anew and leaves the
ciphertext as it is, so it never sees a secret.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from trunkline_server.domain.errors import Reason, TrunklineError

_KEY_BYTES = 32
# The nonce of GCM as NIST SP 800-38D recommends it. Random is safe: a data key encrypts once.
_NONCE_BYTES = 12


def framed(*parts: str | bytes) -> bytes:
    """The parts, each behind its length in 4 bytes, so that no two lists give the same bytes."""
    raw = (part.encode() if isinstance(part, str) else part for part in parts)
    return b"".join(len(part).to_bytes(4, "big") + part for part in raw)


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted record, as it is stored."""

    ciphertext: bytes
    nonce: bytes
    wrapped_key: bytes
    wrap_nonce: bytes
    kek_id: str


class Keyring:
    """The KEKs, by id. The first one encrypts; all of them decrypt."""

    def __init__(self, keys: Iterable[tuple[str, bytes]]) -> None:
        """`keys` are (id, 32 bytes), the current one first. Raises ValueError when they cannot be used."""
        pairs = list(keys)
        for kek_id, key in pairs:
            if not kek_id or len(key) != _KEY_BYTES:
                raise ValueError(f"key-encryption key {kek_id!r}: it needs an id and {_KEY_BYTES} bytes")
        if len({kek_id for kek_id, _ in pairs}) != len(pairs):
            raise ValueError("key-encryption keys: two have the same id")
        if not pairs:
            raise ValueError("key-encryption keys: at least one is needed")
        self.current = pairs[0][0]
        self._ciphers = {kek_id: AESGCM(key) for kek_id, key in pairs}

    @classmethod
    def from_config(cls, entries: Iterable[str]) -> Keyring:
        """Keys as `<id>:<base64 of 32 bytes>`, the current one first. Raises ValueError, without the key's text."""
        return cls(_parse(entry) for entry in entries)

    @classmethod
    def from_setting(cls, text: str) -> Keyring:
        """The keys of `security.credential_keys`: entries as for `from_config`, with commas between them."""
        return cls.from_config(entry.strip() for entry in text.split(",") if entry.strip())

    def seal(self, plaintext: bytes, tenant_id: str, field: str) -> Sealed:
        """Encrypt under a new data key. `field` names the record within the tenant."""
        data_key, nonce = AESGCM.generate_key(_KEY_BYTES * 8), os.urandom(_NONCE_BYTES)
        ciphertext = AESGCM(data_key).encrypt(nonce, plaintext, _aad(tenant_id, field))
        wrapped, wrap_nonce = self._wrap(data_key, tenant_id, field)
        return Sealed(ciphertext, nonce, wrapped, wrap_nonce, self.current)

    def open(self, sealed: Sealed, tenant_id: str, field: str) -> bytes:
        """Decrypt. Raises INTERNAL, without a reason, for anything that was not sealed for this tenant and field."""
        data_key = self._unwrap(sealed, tenant_id, field)
        return _decrypt(AESGCM(data_key), sealed.nonce, sealed.ciphertext, _aad(tenant_id, field))

    def rewrap(self, sealed: Sealed, tenant_id: str, field: str) -> Sealed:
        """The same record under the current KEK. Raises INTERNAL as `open`."""
        wrapped, wrap_nonce = self._wrap(self._unwrap(sealed, tenant_id, field), tenant_id, field)
        return replace(sealed, wrapped_key=wrapped, wrap_nonce=wrap_nonce, kek_id=self.current)

    def _wrap(self, data_key: bytes, tenant_id: str, field: str) -> tuple[bytes, bytes]:
        nonce = os.urandom(_NONCE_BYTES)
        return self._ciphers[self.current].encrypt(nonce, data_key, _aad(tenant_id, field, self.current)), nonce

    def _unwrap(self, sealed: Sealed, tenant_id: str, field: str) -> bytes:
        cipher = self._ciphers.get(sealed.kek_id)
        if cipher is None:
            raise _unreadable()
        return _decrypt(cipher, sealed.wrap_nonce, sealed.wrapped_key, _aad(tenant_id, field, sealed.kek_id))


def _aad(*parts: str) -> bytes:
    return framed("trunkline credential v1", *parts)


def _decrypt(cipher: AESGCM, nonce: bytes, data: bytes, aad: bytes) -> bytes:
    try:
        return cipher.decrypt(nonce, data, aad)
    except (InvalidTag, ValueError):  # ValueError: a nonce of a wrong length.
        raise _unreadable() from None


def _unreadable() -> TrunklineError:
    # One text for all causes: which check failed would help whoever tampered.
    return TrunklineError(Reason.ERROR_REASON_INTERNAL, "a stored credential cannot be decrypted")


def _parse(entry: str) -> tuple[str, bytes]:
    kek_id, colon, text = entry.partition(":")
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if not colon or len(key) != _KEY_BYTES:
        raise ValueError("key-encryption key: write it as <id>:<base64 of 32 random bytes>")
    return kek_id, key
