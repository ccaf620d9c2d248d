"""HTTP for provider calls: one pool, bounds on time and size, and errors of the family.

aiohttp, because pyreqwest 0.15 leaves a request running upstream when its task is cancelled before the response head.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from yarl import URL

from trunkline_server.domain.addresses import OutboundPolicy, address_forbidden
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import ProviderError, Reason
from trunkline_server.outbound import dialling, guarded_connector
from trunkline_server.providers.wire import HttpResponse, MalformedError

MAX_BODY_BYTES = 32 * 1024 * 1024
CONNECT_SECONDS = 10.0
_KEEP_ALIVE_SECONDS = 60.0
# What aiohttp keeps before it stops reading is twice this much, and what came at once.
_READ_BYTES, _READ_BYTES_WHOLE = 8 * 1024, 256 * 1024
# What waits in the system, of a bounded answer.
_RECEIVE_BYTES = 48 * 1024


@dataclass(frozen=True, slots=True)
class Bound:
    """When a wait ends, and whose bound that is: the caller's deadline, or a timeout of ours."""

    at: float
    caller: bool

    @classmethod
    def of(cls, deadline: Deadline, seconds: float) -> Bound:
        """The earlier of the caller's deadline and `seconds` from now."""
        own = Deadline.after(seconds)
        return cls(deadline.at, deadline.caller) if deadline.at <= own.at else cls(own.at, False)

    def error(self, provider: str, waited_for: str) -> ProviderError:
        """The error of a wait that ended at this bound."""
        if self.caller:
            return ProviderError(
                Reason.ERROR_REASON_CALLER_DEADLINE,
                f"the caller's deadline passed while waiting for {waited_for} of {provider}; allow more time",
                metadata={"provider": provider},
            )
        return ProviderError(
            Reason.ERROR_REASON_UPSTREAM_TIMEOUT,
            f"{provider} took too long: waited for {waited_for}",
            metadata={"provider": provider},
        )


# Asked after a 401: gives the headers of a second try, or raises the error that the answer is.
Unauthorized = Callable[[HttpResponse], Awaitable[Mapping[str, str]]]


class BrokenOffError(ProviderError):
    """The connection broke within an answer."""


class Http:
    """One connection pool, to what `policy` allows. `tls` absent: TLS 1.3 and the system's roots. HTTP/1.1, no
    redirects, no cookies, no proxy from the environment.

    `bounded`: of an answer that nobody reads, less than 256 KB are taken from the provider. Such a connection carries
    some 48 KB in each round trip: enough for streams, too slow for large answers.
    """

    def __init__(
        self,
        policy: OutboundPolicy,
        tls: ssl.SSLContext | None = None,
        user_agent: str = "trunkline",
        *,
        bounded: bool = False,
    ) -> None:
        self._bounded = bounded
        self._policy = policy
        self._tls = tls
        self._user_agent = user_agent
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    @asynccontextmanager
    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        bound: Bound,
        provider: str,
        unauthorized: Unauthorized | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send, and give the response once its head is there; after a 401 once more, where `unauthorized` finds other
        headers. Leaving the context, or a cancellation anywhere, closes the connection at once unless the answer was
        read to its end. Raises ProviderError; with `unauthorized`, MalformedError."""
        address = URL(url, encoded=True)
        dial = dialling(address.raw_host or "")
        try:
            async with asyncio.timeout_at(bound.at):
                response = await self._open().request(
                    method, address, data=body, headers=headers, allow_redirects=False
                )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if dial.refused:
                raise _forbidden(provider, dial.host) from None
            # asyncio's TimeoutError is an OSError too.
            if isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ConnectionTimeoutError):
                raise bound.error(provider, "the answer") from None
            raise _unreachable(provider, error) from None
        try:
            if unauthorized is None or response.status != 401:
                yield response
                return
            headers = await unauthorized(await self.whole(response, bound, provider))
        finally:
            # Returns the connection to the pool after a whole answer and closes it otherwise.
            response.release()
        async with self.send(method, url, headers, body, bound, provider) as second:
            yield second

    async def whole(self, response: aiohttp.ClientResponse, bound: Bound, provider: str) -> HttpResponse:
        """Read the body. Raises ProviderError, and MalformedError above 32 MiB."""
        parts: list[bytes] = []
        size = 0
        while part := await self.chunk(response, bound, provider):
            parts.append(part)
            size += len(part)
            if size > MAX_BODY_BYTES:
                raise MalformedError(f"the answer exceeds {MAX_BODY_BYTES} bytes")
        return HttpResponse(response.status, response.headers, parts[0] if len(parts) == 1 else b"".join(parts))

    async def chunk(self, response: aiohttp.ClientResponse, bound: Bound, provider: str) -> bytes:
        """What has arrived of the body, at least a byte; empty at its end. Raises ProviderError."""
        content = response.content
        try:
            ready = content.read_nowait()
            if ready or content.at_eof():
                return ready
            async with asyncio.timeout_at(bound.at):
                return await content.readany()
        except TimeoutError:
            raise bound.error(provider, "more of the answer") from None
        except (aiohttp.ClientError, OSError) as error:
            # What came before the break counts; aiohttp raises first. The next call finds nothing left, and the error.
            if left := content._read_nowait(-1):
                return left
            raise _broken_off(provider, error) from None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            # Admission bounds the calls in flight; the pool must not queue on top of it.
            connector = guarded_connector(
                self._policy,
                limit=0,
                keep_alive=_KEEP_ALIVE_SECONDS,
                tls=self._tls,
                receive_bytes=_RECEIVE_BYTES if self._bounded else 0,
            )
            self._session = aiohttp.ClientSession(
                read_bufsize=_READ_BYTES if self._bounded else _READ_BYTES_WHOLE,
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
                headers={"User-Agent": self._user_agent},
            )
        return self._session


def _forbidden(provider: str, host: str) -> ProviderError:
    error = address_forbidden(host)
    return ProviderError(error.reason, error.message, metadata=error.metadata | {"provider": provider})


def _unreachable(provider: str, error: Exception) -> ProviderError:
    """No answer: refused, reset, not resolved, or no connection in time. Only the kind of the error is told."""
    return _unavailable(ProviderError, provider, "could not be reached", error)


def _broken_off(provider: str, error: Exception) -> ProviderError:
    return _unavailable(BrokenOffError, provider, "broke off its answer", error)


def _unavailable(kind: type[ProviderError], provider: str, said: str, error: Exception) -> ProviderError:
    return kind(
        Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE,
        f"{provider} {said} ({type(error).__name__})",
        metadata={"provider": provider, "cause": type(error).__name__},
    )
