"""HTTP for provider calls: one pool, bounds on time and size, and errors of the family.

aiohttp, because pyreqwest 0.15 leaves a request running upstream when its task is cancelled before the response head.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from trunkline.v1.common_pb2 import Usage
from yarl import URL

from trunkline_server.domain.addresses import OutboundPolicy, address_forbidden
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import ProviderError, Reason
from trunkline_server.domain.ports import Target
from trunkline_server.domain.timeouts import DEFAULT_TIMEOUTS, WAITED_FOR, Part, Timeouts
from trunkline_server.outbound import Dial, guarded_connector
from trunkline_server.providers.wire import HttpResponse, MalformedError

MAX_BODY_BYTES = 32 * 1024 * 1024
_KEEP_ALIVE_SECONDS = 60.0
# What aiohttp keeps before it stops reading is twice this much, and what came at once.
_READ_BYTES, _READ_BYTES_WHOLE = 8 * 1024, 256 * 1024
# What waits in the system, of a bounded answer.
_RECEIVE_BYTES = 48 * 1024


@dataclass(frozen=True, slots=True)
class Bound:
    """When a call ends, and whose bound that is: the caller's deadline, or a timeout of ours. `timeouts` bound its
    parts; `part` is the one that ends at `at`."""

    at: float
    caller: bool
    timeouts: Timeouts = DEFAULT_TIMEOUTS
    part: Part = "total"

    @classmethod
    def of(cls, deadline: Deadline, seconds: float, timeouts: Timeouts = DEFAULT_TIMEOUTS) -> Bound:
        """The earlier of the caller's deadline and `seconds` from now."""
        own = Deadline.after(seconds)
        at, caller = (deadline.at, deadline.caller) if deadline.at <= own.at else (own.at, False)
        return cls(at, caller, timeouts)

    @classmethod
    def to(cls, target: Target, deadline: Deadline) -> Bound:
        """The bound of a call of `target`."""
        return cls.of(deadline, target.timeout, target.timeouts)

    @classmethod
    def lasting(cls, target: Target, deadline: Deadline) -> Bound:
        """The bound of a pause that begins now, in an answer that lasts as long as it goes on."""
        at = time.monotonic() + target.timeouts.idle
        if deadline.at <= at:
            return cls(deadline.at, deadline.caller, target.timeouts)
        return cls(at, False, target.timeouts, "idle")

    def pause(self) -> Bound:
        """This bound, or the end of a pause that begins now if that is sooner."""
        at = time.monotonic() + self.timeouts.idle
        return self if self.at <= at else Bound(at, False, self.timeouts, "idle")

    def error(self, provider: str, part: Part, waited_for: str = "") -> ProviderError:
        """The error of a call that ran out of the time of `part`."""
        waited_for = waited_for or WAITED_FOR[part]
        if self.caller and part == self.part:
            return ProviderError(
                Reason.ERROR_REASON_CALLER_DEADLINE,
                f"the caller's deadline passed while waiting for {waited_for} of {provider}; allow more time",
                metadata={"provider": provider},
            )
        return ProviderError(
            Reason.ERROR_REASON_UPSTREAM_TIMEOUT,
            f"{provider} took too long: waited for {waited_for} ({part} timeout)",
            metadata={"provider": provider, "timeout": part},
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
        address = self._address(url, provider)
        dial = Dial(address.raw_host or "", bound.at, bound.timeouts)
        try:
            async with dial:
                response = await self._open().request(
                    method, address, data=body, headers=headers, allow_redirects=False
                )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if dial.refused:
                raise _forbidden(provider, dial.host) from None
            if dial.limit.expired():
                raise _late(bound.error(provider, dial.part), dial) from None
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
        size, wait = 0, bound
        while part := await self.chunk(response, wait, provider):
            parts.append(part)
            size += len(part)
            wait = bound.pause()
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
            raise bound.error(provider, bound.part) from None
        except (aiohttp.ClientError, OSError) as error:
            # What came before the break counts; aiohttp raises first. The next call finds nothing left, and the error.
            if left := content._read_nowait(-1):
                return left
            raise _broken_off(provider, error) from None

    def _address(self, url: str, provider: str) -> URL:
        """The address of a call. It was judged when it was stored, perhaps by another policy. Raises ProviderError."""
        try:
            address = URL(url, encoded=True)
        except ValueError:
            said = f"the endpoint of {provider} is no address that can be called; correct it"
            raise ProviderError(Reason.ERROR_REASON_ADDRESS_FORBIDDEN, said, metadata={"provider": provider}) from None
        if address.scheme != "https" and not self._policy.allow_http:
            raise _forbidden(provider, address.raw_host or "")
        return address

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
                timeout=aiohttp.ClientTimeout(total=None),
                headers={"User-Agent": self._user_agent},
            )
        return self._session


def _forbidden(provider: str, host: str) -> ProviderError:
    error = address_forbidden(host)
    return ProviderError(error.reason, error.message, metadata=error.metadata | {"provider": provider})


def _late(error: ProviderError, dial: Dial) -> ProviderError:
    """Without a connection nothing was sent, and so nothing used."""
    if not dial.connected:
        error.usage = Usage(input_tokens=0, output_tokens=0)
    return error


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
