"""Who calls: `authorization: Bearer <key>`, or `x-api-key: <key>`."""

from __future__ import annotations

from trunkline_server.domain.call import Call
from trunkline_server.domain.keys import token_of
from trunkline_server.domain.ports import Directory
from trunkline_server.transport.chain import Proceed, Sink
from trunkline_server.transport.methods import Method


class Authentication:
    """Finds the caller by its API key."""

    name = "authentication"

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        """See Interceptor."""
        find = self._directory.caller

        async def run(call: Call, sink: Sink) -> None:
            call.caller = await find(token_of(call.metadata))
            await proceed(call, sink)

        return run
