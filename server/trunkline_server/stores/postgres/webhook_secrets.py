"""Encrypted secrets of webhook endpoints, within a transaction bound to their tenant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.webhooks.ports import Secret
from trunkline_server.domain.webhooks.signing import key_of
from trunkline_server.stores.crypto import Keyring
from trunkline_server.stores.postgres.rewrapping import Envelopes, sealed

_ADD = """
INSERT INTO trunkline.webhook_secrets
    (tenant_id, endpoint, serial, ciphertext, nonce, wrapped_key, wrap_nonce, kek_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
# What signed beside the present one signs no longer, and the present one until the overlap is over.
_RETIRE = """
UPDATE trunkline.webhook_secrets SET expire_time = now() + make_interval(secs => $2)
WHERE endpoint = $1 AND expire_time IS NULL RETURNING serial
"""
_FORGET = "DELETE FROM trunkline.webhook_secrets WHERE endpoint = $1 AND (expire_time IS NOT NULL OR $2)"
_READ = """
SELECT * FROM trunkline.webhook_secrets WHERE endpoint = $1 AND (expire_time IS NULL OR expire_time > now())
ORDER BY serial DESC
"""


async def add_secret(connection: Any, keyring: Keyring, tenant_id: str, endpoint: int, secret: str) -> None:
    """The first secret of an endpoint."""
    await _add(connection, keyring, tenant_id, endpoint, 1, secret)


async def replace_secret(
    connection: Any, keyring: Keyring, tenant_id: str, endpoint: int, secret: str, overlap: float
) -> None:
    """Another secret; the present one goes on for `overlap` seconds. The caller holds the endpoint's row."""
    await forget_secrets(connection, endpoint, all_of_them=False)
    serial = await connection.fetchval(_RETIRE, endpoint, overlap)
    await _add(connection, keyring, tenant_id, endpoint, (serial or 0) + 1, secret)


async def forget_secrets(connection: Any, endpoint: int, all_of_them: bool = True) -> None:
    """Remove the secrets of an endpoint, or those before the present one."""
    await connection.execute(_FORGET, endpoint, all_of_them)


async def read_keys(connection: Any, keyring: Keyring, tenant_id: str, endpoint: int) -> Sequence[Secret]:
    """The keys that sign, the present one first. Raises INTERNAL when one cannot be decrypted."""
    found = []
    for row in await connection.fetch(_READ, endpoint):
        text = keyring.open(sealed(row), tenant_id, _field(endpoint, row["serial"])).decode()
        if (key := key_of(text)) is None:
            raise TrunklineError(Reason.ERROR_REASON_INTERNAL, "a stored webhook secret cannot be used")
        found.append(Secret(key, row["expire_time"]))
    return found


async def _add(connection: Any, keyring: Keyring, tenant_id: str, endpoint: int, serial: int, secret: str) -> None:
    made = keyring.seal(secret.encode(), tenant_id, _field(endpoint, serial))
    await connection.execute(
        _ADD,
        *(tenant_id, endpoint, serial, made.ciphertext, made.nonce, made.wrapped_key, made.wrap_nonce, made.kek_id),
    )


def _field(endpoint: int, serial: int) -> str:
    return f"webhooks/{endpoint}/secrets/{serial}"


def _field_at(place: str) -> str:
    endpoint, _, serial = place.partition("/")
    return _field(int(endpoint), int(serial))


# A place is that of an endpoint's number and a serial, as text that sorts as both do.
_PLACE = "lpad(endpoint::text, 19, '0') || '/' || lpad(serial::text, 10, '0')"
WEBHOOK_SECRETS = Envelopes(
    stale=f"""
    SELECT {_PLACE} AS place, wrapped_key, wrap_nonce, kek_id FROM trunkline.webhook_secrets
    WHERE tenant_id = $1 AND kek_id <> $2 AND {_PLACE} > $3 ORDER BY place LIMIT $4
    """,
    rewrap="""
    UPDATE trunkline.webhook_secrets SET wrapped_key = $4, wrap_nonce = $5, kek_id = $6
    WHERE tenant_id = $1 AND endpoint = split_part($2, '/', 1)::bigint AND serial = split_part($2, '/', 2)::int
        AND wrapped_key = $3 RETURNING serial
    """,
    field=_field_at,
    name=_field_at,
)
