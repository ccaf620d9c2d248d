"""May the caller call this method: the permission that the method declares in the contract."""

from __future__ import annotations

from trunkline_server.domain.call import Call
from trunkline_server.domain.errors import permission_missing
from trunkline_server.transport.chain import Proceed, Sink
from trunkline_server.transport.methods import Method


class Authorization:
    """Refuses callers without the method's permission."""

    name = "authorization"

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        """See Interceptor."""
        permission, operator_only = method.permission, method.operator_only

        async def run(call: Call, sink: Sink) -> None:
            caller = call.identity
            if not caller.may(permission) or (operator_only and not caller.operator):
                raise permission_missing(permission, caller.key_id, "operator" if operator_only else "")
            await proceed(call, sink)

        return run
