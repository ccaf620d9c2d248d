"""Access tokens kept while they last: one fetch at a time for each credential, and renewal ahead of expiry."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from trunkline_server.domain.errors import ProviderError
from trunkline_server.providers.http import Bound
from trunkline_server.providers.tokens.exchange import unavailable
from trunkline_server.providers.tokens.grant import Grant, Token, failed

CAPACITY = 1024
# A token is renewed when less than this is left of it, in seconds, or less than a tenth of its life.
RENEW_SECONDS = 300.0
_RENEW_SHARE = 0.1
# Nothing is asked of an endpoint for so long after it failed.
FAILURE_SECONDS = 1.0
# A provider that refuses fresh tokens too gets no more than one in so many seconds.
REFUSAL_SECONDS = 10.0

Fetch = Callable[[Grant], Awaitable[Token]]


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
    flight: asyncio.Task[str | ProviderError] | None = None
    failure: ProviderError | None = None
    rest_until: float = float("-inf")
    refused_until: float = float("-inf")


class Tokens:
    """Tokens by credential, at most `capacity` of them: those not used for longest go first.

    A fetch belongs to no caller: who leaves does not break it for the others. `fetch` bounds its own time; `clock`
    gives seconds.
    """

    def __init__(self, fetch: Fetch, *, clock: Callable[[], float] = time.monotonic, capacity: int = CAPACITY) -> None:
        self._fetch = fetch
        self._clock = clock
        self._capacity = capacity
        self._entries: dict[bytes, _Entry] = {}
        self._flights: set[asyncio.Task[str | ProviderError]] = set()

    async def close(self) -> None:
        """End every fetch."""
        flights = list(self._flights)
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    async def get(self, grant: Grant, bound: Bound) -> str:
        """A token that has not expired. Waits only where there is none; renewal goes on beside its use. Raises
        ProviderError, also when `bound` ends the wait."""
        entry = self._entry(grant.key)
        now, held = self._clock(), entry.held
        if held is not None and now < held.renew_at:
            return held.value
        if entry.flight is None and now >= entry.rest_until:
            entry.flight = self._start(entry, grant)
        if held is not None and now < held.expires_at:
            return held.value
        if entry.flight is None:
            assert entry.failure is not None
            raise _copy(entry.failure)
        return await self._landed(entry.flight, grant, bound)

    def drop(self, grant: Grant, value: str) -> bool:
        """The provider refused this token: whether another one may help. A newer one that is there already stays."""
        entry = self._entry(grant.key)
        if entry.held is None or entry.held.value != value:
            return True
        now = self._clock()
        if now < entry.refused_until:
            return False
        entry.held, entry.refused_until = None, now + REFUSAL_SECONDS
        return True

    def _entry(self, key: bytes) -> _Entry:
        entry = self._entries[key] = self._entries.pop(key) if key in self._entries else _Entry()
        if len(self._entries) > self._capacity:
            del self._entries[next(iter(self._entries))]
        return entry

    def _start(self, entry: _Entry, grant: Grant) -> asyncio.Task[str | ProviderError]:
        flight = asyncio.create_task(self._fly(entry, grant))
        self._flights.add(flight)
        flight.add_done_callback(self._flights.discard)
        return flight

    async def _fly(self, entry: _Entry, grant: Grant) -> str | ProviderError:
        asked = self._clock()
        try:
            token = await self._fetch(grant)
        except ProviderError as error:
            # Not the error itself: its traceback holds the frames, and they the secret.
            entry.failure, entry.rest_until = _copy(error), self._clock() + FAILURE_SECONDS
            return entry.failure
        finally:
            entry.flight = None
        expires_at = asked + token.lifetime
        entry.held = _Held(token.value, expires_at - min(RENEW_SECONDS, token.lifetime * _RENEW_SHARE), expires_at)
        return token.value

    async def _landed(self, flight: asyncio.Task[str | ProviderError], grant: Grant, bound: Bound) -> str:
        await asyncio.wait({flight}, timeout=max(0.0, bound.at - time.monotonic()))
        if not flight.done():
            raise _late(grant, bound)
        outcome = flight.result()
        if isinstance(outcome, ProviderError):
            raise _copy(outcome)
        return outcome


def _late(grant: Grant, bound: Bound) -> ProviderError:
    if not bound.caller:
        return unavailable(grant, f"{grant.endpoint} took too long to give an access token for {grant.provider}")
    return _copy(bound.error(grant.provider, bound.part, "an access token"))


def _copy(error: ProviderError) -> ProviderError:
    """Each caller gets an error of its own, to which more may be added."""
    return failed(
        error.reason,
        error.message,
        error.metadata,
        retry=error.retry,
        fallback=error.fallback,
        retry_after=error.retry_after,
    )
