"""Sends webhooks: POST to addresses that the operator's policy allows, judged at the socket."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.timeouts import Timeouts
from trunkline_server.domain.webhooks.ports import Answer
from trunkline_server.outbound import Dial, guarded_session

# Of the body of an answer, in bytes; what comes behind is not read.
_READ = 4096
_HEADERS = {"content-type": "application/json", "user-agent": "Trunkline"}
# Which statuses mean what, for people.
_MEANINGS = {410: "answered 410 Gone", 429: "answered 429: too many requests"}


class WebhookSender:
    """Implements `domain.webhooks.ports.Sender`: one session. Use as an async context manager."""

    def __init__(self, policy: OutboundPolicy) -> None:
        self._policy = policy
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        # Answers are not decompressed: 4 KiB of one may be gigabytes.
        self._session = guarded_session(self._policy, resolver=None, tls=None, auto_decompress=False)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(self, url: str, timeout: float, headers: Mapping[str, str], body: bytes) -> Answer:  # noqa: ASYNC109
        """See Sender."""
        began = time.monotonic()
        if problem := self._policy.url_problem(url.partition("?")[0]):
            return Answer(error=f"the address is not allowed: it {problem}")
        dial = Dial(urlsplit(url).hostname or "", began + timeout, Timeouts(math.inf, math.inf, math.inf))
        response: aiohttp.ClientResponse | None = None
        start = b""
        assert self._session is not None, "use it as an async context manager"
        try:
            async with dial:
                response = await self._session.post(
                    URL(url, encoded=True), data=body, headers={**headers, **_HEADERS}, allow_redirects=False
                )
                start = await _start(response)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            # The status is what counts: an answer whose body fails to come is an answer.
            if response is None:
                return Answer(error=_problem(dial, error, timeout), latency=time.monotonic() - began)
        finally:
            if response is not None:
                # Closes the connection where the body was not read to its end.
                response.release() if response.content.at_eof() else response.close()
        asked = _retry_after(response.headers.get("retry-after", ""))
        return Answer(response.status, _error(response.status), start, asked, time.monotonic() - began)


async def _start(response: aiohttp.ClientResponse) -> bytes:
    found = b""
    while len(found) < _READ and (piece := await response.content.read(_READ - len(found))):
        found += piece
    return found


def _retry_after(value: str) -> float | None:
    """Seconds, from a number of them or a date (RFC 9110, 10.2.3); None where it is neither."""
    value = value.strip()
    if value.isascii() and value.isdecimal():
        return float(value[:9])
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, IndexError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())


def _error(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return f"answered {status}: redirects are not followed"
    return _MEANINGS.get(status, f"answered {status}")


def _problem(dial: Dial, error: Exception, seconds: float) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {seconds:g} s"
    if dial.refused:
        return "the address is not allowed: it is private, local or reserved, or not among those that may be reached"
    if isinstance(error, aiohttp.ClientSSLError | aiohttp.ClientConnectorCertificateError):
        return "no TLS connection: its certificate or version is not accepted"
    if isinstance(error, aiohttp.ClientConnectorError):
        return "no connection"
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError):
        return "the connection was closed without an answer"
    return "the answer is no HTTP" if isinstance(error, aiohttp.ClientPayloadError) else "the request failed"
