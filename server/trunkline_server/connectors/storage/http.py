"""HTTP with a store, through guarded connections: bodies go out piece by piece and come in under backpressure.

Own code beside `rest/exchange.py`, which holds a whole answer and sends a body as one.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TypeVar
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from trunkline_server.connectors.rest.exchange import timed_out, unreachable
from trunkline_server.connectors.storage.port import Answer, Ask, Signed
from trunkline_server.domain.addresses import address_forbidden
from trunkline_server.domain.deadline import Deadline, caller_deadline
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.timeouts import Timeouts
from trunkline_server.outbound import Dial

# A page of a thousand long keys has some two megabytes.
MAX_BODY = 8 << 20
# Of an answer that tells a failure.
_MAX_ERROR = 64 * 1024
# Of one message of the caller's stream, and as much is read ahead from the socket.
CHUNK = 256 * 1024
# What aiohttp would add of its own accord: a signature would not cover it.
_OWN = ("Content-Type", "User-Agent", "Accept-Encoding", "Accept")
# aiohttp writes it from the address.
_HOST = "host"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wait:
    """How long the store may take: each request and each pause `seconds`, within the caller's `deadline`."""

    deadline: Deadline
    seconds: float
    timeouts: Timeouts


class Source:
    """An answer whose body is read as it comes. Closing it before the end closes the connection."""

    def __init__(self, response: aiohttp.ClientResponse, wait: Wait) -> None:
        self._response = response
        self._wait = wait
        self.answer = Answer(response.status, _headers(response))

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The body, in pieces of at most 256 KiB; each pause is bounded. Raises UPSTREAM_TIMEOUT, CALLER_DEADLINE,
        INTEGRATION_UNAVAILABLE."""
        pause = min(self._wait.seconds, self._wait.timeouts.idle)
        content, deadline = self._response.content, self._wait.deadline
        while True:
            bound = deadline.sooner(pause)
            try:
                async with bound.timeout():
                    chunk = await content.read(CHUNK)
            except TimeoutError:
                raise (caller_deadline() if bound is deadline else _paused(pause)) from None
            except (aiohttp.ClientError, OSError) as error:
                raise unreachable(error) from None
            if not chunk:
                return
            yield chunk

    async def body(self) -> Answer:
        """The whole answer; of one that tells a failure the beginning does. Raises UPSTREAM_MALFORMED for one that is
        too large."""
        found, failed = bytearray(), self.answer.status >= 300
        async with aclosing(self.chunks()) as chunks:
            async for chunk in chunks:
                found += chunk
                if failed and len(found) > _MAX_ERROR:
                    break
                if len(found) > MAX_BODY:
                    raise malformed("is too large")
        return replace(self.answer, body=bytes(found))

    def close(self) -> None:
        """Give the connection back where all was read, else close it."""
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


async def opened(session: aiohttp.ClientSession, ask: Ask, signed: Signed, wait: Wait) -> Source:
    """Send a request, to the head of its answer. Raises as `exchange` of `rest/exchange.py`."""

    async def work(dial: Dial) -> Source:
        return Source(await _send(session, ask, signed), wait)

    return await _dialled(signed, ask, wait, work)


async def exchange(session: aiohttp.ClientSession, ask: Ask, signed: Signed, wait: Wait) -> Answer:
    """Send a request, to the end of its answer."""

    async def work(dial: Dial) -> Answer:
        source = Source(await _send(session, ask, signed), wait)
        try:
            dial.receive()
            return source.answer if ask.method == "HEAD" else await source.body()
        finally:
            source.close()

    return await _dialled(signed, ask, wait, work)


def malformed(finding: str) -> TrunklineError:
    """UPSTREAM_MALFORMED."""
    return TrunklineError(
        Reason.ERROR_REASON_UPSTREAM_MALFORMED, f"the store's answer {finding}; check that the endpoint is its API"
    )


async def _dialled(signed: Signed, ask: Ask, wait: Wait, work: Callable[[Dial], Awaitable[T]]) -> T:
    wait.deadline.check()
    host, end = urlsplit(signed.url).hostname or "", wait.deadline.sooner(wait.seconds)
    # The head comes behind the body that is sent: that is no pause of the store's.
    timeouts = replace(wait.timeouts, first_byte=math.inf) if ask.body.pieces else wait.timeouts
    dial = Dial(host, end.at, timeouts)
    try:
        async with dial:
            return await work(dial)
    except aiohttp.InvalidURL:
        raise address_forbidden(host) from None
    except (aiohttp.ClientError, OSError, UnicodeError) as error:
        if dial.limit.expired():
            callers = dial.part == "total" and end.at == wait.deadline.at
            raise (caller_deadline() if callers else timed_out(dial, wait.seconds)) from None
        if dial.refused:
            raise address_forbidden(host) from None
        raise unreachable(error) from None


async def _send(session: aiohttp.ClientSession, ask: Ask, signed: Signed) -> aiohttp.ClientResponse:
    headers = {name: value for name, value in signed.headers.items() if name != _HOST}
    headers.setdefault("accept-encoding", "identity")
    if ask.body.pieces or ask.method in ("PUT", "POST"):
        headers["content-length"] = str(ask.body.size)
    return await session.request(
        ask.method,
        URL(signed.url, encoded=True),
        headers=headers,
        data=_pieces(ask) if ask.body.size else None,
        allow_redirects=False,
        skip_auto_headers=_OWN,
        read_bufsize=CHUNK,
    )


async def _pieces(ask: Ask) -> AsyncGenerator[bytes | memoryview, None]:
    for piece in ask.body.pieces:
        view = memoryview(piece)
        for at in range(0, len(view), CHUNK):
            yield view[at : at + CHUNK]


def _headers(response: aiohttp.ClientResponse) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in response.headers.items():
        lower = name.lower()
        # Fields that come several times are one list, RFC 9110, 5.3.
        found[lower] = f"{found[lower]}, {value}" if lower in found else value
    return found


def _paused(seconds: float) -> TrunklineError:
    return TrunklineError(
        Reason.ERROR_REASON_UPSTREAM_TIMEOUT,
        f"the store took too long: waited {seconds:g} s for more of the object (idle timeout); try again or allow more",
        metadata={"timeout": "idle", "timeout_seconds": f"{seconds:g}"},
    )


async def pause(seconds: float, deadline: Deadline) -> None:
    """Sleep, not longer than until the deadline. Raises CALLER_DEADLINE where that is sooner."""
    if seconds >= deadline.remaining():
        raise caller_deadline()
    await asyncio.sleep(seconds)
