"""Cached reads of keys and tenants.

How old an answer may be: 10 s. A change announced by `changed` shows at once in the worker that made it, and in the
others as soon as the announcement arrives: keys are forgotten then, and a tenant's view is loaded anew while calls go
on with the old one. A key or tenant that does not exist is remembered for 2 s.
While Postgres cannot be reached an answer is served for `stale` seconds more, so a revocation that Postgres alone knows
of can take as long; one that was announced takes effect even then. An expiry is always kept to the second.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog

from trunkline_server.domain.admission import by_subject
from trunkline_server.domain.call import Caller
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.keys import is_operator, parse_token, permissions_of, secret_matches
from trunkline_server.domain.ports import TenantView
from trunkline_server.domain.secrets import SecretReferences
from trunkline_server.domain.tools.permission import ToolScope
from trunkline_server.stores.crypto import Keyring
from trunkline_server.stores.postgres.budgets import read_budgets
from trunkline_server.stores.postgres.cache import LoadingCache
from trunkline_server.stores.postgres.credentials import read_secrets
from trunkline_server.stores.postgres.integrations import read_integrations
from trunkline_server.stores.postgres.pool import Database
from trunkline_server.stores.postgres.routing import read_routing
from trunkline_server.stores.postgres.tenants import limits_of, read_tenant

_log = structlog.get_logger(__name__)

TTL_SECONDS = 10.0
STALE_SECONDS = 3600.0
UNKNOWN_SECONDS = 2.0
USE_SECONDS = 60.0
# Whoever made a change waits so long for its view, in seconds.
_OWN_CHANGE_SECONDS = 1.0

_NOTE_USE = """
UPDATE trunkline.api_keys SET last_use_time = date_trunc('minute', now())
WHERE tenant_id = $1 AND key_id = $2 AND (last_use_time IS NULL OR last_use_time < date_trunc('minute', now()))
"""


@dataclass(slots=True)
class _Holder:
    """A key's holder. Times are Unix seconds; `expires` is None for never."""

    caller: Caller
    expires: float | None
    used: float


