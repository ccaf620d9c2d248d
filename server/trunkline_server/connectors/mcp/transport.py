"""The SDK's HTTP over our guarded connections: the address that was checked is the one that is connected to.

Redirects are not followed; an answer that means an error comes back as a JSON-RPC error that holds it, so that it fails
the one request that met it and not the session.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping

import aiohttp
import httpx2
from yarl import URL

from trunkline_server.connectors.mcp.failures import packed, unreachable
from trunkline_server.connectors.rest.answers import MAX_BODY, HttpAnswer, error_of
from trunkline_server.connectors.rest.template_models import ErrorMap
from trunkline_server.domain.addresses import address_forbidden
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.timeouts import Timeouts
from trunkline_server.outbound import Dial

_PLAIN = ErrorMap()
_CHUNK = 64 * 1024
# The longest call of the contract, in seconds; callers have bounds of their own within it.
_MAX_SECONDS = 600.0
# For what is only polite: the end of a session.
_FAREWELL_SECONDS = 2.0
# aiohttp writes these itself.
_OWN_HEADERS = frozenset(("host", "content-length", "accept-encoding", "connection", "transfer-encoding"))
# What must reach the SDK as it is: 400, 405, 406 and the like may hold what the versions are agreed by.
_MEANT = frozenset((401, 402, 403, 404, 407, 408, 429))


class GuardedTransport(httpx2.AsyncBaseTransport):
    """HTTP of one integration over the connector's session. `secret` is masked in what servers say."""

    def __init__(self, session: aiohttp.ClientSession, timeouts: Timeouts, secret: str) -> None:
        self._session = session
        self._timeouts = timeouts
        self._secret = secret

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """One exchange; never raises but for cancellation."""
        if request.method == "GET" and "last-event-id" not in request.headers:
            # The stream of what a server says unasked: nothing of it is used.
            return httpx2.Response(405, request=request)
        host = request.url.host
        seconds = _FAREWELL_SECONDS if request.method == "DELETE" else _MAX_SECONDS
        dial = Dial(host, time.monotonic() + seconds, self._timeouts)
        try:
            async with dial:
                response = await self._send(request)
                dial.receive()
                return await self._answer(request, response)
        except aiohttp.InvalidURL:
            return _failure(request, address_forbidden(host))
        except (aiohttp.ClientError, OSError, UnicodeError) as error:
            if dial.limit.expired():
                return _failure(request, _timed_out(dial, seconds))
            return _failure(request, address_forbidden(host) if dial.refused else unreachable(error))

    async def _send(self, request: httpx2.Request) -> aiohttp.ClientResponse:
        headers = [(name, value) for name, value in request.headers.multi_items() if name.lower() not in _OWN_HEADERS]
        return await self._session.request(
            request.method,
            URL(str(request.url), encoded=True),
            headers=headers,
            data=await request.aread(),
            allow_redirects=False,
        )

    async def _answer(self, request: httpx2.Request, response: aiohttp.ClientResponse) -> httpx2.Response:
        headers = {name.lower(): value for name, value in response.headers.items()}
        if response.status < 300 and headers.get("content-type", "").startswith("text/event-stream"):
            kept = _kept(headers)
            return httpx2.Response(response.status, headers=kept, stream=_Events(response), request=request)
        async with response:
            body = await _read(response)
        answer = HttpAnswer(response.status, headers, body or b"", complete=body is not None)
        if response.status in _MEANT or 300 <= response.status < 400 or response.status >= 500:
            error = error_of(answer, _PLAIN, self._secret)
            assert error is not None, "it is no success"
            return _failure(request, error)
        if body is None:
            return _failure(request, too_large())
        return httpx2.Response(response.status, headers=_kept(headers), content=body, request=request)


class _Events(httpx2.AsyncByteStream):
    """An answer that comes as a stream of events; closing it closes the connection, which ends the call there."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        try:
            async for chunk in self._response.content.iter_any():
                size += len(chunk)
                if size > MAX_BODY:
                    yield _TOO_LARGE
                    return
                yield chunk
        except (aiohttp.ClientError, OSError) as error:
            raise httpx2.StreamError("broken") from error

    async def aclose(self) -> None:
        """Give the connection back where the answer was read to its end, else close it."""
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


def too_large() -> TrunklineError:
    """MESSAGE_TOO_LARGE."""
    return TrunklineError(
        Reason.ERROR_REASON_MESSAGE_TOO_LARGE,
        f"the MCP server's answer is larger than {MAX_BODY} bytes; ask for less of it",
        metadata={"limit_bytes": str(MAX_BODY)},
    )


# Names the event that is under way as one that nobody reads, and tells the error in the next.
_TOO_LARGE = b"\nevent: dropped\n\ndata: " + packed(too_large()) + b"\n\n"


async def _read(response: aiohttp.ClientResponse) -> bytes | None:
    """The body, None where it is too large."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        if len(body) + len(chunk) > MAX_BODY:
            return None
        body += chunk
    return bytes(body)


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    """What the SDK reads of the head; the body is decoded already."""
    return {name: headers[name] for name in ("content-type", "mcp-session-id") if name in headers}


def _failure(request: httpx2.Request, error: TrunklineError) -> httpx2.Response:
    return httpx2.Response(503, headers={"content-type": "application/json"}, content=packed(error), request=request)


def _timed_out(dial: Dial, whole: float) -> TrunklineError:
    seconds = whole if dial.part == "total" else dial.timeouts.of(dial.part)
    return TrunklineError(
        Reason.ERROR_REASON_UPSTREAM_TIMEOUT,
        f"the MCP server took too long: {seconds:g} s ({dial.part} timeout); try again or allow it more",
        metadata={"timeout": dial.part, "timeout_seconds": f"{seconds:g}"},
    )


async def bounded_close(task: asyncio.Task[None], seconds: float = 2 * _FAREWELL_SECONDS) -> None:
    """Wait for a session's end, and make it end."""
    done, _ = await asyncio.wait((task,), timeout=seconds)
    if not done:
        task.cancel()
        await asyncio.wait((task,), timeout=seconds)
