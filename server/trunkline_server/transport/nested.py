"""Calls within a call: each is admitted, replayed, recorded and ended as one that came by itself."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import replace

from google.protobuf.message import Message

from trunkline_server.domain.call import Call
from trunkline_server.transport.chain import Interceptor, compose
from trunkline_server.transport.interceptors.validation import take_over
from trunkline_server.transport.methods import Method

# What the outer call has not passed for those within it. It holds its place in the worker for all of them.
_OWN = frozenset(("errors", "replay", "budget"))


class Nested:
    """Makes calls of one method within those of another. Their requests were checked with the outer one."""

    def __init__(self, interceptors: Sequence[Interceptor], method: Method) -> None:
        self._chain = compose([one for one in interceptors if one.name in _OWN], method)

    async def call(self, outer: Call, request: Message, number: int) -> Message:
        """The answer to the request, which is the outer call's of this number, from 0. Without an id of its own it gets
        the outer one's with the number. Raises the TrunklineError that it ends with."""
        inner = replace(
            outer,
            request_id=f"{outer.request_id}.{number}",
            hold_id=secrets.token_hex(12),
            arrived=time.monotonic(),
            arrived_wall=time.time(),
            request=request,
            tab=None,
            facts={},
            trailers=[],
        )
        take_over(inner, request)
        answers: list[Message] = []

        async def keep(message: Message) -> None:
            answers.append(message)

        await self._chain(inner, keep)
        if inner.error is not None:
            raise inner.error
        return answers[0]
