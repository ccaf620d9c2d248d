"""Rotation of the key-encryption key: the stored credentials of all tenants, put under the current one."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from trunkline_server.domain.ports import Actor
from trunkline_server.stores.crypto import Keyring
from trunkline_server.stores.postgres import audit
from trunkline_server.stores.postgres.credentials import CREDENTIALS
from trunkline_server.stores.postgres.pool import Database
from trunkline_server.stores.postgres.rewrapping import Envelopes, Rewrapped, rewrap
from trunkline_server.stores.postgres.tenants import PgTenants
from trunkline_server.stores.postgres.webhook_secrets import WEBHOOK_SECRETS

_TENANTS = 100
_CREDENTIALS = 100


class PgRotation:
    """Not bound to one tenant: for operators. `batch` credentials at most change in one transaction."""

    def __init__(self, database: Database, keyring: Keyring, batch: int = _CREDENTIALS) -> None:
        self._database = database
        self._tenants = PgTenants(database)
        self._keyring = keyring
        self._batch = batch

    async def rewrap(self, key_id: str) -> AsyncGenerator[Rewrapped, None]:
        """What was done in each transaction, and at least one of them for each tenant. `key_id` goes to the audit log.

        It may be stopped at any point, run again, and run beside servers: whatever is under the current key is left
        alone, and a credential that cannot be decrypted keeps no other from its turn. Raises STORE_UNAVAILABLE.
        """
        token, more = "", True
        while more:
            tenants, token = await self._tenants.list(_TENANTS, token)
            for tenant in tenants:
                for kind in (CREDENTIALS, WEBHOOK_SECRETS):
                    async for done in self._tenant(Actor(tenant.tenant_id, key_id), kind):
                        yield done
            more = bool(token)

    async def _tenant(self, actor: Actor, kind: Envelopes) -> AsyncGenerator[Rewrapped, None]:
        tenant_id, current = actor.tenant_id, self._keyring.current
        after, more = "", True
        while more:
            async with self._database.tenant_transaction(tenant_id) as connection:
                done = await rewrap(connection, self._keyring, kind, tenant_id, after, self._batch)
                if done.changed:
                    detail = {"kek_id": current, "count": str(len(done.changed))}
                    subject = ("tenant", tenant_id)
                    await audit.append(connection, tenant_id, actor, "credentials.rotate", subject, **detail)
            if done.read or kind is CREDENTIALS:
                yield done
            after, more = done.last, done.read == self._batch
