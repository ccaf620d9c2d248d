"""grpc.health.v1: `liveness`, `readiness`, the server as a whole, and one name per service."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from grpc_health.v1.health import aio
from grpc_health.v1.health_pb2 import HealthCheckResponse

from trunkline_server.transport.methods import full_names

_SERVING = HealthCheckResponse.SERVING
_NOT_SERVING = HealthCheckResponse.NOT_SERVING
_INTERVAL = 2.0


class Health:
    """Keeps the statuses. Liveness never looks at a dependency; all the others follow readiness."""

    def __init__(self, ready: Callable[[], Awaitable[bool]]) -> None:
        self._ready = ready
        self._draining = False
        self.servicer = aio.HealthServicer()

    async def run(self) -> None:
        """Look at the dependencies every two seconds, until cancelled."""
        await self.servicer.set("liveness", _SERVING)
        while not self._draining:
            await self._set(_SERVING if await self._ready() else _NOT_SERVING)
            await asyncio.sleep(_INTERVAL)

    async def drain(self) -> None:
        """NOT_SERVING from here on."""
        self._draining = True
        await self._set(_NOT_SERVING)

    async def _set(self, status: HealthCheckResponse.ServingStatus.ValueType) -> None:
        if self._draining:
            status = _NOT_SERVING
        for name in ("", "readiness", *full_names()):
            await self.servicer.set(name, status)
