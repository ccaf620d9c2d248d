"""Who calls: `authorization: Bearer <key>`, or `x-api-key: <key>`."""

from __future__ import annotations

from trunkline_server.domain.call import Call
from trunkline_server.domain.errors import Reason, TrunklineError
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
            call.caller = await find(_token(call.metadata.get("authorization", ""), call.metadata.get("x-api-key", "")))
            await proceed(call, sink)

        return run


def _token(authorization: str, api_key: str) -> str:
    scheme, _, token = authorization.partition(" ")
    if token and scheme.lower() == "bearer":
        return token.strip()
    if api_key:
        return api_key
    raise TrunklineError(
        Reason.ERROR_REASON_CREDENTIAL_MISSING, "send the API key as metadata `authorization: Bearer <key>`"
    )
