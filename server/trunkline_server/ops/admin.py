"""Admin HTTP: /health (the process lives), /ready (its stores answer, it is not draining), /cache-status, /metrics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from trunkline_server.ops.metrics import exposition

Findings = Mapping[str, Any]


def application(
    ready: Callable[[], Awaitable[tuple[bool, Findings]]], cache_status: Callable[[], Awaitable[Findings]]
) -> web.Application:
    """The routes."""

    async def health(_: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def readiness(_: web.Request) -> web.Response:
        ok, findings = await ready()
        return web.json_response({"ready": ok, **findings}, status=200 if ok else 503)

    async def cache(_: web.Request) -> web.Response:
        return web.json_response(dict(await cache_status()))

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=exposition(), headers={"content-type": "text/plain; version=0.0.4; charset=utf-8"})

    app = web.Application()
    app.router.add_get("/health", health)
    app.router.add_get("/ready", readiness)
    app.router.add_get("/cache-status", cache)
    app.router.add_get("/metrics", metrics)
    return app


async def serve(app: web.Application, address: str) -> web.AppRunner:
    """Serve on `host:port`, shared by the workers. Close with `cleanup()`."""
    host, _, port = address.rpartition(":")
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host.strip("[]") or None, int(port), reuse_port=True).start()
    return runner
