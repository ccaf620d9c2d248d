"""What each interceptor costs: the whole chain against the chain without it, in process, with stores in memory."""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Sequence
from typing import Any

from google.protobuf.message import Message
from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.completion_pb2 import CompleteRequest, CompleteResponse
from trunkline_server.app import interceptors_of
from trunkline_server.config import Settings
from trunkline_server.domain.call import Call, Caller
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.signals import Silent
from trunkline_server.domain.tab import Settlements
from trunkline_server.ops.accesslog import AccessLog
from trunkline_server.ops.metrics import CallMetrics
from trunkline_server.transport.chain import ORDER, Interceptor, Proceed, compose
from trunkline_server.transport.methods import Method

_CALLER = Caller("acme", "key", frozenset({"*"}))
_CALLS, _ROUNDS = 2000, 7


class _Directory:
    async def caller(self, token: str) -> Caller:
        return _CALLER


async def _answer(call: Call, request: Message) -> Message:
    return CompleteResponse()


async def _time(chain: Proceed, request: CompleteRequest, raw: bytes) -> float:
    """Microseconds of one call."""

    async def sink(message: Message) -> None:
        return None

    deadline, metadata = Deadline.after(600), {"authorization": "Bearer tl_key"}
    started = time.perf_counter()
    for _ in range(_CALLS):
        call = Call("bench", "r", "t", deadline, 0.0, 0.0, "h", metadata=metadata, raw=raw)
        # What an interceptor that is left out would have set.
        call.caller, call.request = _CALLER, request
        await chain(call, sink)
    return 1e6 * (time.perf_counter() - started) / _CALLS


async def costs() -> Sequence[tuple[str, float]]:
    """(interceptor, microseconds), in the order of the chain; the last row is the whole chain."""
    nothing: Any = None
    directory: Any = _Directory()
    log = AccessLog("all", io.BytesIO())
    interceptors = interceptors_of(
        Settings(), None, CallMetrics(), log, directory, nothing, nothing, Settlements(), Silent()
    )
    request = CompleteRequest(model="a/b", prompt="Say something.", max_tokens=16, context=CallContext(agent_id="a"))
    raw = request.SerializeToString()
    method = Method(
        "trunkline.v1.LLMService/Complete", CompleteRequest, "llm.complete", False, False, False, True, _answer
    )

    def without(name: str) -> Proceed:
        kept: list[Interceptor] = [one for one in interceptors if one.name != name]
        return compose(kept, method)

    whole = compose(interceptors, method)
    chains = {name: without(name) for name in ORDER}
    samples: dict[str, list[float]] = {name: [] for name in ORDER}
    totals: list[float] = []
    for _ in range(_ROUNDS):
        for name, chain in chains.items():
            total = await _time(whole, request, raw)
            samples[name].append(total - await _time(chain, request, raw))
            totals.append(total)
        log.flush()
    found = [(name, max(0.0, statistics.median(values))) for name, values in samples.items()]
    return [*found, ("the whole chain", statistics.median(totals))]
