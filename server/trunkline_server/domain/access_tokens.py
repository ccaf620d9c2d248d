"""Access tokens kept while they last: one fetch at a time for each credential, and renewal ahead of expiry.

Within a process `Tokens` sees to it; `fetched_once` does over all servers, by what they share.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Generic, Protocol, TypeVar
from uuid import uuid4

from trunkline_server.domain.errors import TrunklineError

CAPACITY = 1024
# A token is renewed when less than this is left of it, in seconds, or less than a tenth of its life: five minutes are
# what azure-core takes, and a tenth leaves short lives nine tenths of use.
RENEW_SECONDS = 300.0
_RENEW_SHARE = 0.1
# Nothing is asked of an endpoint for so long after it failed.
FAILURE_SECONDS = 1.0
# A system that refuses fresh tokens too gets no more than one in so many seconds.
REFUSAL_SECONDS = 10.0
# How often a server looks whether another one has the token that it fetches, in seconds.
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Token:
    """An access token. `lifetime` is in seconds, from when it was asked for, of which `age` have passed."""

    value: str = field(repr=False)
    lifetime: float
    age: float = 0.0

    @property
    def margin(self) -> float:
        """How long before its end it is renewed, in seconds."""
        return min(RENEW_SECONDS, self.lifetime * _RENEW_SHARE)


class Keyed(Protocol):
    """A credential that is changed for tokens; `key` tells it from all others without holding it."""

    @property
    def key(self) -> bytes:
        """The digest of all that decides which token is given."""
        ...


Credential = TypeVar("Credential", bound=Keyed)
# Fetches a token for a credential; another one than the given, which was refused, where it is not empty.
Fetch = Callable[[Credential, str], Awaitable[Token]]


@dataclass(frozen=True, slots=True)
class _Held:
    """A token in use. Times are those of the cache's clock."""

    value: str = field(repr=False)
    renew_at: float
    expires_at: float


@dataclass(slots=True)
class _Entry:
    """What is known for one credential. `flight` is the fetch that is on its way: a token or an error comes of it."""

    held: _Held | None = None
    flight: asyncio.Task[str | TrunklineError] | None = None
    failure: TrunklineError | None = None
    refused: str = field(default="", repr=False)
    rest_until: float = float("-inf")
    refused_until: float = float("-inf")


