"""The HTTP receiver of webhooks: `POST /webhooks/<tenant>/<integration>`.

2xx only after the event is committed. A status never tells more than its sender may know: what does not receive is 404,
whatever the cause; a signature that is not right is 401, whatever of it.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from collections.abc import Mapping

from aiohttp import web
from prometheus_client import Counter, Histogram

from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.receivers import Receiver, Receivers
from trunkline_server.domain.traceparent import trace_of
from trunkline_server.ops.accesslog import AccessLog

PATH = "/webhooks/{tenant}/{integration}"
# A sender has so long for its body, in seconds.
READ_SECONDS = 10.0
# Bodies that one worker holds at a time, in bytes: those that are read and those that wait to be stored.
HELD_BYTES = 64 << 20
# What a sender is told to wait, in seconds, where nothing else says.
_RETRY_SECONDS = 5.0

# The HTTP status of a refusal and the outcome that is counted, by reason; any other is 503, `unavailable`.
_REFUSALS: Mapping[int, tuple[int, str]] = {
    Reason.ERROR_REASON_NOT_FOUND: (404, "not_found"),
    Reason.ERROR_REASON_CREDENTIAL_INVALID: (401, "refused"),
    Reason.ERROR_REASON_MESSAGE_TOO_LARGE: (413, "too_large"),
    Reason.ERROR_REASON_CALLER_DEADLINE: (408, "slow"),
    Reason.ERROR_REASON_CALLER_CANCELLED: (400, "broken"),
}
_TEXTS = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 408: "Request Timeout"}
_TEXTS |= {413: "Request Entity Too Large", 503: "Service Unavailable"}


class ReceiverEndpoint:
    """The route, its metrics and its line in the access log."""

    def __init__(
        self, receivers: Receivers, log: AccessLog, read_seconds: float = READ_SECONDS, held_bytes: int = HELD_BYTES
    ) -> None:
        self._receivers = receivers
        self._log = log
        self._read_seconds = read_seconds
        self._free = held_bytes
        self._received = Counter(
            "trunkline_webhooks_received", "Webhooks that came, by what became of them.", ("outcome",)
        )
        self._seconds = Histogram("trunkline_webhook_seconds", "From the head of a webhook to its answer.")

    def add_to(self, app: web.Application) -> None:
        """Serve the route by an application."""
        app.router.add_post(PATH, self._answer)

    async def _answer(self, request: web.Request) -> web.Response:
        began, arrived = time.monotonic(), time.time()
        trace_id = trace_of(request.headers.get("traceparent", ""))[0] or secrets.token_hex(16)
        line: dict[str, object] = {"event": "webhook", "ts": arrived, "trace_id": trace_id}
        try:
            answer, outcome = await self._receive(request, trace_id, line)
        except TrunklineError as error:
            status, outcome = _REFUSALS.get(error.reason, (503, "unavailable"))
            answer = web.Response(status=status, text=f"{status}: {_TEXTS[status]}")
            line["reason"] = error.reason_name
            if status == 503:
                answer.headers["retry-after"] = str(math.ceil(error.retry_after or _RETRY_SECONDS))
        answer.headers["x-trace-id"] = trace_id
        seconds = time.monotonic() - began
        self._received.labels(outcome).inc()
        self._seconds.observe(seconds)
        self._log.note(
            line | {"status": answer.status, "outcome": outcome, "seconds": round(seconds, 6)}, answer.status >= 400
        )
        return answer

    async def _receive(self, request: web.Request, trace_id: str, line: dict[str, object]) -> tuple[web.Response, str]:
        """The answer and the outcome; adds what is known to the log's line. Raises TrunklineError."""
        receiver = await self._receivers.find(request.match_info["tenant"], request.match_info["integration"])
        line["tenant_id"], line["integration_id"] = receiver.tenant_id, receiver.integration.integration_id
        length = request.content_length
        if length is not None and length > receiver.max_bytes:
            raise _too_large(receiver)
        held = receiver.max_bytes if length is None else length
        if held > self._free:
            raise TrunklineError(Reason.ERROR_REASON_OVERLOADED, "too many webhooks at a time; send it again")
        self._free -= held
        try:
            body = await self._body(request, receiver)
            headers = {name.lower(): value for name, value in request.headers.items()}
            receipt = await self._receivers.receive(receiver, headers, body, trace_id)
        finally:
            self._free += held
        line |= {"event_id": receipt.event_id, "source_type": receipt.source_type}
        return web.Response(text=receipt.challenge), receipt.outcome

    async def _body(self, request: web.Request, receiver: Receiver) -> bytes:
        """The body as it was sent. Raises MESSAGE_TOO_LARGE, CALLER_DEADLINE, CALLER_CANCELLED."""
        pieces, size = [], 0
        try:
            async with asyncio.timeout(self._read_seconds):
                async for piece in request.content.iter_any():
                    size += len(piece)
                    if size > receiver.max_bytes:
                        raise _too_large(receiver)
                    pieces.append(piece)
        except TimeoutError:
            raise TrunklineError(Reason.ERROR_REASON_CALLER_DEADLINE, "the body came too slowly") from None
        except (ConnectionError, web.RequestPayloadError):
            raise TrunklineError(Reason.ERROR_REASON_CALLER_CANCELLED, "the body was cut off") from None
        return b"".join(pieces)


def _too_large(receiver: Receiver) -> TrunklineError:
    return TrunklineError(
        Reason.ERROR_REASON_MESSAGE_TOO_LARGE, f"the body is larger than the receiver takes: {receiver.max_bytes} bytes"
    )
