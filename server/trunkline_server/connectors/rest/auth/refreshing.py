"""Refresh tokens that their server replaces: the new one is stored at once, and never two of them are used."""

from __future__ import annotations

import asyncio
from itertools import count

import structlog

from trunkline_server.connectors.rest.auth.grants import Grant, refresh_token, successor
from trunkline_server.domain.access_tokens import SecretKeeper
from trunkline_server.domain.errors import TrunklineError

_log = structlog.get_logger(__name__)
# Refresh tokens that are not stored yet, or have nowhere to be stored; the oldest go first.
_CAPACITY = 1024
# The store's share of a fetch, in seconds, before and after it: within the lease that other servers wait for.
_STORE_SECONDS = 0.9
# Between attempts to store, in seconds: doubled each time.
_FIRST_PAUSE, _LAST_PAUSE = 0.1, 30.0
# So long the secret that a refresh token came from may still be on its way to the store, in seconds: an integration is
# checked before it is stored, for at most fifteen.
_COMING_SECONDS = 60.0


class RefreshTokens:
    """The newest refresh token of each grant."""

    def __init__(self, secrets: SecretKeeper | None) -> None:
        self._secrets = secrets
        # By a grant's key: the secret that is stored, as far as known, and the one that takes its place.
        self._unsaved: dict[bytes, tuple[str, str]] = {}
        self._saving: dict[bytes, asyncio.Task[None]] = {}

    async def latest(self, grant: Grant) -> str:
        """The secret with the newest refresh token. One that was rotated in by people since is another grant's."""
        if unsaved := self._unsaved.get(grant.key):
            return unsaved[1]
        if self._secrets is None:
            return grant.secret
        if not grant.tenant_id:
            raise AssertionError("a refresh token is stored with its tenant: who calls must tell it")
        try:
            async with asyncio.timeout(_STORE_SECONDS):
                found = await self._secrets.secret(grant.tenant_id, grant.integration_id)
        except (TrunklineError, TimeoutError):
            # As good as what is known: most servers never replace a refresh token.
            return grant.secret
        return found if found and grant.kind.origin(found) == grant.kind.origin(grant.secret) else grant.secret

    async def replace(self, grant: Grant, used: str, token: str) -> None:
        """The server gave `token` for the secret that was used; empty where it gave none. Stored when this returns,
        unless the store is away or does not know the integration yet: then it is tried on."""
        if not token or token == refresh_token(used):
            return
        old = self._unsaved.pop(grant.key, (used, ""))[0]
        self._unsaved[grant.key] = (old, successor(used, token))
        if len(self._unsaved) > _CAPACITY:
            del self._unsaved[next(iter(self._unsaved))]
        if self._secrets is None:
            return
        try:
            async with asyncio.timeout(_STORE_SECONDS):
                stored = await self._save(self._secrets, grant)
        except (TrunklineError, TimeoutError):
            stored = False
        if not stored and grant.key not in self._saving:
            task = self._saving[grant.key] = asyncio.create_task(self._save_later(self._secrets, grant))
            task.add_done_callback(lambda _: self._saving.pop(grant.key, None))

    async def close(self, seconds: float) -> None:
        """Give what is not stored yet so many seconds more."""
        if self._saving:
            await asyncio.wait(list(self._saving.values()), timeout=seconds)
        for task in list(self._saving.values()):
            task.cancel()
        await asyncio.gather(*self._saving.values(), return_exceptions=True)

    async def _save(self, secrets: SecretKeeper, grant: Grant) -> bool:
        """Whether nothing is left to store. Raises as the keeper."""
        unsaved = self._unsaved.get(grant.key)
        if unsaved is None:
            return True
        stored = await secrets.replace_secret(grant.tenant_id, grant.integration_id, *unsaved)
        if stored and self._unsaved.get(grant.key) == unsaved:
            del self._unsaved[grant.key]
        return stored

    async def _save_later(self, secrets: SecretKeeper, grant: Grant) -> None:
        missed = 0.0
        for number in count():
            pause = min(_LAST_PAUSE, _FIRST_PAUSE * 2.0 ** min(number, 16))
            await asyncio.sleep(pause)
            try:
                if await self._save(secrets, grant):
                    return
            except TrunklineError as error:
                # The store is away: as long as it takes.
                _log.warning("refresh_token_not_stored_yet", **_about(grant), reason=error.reason_name)
                continue
            missed += pause
            if missed >= _COMING_SECONDS:
                # Checked and never stored, or changed by people since.
                _log.warning("refresh_token_not_stored", **_about(grant))
                return


def _about(grant: Grant) -> dict[str, str]:
    return {"tenant_id": grant.tenant_id, "integration_id": grant.integration_id}
