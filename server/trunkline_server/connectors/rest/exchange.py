"""One HTTP exchange of at most so many seconds, to the end of its body, through guarded connections."""

from __future__ import annotations

from collections.abc import Sequence

import aiohttp

from trunkline_server.connectors.rest.answers import MAX_BODY, HttpAnswer
from trunkline_server.connectors.rest.request import HttpRequest
from trunkline_server.domain.addresses import address_forbidden
from trunkline_server.domain.deadline import Deadline, caller_deadline
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.timeouts import WAITED_FOR, Timeouts
from trunkline_server.outbound import Dial

_CHUNK = 64 * 1024


async def exchange(
    session: aiohttp.ClientSession,
    request: HttpRequest,
    deadline: Deadline,
    end: Deadline,
    seconds: float,
    timeouts: Timeouts,
) -> HttpAnswer:
    """The answer. `end` is the sooner of the caller's `deadline` and that of the attempt, which has `seconds` in all.
    Leaving early closes the connection. Raises UPSTREAM_TIMEOUT, CALLER_DEADLINE, INTEGRATION_UNAVAILABLE and
    ADDRESS_FORBIDDEN."""
    deadline.check()
    host = request.url.host or ""
    dial = Dial(host, end.at, timeouts)
    try:
        async with dial:
            return await _send(session, request, dial)
    except aiohttp.InvalidURL:
        # A number that is one address to some and another to others, such as 127.1.
        raise address_forbidden(host) from None
    except (aiohttp.ClientError, OSError, UnicodeError) as error:
        if dial.limit.expired():
            callers = dial.part == "total" and end.at == deadline.at
            raise (caller_deadline() if callers else timed_out(dial, seconds)) from None
        if dial.refused:
            raise address_forbidden(host) from None
        raise unreachable(error) from None


async def _send(session: aiohttp.ClientSession, request: HttpRequest, dial: Dial) -> HttpAnswer:
    async with session.request(
        request.method,
        request.url,
        headers=request.headers,
        data=request.body,
        allow_redirects=False,
        ssl=request.tls or True,
    ) as response:
        headers: dict[str, str] = {}
        for name, value in response.headers.items():
            lower = name.lower()
            # Fields that come several times are one list, RFC 9110, 5.3.
            headers[lower] = f"{headers[lower]}, {value}" if lower in headers else value
        body = bytearray()
        dial.receive()
        async for chunk in response.content.iter_chunked(_CHUNK):
            if len(body) + len(chunk) > MAX_BODY:
                return HttpAnswer(response.status, headers, b"", complete=False)
            body += chunk
            dial.receive()
        return HttpAnswer(response.status, headers, bytes(body))


def timed_out(dial: Dial, whole: float) -> TrunklineError:
    """UPSTREAM_TIMEOUT: the time of a part ran out, or the `whole` seconds."""
    seconds = whole if dial.part == "total" else dial.timeouts.of(dial.part)
    return TrunklineError(
        Reason.ERROR_REASON_UPSTREAM_TIMEOUT,
        f"the integration took too long: waited {seconds:g} s for {WAITED_FOR[dial.part]} ({dial.part} timeout); "
        "try again or allow it more",
        metadata={"timeout": dial.part, "timeout_seconds": f"{seconds:g}"},
    )


# The first that fits; texts of the driver would show addresses.
_FINDINGS: Sequence[tuple[type[BaseException], str]] = (
    (aiohttp.ClientConnectorDNSError, "its name cannot be resolved"),
    (UnicodeError, "its name cannot be resolved"),
    (aiohttp.ClientSSLError, "its TLS certificate or version is not accepted"),
    (aiohttp.ClientConnectorError, "it refuses the connection"),
    (aiohttp.ClientConnectionError, "the connection broke before the answer"),
    (aiohttp.ClientPayloadError, "the connection broke within the answer"),
    (aiohttp.ClientError, "its answer is not HTTP"),
    (OSError, "the connection broke"),
)


def unreachable(error: BaseException) -> TrunklineError:
    """INTEGRATION_UNAVAILABLE: no whole answer came."""
    finding = next(text for kind, text in _FINDINGS if isinstance(error, kind))
    return TrunklineError(
        Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE,
        f"the integration is not reachable: {finding}; try again shortly",
        metadata={"finding": finding} | ({"sent": "no"} if isinstance(error, aiohttp.ClientConnectorError) else {}),
    )
