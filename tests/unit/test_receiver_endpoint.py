"""The HTTP side of receivers: what is held at a time, bodies that come slowly or not at all, and what is answered."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from trunkline_server.domain.receivers import Receivers
from trunkline_server.ops.accesslog import AccessLog
from trunkline_server.ops.receivers import ReceiverEndpoint
from unit.test_receivers import Scene, receiver
from unit.test_webhook_signatures import BODY, signed

PATH = "/webhooks/acme/in"


async def test_bodies_are_held_within_a_bound() -> None:
    scene, out = Scene(receiver(max_bytes=400)), io.BytesIO()
    log, going_on = AccessLog("all", out), asyncio.Event()
    assert isinstance(scene.receivers, Receivers)
    app = web.Application()
    endpoint = ReceiverEndpoint(scene.receivers, log, read_seconds=60, held_bytes=500)
    endpoint.add_to(app)

    async def slowly() -> AsyncIterator[bytes]:
        yield BODY[:5]
        await going_on.wait()
        yield BODY[5:]

    async with TestClient(TestServer(app)) as client:
        # Of an unknown length: as much is held as the receiver takes.
        waiting = asyncio.create_task(client.post(PATH, data=slowly(), headers=signed()))
        while not scene.kept.asked:
            await asyncio.sleep(0.001)
        large = b"x" * 200
        refused = await client.post(PATH, data=large, headers=signed(large, name="m-2"))
        assert refused.status == 503 and int(refused.headers["retry-after"]) >= 1
        small = await client.post(PATH, data=BODY, headers=signed(name="m-3"))
        assert small.status == 200
        going_on.set()
        assert (await waiting).status == 200
        again = await client.post(PATH, data=large, headers=signed(large, name="m-2"))
        assert again.status == 200, "what is answered is held no more"
        going_on.clear()
        endpoint._read_seconds = 0.1
        late = await client.post(PATH, data=slowly(), headers=signed(name="m-4"))
        assert late.status == 408
    log.flush()
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["outcome"] for line in lines] == ["unavailable", "recorded", "recorded", "recorded", "slow"]
    assert lines[0]["reason"] == "OVERLOADED" and all(line["tenant_id"] == "acme" for line in lines)
    assert b"user.created" not in out.getvalue().replace(b'"source_type":"user.created"', b"")
