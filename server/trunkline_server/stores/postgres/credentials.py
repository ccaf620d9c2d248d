"""Encrypted credentials of integrations, within a transaction bound to their tenant."""

from __future__ import annotations

from typing import Any

from trunkline_server.stores.crypto import Keyring
from trunkline_server.stores.postgres.rewrapping import Envelopes, sealed

_PUT = """
INSERT INTO trunkline.credentials
    (tenant_id, integration_id, ciphertext, nonce, wrapped_key, wrap_nonce, kek_id, hint)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (tenant_id, integration_id) DO UPDATE SET
    ciphertext = excluded.ciphertext, nonce = excluded.nonce, wrapped_key = excluded.wrapped_key,
    wrap_nonce = excluded.wrap_nonce, kek_id = excluded.kek_id, hint = excluded.hint, update_time = now()
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
    made = keyring.seal(secret.encode(), tenant_id, _field(integration_id))
    await connection.execute(
        _PUT,
        *(tenant_id, integration_id, made.ciphertext, made.nonce, made.wrapped_key, made.wrap_nonce),
        *(made.kek_id, secret[-_HINT:] if len(secret) >= _HINTED else ""),
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
        row["integration_id"]: keyring.open(sealed(row), tenant_id, _field(row["integration_id"])).decode()
        for row in rows
    }


def _field(integration_id: str) -> str:
    return f"integrations/{integration_id}/secret"


CREDENTIALS = Envelopes(
    stale="""
    SELECT integration_id AS place, wrapped_key, wrap_nonce, kek_id FROM trunkline.credentials
    WHERE tenant_id = $1 AND kek_id <> $2 AND integration_id > $3 ORDER BY integration_id LIMIT $4
    """,
    rewrap="""
    UPDATE trunkline.credentials SET wrapped_key = $4, wrap_nonce = $5, kek_id = $6
    WHERE tenant_id = $1 AND integration_id = $2 AND wrapped_key = $3 RETURNING integration_id
    """,
    field=_field,
    name=str,
)
