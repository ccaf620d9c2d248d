"""Encrypted credentials of integrations, within a transaction bound to their tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trunkline_server.domain.errors import TrunklineError
from trunkline_server.stores.crypto import Keyring, Sealed

_PUT = """
INSERT INTO trunkline.credentials
    (tenant_id, integration_id, ciphertext, nonce, wrapped_key, wrap_nonce, kek_id, hint)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (tenant_id, integration_id) DO UPDATE SET
    ciphertext = excluded.ciphertext, nonce = excluded.nonce, wrapped_key = excluded.wrapped_key,
    wrap_nonce = excluded.wrap_nonce, kek_id = excluded.kek_id, hint = excluded.hint, update_time = now()
"""
# The data key alone: what it encrypts is neither read nor changed.
_STALE = """
SELECT integration_id, wrapped_key, wrap_nonce, kek_id FROM trunkline.credentials
WHERE tenant_id = $1 AND kek_id <> $2 AND integration_id > $3 ORDER BY integration_id LIMIT $4
"""
_REWRAP = """
UPDATE trunkline.credentials SET wrapped_key = $4, wrap_nonce = $5, kek_id = $6
WHERE tenant_id = $1 AND integration_id = $2 AND wrapped_key = $3 RETURNING integration_id
"""
# The hint is four characters of a secret of at least twelve, as the contract says.
_HINT = 4
_HINTED = 12


async def put_secret(connection: Any, keyring: Keyring, tenant_id: str, integration_id: str, secret: str) -> None:
    """Store the secret in place of the one before; an empty one leaves none."""
    if not secret:
        await connection.execute(
            "DELETE FROM trunkline.credentials WHERE tenant_id = $1 AND integration_id = $2", tenant_id, integration_id
        )
        return
    sealed = keyring.seal(secret.encode(), tenant_id, _field(integration_id))
    await connection.execute(
        _PUT,
        *(tenant_id, integration_id, sealed.ciphertext, sealed.nonce, sealed.wrapped_key, sealed.wrap_nonce),
        *(sealed.kek_id, secret[-_HINT:] if len(secret) >= _HINTED else ""),
    )


async def read_secrets(
    connection: Any, keyring: Keyring, tenant_id: str, integration_id: str | None = None
) -> dict[str, str]:
    """Secrets by integration id: of one integration, or of all. Raises INTERNAL when one cannot be decrypted."""
    rows = await connection.fetch(
        "SELECT * FROM trunkline.credentials WHERE tenant_id = $1 AND integration_id = coalesce($2, integration_id)",
        *(tenant_id, integration_id),
    )
    return {
        row["integration_id"]: keyring.open(_sealed(row), tenant_id, _field(row["integration_id"])).decode()
        for row in rows
    }


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """Some credentials of a tenant, by integration id: `changed` are under the current key now; `unreadable`, with the
    ids of their keys, are as they were. `read` were looked at, up to the id `last`, which is empty without any."""

    tenant_id: str
    read: int
    last: str
    changed: Sequence[str]
    unreadable: Mapping[str, str]


async def rewrap(connection: Any, keyring: Keyring, tenant_id: str, after: str, limit: int) -> Rewrapped:
    """Put up to `limit` credentials under the current key-encryption key that are not: the next ones behind the
    integration id `after`. One that changes meanwhile is left as it is."""
    changed: list[str] = []
    unreadable: dict[str, str] = {}
    rows = await connection.fetch(_STALE, tenant_id, keyring.current, after, limit)
    for row in rows:
        name, sealed = row["integration_id"], Sealed(b"", b"", row["wrapped_key"], row["wrap_nonce"], row["kek_id"])
        try:
            new = keyring.rewrap(sealed, tenant_id, _field(name))
        except TrunklineError:
            unreadable[name] = sealed.kek_id
            continue
        values = (sealed.wrapped_key, new.wrapped_key, new.wrap_nonce, new.kek_id)
        if await connection.fetchval(_REWRAP, tenant_id, name, *values):
            changed.append(name)
    return Rewrapped(tenant_id, len(rows), rows[-1]["integration_id"] if rows else "", changed, unreadable)


def _field(integration_id: str) -> str:
    return f"integrations/{integration_id}/secret"


def _sealed(row: Mapping[str, Any]) -> Sealed:
    return Sealed(row["ciphertext"], row["nonce"], row["wrapped_key"], row["wrap_nonce"], row["kek_id"])
