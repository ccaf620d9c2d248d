"""Idempotency: a call with a `request_id` of its own is executed once; a repetition gets the kept answers."""

from __future__ import annotations

import asyncio
import hashlib

from google.protobuf.descriptor_pool import Default
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from trunkline_server.domain.call import Call
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.ports import Replay as Found
from trunkline_server.domain.ports import ReplayStore
from trunkline_server.transport.chain import Proceed, Sink
from trunkline_server.transport.methods import Method

# One byte more than the store keeps (1 MiB): past it, collecting is pointless.
_MOST = 1024 * 1024 + 1


class Replay:
    """Answers repeated calls from the store. Calls without a request id pass untouched."""

    name = "replay"

    def __init__(self, store: ReplayStore) -> None:
        self._store = store

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        """See Interceptor."""
        body = method.request.DESCRIPTOR.fields_by_name.get("request")
        holder = body.message_type if body is not None and body.message_type else method.request.DESCRIPTOR
        if not method.side_effects or "request_id" not in holder.fields_by_name or method.client_streaming:
            return proceed
        service, _, name = method.name.partition("/")
        answer = GetMessageClass(Default().FindServiceByName(service).methods_by_name[name].output_type)

        async def run(call: Call, sink: Sink) -> None:
            request = call.request
            assert request is not None
            if not getattr(getattr(request, "request", request), "request_id", ""):
                await proceed(call, sink)
                return
            key = f"{name}/{call.request_id}"
            digest = hashlib.sha256(request.SerializeToString(deterministic=True)).digest()
            found, kept = await self._store.begin(call.tenant_id, key, digest)
            if found is Found.NEW:
                await self._execute(call, sink, proceed, key, digest)
            elif found is Found.DONE and kept:
                for payload in kept:
                    await sink(answer.FromString(payload))
            else:
                raise _refusal(found, call.request_id)

        return run

    async def _execute(self, call: Call, sink: Sink, proceed: Proceed, key: str, digest: bytes) -> None:
        kept: list[bytes] = []
        size = 0

        async def keep(message: Message) -> None:
            nonlocal size
            if size < _MOST:
                kept.append(message.SerializeToString())
                size += len(kept[-1])
            await sink(message)

        try:
            await proceed(call, keep)
        except BaseException:
            await asyncio.shield(self._store.abandon(call.tenant_id, key, digest))
            raise
        await self._store.finish(call.tenant_id, key, digest, kept)


def _refusal(found: Found, request_id: str) -> TrunklineError:
    reason, text = {
        Found.IN_FLIGHT: (
            Reason.ERROR_REASON_IDEMPOTENCY_IN_FLIGHT,
            "the first call with this request_id is still running; wait for it, or try again shortly",
        ),
        Found.REUSED: (
            Reason.ERROR_REASON_IDEMPOTENCY_KEY_REUSED,
            "this request_id came with another body before; use a new one",
        ),
        Found.DONE: (
            Reason.ERROR_REASON_IDEMPOTENCY_KEY_REUSED,
            "this request_id was executed and its answer was too large to keep; use a new one to execute again",
        ),
    }[found]
    return TrunklineError(reason, text, metadata={"request_id": request_id})
