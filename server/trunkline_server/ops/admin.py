"""Admin HTTP: /health (the process lives), /ready (its stores answer, it is not draining), /cache-status, /metrics, and
/health/integrations/<id> for the bearer of an API key."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from google.rpc.code_pb2 import Code
from trunkline.v1.integration_health_pb2 import HealthCheck

from trunkline_server.domain.errors import TrunklineError
from trunkline_server.ops.later import DELAY
from trunkline_server.ops.metrics import exposition

_LINGER_SECONDS = 2.0
# The HTTP status of a refusal, by its gRPC code; any other is 503.
_HTTP: Mapping[int, int] = {Code.UNAUTHENTICATED: 401, Code.PERMISSION_DENIED: 403, Code.NOT_FOUND: 404}


def application(
    stores: Callable[[], Awaitable[Mapping[str, bool]]],
    draining: Callable[[], bool],
    probe: Callable[[Mapping[str, str], str], Awaitable[HealthCheck]],
) -> web.Application:
    """The routes. `stores` tells which stores answer, `draining` whether calls should go elsewhere, `probe` what the
    last check of an integration found."""

    async def health(_: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def readiness(_: web.Request) -> web.Response:
        found = await stores()
        ready = all(found.values()) and not draining()
        return web.json_response({"ready": ready, "draining": draining(), **found}, status=200 if ready else 503)

    async def cache(_: web.Request) -> web.Response:
        found = await stores()
        # Answers are not cached yet: there are no levels to tell of.
        return web.json_response({"redis": found["redis"], "levels": []})

    async def integration(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            found = await probe(headers, request.match_info["id"])
        except TrunklineError as error:
            refusal = {"reason": error.reason_name, "message": error.message}
            return web.json_response(refusal, status=_HTTP.get(error.code, 503))
        body = {"healthy": found.healthy, "detail": found.detail, "checked": found.check_time.ToJsonString()}
        return web.json_response(body, status=200 if found.healthy else 503)

    async def metrics(_: web.Request) -> web.Response:
        # What any worker counted before it was asked is in the answer.
        await asyncio.sleep(2 * DELAY)
        return web.Response(body=exposition(), headers={"content-type": "text/plain; version=0.0.4; charset=utf-8"})

    app = web.Application()
    app.router.add_get("/health", health)
    app.router.add_get("/health/integrations/{id}", integration)
    app.router.add_get("/ready", readiness)
    app.router.add_get("/cache-status", cache)
    app.router.add_get("/metrics", metrics)
    return app


async def serve(app: web.Application, address: str) -> web.AppRunner:
    """Serve on `host:port`, shared by the workers. Close with `cleanup()`."""
    host, _, port = address.rpartition(":")
    # Bodies as they were sent: webhooks are signed so. What nobody reads is waited for no longer than this, in seconds.
    runner = web.AppRunner(app, access_log=None, auto_decompress=False, lingering_time=_LINGER_SECONDS)
    await runner.setup()
    await web.TCPSite(runner, host.strip("[]") or None, int(port), reuse_port=True).start()
    return runner
