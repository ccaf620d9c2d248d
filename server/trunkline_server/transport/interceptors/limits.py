"""How many calls one worker carries at once, and who waits for a place or is refused when there is none.

Calls of models and tools share one gate with a queue, by class, tenant and deadline (domain/fairness.py). All others
are short reads and changes: they pass beside it, up to a bound of their own, so that an operator can act while the
worker is full. Health and reflection do not pass this chain.
"""

from __future__ import annotations

import time
from typing import Any

from google.protobuf.message import Message
from trunkline.v1.completion_pb2 import CompleteRequest

from trunkline_server.domain.call import Call
from trunkline_server.domain.fairness import Gate, Queueing
from trunkline_server.domain.needs import DEFAULT_MAX_TOKENS
from trunkline_server.domain.signals import Signals
from trunkline_server.domain.sizes import size
from trunkline_server.transport.chain import Proceed, Sink
from trunkline_server.transport.methods import Method

# Who holds one of these calls a model or a tool.
_QUEUED = frozenset(("llm.complete", "llm.embed", "llm.count", "tools.execute"))
# Who holds one of these stays: subscriptions have room of their own, which the feed bounds by itself.
_STAYING = frozenset(("events.read",))
# All other calls together: a tenth of the worker's limit, but not less than this.
_BESIDE_SHARE, _BESIDE_LEAST = 10, 16
_BYTES_PER_TOKEN = 4


class Limits:
    """Lets calls in by the worker's limit; the others wait, or are refused."""

    name = "limits"

    def __init__(self, max_concurrent: int, queueing: Queueing | None = None, signals: Signals | None = None) -> None:
        beside = max(_BESIDE_LEAST, max_concurrent // _BESIDE_SHARE)
        self.queued = Gate(max_concurrent, queueing or Queueing(), signals=signals)
        self.beside = Gate(beside, Queueing(size=0), "this server's administration")

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        """See Interceptor."""
        if method.permission in _STAYING:
            return proceed
        gate = self.queued if method.permission in _QUEUED else self.beside
        admit, leave = gate.admit, gate.leave

        async def run(call: Call, sink: Sink) -> None:
            if not admit():
                body: Any = getattr(call.request, "request", call.request)
                await gate.enter(call.tenant_id, getattr(body, "priority", 0), weight(body), call.deadline)
            since = time.monotonic()
            try:
                await proceed(call, sink)
            finally:
                leave(time.monotonic() - since)

        return run


def weight(body: Message) -> float:
    """What a call asks of the worker and the providers, roughly, in tokens. Looked at only when it has to wait."""
    if isinstance(body, CompleteRequest):
        return size(body).likely + (body.max_tokens or DEFAULT_MAX_TOKENS) * (body.candidate_count or 1)
    return body.ByteSize() / _BYTES_PER_TOKEN