class PgDirectory:
    """Implements `domain.ports.Directory`. `announce` tells the other workers, which then call `renew`."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        announce: Callable[[str], Awaitable[None]],
        *,
        ttl: float = TTL_SECONDS,
        stale: float = STALE_SECONDS,
        references: SecretReferences | None = None,
    ) -> None:
        self._references = references or SecretReferences({})
        self._references.renew = self.renew
        self._database = database
        self._keyring = keyring
        self._announce = announce
        # By the token's hash, so that no token stays in memory.
        self._holders: LoadingCache[bytes, _Holder] = LoadingCache(
            remember=Reason.ERROR_REASON_CREDENTIAL_INVALID, ttl=ttl, stale=stale, error_ttl=UNKNOWN_SECONDS
        )
        self._tenants: LoadingCache[str, TenantView] = LoadingCache(
            remember=Reason.ERROR_REASON_NOT_FOUND, ttl=ttl, stale=stale, error_ttl=UNKNOWN_SECONDS
        )
        # Keys used since they were last noted, with their tenants.
        self._used: dict[str, str] = {}
        self._noting: asyncio.Task[None] | None = None

    async def caller(self, token: str) -> Caller:
        """Raises CREDENTIAL_INVALID, STORE_UNAVAILABLE."""
        digest = hashlib.sha256(token.encode(errors="replace")).digest()
        holder = await self._holders.get(digest, lambda: self._load_holder(token))
        now = time.time()
        if holder.expires is not None and holder.expires <= now:
            raise _invalid()
        if now - holder.used >= USE_SECONDS:
            holder.used = now
            self._note_use(holder.caller)
        return holder.caller

    async def tenant(self, tenant_id: str) -> TenantView:
        """Raises NOT_FOUND, STORE_UNAVAILABLE, INTERNAL when a credential cannot be decrypted."""
        return await self._tenants.get(tenant_id, lambda: self._load_tenant(tenant_id))

    async def changed(self, tenant_id: str) -> None:
        """This worker sees the change from now on, unless Postgres went away; the others as soon as they hear of it, or
        when what they know is too old. Never raises: the change is made."""
        load = self.renew(tenant_id)
        try:
            await self._announce(tenant_id)
        except TrunklineError as error:
            _log.warning("change_not_announced", tenant_id=tenant_id, reason=error.reason_name)
        if load is not None:
            await asyncio.wait((load,), timeout=_OWN_CHANGE_SECONDS)

    def renew(self, tenant_id: str) -> asyncio.Task[TenantView] | None:
        """Forget the tenant's keys, and load its view anew; the old one serves meanwhile. Returns the load, None where
        this worker knows nothing of the tenant."""
        self._holders.forget(lambda _, holder: holder.caller.tenant_id == tenant_id)
        return self._tenants.refresh(tenant_id, lambda: self._load_tenant(tenant_id))

    async def close(self) -> None:
        """End what runs in the background; call it before the database closes."""
        await self._holders.close()
        await self._tenants.close()
        if self._noting is not None:
            self._noting.cancel()
            await asyncio.gather(self._noting, return_exceptions=True)

    async def _load_holder(self, token: str) -> _Holder:
        parts = parse_token(token)
        if parts is None:
            raise _invalid()
        key_id, secret = parts
        async with self._database.connection() as connection:
            row = await connection.fetchrow("SELECT * FROM trunkline.find_key($1)", key_id)
        if row is None or not secret_matches(secret, row["secret_hash"]):
            raise _invalid()
        if row["revoke_time"] is not None or row["tenant_status"] != "active" or not _lasts(row["expire_time"]):
            raise _invalid()
        return _holder_of(row)

    async def _load_tenant(self, tenant_id: str) -> TenantView:
        async with self._database.tenant_transaction(tenant_id, snapshot=True) as connection:
            view = TenantView(
                tenant=await read_tenant(connection, tenant_id),
                integrations=await read_integrations(connection, tenant_id),
                secrets=await read_secrets(connection, self._keyring, tenant_id),
                budgets=await read_budgets(connection, tenant_id),
                routing=await read_routing(connection, tenant_id),
            )
        references = {
            name: reference
            for name, one in view.integrations.items()
            if (reference := one.configuration.authentication.secret_reference)
        }
        if not references:
            return view
        # Not within the transaction: a source may be slow.
        secrets, unresolved = await self._references.resolve_all(tenant_id, references)
        return replace(view, secrets={**view.secrets, **secrets}, unresolved=unresolved)

    def _note_use(self, caller: Caller) -> None:
        self._used[caller.key_id] = caller.tenant_id
        if self._noting is None or self._noting.done():
            self._noting = asyncio.create_task(self._note_uses())

    async def _note_uses(self) -> None:
        while self._used:
            key_id, tenant_id = self._used.popitem()
            # A last use that is lost costs nothing: the next one is noted.
            with suppress(TrunklineError):
                async with self._database.tenant_transaction(tenant_id) as connection:
                    await connection.execute(_NOTE_USE, tenant_id, key_id)


def _lasts(expires: datetime | None) -> bool:
    return expires is None or expires.timestamp() > time.time()


def _holder_of(row: Any) -> _Holder:
    roles, expires, used = row["roles"], row["expire_time"], row["last_use_time"]
    caller = Caller(
        tenant_id=row["tenant_id"],
        key_id=row["key_id"],
        permissions=permissions_of(roles),
        operator=is_operator(roles),
        team_id=row["team_id"],
        key_requests_per_minute=row["requests_per_minute"],
        tenant_requests_per_minute=row["tenant_requests_per_minute"],
        data_residency=row["data_residency"],
        key_tokens_per_minute=row.get("tokens_per_minute"),
        key_max_concurrent=row.get("max_concurrent"),
        limits=by_subject(limits_of(row.get("tenant_limits"))),
        lineage=row.get("lineage") or "",
        tools=ToolScope(tuple(row.get("allowed_tools") or ())),
    )
    return _Holder(caller, expires.timestamp() if expires else None, used.timestamp() if used else 0.0)


def _invalid() -> TrunklineError:
    # One text for all causes: which one it was would help to guess.
    return TrunklineError(
        Reason.ERROR_REASON_CREDENTIAL_INVALID, "the API key is not valid: it is unknown, revoked or expired"
    )
