"""grpc.health.v1: `liveness`, `readiness`, the server as a whole, one name per service, and `integration/<id>`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from grpc_health.v1.health import aio
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from trunkline.v1.integration_health_pb2 import HealthCheck

from trunkline_server.domain.errors import TrunklineError
from trunkline_server.transport.methods import full_names
from trunkline_server.transport.pump import STATUS

_SERVING = HealthCheckResponse.SERVING
_NOT_SERVING = HealthCheckResponse.NOT_SERVING
_INTERVAL = 2.0


# The last check of the integration of this id, for the bearer of the metadata.
Probe = Callable[[Mapping[str, str], str], Awaitable[HealthCheck]]


class _Servicer(aio.HealthServicer):  # type: ignore[misc]
    """Integrations belong to tenants: asking for one needs an API key. All else is open to probes."""

    def __init__(self, probe: Probe) -> None:
        super().__init__()
        self._probe = probe

    async def Check(self, request: HealthCheckRequest, context: Any) -> HealthCheckResponse:
        """See the protocol."""
        kind, _, name = request.service.partition("/")
        if kind != "integration":
            answer: HealthCheckResponse = await super().Check(request, context)
            return answer
        try:
            found = await self._probe(dict(context.invocation_metadata() or ()), name)
        except TrunklineError as error:
            status = error.status()
            await context.abort(STATUS[status.code], status.message)
            raise AssertionError("abort raises") from None
        return HealthCheckResponse(status=_SERVING if found.healthy else _NOT_SERVING)


class Health:
    """Keeps the statuses. Liveness never looks at a dependency; all the others follow readiness."""

    def __init__(self, ready: Callable[[], Awaitable[bool]], probe: Probe) -> None:
        self._ready = ready
        self.draining = False
        self.servicer = _Servicer(probe)

    async def run(self) -> None:
        """Look at the dependencies every two seconds, until cancelled."""
        await self.servicer.set("liveness", _SERVING)
        while not self.draining:
            await self._set(_SERVING if await self._ready() else _NOT_SERVING)
            await asyncio.sleep(_INTERVAL)

    async def drain(self) -> None:
        """NOT_SERVING from here on."""
        self.draining = True
        await self._set(_NOT_SERVING)

    async def _set(self, status: HealthCheckResponse.ServingStatus.ValueType) -> None:
        if self.draining:
            status = _NOT_SERVING
        for name in ("", "readiness", *full_names()):
            await self.servicer.set(name, status)