class Tokens(Generic[Credential]):
    """Tokens by credential, at most `capacity` of them: those not used for longest go first.

    A fetch belongs to no caller: who leaves does not break it for the others. `fetch` bounds its own time; `clock`
    gives seconds.
    """

    def __init__(
        self, fetch: Fetch[Credential], *, clock: Callable[[], float] = time.monotonic, capacity: int = CAPACITY
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._capacity = capacity
        self._entries: dict[bytes, _Entry] = {}
        self._flights: set[asyncio.Task[str | TrunklineError]] = set()

    async def close(self, grace: float = 0.0) -> None:
        """End every fetch; those that end by themselves within `grace` seconds are not cut off."""
        if grace and self._flights:
            await asyncio.wait(self._flights, timeout=grace)
        flights = list(self._flights)
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    async def get(self, credential: Credential, at: float) -> str:
        """A token that has not expired. Waits only where there is none; renewal goes on beside its use. Raises what
        `fetch` does, and TimeoutError when the wait goes on until `at`, on the monotonic clock."""
        entry = self._entry(credential.key)
        now, held = self._clock(), entry.held
        if held is not None and now < held.renew_at:
            return held.value
        if entry.flight is None and now >= entry.rest_until:
            entry.flight = self._start(entry, credential)
        if held is not None and now < held.expires_at:
            return held.value
        if entry.flight is None:
            assert entry.failure is not None
            raise _another(entry.failure)
        return await _landed(entry.flight, at)

    def drop(self, credential: Credential, value: str) -> bool:
        """The system refused this token: whether another one may help. A newer one that is there already stays."""
        entry = self._entry(credential.key)
        if entry.held is None or entry.held.value != value:
            return True
        now = self._clock()
        if now < entry.refused_until:
            return False
        entry.held, entry.refused, entry.refused_until = None, value, now + REFUSAL_SECONDS
        return True

    def _entry(self, key: bytes) -> _Entry:
        entry = self._entries[key] = self._entries.pop(key) if key in self._entries else _Entry()
        if len(self._entries) > self._capacity:
            del self._entries[next(iter(self._entries))]
        return entry

    def _start(self, entry: _Entry, credential: Credential) -> asyncio.Task[str | TrunklineError]:
        flight = asyncio.create_task(self._fly(entry, credential))
        self._flights.add(flight)
        flight.add_done_callback(self._flights.discard)
        return flight

    async def _fly(self, entry: _Entry, credential: Credential) -> str | TrunklineError:
        asked = self._clock()
        try:
            token = await self._fetch(credential, entry.refused)
        except TrunklineError as error:
            # Not the error itself: its traceback holds the frames, and they the secret.
            entry.failure, entry.rest_until = _another(error), self._clock() + FAILURE_SECONDS
            return entry.failure
        finally:
            entry.flight = None
        expires_at = asked - token.age + token.lifetime
        entry.held, entry.refused = _Held(token.value, expires_at - token.margin, expires_at), ""
        return token.value


async def _landed(flight: asyncio.Task[str | TrunklineError], at: float) -> str:
    await asyncio.wait({flight}, timeout=max(0.0, at - time.monotonic()))
    if not flight.done():
        raise TimeoutError
    outcome = flight.result()
    if isinstance(outcome, TrunklineError):
        raise _another(outcome)
    return outcome


def _another(error: TrunklineError) -> TrunklineError:
    """Each caller gets an error of its own, to which more may be added."""
    found = type(error).__new__(type(error), *error.args)
    vars(found).update(vars(error))
    found.metadata = dict(error.metadata)
    return found


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim found: a token; or that another server fetches one, for at most `wait` seconds more; or neither, and
    then it is for the claimant to fetch."""

    token: Token | None = None
    wait: float = 0.0


class SharedTokens(Protocol):
    """Tokens that all servers share, by tenant and key. Each method raises STORE_UNAVAILABLE."""

    async def claim(self, tenant_id: str, key: bytes, refused: str, claim: str) -> Claimed:
        """The token, unless it is the `refused` one or due for renewal; else the right to fetch it, under the claim's
        name and for as long as a lease."""
        ...

    async def give(self, tenant_id: str, key: bytes, claim: str, token: Token) -> None:
        """Share the token, and end the claim. Nothing, when another server has claimed it since."""
        ...

    async def release(self, tenant_id: str, key: bytes, claim: str) -> None:
        """End a claim of which no token came."""
        ...


class SecretKeeper(Protocol):
    """Where secrets of integrations are stored."""

    async def secret(self, tenant_id: str, integration_id: str) -> str:
        """The stored secret, empty without one. Raises STORE_UNAVAILABLE, INTERNAL."""
        ...

    async def replace_secret(self, tenant_id: str, integration_id: str, old: str, new: str) -> bool:
        """Store `new` where `old` is stored: whether it is there now. Makes no version. Raises STORE_UNAVAILABLE."""
        ...


async def fetched_once(
    shared: SharedTokens,
    tenant_id: str,
    key: bytes,
    refused: str,
    fetch: Callable[[], Awaitable[Token]],
    patience: float,
) -> Token:
    """A token that one server fetches for all. Raises what `fetch` does, and TimeoutError when others are at it for
    more than `patience` seconds. While the shared store is away each server fetches its own."""
    claim, end = uuid4().hex, time.monotonic() + patience
    while True:
        try:
            found = await shared.claim(tenant_id, key, refused, claim)
        except TrunklineError:
            return await fetch()
        if found.token is not None:
            return found.token
        if not found.wait:
            break
        if time.monotonic() >= end:
            raise TimeoutError
        await asyncio.sleep(min(found.wait, _LOOK_SECONDS))
    asked = time.monotonic()
    try:
        token = await fetch()
    except TrunklineError:
        await _best_effort(shared.release(tenant_id, key, claim))
        raise
    await _best_effort(shared.give(tenant_id, key, claim, replace(token, age=time.monotonic() - asked)))
    return token


async def _best_effort(work: Awaitable[None]) -> None:
    try:
        await work
    except TrunklineError:
        return  # The lease ends by itself.
