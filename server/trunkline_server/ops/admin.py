"""Admin HTTP: /health (the process lives), /ready (its stores answer, it is not draining), /cache-status, /metrics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from trunkline_server.ops.metrics import exposition


def application(stores: Callable[[], Awaitable[Mapping[str, bool]]]) -> web.Application:
    """The routes. `stores` tells which stores answer."""

    async def health(_: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def readiness(_: web.Request) -> web.Response:
        found = await stores()
        ready = all(found.values())
        return web.json_response({"ready": ready, **found}, status=200 if ready else 503)

    async def cache(_: web.Request) -> web.Response:
        found = await stores()
        # Answers are not cached yet: there are no levels to tell of.
        return web.json_response({"redis": found["redis"], "levels": []})

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
