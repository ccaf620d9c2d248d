"""Access tokens that all servers share, encrypted. Implements domain.access_tokens.SharedTokens."""

from __future__ import annotations

import hashlib

from trunkline_server.domain.access_tokens import Claimed, Token
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.stores.crypto import Keyring, Sealed
from trunkline_server.stores.redis.client import RedisStore
from trunkline_server.stores.redis.scripts import shard_of

# Longer than a server may take to fetch a token (connectors/rest/auth/tokens.py). When it dies meanwhile, the others
# wait for at most so long.
LEASE_SECONDS = 10.0


class RedisTokens:
    """Tokens by tenant and key; `lease` is in seconds."""

    def __init__(self, store: RedisStore, keyring: Keyring, *, lease: float = LEASE_SECONDS) -> None:
        self._store = store
        self._keyring = keyring
        self._lease_ms = round(lease * 1000)

    async def claim(self, tenant_id: str, key: bytes, refused: str, claim: str) -> Claimed:
        """See SharedTokens."""
        digest = _digest(refused).encode() if refused else b""
        while True:
            answer = await self._store.run(
                "token_claim", shard_of(tenant_id), _name(tenant_id, key), digest, claim, self._lease_ms
            )
            if answer[0] == b"claimed":
                return Claimed()
            if answer[0] == b"wait":
                return Claimed(wait=answer[1] / 1000)
            found, life, ciphertext, nonce, wrapped_key, wrap_nonce, kek_id, left = answer[1:]
            sealed = Sealed(ciphertext, nonce, wrapped_key, wrap_nonce, kek_id.decode())
            try:
                value = self._keyring.open(sealed, tenant_id, _field(key)).decode()
            except TrunklineError:
                if digest == found:
                    raise
                # Its key-encryption key is gone: as good as refused.
                digest = found
                continue
            lifetime = int(life) / 1000
            return Claimed(Token(value, lifetime, max(0.0, lifetime - left / 1000)))

    async def give(self, tenant_id: str, key: bytes, claim: str, token: Token) -> None:
        """See SharedTokens."""
        sealed = self._keyring.seal(token.value.encode(), tenant_id, _field(key))
        left = max(1, round((token.lifetime - token.age) * 1000))
        await self._store.run(
            *("token_give", shard_of(tenant_id), _name(tenant_id, key), claim, left),
            *(_digest(token.value), round(token.margin * 1000), round(token.lifetime * 1000)),
            *(sealed.ciphertext, sealed.nonce, sealed.wrapped_key, sealed.wrap_nonce, sealed.kek_id),
        )

    async def release(self, tenant_id: str, key: bytes, claim: str) -> None:
        """See SharedTokens."""
        await self._store.run("token_release", shard_of(tenant_id), _name(tenant_id, key), claim)


def _name(tenant_id: str, key: bytes) -> str:
    return f"{tenant_id}/{key.hex()}"


def _field(key: bytes) -> str:
    return f"access-tokens/{key.hex()}"


def _digest(value: str) -> str:
    """Tells a token from another one; it is no password, and cannot be guessed (RFC 6749, 10.10)."""
    return hashlib.sha256(value.encode()).hexdigest()
