"""HTTP for provider calls: one pool, bounds on time and size, and errors of the family.

aiohttp, because pyreqwest 0.15 leaves a request running upstream when its task is cancelled before the response head.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
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
from trunkline_server.providers.http1 import Answer, Place, exchange
from trunkline_server.providers.wire import HttpResponse, MalformedError

MAX_BODY_BYTES = 32 * 1024 * 1024
_KEEP_ALIVE_SECONDS = 60.0
# What aiohttp keeps before it stops reading is twice this much, and what came at once.
_READ_BYTES, _READ_BYTES_WHOLE = 8 * 1024, 256 * 1024
# What waits in the system, of a bounded answer.
_RECEIVE_BYTES = 48 * 1024
# Addresses that are kept prepared.
_KNOWN_PLACES = 1024


@dataclass(slots=True)
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
        at = time.monotonic() + seconds
        return cls(deadline.at, deadline.caller, timeouts) if deadline.at <= at else cls(at, False, timeouts)

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
        self._read_bytes = _READ_BYTES if bounded else _READ_BYTES_WHOLE
        self._connector: aiohttp.BaseConnector | None = None
        self._places: dict[str, Place] = {}

    async def close(self) -> None:
        """Close every connection."""
        if self._connector is not None:
            await self._connector.close()
            self._connector = None

    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        bound: Bound,
        provider: str,
        unauthorized: Unauthorized | None = None,
    ) -> Answer:
        """Send, and give the answer once its head is there; after a 401 once more, where `unauthorized` finds other
        headers. Leaving the answer's context, or a cancellation anywhere, closes the connection at once unless the
        answer was read to its end. Raises ProviderError; with `unauthorized`, MalformedError."""
        place = self._place(url, provider)
        answer = await self._exchange(method, place, headers, body, bound, provider)
        if unauthorized is None or answer.status != 401:
            return answer
        with answer:
            headers = await unauthorized(await self.whole(answer, bound, provider))
        return await self._exchange(method, place, headers, body, bound, provider)

    async def _exchange(
        self, method: str, place: Place, headers: Mapping[str, str], body: bytes | None, bound: Bound, provider: str
    ) -> Answer:
        dial = Dial(place.host, bound.at, bound.timeouts)
        try:
            head = place.head(method, headers, body)
            async with dial:
                return await exchange(self._open(), place, method, head, body, self._read_bytes)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if dial.refused:
                raise _forbidden(provider, dial.host) from None
            if dial.limit.expired():
                raise _late(bound.error(provider, dial.part), dial) from None
            raise _unreachable(provider, error) from None

    async def whole(self, answer: Answer, bound: Bound, provider: str) -> HttpResponse:
        """Read the body. Raises ProviderError, and MalformedError above 32 MiB."""
        parts: list[bytes] = []
        size, wait = 0, bound
        while part := await self.chunk(answer, wait, provider):
            parts.append(part)
            size += len(part)
            if size > MAX_BODY_BYTES:
                raise MalformedError(f"the answer exceeds {MAX_BODY_BYTES} bytes")
            if answer.content.at_eof():
                break
            wait = bound.pause()
        return HttpResponse(answer.status, answer.headers, parts[0] if len(parts) == 1 else b"".join(parts))

    async def chunk(self, answer: Answer, bound: Bound, provider: str) -> bytes:
        """What has arrived of the body, at least a byte; empty at its end. Raises ProviderError."""
        content = answer.content
        try:
            ready = content.read_nowait()
            if ready or content.at_eof():
                return ready
            # Cheaper at every pause of a stream than asyncio.timeout_at: the content ends, not the task.
            late = asyncio.get_running_loop().call_at(bound.at, content.set_exception, TimeoutError())
            try:
                return await content.readany()
            finally:
                late.cancel()
        except TimeoutError:
            raise bound.error(provider, bound.part) from None
        except (aiohttp.ClientError, OSError) as error:
            # What came before the break counts; aiohttp raises first. The next call finds nothing left, and the error.
            if left := content._read_nowait(-1):
                return left
            raise _broken_off(provider, error) from None

    def _place(self, url: str, provider: str) -> Place:
        """Where a call goes. It was judged when it was stored, perhaps by another policy. Raises ProviderError."""
        if (known := self._places.get(url)) is not None:
            return known
        try:
            place = Place(URL(url, encoded=True), self._user_agent)
        except (ValueError, aiohttp.InvalidURL):
            said = f"the endpoint of {provider} is no address that can be called; correct it"
            raise ProviderError(Reason.ERROR_REASON_ADDRESS_FORBIDDEN, said, metadata={"provider": provider}) from None
        if not place.secure and not self._policy.allow_http:
            raise _forbidden(provider, place.host)
        if len(self._places) >= _KNOWN_PLACES:
            self._places.clear()
        self._places[url] = place
        return place

    def _open(self) -> aiohttp.BaseConnector:
        if self._connector is None:
            # Admission bounds the calls in flight; the pool must not queue on top of it.
            self._connector = guarded_connector(
                self._policy,
                limit=0,
                keep_alive=_KEEP_ALIVE_SECONDS,
                tls=self._tls,
                receive_bytes=_RECEIVE_BYTES if self._bounded else 0,
            )
        return self._connector


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
